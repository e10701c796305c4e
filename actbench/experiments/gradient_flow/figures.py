"""The figure of the experiment `gradient_flow`: the gradient's size layer by layer, with theory on the same axes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import DOTTED, facets, label, legend, lines
from actbench.drawing.style import palette
from actbench.experiments.gradient_flow.effects import below_last
from actbench.statistics.frames import settle, spread

if TYPE_CHECKING:
    import pandas as pd

ALIKE = ("leaky_relu", "prelu", "rrelu")  # would lie on ReLU's line, where that is drawn
INITS = {
    "he": "He, sigma_w2 = 2", "glorot": "Glorot, sigma_w2 = 1", "torch_default": "torch default, sigma_w2 = 1/3",
    "critical": "each at its critical point",
}  # fmt: skip
FLOOR = -25.0  # decades; below it lines would squeeze the others flat


def flow_table(frame: pd.DataFrame) -> pd.DataFrame:
    """One row an initialisation, activation and layer: log10 of the norm over that at the last layer, and theory's."""
    import numpy as np
    import pandas as pd

    parts = []
    chosen = settle(frame[frame["init"].isin(INITS)], depth=30, width=256)
    if (chosen["activation"] == "relu").any():
        chosen = chosen[~chosen["activation"].isin(ALIKE)]
    for (init, activation), part in chosen.groupby(["init", "activation"], sort=False):
        relative = below_last(part) / math.log(10)
        part = part.assign(relative=relative.where(np.isfinite(relative)))
        lost = part[part["relative"].isna()]["net"].unique()
        table = spread(part[~part["net"].isin(lost)], ["layer"], "relative").rename(columns={"networks": "n"})
        if len(table):
            known = {"init": str(init), "activation": str(activation)}
            parts.append(table.assign(**known, theory=_theory(part, known["activation"], known["init"])))
    columns = ["init", "activation", "layer", "mean", "low", "high", "theory", "n"]
    return pd.concat(parts)[columns] if parts else pd.DataFrame(columns=columns)


def _theory(chosen: pd.DataFrame, activation: str, init: str) -> list[float]:
    """log10 of sqrt(chi_1) summed from the last layer back, along the mean measured lengths."""
    from actbench.networks.initialisation import initialisation
    from actbench.theory import moments

    width = int(chosen["width"].iloc[0])
    sigma_w2 = initialisation(init, activation).sigma_w2(width, width)
    q = chosen.groupby("layer")["q"].mean().to_numpy(float)
    steps = [0.5 * math.log10(sigma_w2 * moments(activation, value).d_second) for value in q[:-1]]
    total = [0.0]
    for step in reversed(steps):
        total.append(total[-1] + step)
    return total[::-1]


def flow_figure(table: pd.DataFrame) -> Any:
    """One panel an initialisation; solid what was measured, dotted what theory says."""
    hues = palette(dict.fromkeys(table["activation"]))
    figure, each = facets(table, "init", INITS, columns=2, height=2.3, sharex=True, sharey=True)
    for axis, init, part in each:
        lines(axis, part[part["mean"] > FLOOR], "layer", "activation", hues=hues, ends=False, linewidth=2.2, alpha=0.6)
        theory = part[part["theory"] > FLOOR]
        lines(axis, theory, "layer", "activation", y="theory", hues=hues, ends=False, linewidth=1, linestyle=DOTTED)
        label(axis, title=INITS[init], x="layer (1 is nearest the input)")
    for axis, *_ in each[::2]:
        axis.set_ylabel("gradient norm, log10,\nlast layer = 0")
    legend(figure, hues, {"theory": {"linestyle": DOTTED, "linewidth": 1}})
    return figure


FIGURES = (
    FigureSpec(
        name="gradient-flow",
        experiment="gradient_flow",
        claims=("C21", "C23", "C24", "C28", "C30"),
        title={"en": "Does the gradient vanish?", "zh": "梯度会消失吗？"},
        caption={
            "en": "Size of the gradient on its way from layer 30 back to layer 1, networks of width 256 at "
            "initialisation, mean over networks. Dotted: sqrt(chi_1) along the measured lengths. The initialisation "
            "decides as much as the function does.",
            "zh": "梯度从第 30 层回传到第 1 层的大小，宽度 256 的网络（初始化时），取各网络均值。点线：沿实测长度的 "
            "sqrt(chi_1) 理论值。初始化与激活函数同样起决定作用。",
        },
        table=flow_table,
        draw=flow_figure,
    ),
)
