"""The figure of the experiment `overfitting`: gaps at one training loss, and what explicit penalties do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import banded, dots, tuned
from actbench.drawing.style import PALETTE, colour, theme

if TYPE_CHECKING:
    import pandas as pd

ARMS = ("relu", "leaky_relu", "tanh", "sigmoid")
MEASURES = {"mean_abs_output": "mean |output|", "weights_l1": "sum of |weights|"}
PENALTY_RATE = 0.1


def overfitting_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Gaps at tuned step sizes; outputs and weights relative to the control's mean over networks at one step size."""
    import pandas as pd

    shallow = frame[frame["depth"] == 2]
    plain = shallow[shallow["penalty"] == "none"]
    best = tuned(plain[plain["activation"].isin(ARMS)], ["activation", "noise"])
    best = best.assign(value=best["train_accuracy"] - best["test_accuracy"], measure="gap")
    alike = shallow[(shallow["noise"] == 0) & (shallow["rate"] == PENALTY_RATE)]
    alike = alike[
        (alike["activation"] == "leaky_relu") | ((alike["activation"] == "relu") & (alike["penalty"] == "none"))
    ]
    control = (alike["activation"] == "leaky_relu") & (alike["penalty"] == "none")
    parts = [best]
    parts += [alike.assign(value=alike[name] / alike[control][name].mean(), measure=name) for name in MEASURES]
    rows = pd.concat(parts)
    return banded(rows, ["measure", "activation", "penalty", "noise", "rate"], "value")


def overfitting_figure(table: pd.DataFrame) -> Any:
    """Left gaps, right sizes."""
    import matplotlib.pyplot as plt

    with theme():
        figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.1), width_ratios=(1, 1.5))
        gaps = table[table["measure"] == "gap"]
        noises = sorted(gaps["noise"].unique())
        for place, activation in enumerate(ARMS):
            part = gaps[gaps["activation"] == activation]
            x = [noises.index(noise) + 0.15 * (place - 1.5) for noise in part["noise"]]
            dots(left, x, part, colour(activation), label=activation)
        left.set_xticks(range(len(noises)), [f"{noise:.0%} of labels\nat random" for noise in noises])
        left.set_xlim(-0.5, len(noises) - 0.5)
        left.set_ylim(0, None)
        left.set_ylabel("training less test accuracy")
        left.set_title("gap at a training loss of 0.05")
        left.legend(loc="upper left", frameon=True)
        sizes = table[table["measure"].isin(MEASURES)]
        penalties = sorted(
            {p for p in sizes["penalty"] if p != "none"}, key=lambda p: (p[0], float(p.partition(":")[2]))
        )
        names = ["leaky_relu", "relu", *penalties]
        for shift, (measure, label), hue in zip((-0.1, 0.1), MEASURES.items(), PALETTE, strict=False):
            part = sizes[sizes["measure"] == measure]
            x = [names.index(a if p == "none" else p) + shift
                 for a, p in zip(part["activation"], part["penalty"], strict=True)]  # fmt: skip
            dots(right, x, part, hue, label=label)
        right.axhline(1.0, color="#888888", linewidth=1, linestyle=(0, (4, 3)))
        ticks = [
            name.replace("_relu", "\nrelu") if ":" not in name else "L1 on\n" + name.replace(":", "\n")
            for name in names
        ]
        right.set_xticks(range(len(names)), ticks)
        right.set_ylim(0, None)
        right.set_ylabel("relative to leaky relu")
        right.set_title("sizes at that loss")
        right.legend(loc="lower left", frameon=True)
        figure.tight_layout()
    return figure


FIGURES = (
    FigureSpec(
        name="overfitting",
        experiment="overfitting",
        claims=("C17", "C33", "C34"),
        title={
            "en": "Do ReLU's zeros act as a penalty?",
            "zh": "ReLU 的零起到正则项的作用吗？",
        },
        caption={
            "en": "300 digits to learn, 2 layers of 64 units, every network on a split of its own, all "
            "compared where the training loss is down to 0.05. Left: each activation at its tuned step size. "
            "Right: leaky ReLU (slope 0.01) without and with an explicit L1 penalty, and ReLU, at one step "
            "size. Dot: mean; bar: the middle 90 %.",
            "zh": "300 幅 digits 图像用于训练，2 层、每层 64 个单元，每个网络各用一种划分，都在训练损失降到 "
            "0.05 时比较。左：各激活函数取各自调好的步长。右：同一步长下，不加与加显式 L1 惩罚的 leaky ReLU（斜"
            "率 0.01），以及 ReLU。圆点：均值；竖条：中间 90 %。",
        },
        table=overfitting_table,
        draw=overfitting_figure,
    ),
)
