"""Every link inside a built site leads somewhere, and no page asks for anything from outside."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from urllib.parse import unquote

ASKS = re.compile(r"""<(?:script|img|iframe|link)[^>]*(?:src|href)=["'](https?:)?//""")
LINK = re.compile(r"""<a [^>]*href=["']([^"'#?]*)(?:\?[^"'#]*)?(?:#([^"']*))?["']""")


def wrong(site: Path) -> list[str]:
    """What is wrong, a line each."""
    found = []
    texts = {file: file.read_text(encoding="utf-8") for file in sorted(site.rglob("*.html"))}
    ids = {file: set(re.findall(r"""\bid=["']([^"']+)["']""", text)) for file, text in texts.items()}
    for file, text in texts.items():
        where = file.relative_to(site)
        if ASKS.search(text):
            found.append(f"{where} asks for something from outside")
        for place, anchor in LINK.findall(text):
            if re.match(r"\w+:|//", place):
                continue
            target = (file.parent / unquote(place)).resolve() if place else file
            if not target.exists() and file.name not in ("genindex.html", "search.html"):
                found.append(f"{where}: no {place}")
            elif anchor and target in ids and unquote(anchor) not in ids[target]:
                found.append(f"{where}: no #{anchor} in {place or where}")
    return sorted(set(found))


if __name__ == "__main__":
    problems = wrong(Path(sys.argv[1]))
    sys.stdout.write("\n".join([*problems, f"{len(problems)} wrong links"]) + "\n")
    raise SystemExit(bool(problems))
