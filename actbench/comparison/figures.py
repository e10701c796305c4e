"""The figures of a comparison: functions, differences, ranks, settings, gradients, activity, cost against quality."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from actbench.drawing.style import PALETTE, colour, theme

if TYPE_CHECKING:
    import pandas as pd

Tables = Mapping[str, "pd.DataFrame"]


@dataclass(frozen=True, kw_only=True)
class ComparisonFigure:
    """One figure of a comparison.

    Parameters
    ----------
    name, title, caption
        File name and words.
    needs
        The tables without which there is no figure.
    draw
        ``(tables, reference) -> figure``.
    """

    name: str
    title: str
    caption: str
    needs: tuple[str, ...]
    draw: Callable[[Tables, str], Any]


def colours(specs: Sequence[str]) -> dict[str, str]:
    """One colour an arm: the catalogue's own where it is free, another one of the palette where it is not."""
    found: dict[str, str] = {}
    for spec in specs:
        own = colour(spec)
        free = [c for c in (own, *PALETTE) if c not in found.values()]
        found[spec] = free[0] if free else own
    return found


def _arms(frame: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(frame["activation"]))


def functions(tables: Tables, reference: str) -> Any:
    """f on the left, the slope that training uses on the right."""
    import matplotlib.pyplot as plt

    frame = tables["curves"]
    hues = colours(_arms(tables["measures"]))
    with theme():
        figure, axes = plt.subplots(1, 2, figsize=(7.2, 2.8))
        for spec, line in frame.groupby("activation", sort=False):
            for axis, what in zip(axes, ("f", "slope"), strict=True):
                axis.plot(line["x"], line[what].clip(-5, 5), color=hues[str(spec)], linewidth=1.6, label=spec)
        axes[0].set_ylim(-2, 4)
        axes[1].set_ylim(-0.6, 1.6)
        for axis, title in zip(axes, ("the function", "its slope, as training uses it"), strict=True):
            axis.set_title(title)
            axis.set_xlabel("x")
        axes[0].legend(loc="upper left", frameon=True)
        figure.tight_layout()
    return figure


def differences(tables: Tables, reference: str) -> Any:
    """A row an arm: the paired difference with its 95 % interval, and the region of practical equivalence."""
    import matplotlib.pyplot as plt

    from actbench.statistics.ranking import MARGIN

    frame = tables["decisions"]
    hues = colours(_arms(tables["measures"]))
    with theme():
        figure, axis = plt.subplots(figsize=(7.2, 0.9 + 0.42 * len(frame)))
        axis.axvspan(-100 * MARGIN, 100 * MARGIN, color="#e8eef4", zorder=0)
        axis.axvline(0, color="#59636e", linewidth=1)
        for place, row in enumerate(frame.to_dict(orient="records")):
            reach = [[100 * (row["value"] - row["low"])], [100 * (row["high"] - row["value"])]]
            if np.isfinite(reach).all():
                axis.errorbar([100 * row["value"]], [place], xerr=np.maximum(reach, 0), fmt="o", markersize=5,
                              capsize=3, color=hues[row["activation"]])  # fmt: skip
        axis.set_yticks(range(len(frame)), frame["activation"])
        axis.set_ylim(len(frame) - 0.5, -0.5)
        axis.set_xlabel(f"test accuracy less that of {reference}, points (band: practical equivalence)")
        axis.grid(axis="y", visible=False)
        figure.tight_layout()
    return figure


def critical_difference(tables: Tables, reference: str) -> Any:
    """Mean ranks on a line, bars over arms that do not differ by the critical difference (Demsar 2006)."""
    import matplotlib.pyplot as plt

    frame = tables["ranks"].sort_values("mean_rank").reset_index(drop=True)
    arms, critical = len(frame), float(frame["critical_difference"].iloc[0])
    hues = colours(_arms(tables["measures"]))
    with theme():
        figure, axis = plt.subplots(figsize=(7.2, 1.1 + 0.24 * arms))
        axis.set_xlim(max(arms, 2) + 0.3, 0.7)
        low = -1.0 - 0.6 * ((arms + 1) // 2)
        axis.set_ylim(low - 0.3, 2.0)
        axis.axhline(0, color="#1f2328", linewidth=1)
        for rank in range(1, arms + 1):
            axis.plot([rank, rank], [0, 0.15], color="#1f2328", linewidth=1)
            axis.text(rank, 0.3, str(rank), ha="center", fontsize=8)
        half = (arms + 1) // 2
        for i, row in enumerate(frame.to_dict(orient="records")):
            best = i < half
            level = -1.0 - 0.6 * (i if best else arms - 1 - i)
            end = 0.75 if best else arms + 0.25
            axis.plot([row["mean_rank"]] * 2 + [end], [0, level, level], color=hues[row["activation"]], linewidth=1.4)
            axis.text(end, level + 0.08, f"{row['activation']} {row['mean_rank']:.2f}",
                      ha="right" if best else "left", fontsize=8)  # fmt: skip
        ranks = dict(zip(frame["activation"], frame["mean_rank"], strict=True))
        groups = [g.split(", ") for g in str(frame["groups"].iloc[0]).split("; ") if g and g != "nan"]
        for level, group in enumerate(groups):
            ends = [ranks[group[0]] - 0.04, ranks[group[-1]] + 0.04]
            axis.plot(ends, [-0.25 - 0.2 * level] * 2, color="#1f2328", linewidth=3, solid_capstyle="butt")
        if np.isfinite(critical):
            width = min(critical, arms - 1 if arms > 2 else 1)
            axis.plot([1, 1 + width], [1.2, 1.2], color="#59636e", linewidth=1.2)
            axis.text(1, 1.4, f"critical difference {critical:.2f}", fontsize=8, ha="left")
        axis.axis("off")
        figure.tight_layout()
    return figure


def settings(tables: Tables, reference: str) -> Any:
    """A row a setting: the median test accuracy of each arm less the reference's."""
    import matplotlib.pyplot as plt

    frame = tables["medians"].set_index("setting")
    frame = frame.where(frame >= 0)
    base = frame[reference] if reference in frame else frame.iloc[:, 0]
    hues = colours(_arms(tables["measures"]))
    with theme():
        figure, axis = plt.subplots(figsize=(7.2, 0.9 + 0.3 * len(frame)))
        axis.axvline(0, color="#59636e", linewidth=1)
        for column, arm in enumerate(frame.columns):
            shift = 0.5 * (column / max(1, len(frame.columns) - 1) - 0.5)
            axis.plot(100 * (frame[arm] - base), np.arange(len(frame)) + shift, linestyle="", marker="o", markersize=4,
                      color=hues[arm], label=arm)  # fmt: skip
        axis.set_yticks(range(len(frame)), frame.index)
        axis.set_ylim(len(frame) - 0.5, -0.5)
        axis.set_xlabel(f"median test accuracy less that of {base.name}, points")
        axis.legend(loc="best", frameon=True)
        figure.tight_layout()
    return figure


def gradients(tables: Tables, reference: str) -> Any:
    """The size of the gradient from the last layer back to the first, mean over networks."""
    import matplotlib.pyplot as plt

    frame = tables["gradient_flow"]
    hues = colours(_arms(tables["measures"]))
    inits = sorted(frame["init"].unique(), reverse=True)
    with theme():
        figure, axes = plt.subplots(1, len(inits), figsize=(3.6 * len(inits), 2.8), sharey=True, squeeze=False)
        for axis, init in zip(axes[0], inits, strict=True):
            for spec, part in frame[frame["init"] == init].groupby("activation", sort=False):
                logs = part.pivot(index="net", columns="layer", values="grad_log_norm")
                line = (logs.sub(logs.iloc[:, -1], axis=0) / np.log(10)).replace([np.inf, -np.inf], np.nan).mean()
                axis.plot(line.index, line.clip(lower=-25), color=hues[str(spec)], linewidth=1.8, label=spec)
            axis.set_title({"he": "He", "critical": "each at its critical point"}.get(init, init))
            axis.set_xlabel("layer (1 is nearest the input)")
        axes[0, 0].set_ylabel("gradient norm, log10,\nlast layer = 0")
        axes[0, -1].legend(loc="best", frameon=True)
        figure.tight_layout()
    return figure


def activity(tables: Tables, reference: str) -> Any:
    """Units with a non-zero output, layer by layer, in random networks at He's initialisation."""
    import matplotlib.pyplot as plt

    frame = tables["activity"]
    hues = colours(_arms(tables["measures"]))
    whole = frame[~frame["diverged"].astype(bool)]
    with theme():
        figure, axes = plt.subplots(1, 2, figsize=(7.2, 2.6))
        for spec, part in whole.groupby("activation", sort=False):
            lines = part.groupby("layer")[["active_fraction", "energy"]].mean()
            axes[0].plot(lines.index, lines["active_fraction"], color=hues[str(spec)], linewidth=1.8, label=spec)
            axes[1].plot(lines.index, lines["energy"].clip(lower=1e-12), color=hues[str(spec)], linewidth=1.8)
        axes[0].set_ylim(0, 1.05)
        axes[0].set_title("active units (share)")
        axes[1].set_title("mean square of the output")
        axes[1].set_yscale("log")
        for axis in axes:
            axis.set_xlabel("layer")
        axes[0].legend(loc="best", frameon=True)
        figure.tight_layout()
    return figure


def pareto(tables: Tables, reference: str) -> Any:
    """Cost against quality: what nobody beats in both is ringed."""
    import matplotlib.pyplot as plt

    from actbench.statistics import ranking

    measures = tables["measures"].pivot_table(index="activation", columns="measure", values="value", sort=False)
    cost = (measures["forward_ratio"] + measures["backward_ratio"]) / 2
    points = {str(a): (float(cost[a]), 100 * float(measures["test_accuracy"][a])) for a in measures.index}
    hues, best = colours(_arms(tables["measures"])), ranking.pareto(points)
    with theme():
        figure, axis = plt.subplots(figsize=(7.2, 3.0))
        for place, (arm, (x, y)) in enumerate(points.items()):
            axis.plot([x], [y], marker="o", linestyle="", markersize=7, color=hues[arm])
            axis.annotate(arm, (x, y), xytext=(8, 7 - 12 * (place % 2)), textcoords="offset points", fontsize=8)
        rings = [points[arm] for arm in best]
        axis.plot([p[0] for p in rings], [p[1] for p in rings], linestyle="", marker="o", markersize=13,
                  markerfacecolor="none", markeredgecolor="#1f2328")  # fmt: skip
        axis.set_xscale("log")
        axis.margins(0.25)
        axis.set_xlabel("time of a pass over ReLU's (mean of both passes)")
        axis.set_ylabel("test accuracy, %")
        figure.tight_layout()
    return figure


FIGURES = (
    ComparisonFigure(
        name="functions", needs=("curves",), draw=functions, title="The functions and their slopes",
        caption="What is compared: the value, and the slope that the backward pass multiplies with.",
    ),
    ComparisonFigure(
        name="differences", needs=("decisions",), draw=differences, title="Paired differences",
        caption="Difference of test accuracy on the same networks, mean over networks and settings, with its 95 % "
        "BCa bootstrap interval. The band is what counts as equal in practice, fixed beforehand.",
    ),
    ComparisonFigure(
        name="ranks", needs=("ranks",), draw=critical_difference, title="Mean ranks over the settings",
        caption="1 is best. Arms under one bar differ by less than Nemenyi's critical difference at 5 %.",
    ),
    ComparisonFigure(
        name="settings", needs=("medians",), draw=settings, title="Setting by setting",
        caption="Median over networks, each arm at its own best step size; no mark: the median network diverged.",
    ),
    ComparisonFigure(
        name="pareto", needs=("cost", "scores"), draw=pareto, title="Cost against quality",
        caption="Ringed: no other arm is both cheaper and better. Code that must be called is slower than a fused "
        "kernel for that reason alone.",
    ),
    ComparisonFigure(
        name="gradients", needs=("gradient_flow",), draw=gradients, title="The gradient on its way back",
        caption="Random networks 30 layers deep and 256 wide; mean over networks. The initialisation decides as much "
        "as the function does.",
    ),
    ComparisonFigure(
        name="activity", needs=("activity",), draw=activity, title="Activity by depth",
        caption="Random networks of width 128 at He's initialisation, standard normal inputs.",
    ),
)  # fmt: skip
