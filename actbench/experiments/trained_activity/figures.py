"""The figure of the experiment `trained_activity`: active units by layer, before and after training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import DASHED, facets, label, legend, lines
from actbench.drawing.style import palette
from actbench.statistics.frames import settle, spread

if TYPE_CHECKING:
    import pandas as pd


def activity_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Active share by optimiser, activation, epochs and layer, of networks that did not diverge."""
    chosen = settle(frame, depth=10, width=64)
    whole = chosen[~chosen["diverged"].astype(bool)]
    return spread(whole, ["optimiser", "activation", "epochs", "layer"], "active_fraction").drop(columns="median")


def activity_figure(table: pd.DataFrame) -> Any:
    """One panel an optimiser: dashed at initialisation, solid trained."""
    hues = palette(dict.fromkeys(table["activation"]))
    table = table.assign(trained=table["epochs"] > 0)
    optimisers = sorted(table["optimiser"].unique(), reverse=True)
    figure, each = facets(table, "optimiser", optimisers, columns=2, sharey=True)
    for axis, optimiser, part in each:
        lines(axis, part, "layer", "activation", hues=hues, style="trained", dashes={False: DASHED[1], True: ""})
        axis.set_ylim(0, 1.05)
        label(axis, title=optimiser, x="layer")
    each[0][0].set_ylabel("active units (share)")
    legend(figure, hues, {"at initialisation": {"linestyle": DASHED}, "trained": {}})
    return figure


FIGURES = (
    FigureSpec(
        name="trained-activity",
        experiment="trained_activity",
        claims=("C06", "C10", "C32"),
        title={"en": "Does training make networks silent?", "zh": "训练会让网络沉默吗？"},
        caption={
            "en": "Share of units with a non-zero output by layer, 10 layers of 64 units on digits. Line: mean over "
            "networks that did not diverge; band: the middle 90 %.",
            "zh": "各层输出非零的单元比例，digits 数据，10 层、每层 "
            "64 个单元。实线：未发散网络的均值；色带：中间 90 %。",
        },
        table=activity_table,
        draw=activity_figure,
    ),
)
