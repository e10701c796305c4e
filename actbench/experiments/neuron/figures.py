"""The figure of the experiment `neuron`: its rate against the input current, and against time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import DASHED, GREY, label, legend, lines, panels
from actbench.drawing.style import PALETTE
from actbench.statistics.frames import spread

if TYPE_CHECKING:
    import pandas as pd

SHOWN = (1.25, 2.0, 3.0)  # currents of the panel over time


def rate_table(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a noise and current: how neurons differ, the closed form, and the rate in each half."""
    by = ["noise", "current"]
    table = spread(frame, by, "rate").rename(columns={"networks": "neurons"}).drop(columns="median")
    means = frame.dropna(subset=["rate"]).groupby(by, sort=True)[["closed_form", "early", "late"]].mean().reset_index()
    merged: pd.DataFrame = table.merge(means, on=by)
    return merged


def rate_figure(table: pd.DataFrame) -> Any:
    """Left against the current, right against time."""
    import pandas as pd

    levels = sorted(table["noise"].unique())
    names = {noise: f"simulated, noise {noise:g}" if noise else "simulated" for noise in levels}
    hues = {names[noise]: hue for noise, hue in zip(levels, PALETTE * len(levels), strict=False)}
    figure, (left, right) = panels(2, columns=2, sharey=True, width_ratios=(1.5, 1))
    lines(left, table.assign(who=table["noise"].map(names)), "current", "who", hues=hues, marker="o", linestyle="")
    quiet = table[table["noise"] == levels[0]].assign(who="closed form")
    lines(left, quiet, "current", "who", y="closed_form", hues={"closed form": "#444444"}, ends=False, linewidth=1)
    left.axvline(1.0, color=GREY, linewidth=1, linestyle=DASHED)
    label(left, title="against the current", x="input current (1 = threshold)", y="firing rate (Hz)")
    for row in quiet[quiet["current"].isin(SHOWN)].to_dict(orient="records"):
        halves = pd.DataFrame({"ms": [250, 750], "rate": [row["early"], row["late"]], "who": "simulated"})
        lines(right, halves, "ms", "who", y="rate", hues={"simulated": PALETTE[0]}, ends=False, marker="o")
        right.annotate(f"current {row['current']:g}", (500, max(halves["rate"])), xytext=(0, 3), fontsize=8,
                       textcoords="offset points", ha="center", color="#444444")  # fmt: skip
    right.set_xlim(0, 1000)
    label(right, title="against time, input constant", x="time (ms)")
    legend(figure, hues | {"closed form (row lif)": "#444444"})
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
            "zh": "带泄漏积分发放神经元的模拟，每个神经元有各自的常数。以输入电流为横轴：阈值以下发放率为零，之后上升"
            "（色带：中间 90 % 的神经元，其常数不同；线：闭式解的均值）。以时间为横轴：输入恒定，发放率也恒定。",
        },
        table=rate_table,
        draw=rate_figure,
    ),
)
