"""The figure of the experiment `selectivity`: between-class share of the units' variance, layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import facets, label, legend, lines
from actbench.drawing.style import palette
from actbench.statistics.frames import settle, spread
from actbench.statistics.tuning import tuned

if TYPE_CHECKING:
    import pandas as pd

WHEN = {"share_birth": "at initialisation", "share_end": "trained"}


def selectivity_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Both shares by activation and layer at the tuned step size, one for ReLU and its control."""
    import pandas as pd

    frame = settle(frame, depth=3, width=64)
    chosen = tuned(frame.assign(arm=frame["activation"].replace("leaky_relu", "relu")), ["arm"], together="activation")
    parts = [spread(chosen, ["activation", "rate", "layer"], measure).assign(when=WHEN[measure]) for measure in WHEN]
    return pd.concat(parts, ignore_index=True).drop(columns="median")


def selectivity_figure(table: pd.DataFrame) -> Any:
    """One panel a time."""
    table = table.assign(when=table["when"].replace("at birth", "at initialisation"))  # as older tables have it
    hues = palette(dict.fromkeys(table["activation"]))
    figure, each = facets(table, "when", WHEN.values(), columns=2, sharey=True)
    for axis, when, part in each:
        lines(axis, part, "layer", "activation", hues=hues, marker="o", markersize=4)
        axis.set_xticks(sorted(table["layer"].unique()))
        axis.set_ylim(0, 1)
        label(axis, title=when, x="layer")
    each[0][0].set_ylabel("between-class share\nof a unit's variance")
    legend(figure, hues)
    return figure


FIGURES = (
    FigureSpec(
        name="selectivity",
        experiment="selectivity",
        claims=("C13b",),
        title={
            "en": "Does each unit get a job of its own?",
            "zh": "每个单元各司其职吗？",
        },
        caption={
            "en": "Share of a unit's variance over held-out digits that lies between the classes, mean over "
            "the units of a layer; 3 layers of 64 units, Adam, each activation at its tuned step size, ReLU and "
            "leaky ReLU at the same one. Line: mean over networks; band: the middle 90 %.",
            "zh": "单元输出在留出的 digits 图像上的方差中，类间部分所占的比例（对一层各单元取平均）；3 层、每层 64 个单"
            "元，Adam，各激活函数取各自调好的步长，ReLU 与 leaky ReLU 共用一个。实线：网络均值；色带：中间 90 %。",
        },
        table=selectivity_table,
        draw=selectivity_figure,
    ),
)
