"""The figures of the experiment `throughput`: who takes how long, and how far from the memory's limit."""

from __future__ import annotations

from typing import Any

from actbench.core.numerals import numbers
from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import intervals, label, legend, logarithmic, panels, points
from actbench.drawing.style import PALETTE

COLOURS = {
    "actbench": "#D55E00", "torch": "#0072B2", "torch.compile": "#56B4E9", "jax": "#009E73", "numpy": "#8C6D1F",
    "onnxruntime": "#CC79A7", "keras": "#E69F00", "litert": "#7B3294", "copy": "#9aa0a6", "identity kernel": "#5f6368",
}  # fmt: skip


def _colour(name: str) -> str:
    return COLOURS.get(name, PALETTE[-1])


MOST_PANELS = 6  # 40 kB hold so many


def bars(table: Any) -> Any:
    """Time an element of every implementation, one small panel an activation or cell; each bar says its name."""
    import seaborn as sns

    timed = table.assign(layout=table.get("layout", "contiguous")).dropna(subset=["time_s"])
    timed = timed[~timed["implementation"].isin(["copy", "identity kernel"])]
    per = 1e9 / timed["size"].astype(float)
    timed = timed.assign(mean=timed["time_s"] * per, low=timed["low_s"] * per, high=timed["high_s"] * per)
    timed["who"] = timed["implementation"] + timed["holds"].map(lambda held: "" if held is not False else " *")
    groups = list(timed.groupby(["dtype", "size", "inputs", "layout", "direction", "activation"], sort=False))
    groups = groups[:MOST_PANELS]
    most = max((len(part) for _, part in groups), default=0)
    figure, axes = panels(len(groups), columns=2, height=0.5 + 0.2 * most, sharex=True)
    for axis, ((dtype, size, inputs, layout, direction, activation), part) in zip(axes, groups, strict=True):
        part = part.sort_values("time_s").assign(place=range(len(part)))
        hues = {who: _colour(name) for who, name in zip(part["who"], part["implementation"], strict=True)}
        sns.barplot(part, x="mean", y="who", hue="who", palette=hues, errorbar=None, legend=False, ax=axis)
        intervals(axis, part, "place", by=["who"], hues=dict.fromkeys(hues, "#222222"), band=False, across=True)
        for place, value, low, end in zip(part["place"], part["mean"], part["low"], part["high"], strict=True):
            axis.annotate(numbers(value, low, end)[0], (end, place), textcoords="offset points", xytext=(3, 0),
                          fontsize=8, va="center")  # fmt: skip
        extras = [kind for kind, usual in ((inputs, "normal"), (layout, "contiguous")) if kind != usual]
        power = f"2^{int(size).bit_length() - 1}"
        label(axis, title=f"{activation} {direction}\n{', '.join([dtype, power, *extras])}")
    _log(axes[0], (0.7 * float(timed["mean"].min()), 2.0 * float(timed["high"].max())))
    for axis in axes[-2:]:
        axis.set_xlabel("ns an element (log scale)")
    return figure


def _log(axis: Any, ends: tuple[float, float]) -> None:
    """A log scale between two ends with plain numbers at 1, 2 and 5."""
    subs = (1.0, 2.0, 5.0) if ends[1] / ends[0] < 60 else (1.0,)
    ticks = [sub * 10.0**power for power in range(-4, 8) for sub in subs if ends[0] <= sub * 10.0**power <= ends[1]]
    axis.set_xlim(*ends)
    logarithmic(axis, "x", ticks=ticks)


def roofline(table: Any) -> Any:
    """Rate of memory traffic over the copy's rate, named points: 1 is the limit of a pass that only moves memory."""
    timed = table.dropna(subset=["time_s", "rank"]).sort_values("size")
    best = timed.groupby(["activation", "direction", "implementation"], sort=True).last().reset_index()
    best = best.assign(what=best["activation"] + " " + best["direction"], low=None, high=None)
    names = {name: name for name in dict.fromkeys(best["what"])}
    # slow to fast, as they mostly lie
    hues = {name: _colour(name) for name in dict.fromkeys(best.sort_values("copy_share")["implementation"])}
    figure, (axis,) = panels(1, height=0.6 + 0.3 * len(names))
    axis.axvline(1.0, color="#222222", linewidth=1.0)
    points(axis, best, "what", "implementation", y="copy_share", hues=hues, names=names, step=0.0, across=True)
    _log(axis, (0.7 * float(best["copy_share"].min()), max(1.4, 1.3 * float(best["copy_share"].max()))))
    label(axis, x="share of the copy's bandwidth, largest size (log scale); line: the copy")
    legend(figure, hues)
    return figure


def bars_table(direction: str) -> Any:
    """What is shown of one direction: the first dtype in its largest size, without raw samples."""

    def table(frame: Any) -> Any:
        part = _timed(frame)
        part = part[part["direction"] == direction]
        return part[part["size"] == part["size"].max()]

    return table


def roofline_table(frame: Any) -> Any:
    """Who was ranked, in the first dtype."""
    part = _timed(frame)
    return part[part["rank"].notna()]


def _timed(frame: Any) -> Any:
    timed = frame[frame["time_s"].notna()].drop(columns=["samples_s", "places", "warnings"], errors="ignore")
    return timed[timed["dtype"] == timed["dtype"].iloc[0]] if len(timed) else timed


FIGURES = (
    *(
        FigureSpec(
            name=f"bars-{direction}", experiment="throughput", claims=(),
            title={"en": f"Time an element, {direction}", "zh": f"每个元素的耗时，{word}"},
            caption={
                "en": "Each bar names its implementation; whiskers: 95 % intervals; a star: values break the promise.",
                "zh": "每条对应一种实现；误差线为 95 % 区间；星号：数值超出承诺。",
            },
            table=bars_table(direction), draw=bars, value="time_s",
        )
        for direction, word in (("forward", "前向"), ("backward", "反向"))
    ),
    FigureSpec(
        name="roofline", experiment="throughput", claims=(),
        title={"en": "Share of the copy's bandwidth", "zh": "占复制带宽的比例"},
        caption={
            "en": "Memory traffic over the faster copy's in the same rounds, largest size: 1 is memory's limit.",
            "zh": "内存流量除以同轮中较快的复制，取最大数组：1 为内存极限。",
        },
        table=roofline_table, draw=roofline, value="copy_share",
    ),
)  # fmt: skip
