"""The figure of the experiment `features`: how many features are kept, and who finds those that matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import banded, dots, tuned
from actbench.drawing.style import PALETTE, colour, theme

if TYPE_CHECKING:
    import pandas as pd

REAL = ("breast_cancer", "diabetes", "wine", "digits")
KINDS = ("linear", "relu", "tanh", "product")
ARMS = ("relu", "leaky_relu", "tanh", "sigmoid")


def features_table(frame: pd.DataFrame) -> pd.DataFrame:
    """The share kept by data set and model, and the AUC by teacher and activation at its tuned step size."""
    import pandas as pd

    taught = frame[frame["data"].str.startswith("teacher_")]
    parts = [banded(frame, ["data", "model"], "kept").assign(measure="kept")]
    if len(taught):
        parts.append(banded(tuned(taught, ["data", "model"]), ["data", "model", "rate"], "auc").assign(measure="auc"))
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def features_figure(table: pd.DataFrame) -> Any:
    """Left the share of features kept, right the ranking's AUC."""
    import matplotlib.pyplot as plt

    with theme():
        figure, (left, right) = plt.subplots(1, 2, figsize=(8.0, 3.0), width_ratios=(1, 1.25))
        for shift, model, hue in ((-0.08, "lasso", PALETTE[0]), (0.12, "logistic", PALETTE[3])):
            part = table[(table["measure"] == "kept") & (table["model"] == model)]
            if len(part):
                label = f"L1, {'least squares' if model == 'lasso' else model}"
                dots(left, [REAL.index(data) + shift for data in part["data"]], part, hue, label=label)
        left.axhline(0.25, color="#888888", linewidth=1, linestyle=(0, (4, 3)))
        left.set_xticks(range(len(REAL)), [data.replace("_", "\n") for data in REAL])
        left.set_xlim(-0.5, len(REAL) - 0.5)
        left.set_ylim(0, 1)
        left.set_ylabel("features kept (share)")
        left.set_title("one-standard-error model (dashed: few)")
        left.legend(loc="upper left", frameon=True)
        for place, model in enumerate(ARMS):
            part = table[(table["measure"] == "auc") & (table["model"] == model)]
            x = [KINDS.index(data.removeprefix("teacher_")) + 0.15 * (place - 1.5) for data in part["data"]]
            dots(right, x, part, colour(model), label=model)
        right.set_xticks(range(len(KINDS)), KINDS)
        right.set_xlim(-0.5, len(KINDS) - 0.5)
        right.set_ylim(0.3, 1.03)
        right.set_xlabel("teacher")
        right.set_ylabel("AUC of the ranking")
        right.set_title("relevant features by input gradient")
        right.legend(loc="lower left", frameon=True, ncols=2)
        figure.tight_layout()
    return figure


FIGURES = (
    FigureSpec(
        name="features",
        experiment="features",
        claims=("C14", "C15", "C16"),
        title={
            "en": "Do few features matter, and who finds them?",
            "zh": "有用的特征真的很少吗？谁能找到它们？",
        },
        caption={
            "en": "Left: features with a weight for any class in the L1 model within one standard error of the "
            "best, over 16 splits of each data set. Right: how well input gradients of trained networks rank "
            "the 5 of 20 features that a teacher uses; each network has its own teacher and step sizes are "
            "tuned. Dot: mean; bar: the middle 90 %.",
            "zh": "左：与最优相差不超过一个标准误的 L1 模型中，对任一类别有权重的特征比例，每个数据集 16 次划分"
            "。右：训练后网络的输入梯度能在多大程度上把教师所用的 5 个特征（共 20 个）排在前面；每个网络各有自"
            "己的教师，步长已分别调好。圆点：均值；竖条：中间 90 %。",
        },
        table=features_table,
        draw=features_figure,
    ),
)
