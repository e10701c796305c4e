"""The figures of trained networks: activity before and after, dead units over step sizes, what layers do to laws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.report.style import colour, theme

if TYPE_CHECKING:
    import pandas as pd

BAND = (0.05, 0.95)


def _banded(frame: pd.DataFrame, by: list[str], measure: str) -> pd.DataFrame:
    """Mean over networks, the middle 90 % of them and their number, for each group."""
    groups = frame.dropna(subset=[measure]).groupby(by, sort=True)[measure]
    table = groups.agg(mean="mean", networks="count").reset_index()
    table["low"] = groups.quantile(BAND[0]).to_numpy()
    table["high"] = groups.quantile(BAND[1]).to_numpy()
    return table


def _band(axis: Any, line: pd.DataFrame, x: str, hue: str, **options: Any) -> None:
    axis.fill_between(line[x], line["low"], line["high"], color=hue, alpha=0.15, linewidth=0)
    axis.plot(line[x], line["mean"], color=hue, linewidth=1.8, **options)


def _panels(count: int, height: float = 2.8) -> tuple[Any, Any]:
    import matplotlib.pyplot as plt

    size = (3.6 * max(1, count), height)
    figure, axes = plt.subplots(1, max(1, count), figsize=size, sharey=True, squeeze=False)
    return figure, axes[0]


def activity_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Active fraction by optimiser, activation, epochs and layer, of networks that did not diverge."""
    whole = frame[~frame["diverged"].astype(bool)]
    return _banded(whole, ["optimiser", "activation", "epochs", "layer"], "active_fraction")


def activity_figure(table: pd.DataFrame) -> Any:
    """One panel an optimiser: dashed at birth, solid trained."""
    optimisers = sorted(table["optimiser"].unique(), reverse=True)
    with theme():
        figure, axes = _panels(len(optimisers))
        for axis, optimiser in zip(axes, optimisers, strict=False):
            part = table[table["optimiser"] == optimiser]
            for (activation, epochs), line in part.groupby(["activation", "epochs"]):
                style, label = ("-", activation) if epochs else ((0, (4, 3)), None)
                _band(axis, line, "layer", colour(activation), linestyle=style, label=label)
            axis.set_ylim(0, 1.05)
            axis.set_title(f"{optimiser}: dashed at birth, solid trained")
            axis.set_xlabel("layer")
        axes[0].set_ylabel("active units (share)")
        axes[0].legend(loc="lower left", frameon=True)
        figure.tight_layout()
    return figure


def dead_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Dead share beyond birth by optimiser, activation and step size, and the share of networks that diverged."""
    by = ["optimiser", "activation", "rate"]
    whole = frame[~frame["diverged"].astype(bool)].assign(died=lambda f: f["dead_end"] - f["dead_birth"])
    nets = whole.groupby([*by, "net"], sort=True)["died"].mean().reset_index()
    lost = frame.drop_duplicates([*by, "net"]).groupby(by, sort=True)["diverged"].mean().reset_index()
    return lost.rename(columns={"diverged": "diverged_share"}).merge(_banded(nets, by, "died"), on=by, how="left")


def dead_figure(table: pd.DataFrame) -> Any:
    """One panel an optimiser, step size on a log axis; crosses where networks diverged."""
    optimisers = sorted(table["optimiser"].unique(), reverse=True)
    with theme():
        figure, axes = _panels(len(optimisers), 3.0)
        for axis, optimiser in zip(axes, optimisers, strict=False):
            part = table[table["optimiser"] == optimiser]
            for activation, line in part.groupby("activation"):
                _band(
                    axis,
                    line.dropna(subset=["mean"]),
                    "rate",
                    colour(activation),
                    marker="o",
                    markersize=3,
                    label=activation,
                )
                bad = line[line["diverged_share"] > 0]
                axis.plot(
                    bad["rate"], bad["diverged_share"], color=colour(activation), linestyle="", marker="x", markersize=5
                )
            axis.set_xscale("log")
            axis.set_ylim(-0.05, 1.05)
            axis.set_title(f"{optimiser}: line dead, cross diverged")
            axis.set_xlabel("step size")
        axes[0].set_ylabel("units dead beyond birth,\nnetworks diverged (share)")
        axes[0].legend(loc="upper left", frameon=True)
        figure.tight_layout()
    return figure


NORMS = {"none": "no normalisation", "batch_before": "batch norm before f", "batch_after": "batch norm after f"}


def law_table(frame: pd.DataFrame) -> pd.DataFrame:
    """|mean| / sd of a layer's outputs by norm, activation, epochs and layer."""
    whole = frame[~frame["diverged"].astype(bool)].assign(shift=lambda f: f["mean_over_sd"].abs())
    return _banded(whole, ["norm", "activation", "epochs", "layer"], "shift")


def law_figure(table: pd.DataFrame) -> Any:
    """One panel a normalisation, trained networks."""
    trained = table[table["epochs"] == table["epochs"].max()]
    norms = [norm for norm in NORMS if (trained["norm"] == norm).any()]
    with theme():
        figure, axes = _panels(len(norms))
        for axis, norm in zip(axes, norms, strict=False):
            for activation, line in trained[trained["norm"] == norm].groupby("activation"):
                _band(axis, line, "layer", colour(activation), label=activation)
            axis.set_title(NORMS[norm])
            axis.set_xlabel("layer")
            axis.set_xticks(sorted(trained["layer"].unique()))
        axes[0].set_ylabel("|mean| / sd of the outputs")
        axes[-1].legend(loc="upper right", frameon=True)
        figure.tight_layout()
    return figure
