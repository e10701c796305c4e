"""Tables in Markdown: the one formatter of pages that stand in the repository."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """The lines of a table; texts from outside go through `cell` before."""
    head = "|" + "".join(f" {name} |" if name else " |" for name in heads)
    return [head, "|---" * len(heads) + "|", *map(_line, rows)]


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def cell(text: str) -> str:
    """A text that ends no cell and no line."""
    return text.replace("|", "\\|").replace("\n", " ")
