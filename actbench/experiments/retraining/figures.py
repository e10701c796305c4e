"""The figure of the experiment `retraining`: how well each function's networks do, and with how many zeros."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import label, panels, points
from actbench.drawing.style import palette
from actbench.statistics.frames import settle, spread
from actbench.statistics.tuning import best_rate

if TYPE_CHECKING:
    import pandas as pd

MEASURES = {
    "test_accuracy": "test accuracy",
    "zeros": "outputs that are 0 (share)",
    "spare": "outputs that could be 0 (share)",
}


def retraining_table(frame: pd.DataFrame) -> pd.DataFrame:
    """A row a function and measure, at the function's best step size, best accuracy first."""
    import pandas as pd

    chosen = settle(frame, surrogate="none", init="he", bias="own", depth=3, width=64, samples=1200, epochs=10)
    whole = chosen[~chosen["diverged"].astype(bool)]
    best = {arm: best_rate(part) for arm, part in chosen.groupby("activation", sort=False)}
    own = whole[whole["rate"] == whole["activation"].map(best)]
    each = [spread(own, ["activation"], name).assign(measure=name) for name in MEASURES]
    accuracy = each[0].sort_values("mean", ascending=False, kind="stable")
    order = {name: place for place, name in enumerate(accuracy["activation"])}
    table = pd.concat(each, ignore_index=True).drop(columns="median")
    return table.sort_values("activation", key=lambda names: names.map(order), kind="stable", ignore_index=True)


def retraining_figure(table: pd.DataFrame) -> Any:
    """A row a function, a panel a measure; bars hold the middle 90 % of networks."""
    hues = palette(dict.fromkeys(table["activation"]))
    names = {name: name for name in hues}
    figure, axes = panels(len(MEASURES), height=0.8 + 0.24 * len(names), sharey=True)
    for axis, (measure, said) in zip(axes, MEASURES.items(), strict=True):
        points(axis, table[table["measure"] == measure], "activation", "activation", hues=hues, names=names, step=0.0,
               across=True)  # fmt: skip
        label(axis, x=said)
    for axis in axes[1:]:
        axis.set_xlim(-0.03, 1.03)
    return figure


FIGURES = (
    FigureSpec(
        name="retraining",
        experiment="retraining",
        claims=("L16", "L15", "L18", "L21", "L22"),
        title={"en": "Who does better, with how many zeros?", "zh": "谁表现更好，又有多少零输出？"},
        caption={
            "en": "Three layers of 64 units on digits, ten epochs, each function at the step size with the best "
            "validation accuracy. Dot: mean over networks that did not diverge; bar: the middle 90 %. Right: outputs, "
            "smallest first, that hold a tenth of each layer's norm.",
            "zh": "digits 数据，三层、每层 64 个单元，十轮，各函数取验证准确率最好的步长。圆点：未发散网络的均值；"
            "横条：中间 90 %。右图：从最小者起合计占各层范数十分之一的输出。",
        },
        table=retraining_table,
        draw=retraining_figure,
    ),
)
