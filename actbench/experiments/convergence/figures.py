"""The figure of the experiment `convergence`: steadiness and speed against depth, and where sigmoid networks stall."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import DASHED, GREY, facets, label, legend, lines, logarithmic, points
from actbench.drawing.style import PALETTE, colour, ordered
from actbench.statistics.frames import spread

if TYPE_CHECKING:
    import pandas as pd

BY = ["activation", "optimiser", "norm", "init", "depth", "rate"]
EPOCHS = 20
PLAIN = "sigmoid: SGD, He"
RESCUES = {"adam": "Adam", "batch_before": "batch norm", "critical": "critical init"}
SHOWN = {
    "second_over_first": "second half's rate / first's", "epochs": "epochs to a loss of 0.2",
    "final_loss": "final training loss (nats)",
}  # fmt: skip


def convergence_table(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a measure and cell: the ratio of both halves' rates, epochs to 0.2 nats, and the final loss."""
    import pandas as pd

    whole = frame[~frame["diverged"].astype(bool)]
    ratio = whole.assign(value=whole["second_rate"] / whole["first_rate"], measure="second_over_first")
    # never, diverged included, is beyond the last epoch: the median is right as long as half of the networks arrive
    epochs = frame.assign(value=frame["epochs_to_target"].astype(float).fillna(float(EPOCHS)), measure="epochs")
    loss = whole.assign(value=whole["train_loss"], measure="final_loss")
    relu = pd.concat([part[part["activation"] == "relu"] for part in (ratio, epochs)])
    return spread(pd.concat([relu, loss[loss["activation"] == "sigmoid"]]), ["measure", *BY], "value")


def convergence_figure(table: pd.DataFrame) -> Any:
    """Two panels of ReLU networks, one of sigmoid networks; those that have data."""
    steps = sorted(table[table["measure"] != "final_loss"]["rate"].unique())
    hues = ordered([f"step {rate:g}" for rate in steps])
    table = table.assign(step=[f"step {rate:g}" for rate in table["rate"]])
    figure, each = facets(table, "measure", SHOWN, height=2.8)
    key = dict(hues)
    for axis, measure, part in each:
        if measure == "final_loss":
            key |= _stalling(axis, part)
        else:
            lines(axis, part, "depth", "step", y="median", hues=hues, marker="o", markersize=4)
        logarithmic(axis, "x", base=2, ticks=sorted(part["depth"].unique()))
        label(axis, title="sigmoid, best step size" if measure == "final_loss" else "relu, SGD",
              x="layers", y=SHOWN[measure])  # fmt: skip
        if measure == "second_over_first":
            axis.axhspan(0.8, 1.25, color=GREY, alpha=0.15, linewidth=0)
            axis.set_ylim(-1, 3)
        elif measure == "epochs":
            axis.set_ylim(0, EPOCHS + 1)
    legend(figure, key)
    return figure


def _stalling(axis: Any, part: pd.DataFrame) -> dict[str, str]:
    """Final loss of sigmoid networks: each arm's best step size, and the line above which it counts as stalled."""
    best = part.loc[part.groupby(["optimiser", "norm", "init", "depth"])["mean"].idxmin()]

    def arm(row: Any) -> str:
        changed = [RESCUES[key] for key in (row.optimiser, row.norm, row.init) if key in RESCUES]
        return " + ".join(changed) or (PLAIN if row.init == "he" else f"sigmoid: SGD, {row.init}")

    best = best.assign(arm=[arm(row) for row in best.itertuples()])
    names = sorted(best["arm"].unique(), key=lambda name: (name != PLAIN, name))
    hues = dict(zip(names, (colour("sigmoid"), *PALETTE[4:], *PALETTE), strict=False))
    aside = {name: 1.08**k for k, name in enumerate(names)}
    best["depth"] *= best["arm"].map(aside)
    points(axis, best, "depth", "arm", hues=hues)
    axis.axhline(0.95 * math.log(10), color=GREY, linewidth=1, linestyle=DASHED)
    return hues


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
            "en": "Layers of 32 units on digits, 20 epochs. Left and middle: ReLU networks, median and middle 90 % of "
            "networks; who never gets there counts with 20 epochs. Right: sigmoid networks at the step size with the "
            "least final loss; above the dashed line they have stalled.",
            "zh": "digits 数据，每层 32 个单元，训练 20 轮。左、中：ReLU 网络的中位数与中间 90 %；始终未达到者"
            "按 20 轮计。右：sigmoid 网络在最终损失最小的步长下的结果；虚线以上视为停滞。",
        },
        table=convergence_table,
        draw=convergence_figure,
    ),
)
