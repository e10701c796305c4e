"""The figure of the experiment `pass_cost`: how many times ReLU's time its rivals take, library by library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import DOTTED, GREY, facets, label, legend, logarithmic, points
from actbench.drawing.style import palette
from actbench.experiments.pass_cost.effects import time_ratio

if TYPE_CHECKING:
    import pandas as pd

RIVALS = {"forward": ("sigmoid", "tanh", "softplus"), "backward": ("sigmoid", "tanh")}
CHEAPER = 1.2


def ratio_table(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a direction, library, dtype, size and rival: its time over ReLU's with its 95 % interval over rounds."""
    import pandas as pd

    columns = ["direction", "library", "dtype", "size", "rival", "ratio", "low", "high", "n"]
    rows = []
    cells = frame[frame["inputs"] == "normal"][["direction", "library", "dtype", "size"]].drop_duplicates()
    for cell in cells.itertuples(index=False):
        levels = {"direction": cell.direction, "dtype": cell.dtype, "size": cell.size, "inputs": "normal"}
        for rival in RIVALS[str(cell.direction)]:
            estimate = time_ratio("relu", (rival,), library=str(cell.library), **levels)(frame)
            if estimate is not None and estimate.n > 1:
                rows.append((*cell, rival, estimate.value, *estimate.interval(), estimate.n))
    return pd.DataFrame(rows, columns=columns)


def ratio_figure(table: pd.DataFrame) -> Any:
    """Forward and backward: a point a rival with its interval, a line at equal time."""
    rows = zip(table["library"], table["dtype"], table["size"], strict=True)
    table = table.assign(cell=[f"{library}, {dtype}, 2^{int(size).bit_length() - 1}" for library, dtype, size in rows])
    cells = list(dict.fromkeys(table["cell"]))
    hues = palette(dict.fromkeys(table["rival"]))
    height = 0.27 * len(cells) + 0.7
    figure, each = facets(table, "direction", RIVALS, columns=2, height=height, sharex=True, sharey=True)
    for axis, direction, part in each:
        points(axis, part, "cell", "rival", y="ratio", names={c: c for c in cells}, hues=hues, step=0.22, across=True)
        axis.axvline(1.0, color=GREY, linewidth=1)
        axis.axvline(CHEAPER, color=GREY, linewidth=1, linestyle=DOTTED)
        label(axis, title=direction, x="rival's time over ReLU's (log scale)")
    ends = table["low"].min(), table["high"].max()
    ticks = [tick for tick in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if ends[0] / 2 < tick < 2 * ends[1]]
    logarithmic(each[0][0], "x", ticks=ticks)
    legend(figure, hues)
    return figure


FIGURES = (
    FigureSpec(
        name="cost",
        experiment="pass_cost",
        claims=("C26", "C27"),
        title={"en": "Does it save time?", "zh": "省下时间了吗？"},
        caption={
            "en": "Time of sigmoid, tanh and softplus over ReLU's in pairs of one round, one thread; median and 95 % "
            "interval. Solid line: equal time; dotted: a fifth more. Backward passes start from the kept output. Holds "
            "for this machine alone.",
            "zh": "sigmoid、tanh 与 softplus 的耗时除以 ReLU 的耗时，同一轮次配对，单线程；中位数与 95 % 区间。"
            "实线：耗时相等；点线：多出五分之一。反向传播从保留的输出出发。结论只对本机有效。",
        },
        table=ratio_table,
        draw=ratio_figure,
        value="ratio",
    ),
)
