"""The figures of the experiment `activity`: the readings of 2^N side by side, and the panel of functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.core.numerals import numbers
from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import DASHED, GREY, facets, label, legend, lines
from actbench.drawing.style import palette
from actbench.experiments.activity.effects import slope_per_layer
from actbench.statistics.frames import select, settle, spread

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
FLOOR = 2.0**-34  # a log scale has no 0


def readings_table(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a reading and layer: how networks differ, and the reading's slope with its interval, as it is judged."""
    import pandas as pd

    parts = []
    for title, measure, init, bias in READINGS:
        levels = {"activation": "relu", "data": "normal", "init": init, "bias": bias}
        chosen = settle(select(frame, **levels), depth=None, width=None)
        by_layer = spread(chosen[~chosen["diverged"].astype(bool)], ["layer"], measure)
        if not len(by_layer):
            continue
        slope = slope_per_layer(measure, **levels)(chosen)
        low, high = slope.interval()
        known = {"reading": title, "measure": measure, "init": init, "bias": bias}
        parts.append(by_layer.assign(**known, slope=slope.value, slope_low=low, slope_high=high, n=slope.n))
    columns = ["reading", "measure", "init", "bias", "layer", "mean", "low", "high", "networks",
               "slope", "slope_low", "slope_high", "n"]  # fmt: skip
    return pd.concat(parts)[columns] if parts else pd.DataFrame(columns=columns)


def readings_figure(table: pd.DataFrame) -> Any:
    """Small panels on one log2 axis, a dashed line for halving in each."""
    names = list(dict.fromkeys(table["reading"]))
    figure, each = facets(table.assign(activation="relu"), "reading", names, height=2.4, sharex=True, sharey=True)
    deepest = int(table["layer"].max())
    for axis, name, part in each:
        alive = part[part["mean"] > 0]
        if len(alive):
            first, start = alive["mean"].iloc[0], part["layer"].min()
            axis.plot(part["layer"], first * 2.0 ** -(part["layer"] - start), color=GREY, linewidth=1, linestyle=DASHED)
            lines(axis, alive.assign(low=alive["low"].clip(lower=FLOOR)), "layer", "activation")
        axis.set_yscale("log", base=2)
        axis.set_ylim(max(FLOOR, 2.0 ** -(deepest + 2)), 4)
        axis.set_yticks([2.0**-k for k in range(0, deepest + 1, max(-(-deepest // 3), 1 + (deepest > 2)))])
        slope, low, high, n = part[["slope", "slope_low", "slope_high", "n"]].iloc[0]
        value, interval = numbers(slope, low, high)
        label(axis, title=name + (f"\nslope {value}\n{interval}, n = {int(n)}" if n > 1 else ""), x="layer")
    for axis, *_ in each[::3]:
        axis.set_ylabel("share or energy (log scale)")
    legend(figure, palette(["relu"]), {"halving with every layer": {"linestyle": DASHED}})
    return figure


def panel_table(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a data set, activation and layer: how the active share of networks differs."""
    chosen = settle(frame, init="he", bias="zero", depth=None, width=None)
    whole = chosen[~chosen["diverged"].astype(bool)]
    return spread(whole, ["data", "activation", "layer"], "active_fraction").drop(columns="median")


def panel_figure(table: pd.DataFrame) -> Any:
    """One panel a data set, one line an activation; who has no zero at all shares one grey line."""
    sets = list(dict.fromkeys(table["data"]))[::-1]
    full = set(table["activation"]) - set(table[table["mean"] < 1]["activation"])
    hues = palette([name for name in dict.fromkeys(table["activation"]) if name not in full])
    figure, each = facets(table, "data", sets, columns=2, height=2.7, sharey=True)
    for axis, name, part in each:
        silent = part[~part["activation"].isin(full)]
        if len(silent):
            lines(axis, silent, "layer", "activation", hues=hues)
        if part["activation"].isin(full).any():
            axis.axhline(1.0, color=GREY, linewidth=1.7)
        axis.set_ylim(0, 1.05)
        label(axis, title=f"{name} inputs", x="layer")
    each[0][0].set_ylabel("active units (share)")
    legend(figure, hues, {", ".join(sorted(full)): {}} if full else None)
    return figure


FIGURES = (
    FigureSpec(
        name="activity-readings",
        experiment="activity",
        claims=("C10",),
        title={"en": "What halves with every layer?", "zh": "每加一层，究竟是什么减半？"},
        caption={
            "en": "ReLU networks of width 128 at initialisation, 256 standard normal inputs. Line: mean over networks; "
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
