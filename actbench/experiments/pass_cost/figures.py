"""The figure of the experiment `pass_cost`: how many times ReLU's time its rivals take, library by library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.style import colour, theme
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


def ratio_figure(table: Any) -> Any:
    """Two panels, forward and backward: a point a rival with its interval, a line at equal time."""
    import matplotlib.pyplot as plt

    with theme():
        figure, axes = plt.subplots(1, 2, figsize=(9.0, 4.2), sharex=True)
        for axis, direction in zip(axes, RIVALS, strict=True):
            part = table[table["direction"] == direction]
            cells = list(part.groupby(["library", "dtype", "size"], sort=False))
            for place, (_, cell) in enumerate(reversed(cells)):
                for row in cell.to_dict(orient="records"):
                    axis.plot([row["low"], row["high"]], [place, place], color=colour(row["rival"]), linewidth=1.2)
                    axis.plot(row["ratio"], place, "o", color=colour(row["rival"]), markersize=4.5)
            names = [f"{library}, {dtype}, 2^{int(size).bit_length() - 1}" for (library, dtype, size), _ in cells]
            axis.set_yticks(range(len(names)), names[::-1])
            axis.axvline(1.0, color="#222222", linewidth=0.9)
            axis.axvline(CHEAPER, color="#222222", linewidth=0.8, linestyle=":")
            axis.set_xscale("log")
            axis.set_title(direction)
            axis.set_xlabel("rival's time over ReLU's (log scale)")
            for place, rival in enumerate(RIVALS[direction]):
                axis.text(0.98, 0.97 - 0.06 * place, rival, color=colour(rival), transform=axis.transAxes, ha="right",
                          va="top", fontsize=8)  # fmt: skip
        figure.tight_layout()
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
    ),
)
