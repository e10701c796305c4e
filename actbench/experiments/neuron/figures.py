"""The figure of the experiment `neuron`: its rate against the input current, and against time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import BAND
from actbench.drawing.style import PALETTE, theme

if TYPE_CHECKING:
    import pandas as pd

SHOWN = (1.25, 2.0, 3.0)  # currents of the panel over time


def rate_table(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a noise and current: mean and middle 90 % of neurons, the closed form, and the rate in each half."""
    by = frame.groupby(["noise", "current"], sort=True)
    table = by["rate"].agg(mean="mean", neurons="count").reset_index()
    table["low"], table["high"] = (by["rate"].quantile(end).to_numpy() for end in BAND)
    for name in ("closed_form", "early", "late"):
        table[name] = by[name].mean().to_numpy()
    return table


def rate_figure(table: pd.DataFrame) -> Any:
    """Left against the current, right against time."""
    import matplotlib.pyplot as plt

    with theme():
        figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.0), sharey=True, width_ratios=(1.5, 1))
        for hue, noise in zip(PALETTE, sorted(table["noise"].unique()), strict=False):
            line = table[table["noise"] == noise]
            label = f"simulated, noise {noise:g}" if noise else "simulated"
            left.fill_between(line["current"], line["low"], line["high"], color=hue, alpha=0.15, linewidth=0)
            left.plot(line["current"], line["mean"], color=hue, marker="o", markersize=3, linewidth=0, label=label)
        quiet = table[table["noise"] == table["noise"].min()]
        left.plot(quiet["current"], quiet["closed_form"], color="#444444", linewidth=1, label="closed form (row lif)")
        left.axvline(1.0, color="#888888", linewidth=1, linestyle=(0, (4, 3)))
        left.set_xlabel("input current (1 = threshold)")
        left.set_ylabel("firing rate (Hz)")
        left.legend(loc="upper left", frameon=True)
        left.set_title("against the current")
        for current in SHOWN:
            part = quiet[quiet["current"] == current]
            if len(part):
                halves = [float(part[name].iloc[0]) for name in ("early", "late")]
                right.plot([250, 750], halves, color=PALETTE[0], marker="o", markersize=3, linewidth=1.8)
                right.annotate(f"current {current:g}", (500, max(halves)), xytext=(0, 3), textcoords="offset points",
                               ha="center", fontsize=8, color="#444444")  # fmt: skip
        right.set_xlim(0, 1000)
        right.set_xlabel("time (ms)")
        right.set_title("against time, input constant")
        figure.tight_layout()
    return figure


FIGURES = (
    FigureSpec(
        name="neuron",
        experiment="neuron",
        claims=("C03",),
        title={"en": "Which axis makes a neuron look like ReLU?", "zh": "横轴是什么时，神经元才像 ReLU？"},
        caption={
            "en": "Simulated leaky integrate-and-fire neurons, each with constants of its own. Against the input "
            "current the rate is zero up to a threshold and rises beyond it (band: the middle 90 % of neurons, whose "
            "constants differ; line: mean of the closed form). Against time a constant input gives a constant rate.",
            "zh": "带泄漏积分发放神经元的模拟，每个神经元有各自的常数。以输入电流为横轴：阈值以下放电率为零，之后上升"
            "（色带：中间 90 % 的神经元，其常数不同；线：闭式解的均值）。以时间为横轴：输入恒定，放电率也恒定。",
        },
        table=rate_table,
        draw=rate_figure,
    ),
)
