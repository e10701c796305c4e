"""The figure of convolutional networks: activity of units and of paths, by layer, at birth and trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import band, banded, panels
from actbench.drawing.style import colour, theme

if TYPE_CHECKING:
    import pandas as pd

MODELS = {"cnn_max": "CNN, max pooling", "cnn_mean": "CNN, mean pooling", "mlp": "no convolution"}
MEASURES = {"active_fraction": "units", "path_fraction": "paths"}


def table(frame: pd.DataFrame) -> pd.DataFrame:
    """Share of active units and of active paths of ReLU networks, by model, epochs and layer."""
    import pandas as pd

    whole = frame[~frame["diverged"].astype(bool) & (frame["activation"] == "relu")]
    parts = [banded(whole, ["model", "epochs", "layer"], measure).assign(measure=measure) for measure in MEASURES]
    return pd.concat(parts, ignore_index=True)


def draw(table: pd.DataFrame) -> Any:
    """One panel a model on a log2 axis; dashed at birth, solid trained; dotted grey: halving with every layer."""
    models = [model for model in MODELS if (table["model"] == model).any()]
    hues = {"active_fraction": colour("relu"), "path_fraction": colour("sigmoid")}
    with theme():
        figure, axes = panels(len(models), height=3.0)
        for axis, model in zip(axes, models, strict=False):
            part = table[table["model"] == model]
            layers = sorted(part["layer"].unique())
            axis.plot(layers, [2.0 ** -(layer - layers[0] + 1) for layer in layers], color="#888888", linestyle=":")
            for measure, label in MEASURES.items():
                for epochs, line in part[part["measure"] == measure].groupby("epochs"):
                    style = {"linestyle": "-", "label": label} if epochs else {"linestyle": (0, (4, 3))}
                    band(axis, line, "layer", hues[measure], **style)
            axis.set_yscale("log", base=2)
            axis.set_ylim(2.0**-4.5, 1.1)
            axis.set_xticks(layers)
            axis.set_title(MODELS[model])
            axis.set_xlabel("layer")
        axes[0].set_ylabel("active (share, log scale)")
        axes[0].legend(loc="lower left", frameon=True)
        figure.tight_layout()
    return figure


FIGURES = (
    FigureSpec(
        name="cnn-activity",
        experiment="cnn_activity",
        claims=("C10b", "C06"),
        title={"en": "Does activity thin out in a convolutional network?", "zh": "卷积网络中的激活会逐层变稀吗？"},
        caption={
            "en": "Units and paths of ReLU networks that are active, by layer, on digits: dashed at birth, solid "
            "trained, dotted halving with every layer. Line: mean over networks; band: the middle 90 %.",
            "zh": "digits 数据上 ReLU 网络中激活的单元与路径比例：虚线为初始化时，实线为训练后，点线为每层减半。"
            "线：各网络均值；色带：中间 90 %。",
        },
        table=table,
        draw=draw,
    ),
)
