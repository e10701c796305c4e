"""The figure of the experiment `distribution`: how far a layer's outputs are shifted, by normalisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import facets, label, legend, lines
from actbench.drawing.style import palette
from actbench.statistics.frames import settle, spread

if TYPE_CHECKING:
    import pandas as pd

NORMS = {"none": "no normalisation", "batch_before": "batch norm before f", "batch_after": "batch norm after f"}


def shift_table(frame: pd.DataFrame) -> pd.DataFrame:
    """|mean| / sd of a layer's outputs by norm, activation, epochs and layer."""
    chosen = settle(frame, depth=4, width=64)
    whole = chosen[~chosen["diverged"].astype(bool)].assign(shift=lambda f: f["mean_over_sd"].abs())
    return spread(whole, ["norm", "activation", "epochs", "layer"], "shift").drop(columns="median")


def shift_figure(table: pd.DataFrame) -> Any:
    """One panel a normalisation, trained networks."""
    trained = table[table["epochs"] == table["epochs"].max()]
    norms = sorted(trained["norm"].unique(), key=[*NORMS, *trained["norm"]].index)
    hues = palette(dict.fromkeys(trained["activation"]))
    figure, each = facets(trained, "norm", norms, sharey=True)
    for axis, norm, part in each:
        lines(axis, part, "layer", "activation", hues=hues)
        axis.set_xticks(sorted(trained["layer"].unique()))
        label(axis, title=NORMS.get(norm, norm), x="layer")
    each[0][0].set_ylabel("|mean| / sd of the outputs")
    legend(figure, hues)
    return figure


FIGURES = (
    FigureSpec(
        name="distribution",
        experiment="distribution",
        claims=("C38", "C39"),
        title={"en": "Which functions shift the distribution?", "zh": "哪些函数会使分布偏移？"},
        caption={
            "en": "Absolute mean over standard deviation of a layer's outputs in trained networks, 4 layers of 64 "
            "units on digits. Line: mean over networks; band: the middle 90 %.",
            "zh": "训练后各层输出的均值绝对值与标准差之比，digits 数据，"
            "4 层、每层 64 个单元。实线：网络均值；色带：中间 90 %。",
        },
        table=shift_table,
        draw=shift_figure,
    ),
)
