"""The figure of the experiment `expressivity`: tasks that no line can do, and pieces against depth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import label, legend, lines, logarithmic, panels, points
from actbench.drawing.style import PALETTE, palette
from actbench.statistics.frames import settle, spread
from actbench.statistics.tuning import tuned

if TYPE_CHECKING:
    import pandas as pd

TASKS = {"xor": "XOR", "spirals": "spirals", "saw": "saw tooth"}
BY = ["task", "activation", "depth", "width", "bias"]


def expressivity_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Test accuracy of the tasks at the tuned step size, and pieces of what was not trained, in one column."""
    import pandas as pd

    trained = settle(frame[frame["task"].isin(TASKS)], depth=3, width=24, bias="zero")
    parts = [spread(frame[~frame["task"].isin(TASKS)], BY, "pieces")]
    if len(trained):
        parts.insert(0, spread(tuned(trained, ["task", "activation"]), BY, "test_accuracy"))
    return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True).drop(columns="median")


def expressivity_figure(table: pd.DataFrame) -> Any:
    """The accuracy of each task, and pieces on log scales; those that have data."""
    solved = table[table["task"].isin(TASKS)]
    folded = table["task"] == "tent"
    pieces = table[folded | ((table["task"] == "line") & (table["bias"] == "zero"))]
    pieces = pieces.assign(what=pieces["activation"].mask(pieces["task"] == "tent", "folding weights"))
    hues = palette(dict.fromkeys([*solved["activation"], *pieces[pieces["task"] == "line"]["activation"]]))
    hues |= {"folding weights": PALETTE[3]} if folded.any() else {}
    figure, axes = panels(bool(len(solved)) + bool(len(pieces)), columns=2)
    for axis, part in zip(axes, [part for part in (solved, pieces) if len(part)], strict=True):
        if part is solved:
            points(axis, part, "task", "activation", names=TASKS, hues=hues, step=0.12)
            axis.set_ylim(0.4, 1.03)
            label(axis, title="two classes, 3 layers of 24", y="test accuracy")
        else:
            lines(axis, part, "depth", "what", hues=hues, marker="o", markersize=4)
            logarithmic(axis, "y", base=2)
            label(axis, title="pieces along a line, counted exactly", x="layers", y="linear pieces (log scale)")
    legend(figure, hues)
    return figure


FIGURES = (
    FigureSpec(
        name="expressivity",
        experiment="expressivity",
        claims=("C18", "C19", "L08", "L09"),
        title={
            "en": "What can a network express?",
            "zh": "网络能表达什么？",
        },
        caption={
            "en": "Left: test accuracy at the tuned step size; dot: mean over networks, bar: the middle 90 %. "
            "Right: linear pieces along a line, of random networks with 128 units at any depth and of weights "
            "that fold the line, two units a layer, the peaks of the folds drawn.",
            "zh": "左：各自调好步长后的测试准确率；圆点：网络均值，竖条：中间 90 %。右：沿一条直线的线性段数："
            "总共 128 个单元、深浅不同的随机网络，以及每层两个单元、折点随机抽取的折叠式权重。",
        },
        table=expressivity_table,
        draw=expressivity_figure,
    ),
)
