"""The figure of the experiment `convergence`: steadiness and speed against depth, and where sigmoid networks stall."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import BAND, banded, dots
from actbench.drawing.style import PALETTE, colour, theme

if TYPE_CHECKING:
    import pandas as pd

BY = ["activation", "optimiser", "norm", "init", "depth", "rate"]
EPOCHS = 20
RESCUES = {"adam": ("Adam", "s"), "batch_before": ("batch norm", "^"), "critical": ("critical init", "D")}


def convergence_table(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a measure and cell: the ratio of both halves' rates, epochs to 0.2 nats, and the final loss."""
    import pandas as pd

    whole = frame[~frame["diverged"].astype(bool)]
    ratio = whole.assign(value=whole["second_rate"] / whole["first_rate"], measure="second_over_first")
    # never, diverged included, is beyond the last epoch: the median is right as long as half of the networks arrive
    epochs = frame.assign(value=frame["epochs_to_target"].astype(float).fillna(float(EPOCHS)), measure="epochs")
    loss = whole.assign(value=whole["train_loss"], measure="final_loss")
    relu = pd.concat([part[part["activation"] == "relu"] for part in (ratio, epochs)])
    rows = pd.concat([relu, loss[loss["activation"] == "sigmoid"]])
    table = banded(rows, ["measure", *BY], "value")
    table["median"] = rows.groupby(["measure", *BY], sort=True)["value"].median().to_numpy()
    return table


def convergence_figure(table: pd.DataFrame) -> Any:
    """Two panels of ReLU networks, one of sigmoid networks."""
    import matplotlib.pyplot as plt

    with theme():
        figure, axes = plt.subplots(1, 3, figsize=(10.4, 3.0))
        shown = (("second_over_first", "second half's rate / first's"), ("epochs", "epochs to a loss of 0.2"))
        for axis, (measure, label) in zip(axes, shown, strict=False):
            part = table[table["measure"] == measure]
            for hue, (rate, line) in zip(PALETTE, part.groupby("rate"), strict=False):
                axis.fill_between(line["depth"], line["low"], line["high"], color=hue, alpha=0.1, linewidth=0)
                axis.plot(line["depth"], line["median"], color=hue, marker="o", markersize=3, label=f"step {rate:g}")
            axis.set_xscale("log", base=2)
            axis.set_xticks(sorted(part["depth"].unique()), [f"{depth}" for depth in sorted(part["depth"].unique())])
            axis.set_xlabel("layers")
            axis.set_ylabel(label)
        axes[0].axhspan(0.8, 1.25, color="#888888", alpha=0.15, linewidth=0)
        axes[0].set_ylim(-1, 3)
        axes[0].set_title("relu, SGD (grey: steady)")
        axes[1].set_ylim(0, EPOCHS + 1)
        axes[1].set_title("relu, SGD")
        axes[1].legend(loc="lower right", frameon=True)
        _stalling(axes[2], table[table["measure"] == "final_loss"])
        figure.tight_layout()
    return figure


def _stalling(axis: Any, part: pd.DataFrame) -> None:
    """Final loss of sigmoid networks: each arm's best step size, and the line above which it counts as stalled."""
    best = part.loc[part.groupby(["optimiser", "norm", "init", "depth"])["mean"].idxmin()]
    plain = (best["optimiser"] == "sgd") & (best["norm"] == "none") & (best["init"] == "he")
    dots(axis, best[plain]["depth"], best[plain], colour("sigmoid"), label="SGD, He", linewidth=1.2)
    for (key, (label, marker)), hue in zip(RESCUES.items(), PALETTE, strict=False):
        arm = best[(best["optimiser"] == key) | (best["norm"] == key) | (best["init"] == key)]
        dots(axis, arm["depth"] * 1.08, arm, hue, label=label, marker=marker)
    axis.axhline(0.95 * math.log(10), color="#888888", linewidth=1, linestyle=(0, (4, 3)))
    axis.set_xscale("log", base=2)
    depths = sorted(part["depth"].unique())
    axis.set_xticks(depths, [f"{depth}" for depth in depths])
    axis.set_xlabel("layers")
    axis.set_ylabel("final training loss (nats)")
    axis.set_title("sigmoid, best step size")
    axis.legend(loc="center left", frameon=True)


FIGURES = (
    FigureSpec(
        name="convergence",
        experiment="convergence",
        claims=("C22", "C25"),
        title={
            "en": "How fast, how steadily, or not at all?",
            "zh": "收敛多快、多稳，还是根本不动？",
        },
        caption={
            "en": "Layers of 32 units on digits, 20 epochs. Left and middle: ReLU networks, median and middle "
            f"{round(100 * (BAND[1] - BAND[0]))} % of networks; who never gets there counts with 20 epochs. "
            "Right: sigmoid networks at the step size with the least final loss; above the dashed line they "
            "have stalled.",
            "zh": "digits 数据，每层 32 个单元，训练 20 轮。左、中：ReLU 网络的中位数与中间 90 %；始终未达到者"
            "按 20 轮计。右：sigmoid 网络在最终损失最小的步长下的结果；虚线以上视为停滞。",
        },
        table=convergence_table,
        draw=convergence_figure,
    ),
)
