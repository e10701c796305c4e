"""The figures of a comparison: functions, differences, ranks, settings, gradients, activity, cost against quality."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actbench.core.numerals import numbers
from actbench.drawing.figure import NothingToDrawError
from actbench.drawing.parts import GREY, categories, label, legend, lines, logarithmic, panels, points
from actbench.drawing.style import palette, theme
from actbench.experiments.gradient_flow.effects import below_last
from actbench.experiments.learning.figures import FIGURES as LEARNING
from actbench.experiments.learning.figures import learning_figure, learning_table

if TYPE_CHECKING:
    import pandas as pd

Tables = Mapping[str, "pd.DataFrame"]
INK = "#1f2328"
FLOOR = -25.0  # decades; a gradient that has vanished lies there, not nowhere


@dataclass(frozen=True, kw_only=True)
class ComparisonFigure:
    """One figure of a comparison.

    Parameters
    ----------
    name, title, caption
        File name and words, by language.
    needs
        The tables without which there is no figure.
    draw
        ``(tables, hues, reference) -> figure``; ``hues`` is one colour an arm.
    """

    name: str
    title: str
    caption: str
    needs: tuple[str, ...]
    draw: Callable[[Tables, dict[str, str], str], Any]

    def picture(self, tables: Tables, reference: str) -> Any:
        """The picture in the house's theme.

        Raises
        ------
        NothingToDrawError
            Where a table that it needs is missing or empty.
        """
        missing = [need for need in self.needs if need not in tables or not len(tables[need])]
        if missing:
            raise NothingToDrawError(f"figure {self.name}: nothing to draw without {', '.join(missing)}")
        with theme():
            return self.draw(tables, palette(dict.fromkeys(tables["measures"]["activation"])), reference)


def functions(tables: Tables, hues: dict[str, str], reference: str) -> Any:
    """f on the left, the slope that training uses on the right."""
    figure, axes = panels(2, columns=2)
    for axis, what, title, ends in zip(
        axes, ("f", "slope"), ("the function", "its slope, as training uses it"), ((-2, 4), (-0.6, 1.6)), strict=True
    ):
        curves = tables["curves"].assign(y=tables["curves"][what].clip(-5, 5))
        lines(axis, curves, "x", "activation", y="y", hues=hues, ends=False)
        axis.set_ylim(*ends)
        label(axis, title=title, x="x")
    legend(figure, hues)
    return figure


def differences(tables: Tables, hues: dict[str, str], reference: str) -> Any:
    """A row an arm: the paired difference with its 95 % interval, and the region of practical equivalence."""
    from actbench.statistics.differences import MARGIN

    frame = tables["decisions"].assign(place=range(len(tables["decisions"])))
    frame[["value", "low", "high"]] *= 100
    figure, (axis,) = panels(1, height=0.7 + 0.32 * len(frame))
    axis.axvspan(-100 * MARGIN, 100 * MARGIN, color="#dfe7ee", zorder=0)
    axis.axvline(0, color=GREY, linewidth=1)
    points(axis, frame, "place", "activation", y="value", hues=hues, across=True)
    categories(axis, list(frame["activation"]), across=True)
    label(axis, x=f"test accuracy less that of {reference}, points (band: practical equivalence)")
    return figure


def critical_difference(tables: Tables, hues: dict[str, str], reference: str) -> Any:
    """Mean ranks on a line, bars over arms that do not differ by the critical difference (Demsar 2006)."""
    frame = tables["ranks"].sort_values("mean_rank").reset_index(drop=True)
    arms, critical = len(frame), float(frame["critical_difference"].iloc[0])
    half = (arms + 1) // 2
    figure, (axis,) = panels(1, columns=2, height=0.9 + 0.24 * arms)
    figure.set_size_inches(7.2, 1.0 + 0.24 * arms)
    axis.set_xlim(max(arms, 2) + 0.3, 0.7)
    axis.set_ylim(-1.3 - 0.6 * half, 2.0)
    axis.axhline(0, color=INK, linewidth=1)
    for rank in range(1, arms + 1):
        axis.plot([rank, rank], [0, 0.15], color=INK, linewidth=1)
        axis.text(rank, 0.3, str(rank), ha="center", fontsize=8)
    for i, row in enumerate(frame.to_dict(orient="records")):
        best = i < half
        level = -1.0 - 0.6 * (i if best else arms - 1 - i)
        end = 0.75 if best else arms + 0.25
        axis.plot([row["mean_rank"]] * 2 + [end], [0, level, level], color=hues[row["activation"]], linewidth=1.4)
        said = f"{row['activation']} {numbers(row['mean_rank'])[0]}"
        axis.text(end, level + 0.08, said, ha="right" if best else "left", fontsize=8)
    ranks = dict(zip(frame["activation"], frame["mean_rank"], strict=True))
    groups = [g.split(", ") for g in str(frame["groups"].iloc[0]).split("; ") if g and g != "nan"]
    for level, group in enumerate(groups):
        ends = [ranks[group[0]] - 0.04, ranks[group[-1]] + 0.04]
        axis.plot(ends, [-0.25 - 0.2 * level] * 2, color=INK, linewidth=3, solid_capstyle="butt")
    if math.isfinite(critical):
        width = min(critical, arms - 1 if arms > 2 else 1)
        axis.plot([1, 1 + width], [1.2, 1.2], color=GREY, linewidth=1.2)
        axis.text(1, 1.4, f"critical difference {numbers(critical)[0]}", fontsize=8, ha="left")
    axis.axis("off")
    return figure


def settings(tables: Tables, hues: dict[str, str], reference: str) -> Any:
    """A row a setting: the median test accuracy of each arm less the reference's."""
    frame = tables["medians"].set_index("setting")
    frame = frame.where(frame >= 0)
    base = frame[reference] if reference in frame else frame.iloc[:, 0]
    apart = 100 * frame.sub(base, axis=0)
    table = apart.reset_index().melt("setting", var_name="activation", value_name="value").dropna(subset=["value"])
    figure, (axis,) = panels(1, height=0.7 + 0.3 * len(frame))
    axis.axvline(0, color=GREY, linewidth=1)
    drawn = {arm: hues[arm] for arm in frame.columns}
    points(axis, table.assign(low=None, high=None), "setting", "activation", y="value", hues=drawn,
           names={name: name for name in frame.index}, step=0.5 / max(1, len(drawn) - 1), across=True)  # fmt: skip
    label(axis, x=f"median test accuracy less that of {base.name}, points")
    legend(figure, drawn)
    return figure


def training(tables: Tables, hues: dict[str, str], reference: str) -> Any:
    """Loss and accuracy from epoch to epoch."""
    table = learning_table(tables["learning"])
    return learning_figure(table, {arm: hue for arm, hue in hues.items() if (table["activation"] == arm).any()})


def gradients(tables: Tables, hues: dict[str, str], reference: str) -> Any:
    """The size of the gradient from the last layer back to the first, mean over networks."""
    frame = tables["gradient_flow"]
    inits = sorted(frame["init"].unique(), reverse=True)
    relative = below_last(frame, ["activation", "init"]) / math.log(10)
    frame = frame.assign(mean=relative.clip(lower=FLOOR))
    means = frame.groupby(["init", "activation", "layer"], sort=False)["mean"].mean().reset_index()
    figure, axes = panels(len(inits), columns=2, sharey=True)
    for axis, init in zip(axes, inits, strict=True):
        lines(axis, means[means["init"] == init], "layer", "activation", hues=hues, ends=False)
        title = {"he": "He", "critical": "each at its critical point"}.get(init, init)
        label(axis, title=title, x="layer (1 is nearest the input)")
    axes[0].set_ylabel("gradient norm, log10,\nlast layer = 0")
    legend(figure, hues)
    return figure


def activity(tables: Tables, hues: dict[str, str], reference: str) -> Any:
    """Units with a non-zero output, layer by layer, in random networks at He's initialisation."""
    frame = tables["activity"]
    whole = frame[~frame["diverged"].astype(bool)]
    means = whole.groupby(["activation", "layer"], sort=False)[["active_fraction", "energy"]].mean().reset_index()
    figure, axes = panels(2, columns=2)
    lines(axes[0], means, "layer", "activation", y="active_fraction", hues=hues, ends=False)
    lines(axes[1], means.assign(energy=means["energy"].clip(lower=1e-12)), "layer", "activation", y="energy", hues=hues,
          ends=False)  # fmt: skip
    axes[0].set_ylim(0, 1.05)
    logarithmic(axes[1], "y")
    label(axes[0], title="active units (share)", x="layer")
    label(axes[1], title="mean square of the output (log scale)", x="layer")
    legend(figure, hues)
    return figure


def pareto(tables: Tables, hues: dict[str, str], reference: str) -> Any:
    """Cost against quality: what nobody beats in both is ringed."""
    from actbench.statistics import ranking

    measures = tables["measures"].pivot_table(index="activation", columns="measure", values="value", sort=False)
    needed = ["forward_ratio", "backward_ratio", "test_accuracy"]
    known = measures.reindex(columns=needed).dropna()
    if not len(known):
        raise NothingToDrawError("figure pareto: nothing to draw, no arm has both a time and an accuracy")
    table = known.assign(
        cost=(known["forward_ratio"] + known["backward_ratio"]) / 2, quality=100 * known["test_accuracy"]
    )
    best = ranking.pareto({str(arm): (float(row.cost), float(row.quality)) for arm, row in table.iterrows()})
    table = table.assign(low=None, high=None).reset_index()
    figure, (axis,) = panels(1, height=2.8)
    rings = table[table["activation"].isin(best)]
    points(
        axis, rings, "cost", "activation", y="quality", hues=hues, s=190, facecolor="none", edgecolor=INK, linewidth=1
    )
    points(axis, table, "cost", "activation", y="quality", hues=hues, s=50)
    axis.margins(0.25)
    logarithmic(axis, "x")
    label(axis, x="time of a pass over ReLU's (mean of both passes)", y="test accuracy, %")
    legend(figure, {arm: hues[arm] for arm in table["activation"]})
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
        name="pareto", needs=("measures", "cost", "scores"), draw=pareto, title="Cost against quality",
        caption="Ringed: no other arm is both cheaper and better. Code that must be called is slower than a fused "
        "kernel for that reason alone.",
    ),
    ComparisonFigure(
        name="training", needs=("learning",), draw=training, title=LEARNING[0].title["en"],
        caption=LEARNING[0].caption["en"],
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
