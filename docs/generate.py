"""Pages that nobody writes by hand: gallery, command line, API, claims, results, and the executed example."""

from __future__ import annotations

import ast
import contextlib
import html
import io
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
REPORTS = ROOT / "reports"
MADE = (
    "reports",
    "_extra",
    "gallery.md",
    "cli.md",
    "api.md",
    "claims.md",
    "results.md",
    "example.md",
    "example.ipynb",
    "findings.inc",
)
DATA = (".csv", ".json", ".tex", ".bib", ".svg", ".pdf")  # what pages that are whole already link to
WHOLE = {"article/report.html": "The article's claims, judged", "literature/report.html": "Published results, judged",
         "compare/dossier.html": "A comparison's dossier"}  # fmt: skip


def write(docs: Path) -> None:
    """Write every generated page below a folder of documents; what was there of them is replaced."""
    for name in MADE:
        shutil.rmtree(docs / name, ignore_errors=True) if (docs / name).is_dir() else (docs / name).unlink(
            missing_ok=True
        )
    reports(docs)
    thumbnails(docs / "_extra" / "thumbnails")
    pages = {
        "gallery.md": gallery(),
        "cli.md": commands(),
        "api.md": api(),
        "claims.md": claims(),
        "results.md": results(),
        "findings.inc": findings(),
    }
    source = (docs / "example.src.md").read_text(encoding="utf-8")
    pages["example.md"], notebook = example(source)
    pages["example.ipynb"] = json.dumps(notebook, indent=1)
    for name, text in pages.items():
        (docs / name).write_text(text, encoding="utf-8")


def reports(docs: Path) -> None:
    """The committed reports as part of the site: their Markdown as pages, their HTML as it is."""
    for file in sorted(REPORTS.rglob("*")):
        place = file.relative_to(REPORTS)
        if not file.is_file() or (file.suffix in (".py", ".png", ".md") and place.parent == Path()):
            continue
        whole = file.suffix == ".html" or (file.suffix in DATA and any(file.parents[i].glob("*.html") for i in (0, 1)))
        targets = [docs / "_extra" / place] if whole else []
        if file.suffix != ".html" and not (place.parts[0] == "article" and file.name == "README.md"):
            targets.append(docs / "reports" / place)  # the article's page has all of that README, claims.md the answers
        for target in targets:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    for file in (docs / "reports").rglob("*.md"):
        text = file.read_text(encoding="utf-8")
        text = re.sub(r"\]\(\.\./([\w-]+/report\.html|article/README\.md)\)", "](../../results.md)", text)
        text = re.sub(r"\[([^\]]*)\]\((?:dossier\.html|latex)\)", r"\1", text)  # not beside it here
        text = text.replace("](../../docs/", "](../../")
        file.write_text(text, encoding="utf-8")


def thumbnails(folder: Path) -> None:
    """The catalogue's pictures for a third of their size: no text, which would be too small, and wider lines."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in (REPORTS / "catalogue").glob("*.svg"):
        text = re.sub(r"<text.*?</text>", "", file.read_text(encoding="utf-8"))
        text = re.sub(r'stroke-width="([\d.]+)"', lambda m: f'stroke-width="{2.4 * float(m[1]):g}"', text)
        (folder / file.name).write_text(text.replace('stroke-dasharray="5 3"', 'stroke-dasharray="14 7"'), "utf-8")


def findings() -> str:
    """The article's part of the README, for the start page."""
    from actbench.report.readme import digest

    return digest(REPORTS / "article")


def gallery() -> str:
    """Every function with its picture, a link to its page each."""
    from actbench.activations.registry import ACTIVATIONS, AXIS

    cards = []
    for row in sorted(ACTIVATIONS, key=lambda row: row.name):
        if (REPORTS / "catalogue" / f"{row.name}.svg").exists():
            names = html.escape(", ".join((row.name, *row.aliases)))
            cards.append(f'<a href="reports/catalogue/{row.name}.html" title="{names}"><img loading="lazy" width="150" '
                         f'height="100" src="thumbnails/{row.name}.svg" alt="{row.name} and its slope">'
                         f"<br>{row.name}</a>")  # fmt: skip
    style = "display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:.8rem;text-align:center"
    along = ", ".join(f"[{f.name}](reports/catalogue/{f.name}.md)" for f in AXIS)
    return "\n".join([
        "# Gallery", "",
        f"{len(cards)} elementwise activations, f and dashed its slope; the search box finds names, aliases, sources. "
        f"Along an axis: {along}. [All with aliases and sources, and what is left out](reports/catalogue/README.md).",
        "", "```{raw} html", f'<div class="gallery" style="{style}">', *cards, "</div>", "```", "",
        "```{toctree}", ":hidden:", ":glob:", "", "reports/catalogue/*", "```", "",
    ])  # fmt: skip


def commands() -> str:
    """The command line, from its own help."""
    import argparse

    from actbench.cli import parser

    top = parser()
    lines = ["# Command line", "", "As `--help` prints it. " + (top.description or ""), ""]
    for action in top._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, verb in action.choices.items():
                verb.formatter_class = type("Wide", (verb.formatter_class,), {
                    "__init__": lambda self, prog, base=verb.formatter_class: base.__init__(self, prog, width=100)
                })  # fmt: skip
                lines += [f"## actbench {name}", "", "```text", verb.format_help().rstrip(), "```", ""]
    return "\n".join(lines)


def api() -> str:
    """The public names, from their docstrings."""
    import inspect

    import actbench as ab

    lines = ["# Python", "", "`import actbench as ab`; `dir(ab)` is this page. ", ""]
    for name in ab.__all__:
        thing = getattr(ab, name)
        if inspect.ismodule(thing):
            lines += [f"## ab.{name}", "", (thing.__doc__ or "").split("\n\n")[0], ""]
            for part, each in sorted(vars(thing).items()):
                if not part.startswith("_") and callable(each) and each.__module__.startswith("actbench.") and (
                    name != "testing" or part == "check"
                ):  # fmt: skip
                    lines += _documented(f"actbench.{name}", part, each)
        elif inspect.isclass(thing) or inspect.isfunction(thing):
            lines += [f"## ab.{name}", "", *_documented("actbench", name, thing)]
    return "\n".join(lines)


def _documented(module: str, name: str, thing: Any) -> list[str]:
    import inspect

    kind = "class" if inspect.isclass(thing) else "function"
    members = ["   :members:", "   :exclude-members: __init__"] if kind == "class" and module == "actbench" else []
    return ["```{eval-rst}", f".. auto{kind}:: {module}.{name}", *members, "```", ""]


def claims() -> str:
    """The article's claims, a line each: verdict, claim, answer."""
    from actbench.report.content import content
    from actbench.report.phrases import phrases
    from actbench.runs.folder import RunFolder

    folder = RunFolder(REPORTS / "article")
    shown = content(folder, folder.read_run(), phrases("en"), "en")
    tally = ", ".join(f"{count} {verdict}" for verdict, count in shown["tally"])
    lines = [
        "# The claims, and what was found", "",
        f"{len(shown['claims'])} sentences of an article on ReLU, in our own words: {tally}. Every reading, interval, "
        'source: <a href="article/report.html">the report</a>.', "", "## Six that surprise", "",
    ]  # fmt: skip
    lines += [
        f"- **{c['name']}** {c['statement']} *{c['overall']['verdict']}.* {c['answer']}" for c in shown["findings"]
    ]
    for section in shown["sections"]:
        lines += ["", f"## {section}", "", "| | claim | verdict | |", "|---|---|---|---|"]
        lines += [
            "| " + " | ".join(str(text).replace("|", "\\|").replace("\n", " ") for text in (
                c["name"], c["statement"], c["overall"]["verdict"], c["answer"])) + " |"
            for c in shown["claims"] if c["section"] == section
        ]  # fmt: skip
    return "\n".join([*lines, "", f"{shown['machine']}. {shown['provenance']}", ""])


def results() -> str:
    """What was measured and committed: an index of the reports."""
    said = (REPORTS / "README.md").read_text(encoding="utf-8").replace("](article/README.md)", "](claims.md)")
    lines = [re.sub(r"\]\((\w+/README\.md)\)", r"](reports/\1)", said).rstrip(), "", "The pages themselves:", ""]
    lines += [f'- <a href="{path}">{title}</a>' for path, title in WHOLE.items() if (REPORTS / path).exists()]
    found = sorted(file.parent.name for file in REPORTS.glob("*/README.md") if file.parent.name != "article")
    hidden = [f"reports/{name}/README" for name in found if name != "catalogue"]
    more = [f"reports/{p.relative_to(REPORTS).with_suffix('')}" for p in sorted(REPORTS.glob("*/*.md"))
            if p.name != "README.md" and p.parent.name != "catalogue"]  # fmt: skip
    return "\n".join([*lines, "", "```{toctree}", ":hidden:", "", *hidden, *more, "```", ""])


BLOCK = re.compile(r"```python\n(.*?)```\n", re.DOTALL)


def example(source: str) -> tuple[str, dict[str, Any]]:
    """A page whose blocks are run: the page with what each shows, and the same as a Jupyter notebook."""
    names: dict[str, Any] = {"__name__": "__main__"}
    page, cells, last = [], [], 0
    for match in BLOCK.finditer(source):
        page.append(source[last : match.start()])
        cells.append(_text_cell(page[-1]))
        code = match.group(1)
        printed, value = _run(code, names)
        page += [f"```python\n{code}```\n", _shown(printed, value)]
        cells.append(_code_cell(code, printed, value, len(cells)))
        last = match.end()
    page.append(source[last:])
    notebook = {"cells": [cell for cell in cells if cell["source"]], "nbformat": 4, "nbformat_minor": 5, "metadata": {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}}  # fmt: skip
    return "".join(page), notebook


def _run(code: str, names: dict[str, Any]) -> tuple[str, Any]:
    """Run a block; what it printed, and the value of its last line where that is an expression."""
    tree, value = ast.parse(code), None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        final = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "example", "exec"), names)  # noqa: S102  our own page
        if final is not None:
            value = eval(compile(ast.Expression(final.value), "example", "eval"), names)  # noqa: S307
    return printed.getvalue(), value


def _html(value: Any) -> str:
    return str(value._repr_html_()) if hasattr(value, "_repr_html_") else ""


def _shown(printed: str, value: Any) -> str:
    parts = []
    if printed:
        parts.append(f"\n```text\n{printed.rstrip()}\n```\n")
    if _html(value):
        parts.append("\n```{raw} html\n" + re.sub(r"\n\s*\n", "\n", _html(value)) + "\n```\n")
    elif value is not None:
        parts.append(f"\n```text\n{value!r}\n```\n")
    return "".join(parts)


def _text_cell(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": f"t{abs(hash(text)) % 10**8}", "metadata": {}, "source": text.strip()}


def _code_cell(code: str, printed: str, value: Any, number: int) -> dict[str, Any]:
    outputs: list[dict[str, Any]] = []
    if printed:
        outputs.append({"output_type": "stream", "name": "stdout", "text": printed})
    if value is not None:
        data = {"text/plain": repr(value)} | ({"text/html": _html(value)} if _html(value) else {})
        outputs.append({"output_type": "execute_result", "execution_count": number, "metadata": {}, "data": data})
    return {"cell_type": "code", "id": f"c{number}", "metadata": {}, "execution_count": number, "source": code.rstrip(),
            "outputs": outputs}  # fmt: skip


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)
