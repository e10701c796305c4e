"""The figure of the experiment `gradient_flow`: the gradient's size layer by layer, with theory on the same axes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.style import colour, theme
from actbench.statistics.frames import select

if TYPE_CHECKING:
    import pandas as pd

SHOWN = ("identity", "relu", "sigmoid", "tanh")  # leaky relatives would lie on ReLU's line
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
    for init in INITS:
        for activation in SHOWN:
            chosen = select(frame, init=init, activation=activation, width=frame["width"].max())
            if not len(chosen):
                continue
            logs = chosen.pivot(index="net", columns="layer", values="grad_log_norm").to_numpy(float)
            relative = (logs - logs[:, -1:]) / math.log(10)
            relative = relative[np.isfinite(relative).all(axis=1)]
            if not len(relative):
                continue
            low, high = np.quantile(relative, (0.05, 0.95), axis=0)
            layers = sorted(chosen["layer"].unique())
            parts.append(
                pd.DataFrame(
                    {
                        "init": init,
                        "activation": activation,
                        "layer": layers,
                        "mean": relative.mean(axis=0),
                        "low": low,
                        "high": high,
                        "theory": _theory(chosen, activation, init),
                        "n": len(relative),
                    }
                )
            )
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
    import matplotlib.pyplot as plt

    inits = [init for init in INITS if (table["init"] == init).any()]
    with theme():
        figure, axes = plt.subplots(
            1, max(1, len(inits)), figsize=(2.9 * max(1, len(inits)), 3.0), sharey=True, squeeze=False
        )
        for axis, init in zip(axes.flat, inits, strict=False):
            for activation in SHOWN:
                line = table[(table["init"] == init) & (table["activation"] == activation)]
                seen = line[line["mean"] > FLOOR]
                axis.plot(
                    seen["layer"], seen["mean"], color=colour(activation), linewidth=2.2, alpha=0.55, label=activation
                )
                theory = line[line["theory"] > FLOOR]
                axis.plot(
                    theory["layer"], theory["theory"], color=colour(activation), linewidth=1, linestyle=(0, (1, 1.5))
                )
            axis.set_title(INITS[init])
            axis.set_xlabel("layer (1 is nearest the input)")
        axes[0, 0].set_ylabel("gradient norm, log10, last layer = 0")
        axes[0, -1].legend(loc="lower right", frameon=True)
        figure.tight_layout()
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
