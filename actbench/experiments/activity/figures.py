"""The figures of the experiment `activity`: the readings of 2^N side by side, and the panel of functions."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import BAND
from actbench.drawing.style import colour, theme
from actbench.experiments.activity.effects import slope_per_layer
from actbench.statistics.frames import select

if TYPE_CHECKING:
    import pandas as pd

# title, measure, initialisation, bias: one small panel each
READINGS = (
    ("units", "active_fraction", "he", "zero"),
    ("paths", "path_fraction", "he", "zero"),
    ("connections", "connection_fraction", "he", "zero"),
    ("bias -0.1, He", "active_fraction", "he", "constant:-0.1"),
    ("bias -0.1, Glorot", "active_fraction", "glorot", "constant:-0.1"),
    ("energy, sigma_w2 = 1", "energy", "lecun", "zero"),
    ("energy, sigma_w2 = 2", "energy", "he", "zero"),
)


def readings_table(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a reading and layer: mean and middle 90 % over networks, and the reading's slope with its interval."""
    import pandas as pd

    parts = []
    for title, measure, init, bias in READINGS:
        levels = {"activation": "relu", "data": "normal", "init": init, "bias": bias}
        chosen = select(frame, **levels)
        chosen = chosen[~chosen["diverged"].astype(bool)].dropna(subset=[measure])
        if not len(chosen):
            continue
        estimate = slope_per_layer(measure, **levels)(frame)
        low, high = estimate.interval()
        by_layer = chosen.groupby("layer")[measure]
        table = by_layer.agg(mean="mean", networks="count").reset_index()
        table["low"] = by_layer.quantile(BAND[0]).to_numpy()
        table["high"] = by_layer.quantile(BAND[1]).to_numpy()
        table = table.assign(slope=estimate.value, slope_low=low, slope_high=high, n=estimate.n)
        parts.append(table.assign(reading=title, measure=measure, init=init, bias=bias))
    columns = ["reading", "measure", "init", "bias", "layer", "mean", "low", "high", "networks",
               "slope", "slope_low", "slope_high", "n"]  # fmt: skip
    return pd.concat(parts)[columns] if parts else pd.DataFrame(columns=columns)


def readings_figure(table: pd.DataFrame) -> Any:
    """Small panels on one log2 axis, a dashed line for halving in each."""
    import matplotlib.pyplot as plt

    names = list(dict.fromkeys(table["reading"]))
    columns = min(4, max(1, len(names)))
    rows = max(1, math.ceil(len(names) / columns))
    with theme():
        figure, axes = plt.subplots(
            rows, columns, figsize=(2.9 * columns, 2.7 * rows), sharex=True, sharey=True, squeeze=False
        )
        for axis in axes.flat[len(names) :]:
            axis.set_visible(False)
        for axis, name in zip(axes.flat, names, strict=False):
            part = table[table["reading"] == name]
            _reading(axis, part, name)
        for axis in axes[:, 0]:
            axis.set_ylabel("share or energy (log scale)")
        for axis in axes.flat[max(0, len(names) - columns) : len(names)]:
            axis.set_xlabel("layer")
            axis.tick_params(labelbottom=True)
        figure.tight_layout()
    return figure


def _reading(axis: Any, part: pd.DataFrame, name: str) -> None:
    floor = 2.0**-34
    layer, mean = part["layer"].to_numpy(float), part["mean"].to_numpy(float)
    alive = mean > 0
    first = mean[alive][0] if alive.any() else 1.0
    axis.plot(layer, first * 2.0 ** -(layer - layer[0]), color="#888888", linewidth=1, linestyle=(0, (4, 3)))
    axis.fill_between(
        layer,
        part["low"].clip(lower=floor),
        part["high"].clip(lower=floor),
        color=colour("relu"),
        alpha=0.2,
        linewidth=0,
    )
    axis.plot(layer[alive], mean[alive], color=colour("relu"), linewidth=1.8)
    axis.set_yscale("log", base=2)
    axis.set_ylim(floor, 4)
    axis.set_yticks([2.0**-k for k in (0, 10, 20, 30)])
    axis.minorticks_off()
    slope, low, high, n = (part[c].iloc[0] for c in ("slope", "slope_low", "slope_high", "n"))
    axis.set_title(name, y=1.09, fontweight="bold")
    numbers = f"slope {slope:.3f} [{low:.3f}, {high:.3f}], n = {int(n)}".replace("-0.000", "0.000")
    axis.text(0.0, 1.03, numbers, transform=axis.transAxes, fontsize=8, color="#444444")


def panel_table(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a data set, activation and layer: mean active fraction and the middle 90 % of networks."""
    chosen = select(frame, init="he", bias="zero")
    chosen = chosen[~chosen["diverged"].astype(bool)]
    by = chosen.groupby(["data", "activation", "layer"], sort=True)["active_fraction"]
    table: pd.DataFrame = by.agg(mean="mean", networks="count").reset_index()
    table["low"] = by.quantile(BAND[0]).to_numpy()
    table["high"] = by.quantile(BAND[1]).to_numpy()
    return table


def panel_figure(table: pd.DataFrame) -> Any:
    """One panel a data set, one line an activation; lines that lie on each other are named together."""
    import matplotlib.pyplot as plt

    sets = list(dict.fromkeys(table["data"]))[::-1]
    with theme():
        figure, axes = plt.subplots(
            1, max(1, len(sets)), figsize=(4.2 * max(1, len(sets)), 2.8), sharey=True, squeeze=False
        )
        for axis, name in zip(axes.flat, sets, strict=False):
            part = table[table["data"] == name]
            full = [a for a in dict.fromkeys(part["activation"]) if (part[part["activation"] == a]["mean"] == 1).all()]
            for activation in dict.fromkeys(part["activation"]):
                line = part[part["activation"] == activation]
                if activation in full:
                    continue
                axis.fill_between(
                    line["layer"], line["low"], line["high"], color=colour(activation), alpha=0.2, linewidth=0
                )
                axis.plot(line["layer"], line["mean"], color=colour(activation), linewidth=1.8, label=activation)
            if full:
                axis.plot(
                    [1, part["layer"].max()],
                    [1, 1],
                    color="#666666",
                    linewidth=1.8,
                    label="\n".join(textwrap.wrap(", ".join(full), 34)),
                )
            axis.set_ylim(-0.4, 1.05)  # room for the legend below the lines
            axis.set_yticks([0.0, 0.25, 0.5, 0.75, 1.0])
            axis.set_title(f"{name} inputs")
            axis.set_xlabel("layer")
            axis.legend(loc="lower left", frameon=True)
        axes[0, 0].set_ylabel("active units (share)")
        figure.tight_layout()
    return figure


FIGURES = (
    FigureSpec(
        name="activity-readings",
        experiment="activity",
        claims=("C10",),
        title={"en": "What halves with every layer?", "zh": "每加一层，究竟是什么减半？"},
        caption={
            "en": "ReLU networks of width 128 at initialisation, 256 "
            "standard normal inputs. Line: mean over networks; "
            "band: the middle 90 % of networks; dashed: halving with every layer. Under each title the slope of log2 "
            "per layer with its 95 % interval over networks.",
            "zh": "宽度 128 的 ReLU 网络（初始化时），256 个标准正态输入。实线：各网络的均值；色带：中间 90 % 的网络；"
            "虚线：每层减半。标题下为 log2 每层的斜率及其 95 % 区间（以网络为单位）。",
        },
        table=readings_table,
        draw=readings_figure,
    ),
    FigureSpec(
        name="activity-panel",
        experiment="activity",
        claims=("C06", "C09", "C32"),
        title={"en": "Which functions are silent at all?", "zh": "哪些函数真正会沉默？"},
        caption={
            "en": "Share of units with a non-zero output by layer, He initialisation. Exact zeros need a flat stretch "
            "at height 0: ReLU's on one side, the shrinkages' around 0; a slope of 0.01 is enough to have none.",
            "zh": "各层输出非零的单元所占比例，He 初始化。精确的零需要一段高度为 0 的平坦区间：ReLU 在一侧，"
            "收缩函数在 0 附近；只要有 0.01 的斜率就完全没有零。",
        },
        table=panel_table,
        draw=panel_figure,
    ),
)
