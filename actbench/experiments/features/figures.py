"""The figure of the experiment `features`: how many features are kept, and who finds those that matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import DASHED, GREY, facets, label, legend, points
from actbench.drawing.style import PALETTE, palette
from actbench.statistics.frames import spread
from actbench.statistics.tuning import tuned

if TYPE_CHECKING:
    import pandas as pd

MEASURES = {
    "kept": ("features kept (share)", "one-standard-error model"),
    "auc": ("AUC of the ranking", "relevant features by input gradient"),
}
LINEAR = {"lasso": "L1, least squares", "logistic": "L1, logistic", "forward": "forward selection"}


def features_table(frame: pd.DataFrame) -> pd.DataFrame:
    """The share kept by data set and model, and the AUC by teacher and activation at its tuned step size."""
    import pandas as pd

    taught = frame[frame["data"].str.startswith("teacher_")]
    parts = [spread(frame, ["data", "model"], "kept").assign(measure="kept")]
    if len(taught):
        parts.append(spread(tuned(taught, ["data", "model"]), ["data", "model", "rate"], "auc").assign(measure="auc"))
    return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True).drop(columns="median")


def features_figure(table: pd.DataFrame) -> Any:
    """The share of features kept, and the ranking's AUC; those that have data."""
    figure, each = facets(table, "measure", MEASURES, columns=2, height=2.8)
    key: dict[str, str] = {}
    for axis, measure, part in each:
        part = part.assign(model=part["model"].replace(LINEAR))
        sets, models = (list(dict.fromkeys(part[column])) for column in ("data", "model"))
        linear = dict(zip(LINEAR.values(), (PALETTE[7], PALETTE[6], PALETTE[4]), strict=True))
        hues = palette([model for model in models if model not in linear])
        hues |= {model: linear[model] for model in models if model in linear}
        names = {name: name.removeprefix("teacher_").replace("_", "\n") for name in sets}
        points(axis, part, "data", "model", names=names, hues=hues)
        axis.set_ylim(0 if measure == "kept" else 0.3, 1.03)
        label(axis, title=MEASURES[measure][1], x="teacher" if measure == "auc" else "", y=MEASURES[measure][0])
        if measure == "kept":
            axis.axhline(0.25, color=GREY, linewidth=1, linestyle=DASHED)
        key |= hues
    legend(
        figure,
        key,
        {"few: a quarter": {"linestyle": DASHED, "linewidth": 1}} if (table["measure"] == "kept").any() else None,
    )
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
            "。右：训练后网络的输入梯度能在多大程度上把教师函数所用的 5 个特征（共 20 个）排在前面；每个网络各有自"
            "己的教师函数，步长已分别调好。圆点：均值；竖条：中间 90 %。",
        },
        table=features_table,
        draw=features_figure,
    ),
)
