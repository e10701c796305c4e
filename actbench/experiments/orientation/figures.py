"""The figure of the experiment `orientation`: what a turn, a start and a factor do to accuracy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.core.numerals import numbers
from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import GREY, label, panels, points
from actbench.drawing.style import PALETTE
from actbench.experiments.orientation.effects import beyond_relu
from actbench.runs.factors import FACTORS, TURNS

if TYPE_CHECKING:
    import pandas as pd

MARGIN = 0.01
LEAST = -0.16  # what lies further left is drawn there, with its number
# group to its arms: label, spec, further levels
GROUPS: dict[str, list[tuple[str, str, dict[str, str]]]] = {
    "turns": [(turn, spec, {}) for turn, spec in TURNS.items()],
    "biases start at 0.1": [(turn, spec, {"bias": "constant:0.1"}) for turn, spec in TURNS.items()],
    "biases start at 1": [(turn, spec, {"bias": "constant:1.0"}) for turn, spec in TURNS.items()],
    "max pooling behind": [(turn, spec, {"model": "cnn_max"}) for turn, spec in TURNS.items()],
    "factors": [(f"{height:g} x", spec, {}) for height, spec in FACTORS.items()],
}


def gap_table(frame: pd.DataFrame) -> pd.DataFrame:
    """One row an arm: accuracy less ReLU's, its 90 % interval over networks as it is judged, and how many."""
    import pandas as pd

    rows = []
    for group, arms in GROUPS.items():
        for name, spec, levels in arms:
            gap = beyond_relu(spec, **levels)(frame)
            low, high = gap.interval(0.90)
            if gap.n:
                rows.append({"group": group, "arm": name, "mean": gap.value, "low": low, "high": high, "n": gap.n})
    return pd.DataFrame(rows, columns=["group", "arm", "mean", "low", "high", "n"])


def gap_figure(table: pd.DataFrame) -> Any:
    """A line an arm, the margin of equivalence shaded."""
    hues = dict(zip(GROUPS, PALETTE, strict=False))
    groups = list(dict.fromkeys(table["group"]))
    places = [row + 0.6 * groups.index(group) for row, group in enumerate(table["group"])]
    figure, (axis,) = panels(1, height=0.24 * len(table) + 0.9)
    axis.axvspan(-MARGIN, MARGIN, color="#dddddd", alpha=0.6, linewidth=0)
    axis.axvline(0, color=GREY, linewidth=1)
    far = table["mean"] < LEAST
    drawn = table.assign(low=table["low"].clip(lower=LEAST).mask(far), mean=table["mean"].clip(lower=LEAST))
    points(axis, drawn.assign(place=places), "place", "group", hues=hues, across=True)
    for place, mean, low, high in zip(places, table["mean"], table["low"], table["high"], strict=True):
        if mean < LEAST:
            axis.annotate(
                numbers(mean, low, high)[0], (LEAST, place), xytext=(6, -3), textcoords="offset points", fontsize=8
            )
    axis.set_yticks(places, [f"{g}: {a}" for g, a in zip(table["group"], table["arm"], strict=True)])
    axis.set_xlim(LEAST - 0.005, max(0.03, 1.1 * float(drawn["high"].max())))
    axis.locator_params(axis="x", nbins=5)
    axis.invert_yaxis()
    axis.grid(axis="y", visible=False)
    label(axis, x="test accuracy less ReLU's, 90 % interval")
    return figure


FIGURES = (
    FigureSpec(
        name="orientation",
        experiment="orientation",
        claims=("C11", "C11b"),
        title={"en": "Does it matter which way ReLU points?", "zh": "ReLU 朝哪边，有关系吗？"},
        caption={
            "en": "Accuracy on digits less that of ReLU's networks, same step size, nothing mapped; mean and 90 % "
            "interval over networks. Shaded: within one point. A turn is a change of signs that the weights can take "
            "up; biases of one sign, pooling by the maximum and factors other than -1 are not.",
            "zh": "digits 数据上的准确率减去 ReLU 网络的准确率，步长相同，权重不作映射；均值与 90 % 区间"
            "（以网络为单位）。灰带：相差不到一个百分点。翻转只是权重能够吸收的正负号变化；"
            "同号的初始偏置、最大池化和 -1 以外的系数则不是。",
        },
        table=gap_table,
        draw=gap_figure,
    ),
)
