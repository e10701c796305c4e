"""The figure of the experiment `signal_propagation`: finite networks as points, theory of infinite ones as lines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import facets, label, legend, lines, points
from actbench.drawing.style import palette
from actbench.experiments.gradient_flow.effects import below_last
from actbench.experiments.signal_propagation.effects import predicted
from actbench.experiments.signal_propagation.question import FUNCTIONS
from actbench.statistics.estimates import Estimate
from actbench.statistics.frames import settle

if TYPE_CHECKING:
    import pandas as pd

SHOWN = {"q": "mean square, log10", "c": "correlation", "grad_log_norm": "gradient norm, log10"}
FEW = ("relu", "tanh", "gelu", "selu", "sigmoid")  # of the grid; any that are not in it are shown too
EVERY = 6  # layers between points: an interval each would fill the panel
FLOOR = -12.0  # decades


def signal_table(frame: pd.DataFrame) -> pd.DataFrame:
    """One row an activation, measure and layer: mean with its 95 % interval over networks, and theory."""
    import pandas as pd

    rows = []
    chosen = settle(frame, init="he", length=1.0, depth=30, width=256)
    hidden = set(FUNCTIONS) - set(FEW) if chosen["activation"].isin(FEW).any() else set()
    chosen = chosen[~chosen["activation"].isin(hidden)]
    for levels, part in chosen.groupby(["init", "activation"], sort=False):
        init, activation = map(str, levels)
        depth, width, length = (part[name].iloc[0] for name in ("depth", "width", "length"))
        theory = predicted(activation, init, int(width), int(depth), float(length))
        part = part.assign(grad_log_norm=below_last(part))
        for measure in SHOWN:
            for layer in range(1, int(depth) + 1):
                each = part[part["layer"] == layer]
                estimate = Estimate.of([_shown(measure, v) for v in each[measure]])
                low, high = estimate.interval()
                rows.append({
                    "init": init, "activation": activation, "measure": measure, "layer": layer,
                    "mean": estimate.value, "low": low, "high": high,
                    "theory": _shown(measure, theory[measure][layer - 1]), "n": estimate.n,
                })  # fmt: skip
    columns = ["init", "activation", "measure", "layer", "mean", "low", "high", "theory", "n"]
    return pd.DataFrame(rows, columns=columns)


def _shown(measure: str, value: float) -> float:
    if measure == "q":
        return math.log10(value) if value > 0 else math.nan
    return value / math.log(10) if measure == "grad_log_norm" else value


def signal_figure(table: pd.DataFrame) -> Any:
    """A panel a measure."""
    hues = palette(dict.fromkeys(table["activation"]))
    figure, each = facets(table, "measure", SHOWN, height=2.9)
    for axis, measure, part in each:
        part = part[part["mean"] > FLOOR]
        drawn = part[part["layer"] % 3 == 0]
        lines(axis, drawn, "layer", "activation", y="theory", hues=hues, ends=False, linewidth=1)
        points(axis, part[part["layer"] % EVERY == 0], "layer", "activation", hues=hues, s=12)
        label(axis, title=SHOWN[measure], x="layer")
    legend(figure, hues, {"theory": {"linewidth": 1}})
    return figure


FIGURES = (
    FigureSpec(
        name="signal-propagation",
        experiment="signal_propagation",
        claims=("L02", "L03", "L04", "L10", "L17"),
        title={"en": "What becomes of a signal, layer by layer?", "zh": "信号逐层如何变化？"},
        caption={
            "en": "Mean square, correlation of two inputs that start 60 degrees apart, and gradient on its way back: "
            "networks of width 256, He initialisation. Points: mean over networks with 95 % intervals. Lines: theory "
            "of infinitely wide networks, nothing fitted.",
            "zh": "宽度 256、He 初始化的网络：均方值、起初相隔 60 度的两个输入的相关系数、回传的梯度。"
            "点：各网络均值及 95 % 区间；线：无限宽网络的理论值，无任何拟合。",
        },
        table=signal_table,
        draw=signal_figure,
    ),
)
