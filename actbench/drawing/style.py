"""How every figure looks: one theme, one colour an activation, one way to write an SVG."""

from __future__ import annotations

import base64
import html
import io
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actbench.activations.registry import ACTIVATIONS
from actbench.core.errors import ActbenchError
from actbench.core.files import write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe & Ito 2008: eight colours that colour-blind readers tell apart; the article's panel has fixed ones.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#8C6D1F", "#000000")
FIXED = {
    "relu": "#0072B2", "identity": "#000000", "leaky_relu": "#E69F00", "prelu": "#009E73", "rrelu": "#CC79A7",
    "sigmoid": "#D55E00", "tanh": "#56B4E9",
}  # fmt: skip
VERDICTS = {
    "supported": "#1a7f4b", "refuted": "#b3261e", "conditional": "#8a5a00", "inconclusive": "#5f6368",
    "opinion": "#5b4b9a", "not tested": "#6b7075",
}  # fmt: skip
UNDATED: dict[str, Any] = {  # what is written, and its metadata without date and version
    "svg": {"Date": None, "Creator": None}, "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": None,
}  # fmt: skip
SVG_LIMIT = 40_000  # bytes, so that a page with a dozen figures stays under 2 MB


def colour(spec: str) -> str:
    """The colour of an activation, the same in every figure."""
    name = spec.partition(":")[0]
    if name in FIXED:
        return FIXED[name]
    names = ACTIVATIONS.names()
    return PALETTE[(names.index(name) if name in names else len(name)) % len(PALETTE)]


def palette(specs: Iterable[str]) -> dict[str, str]:
    """One colour an activation: its own where that is free, another one of the palette where it is not."""
    chosen: dict[str, str] = {}
    for spec in specs:
        free = [hue for hue in (colour(spec), *PALETTE) if hue not in chosen.values()]
        chosen[spec] = free[0] if free else colour(spec)
    return chosen


def ordered(levels: Sequence[str]) -> dict[str, str]:
    """Light to dark for levels that have an order, such as step sizes."""
    import seaborn as sns

    return dict(zip(levels, sns.color_palette("crest", max(1, len(levels))).as_hex(), strict=False))


@contextmanager
def theme() -> Iterator[None]:
    """seaborn's whitegrid with text kept as text and identical bytes for identical numbers.

    Whatever a matplotlibrc says: one may lie in the current folder and be a stranger's, and ``text.usetex`` runs LaTeX.
    """
    import matplotlib.style
    import seaborn as sns

    if "MPLBACKEND" not in os.environ and "matplotlib.pyplot" not in sys.modules:
        matplotlib.use("Agg", force=False)  # no window for a figure that goes into a file; a notebook keeps its own
    settings: dict[Any, Any] = {
        "svg.fonttype": "none", "svg.hashsalt": "actbench", "pdf.fonttype": 42, "font.family": "sans-serif",
        "axes.titlesize": 10, "axes.titlelocation": "left", "axes.labelsize": 9, "xtick.labelsize": 8,
        "ytick.labelsize": 8, "legend.fontsize": 8, "grid.color": "#e6e6e6", "axes.edgecolor": "#b0b0b0",
    }  # fmt: skip
    with matplotlib.style.context("default"), sns.axes_style("whitegrid"), matplotlib.rc_context(settings):
        yield


def _slim(svg: bytes) -> bytes:
    """The same picture in a third of the bytes: coordinates to 1/100 point, equal styles as one class, no group ids."""

    def rounded(tag: re.Match[str]) -> str:
        return re.sub(r"-?\d+\.\d{3,}", lambda m: f"{float(m.group()):.2f}".rstrip("0").rstrip("."), tag.group())

    text = re.sub(r"<[^>]*>", rounded, svg.decode("utf-8"))  # inside tags only: written numbers keep their digits
    text = re.sub(r'<g id="[^"]*"', "<g", re.sub(r"\n\s*", "\n", text))
    classes: dict[str, str] = {}

    def named(match: re.Match[str]) -> str:
        return f'class="{classes.setdefault(match.group(1), f"s{len(classes)}")}"'

    text = re.sub(r'style="([^"]*)"', named, text)
    rules = "".join(f".{name}{{{style}}}" for style, name in classes.items())
    return text.replace("</style>", f"{rules}</style>", 1).encode("utf-8")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure that was written: its SVG as a data URI, and how many pixels wide it is drawn for."""

    uri: str
    width: int


def save(figure: Figure, path: Path, *, limit: int = SVG_LIMIT, words: Mapping[str, str] | None = None) -> Picture:
    """Write ``PATH.svg``, ``PATH.pdf`` and ``PATH.png``; the same bytes for the same numbers and versions.

    Parameters
    ----------
    figure, path
        What, and where without a suffix.
    limit
        Bytes that the SVG may have.
    words
        Labels to their translations, which the SVG gets: its text is text, so that the reader's fonts draw it. PDF
        and PNG, whose letters are drawn here, stay English.

    Raises
    ------
    ActbenchError
        If the SVG is larger than a page should carry.
    """
    import matplotlib.pyplot as plt

    contents = {}
    for suffix, undated in UNDATED.items():
        memory = io.BytesIO()
        with theme():
            figure.savefig(memory, format=suffix, metadata=undated, dpi=120, bbox_inches="tight")
        figure.set_layout_engine("none")  # laid out once is enough: a third of the time
        contents[suffix] = memory.getvalue()
    plt.close(figure)
    contents["svg"] = _translated(_slim(contents["svg"]), words or {})
    if len(contents["svg"]) > limit:
        raise ActbenchError(f"{path.name}.svg has {len(contents['svg'])} bytes, over {limit}; draw fewer marks")
    for suffix, content in contents.items():
        write_bytes(path.with_name(f"{path.name}.{suffix}"), content)
    width = re.search(rb'<svg[^>]* width="([\d.]+)pt"', contents["svg"])
    return Picture(
        uri="data:image/svg+xml;base64," + base64.b64encode(contents["svg"]).decode("ascii"),
        width=round(float(width.group(1)) * 4 / 3) if width else 0,
    )


def _translated(svg: bytes, words: Mapping[str, str]) -> bytes:
    """Every text that is a known label in other words."""

    def said(match: re.Match[str]) -> str:
        known = html.unescape(match.group(2))
        word, space, number = known.rpartition(" ")
        said = words[word] + space + number if word in words and re.fullmatch(r"[-+.\d]+", number) else known
        return match.group(1) + html.escape(words.get(known, said), quote=False) + "</text>"

    if not words:
        return svg
    return re.sub(r"(<text[^>]*>)([^<]*)</text>", said, svg.decode("utf-8")).encode("utf-8")
