"""The figure of convolutional networks: activity of units and of paths, by layer, at initialisation and trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import DASHED, DOTTED, GREY, facets, label, legend, lines
from actbench.drawing.style import colour
from actbench.statistics.frames import settle, spread

if TYPE_CHECKING:
    import pandas as pd

MODELS = {"cnn_max": "CNN, max pooling", "cnn_mean": "CNN, mean pooling", "mlp": "no convolution"}
MEASURES = {"active_fraction": "units", "path_fraction": "paths"}


def table(frame: pd.DataFrame) -> pd.DataFrame:
    """Share of active units and of active paths of ReLU networks, by model, epochs and layer."""
    import pandas as pd

    chosen = settle(frame, activation="relu")
    whole = chosen[~chosen["diverged"].astype(bool)]
    parts = [spread(whole, ["model", "epochs", "layer"], measure).assign(measure=measure) for measure in MEASURES]
    return pd.concat(parts, ignore_index=True).drop(columns="median")


def draw(table: pd.DataFrame) -> Any:
    """One panel a model on a log2 axis; dashed at initialisation, solid trained; dotted: halving with every layer."""
    hues = {"units": colour("relu"), "paths": colour("sigmoid")}
    table = table.assign(what=table["measure"].map(MEASURES), trained=table["epochs"] > 0)
    figure, each = facets(table, "model", MODELS, height=2.8, sharey=True)
    for axis, model, part in each:
        layers = sorted(part["layer"].unique())
        halving = [2.0 ** -(layer - layers[0] + 1) for layer in layers]
        axis.plot(layers, halving, color=GREY, linestyle=DOTTED, linewidth=1)
        lines(axis, part, "layer", "what", hues=hues, style="trained", dashes={False: DASHED[1], True: ""})
        axis.set_yscale("log", base=2)
        axis.set_ylim(2.0**-4.5, 1.1)
        axis.set_xticks(layers)
        label(axis, title=MODELS[model], x="layer")
    each[0][0].set_ylabel("active (share, log scale)")
    legend(figure, hues, {"at initialisation": {"linestyle": DASHED}, "halving": {"linestyle": DOTTED}})
    return figure


FIGURES = (
    FigureSpec(
        name="cnn-activity",
        experiment="cnn_activity",
        claims=("C10b", "C06"),
        title={"en": "Does activity thin out in a convolutional network?", "zh": "卷积网络中的激活会逐层变稀吗？"},
        caption={
            "en": "Units and paths of ReLU networks that are active, by layer, on digits: dashed at initialisation, "
            "solid trained, dotted halving with every layer. Line: mean over networks; band: the middle 90 %.",
            "zh": "digits 数据上 ReLU 网络中激活的单元与路径比例：虚线为初始化时，实线为训练后，点线为每层减半。"
            "线：各网络均值；色带：中间 90 %。",
        },
        table=table,
        draw=draw,
    ),
)
