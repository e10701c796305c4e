"""A card for people, as text."""

from __future__ import annotations

import textwrap
from typing import Any


def lines(card: dict[str, Any]) -> str:
    """A card for people: one field a line, what is empty left out."""
    out = []
    for key, value in card.items():
        if value in ("", [], {}):
            continue
        if key.startswith("operations"):
            text = ", ".join(f"{n} {kind}" for kind, n in value.items())
        elif isinstance(value, dict):
            text = "\n".join(f"{k}: {v}" for k, v in value.items())
        elif isinstance(value, list):
            text = "\n".join(map(str, value)) if key == "grid" else ", ".join(map(str, value))
        else:
            text = str(value)
        wrapped = [w for part in text.split("\n") for w in textwrap.wrap(part, 94, subsequent_indent="  ") or [""]]
        out += [f"{key if i == 0 else '':<20} {line}" for i, line in enumerate(wrapped)]
    return "\n".join(out)
