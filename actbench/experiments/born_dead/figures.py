"""The figure of the experiment `born_dead`: shares of networks beside the law and its bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import DASHED, facets, label, legend, lines, points
from actbench.drawing.style import ordered
from actbench.statistics.frames import settle
from actbench.statistics.shares import Share

if TYPE_CHECKING:
    import pandas as pd

INPUTS = {"dead_point": "one input", "dead_interval": "an interval around 0"}


def dead_table(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a set of inputs, width and depth: share of dead networks, its exact 95 % interval, and the law's ends."""
    import pandas as pd

    from actbench.theory import born_dead

    rows = []
    chosen = settle(frame, activation="relu", init="he")
    for _, part in chosen.groupby(["width", "depth"], sort=True):
        width, depth = int(part["width"].iloc[0]), int(part["depth"].iloc[0])
        said = born_dead(width, depth)
        for inputs in INPUTS:
            share = Share.count(list(part[inputs].dropna().astype(bool)))
            low, high = share.interval()
            least, most = said.interval if inputs == "dead_interval" else (said.point, said.point)
            rows.append({
                "inputs": inputs, "width": width, "depth": depth, "mean": share.value, "low": low, "high": high,
                "law_low": least, "law_high": most, "n": share.n,
            })  # fmt: skip
    columns = ["inputs", "width", "depth", "mean", "low", "high", "law_low", "law_high", "n"]
    return pd.DataFrame(rows, columns=columns)


def dead_figure(table: pd.DataFrame) -> Any:
    """Two panels; lines are the law, two of them where it has bounds."""
    table = table.assign(units=[f"{int(width)} units" for width in table["width"]])
    hues = ordered(list(dict.fromkeys(table["units"])))
    figure, each = facets(table, "inputs", INPUTS, columns=2, height=2.8, sharey=True)
    for axis, inputs, part in each:
        for end, how in (("law_low", "-"), ("law_high", DASHED)):
            lines(axis, part, "depth", "units", y=end, hues=hues, ends=False, linewidth=1, linestyle=how)
        points(axis, part, "depth", "units", hues=hues)
        label(axis, title=INPUTS[inputs], x="layers", y="dead at initialisation" if axis is each[0][0] else "")
    legend(figure, hues, {"theory": {"linewidth": 1}, "upper bound": {"linewidth": 1, "linestyle": DASHED}})
    return figure


FIGURES = (
    FigureSpec(
        name="born-dead",
        experiment="born_dead",
        claims=("L01",),
        title={"en": "How many networks are born dead?", "zh": "多少网络生来就是死的？"},
        caption={
            "en": "Share of ReLU networks whose last layer is 0 before training, He weights, no biases, one input "
            "feature. Points: networks, with exact 95 % intervals. Lines: the law for one input, the bounds for an "
            "interval around 0.",
            "zh": "训练之前末层即为 0 的 ReLU 网络比例（He 权重，无偏置，一个输入特征）。点：实测比例及精确 95 % 区间；"
            "线：单个输入的精确值，含 0 区间的上下界。",
        },
        table=dead_table,
        draw=dead_figure,
    ),
)
