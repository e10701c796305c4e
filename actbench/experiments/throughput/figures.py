"""The figures of the experiment `throughput`: who takes how long, and how far from the memory's limit."""

from __future__ import annotations

from typing import Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.style import PALETTE, theme

COLOURS = {
    "actbench": "#D55E00", "torch": "#0072B2", "torch.compile": "#56B4E9", "jax": "#009E73", "numpy": "#8C6D1F",
    "onnxruntime": "#CC79A7", "keras": "#E69F00", "copy": "#9aa0a6", "identity kernel": "#5f6368",
}  # fmt: skip


def _colour(name: str) -> str:
    return COLOURS.get(name, PALETTE[-1])


MOST_PANELS = 6  # 40 kB hold so many


def bars(table: Any) -> Any:
    """Time an element of every implementation, one small panel an activation or cell; each bar says its name."""
    import matplotlib.pyplot as plt

    timed = table.assign(layout=table.get("layout", "contiguous")).dropna(subset=["time_s"])
    timed = timed[~timed["implementation"].isin(["copy", "identity kernel"])]
    groups = list(timed.groupby(["dtype", "size", "inputs", "layout", "direction", "activation"], sort=False))[
        :MOST_PANELS
    ]
    columns = min(3, max(1, len(groups)))
    rows = max(1, -(-len(groups) // columns))
    with theme():
        figure, axes = plt.subplots(rows, columns, figsize=(3.4 * columns, 1.75 * rows), squeeze=False, sharex=True)
        for axis in axes.flat[len(groups) :]:
            axis.set_visible(False)
        for axis, ((dtype, size, inputs, layout, direction, activation), part) in zip(axes.flat, groups, strict=False):
            part = part.sort_values("time_s", ascending=False)
            scale = 1e9 / float(size)
            places = range(len(part))
            axis.barh(places, part["time_s"] * scale, color=[_colour(name) for name in part["implementation"]])
            ends = [(part["time_s"] - part["low_s"]) * scale, (part["high_s"] - part["time_s"]) * scale]
            axis.errorbar(part["time_s"] * scale, places, xerr=ends, fmt="none", ecolor="#222222", elinewidth=0.8)
            for place, end, value in zip(places, part["high_s"] * scale, part["time_s"] * scale, strict=True):
                axis.annotate(f"{value:.2g}", (end, place), textcoords="offset points", xytext=(3, 0), fontsize=7,
                              va="center")  # fmt: skip
            marks = ["" if held is not False else " *" for held in part["holds"]]
            axis.set_yticks(places, [f"{n}{m}" for n, m in zip(part["implementation"], marks, strict=True)])
            _log(axis, (0.7 * float(timed["time_s"].min()) * scale, 2.0 * float(timed["high_s"].max()) * scale))
            axis.grid(axis="y", visible=False)
            power = int(size).bit_length() - 1
            kind = "" if inputs == "normal" else f", {inputs}"
            kind += "" if layout == "contiguous" else f", {layout}"
            axis.set_title(f"{activation} {direction}, {dtype}, 2^{power}{kind}", fontsize=8)
        for axis in axes[-1]:
            axis.set_xlabel("ns an element (log scale)")
        figure.tight_layout()
    return figure


def _log(axis: Any, ends: tuple[float, float]) -> None:
    """A log scale between two ends with plain numbers at 1, 2 and 5."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axis.set_xscale("log")
    axis.set_xlim(*ends)
    decades = ends[1] / ends[0]
    axis.xaxis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0) if decades < 60 else (1.0,)))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def roofline(table: Any) -> Any:
    """Rate of memory traffic over the copy's rate, named points: 1 is the limit of a pass that only moves memory."""
    import matplotlib.pyplot as plt

    timed = table.dropna(subset=["time_s"])
    timed = timed[timed["rank"].notna()]
    best = timed.sort_values("size").groupby(["activation", "direction", "implementation"], sort=True).last()
    best = best.reset_index()
    names = list(dict.fromkeys(f"{a} {d}" for a, d in zip(best["activation"], best["direction"], strict=True)))
    with theme():
        figure, axis = plt.subplots(figsize=(7.2, 0.9 + 0.32 * len(names)))
        axis.axvline(1.0, color="#222222", linewidth=1.0)
        axis.annotate("copy", (1.0, 0.0), xycoords=("data", "axes fraction"), textcoords="offset points", xytext=(3, 3),
                      fontsize=7)  # fmt: skip
        for place, name in enumerate(reversed(names)):
            activation, direction = name.split(" ")
            part = best[(best["activation"] == activation) & (best["direction"] == direction)]
            axis.scatter(part["copy_share"], [place] * len(part), s=36, zorder=3,
                         c=[_colour(name) for name in part["implementation"]])  # fmt: skip
        for name in dict.fromkeys(best.sort_values("copy_share")["implementation"]):  # slow to fast, as they mostly lie
            axis.scatter([], [], s=36, c=_colour(name), label=name)
        axis.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=8, frameon=False, fontsize=8, handletextpad=0.0,
                    labelcolor="linecolor", columnspacing=1.2)  # fmt: skip
        axis.set_yticks(range(len(names)), list(reversed(names)))
        axis.set_ylim(-0.6, len(names) - 0.1)
        _log(axis, (0.7 * float(best["copy_share"].min()), max(1.4, 1.3 * float(best["copy_share"].max()))))
        axis.set_xlabel("share of the copy's bandwidth, largest size (log scale)")
        figure.tight_layout()
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
    timed = frame[frame["time_s"].notna()].drop(columns=["samples_s", "places", "warnings"])
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
            table=bars_table(direction), draw=bars,
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
        table=roofline_table, draw=roofline,
    ),
)  # fmt: skip
