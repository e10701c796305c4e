"""The figure of the experiment `learning`: training curves, each arm at its best step size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import label, legend, lines, logarithmic, panels
from actbench.drawing.style import palette
from actbench.statistics.frames import settle, spread
from actbench.statistics.tuning import best_rate

if TYPE_CHECKING:
    import pandas as pd

MEASURES = ("train_loss", "test_accuracy")


def learning_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Loss and accuracy by activation and epoch, at the step size whose last epoch has the best validation accuracy."""
    import pandas as pd

    chosen = settle(frame, data="digits", depth=3, width=64, optimiser="sgd")
    last = chosen[chosen["epoch"] == chosen["epoch"].max()]
    best = {arm: best_rate(part) for arm, part in last.groupby("activation", sort=False)}
    own = chosen[chosen["rate"] == chosen["activation"].map(best)]
    whole = own[~own["diverged"].astype(bool)]
    each = [spread(whole, ["activation", "epoch"], name).assign(measure=name) for name in MEASURES]
    return pd.concat(each, ignore_index=True).drop(columns="median")


def learning_figure(table: pd.DataFrame, hues: Mapping[Any, str] | None = None) -> Any:
    """Training loss on the left, test accuracy on the right; the band is the middle 90 % of networks."""
    hues = hues or palette(dict.fromkeys(table["activation"]))
    figure, axes = panels(2, columns=2)
    for axis, name, title in zip(axes, MEASURES, ("training loss (log scale)", "test accuracy"), strict=True):
        lines(axis, table[table["measure"] == name], "epoch", "activation", hues=hues)
        label(axis, title=title, x="epoch")
    logarithmic(axes[0], "y")
    legend(figure, hues)
    return figure


FIGURES = (
    FigureSpec(
        name="learning",
        experiment="learning",
        claims=(),
        title={"en": "Training curves", "zh": "训练曲线"},
        caption={
            "en": "Loss over the training samples of an epoch, and accuracy on samples that nothing was chosen by, "
            "each function at the step size with the best validation accuracy. Line: mean over networks that did not "
            "diverge; band: the middle 90 %.",
            "zh": "每轮训练样本上的损失，以及未用于任何选择的样本上的准确率，各函数取验证准确率最好的步长。"
            "实线：未发散网络的均值；色带：中间 90 %。",
        },
        table=learning_table,
        draw=learning_figure,
    ),
)
