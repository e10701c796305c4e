"""The documentation site: MyST pages beside this file, and pages that `generate.py` makes from the registries."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import generate  # noqa: E402

import actbench  # noqa: E402
from actbench.report.mathml import formula  # noqa: E402

project = "actbench"
author = "The actbench authors"
version = release = actbench.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
exclude_patterns = ["*.src.md", "_build"]
html_theme = "furo"
html_title = f"actbench {version}"
html_extra_path = ["_extra"]  # pages that are whole already
html_copy_source = False
html_show_copyright = False
html_math_renderer = "actbench_mathml"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
autodoc_typehints = "none"  # the docstrings give shapes and units
autodoc_preserve_defaults = True
suppress_warnings = [
    "myst.header",  # generated pages begin tables at any level
    "config.cache",
]


# a link to reports/, a folder higher than on the site; what has a page of its own there
REPORTS = re.compile(r"\]\(\.\./((?:\.\./)*)(reports/[^)]*)\)")
PAGES = {"reports/README.md": "results.md", "reports/article/README.md": "claims.md",
         "reports/catalogue/README.md": "gallery.md"}  # fmt: skip


def _inline(self: Any, node: Any) -> None:
    self.body.append(formula(node.astext()))
    raise _skip()


def _block(self: Any, node: Any) -> None:
    self.body.append(f'<div class="math" style="overflow-x:auto">{formula(node.astext(), block=True)}</div>')
    raise _skip()


def _skip() -> Exception:
    from docutils.nodes import SkipNode

    return SkipNode()


def _here(*event: Any) -> None:
    """Links that lead from docs/ to reports/ in the repository: here both lie in one folder, some as other pages."""
    source = event[2]  # of the event: the site, the page's name, its text in a list
    source[0] = REPORTS.sub(lambda link: f"]({link[1]}{PAGES.get(link[2], link[2])})", source[0])


def setup(app: Any) -> None:
    """Formulas as MathML, drawn by the browser: no script, nothing from outside; generated pages first."""
    app.add_html_math_renderer("actbench_mathml", (_inline, None), (_block, None))
    app.connect("source-read", _here)
    generate.write(HERE)
