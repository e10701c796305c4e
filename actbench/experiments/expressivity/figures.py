"""The figure of the experiment `expressivity`: tasks that no line can do, and pieces against depth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import banded, dots, tuned
from actbench.drawing.style import PALETTE, colour, theme

if TYPE_CHECKING:
    import pandas as pd

TASKS = {"xor": "XOR", "spirals": "spirals", "saw": "saw tooth"}
BY = ["task", "activation", "depth", "width", "bias"]


def expressivity_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Test accuracy of the tasks at the tuned step size, and pieces of what was not trained, in one column."""
    import pandas as pd

    trained = frame[frame["task"].isin(TASKS)]
    parts = [banded(frame[~frame["task"].isin(TASKS)], BY, "pieces")]
    if len(trained):
        parts.insert(0, banded(tuned(trained, ["task", "activation"]), BY, "test_accuracy"))
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def expressivity_figure(table: pd.DataFrame) -> Any:
    """Left the accuracy of each task, right pieces on log scales."""
    import matplotlib.pyplot as plt

    with theme():
        figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.0), width_ratios=(1, 1.4))
        for shift, activation in ((-0.1, "relu"), (0.1, "identity")):
            part = table[(table["activation"] == activation) & table["task"].isin(TASKS)]
            x = [list(TASKS).index(task) + shift for task in part["task"]]
            dots(left, x, part, colour(activation), label=activation)
        left.set_xticks(range(len(TASKS)), list(TASKS.values()))
        left.set_xlim(-0.5, len(TASKS) - 0.5)
        left.set_ylim(0.4, 1.03)
        left.set_ylabel("test accuracy")
        left.legend(loc="upper right", frameon=True)
        left.set_title("two classes, 3 layers of 24")
        fold = table[table["task"] == "tent"]
        right.plot(fold["depth"], fold["mean"], color=PALETTE[3], marker="o", markersize=3, label="folding weights")
        for activation in ("relu", "identity"):
            line = table[(table["task"] == "line") & (table["activation"] == activation) & (table["bias"] == "zero")]
            right.fill_between(
                line["depth"], line["low"], line["high"], color=colour(activation), alpha=0.15, linewidth=0
            )
            right.plot(line["depth"], line["mean"], color=colour(activation), marker="o", markersize=3,
                       label=f"random {activation}, 128 units")  # fmt: skip
        right.set_yscale("log", base=2)
        right.set_xlabel("layers")
        right.set_ylabel("linear pieces")
        right.legend(loc="upper left", frameon=True)
        right.set_title("pieces along a line, counted exactly")
        figure.tight_layout()
    return figure


FIGURES = (
    FigureSpec(
        name="expressivity",
        experiment="expressivity",
        claims=("C18", "C19"),
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
