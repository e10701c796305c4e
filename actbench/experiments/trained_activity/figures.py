"""The figures of trained networks: activity before and after, dead units over step sizes, what layers do to laws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import band, banded, panels
from actbench.drawing.style import colour, theme

if TYPE_CHECKING:
    import pandas as pd


def activity_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Active fraction by optimiser, activation, epochs and layer, of networks that did not diverge."""
    whole = frame[~frame["diverged"].astype(bool)]
    return banded(whole, ["optimiser", "activation", "epochs", "layer"], "active_fraction")


def activity_figure(table: pd.DataFrame) -> Any:
    """One panel an optimiser: dashed at birth, solid trained."""
    optimisers = sorted(table["optimiser"].unique(), reverse=True)
    with theme():
        figure, axes = panels(len(optimisers))
        for axis, optimiser in zip(axes, optimisers, strict=False):
            part = table[table["optimiser"] == optimiser]
            for (activation, epochs), line in part.groupby(["activation", "epochs"]):
                style, label = ("-", activation) if epochs else ((0, (4, 3)), None)
                band(axis, line, "layer", colour(activation), linestyle=style, label=label)
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
    return lost.rename(columns={"diverged": "diverged_share"}).merge(banded(nets, by, "died"), on=by, how="left")


def dead_figure(table: pd.DataFrame) -> Any:
    """One panel an optimiser, step size on a log axis; crosses where networks diverged."""
    optimisers = sorted(table["optimiser"].unique(), reverse=True)
    with theme():
        figure, axes = panels(len(optimisers), 3.0)
        for axis, optimiser in zip(axes, optimisers, strict=False):
            part = table[table["optimiser"] == optimiser]
            for activation, line in part.groupby("activation"):
                band(
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
    return banded(whole, ["norm", "activation", "epochs", "layer"], "shift")


def law_figure(table: pd.DataFrame) -> Any:
    """One panel a normalisation, trained networks."""
    trained = table[table["epochs"] == table["epochs"].max()]
    norms = [norm for norm in NORMS if (trained["norm"] == norm).any()]
    with theme():
        figure, axes = panels(len(norms))
        for axis, norm in zip(axes, norms, strict=False):
            for activation, line in trained[trained["norm"] == norm].groupby("activation"):
                band(axis, line, "layer", colour(activation), label=activation)
            axis.set_title(NORMS[norm])
            axis.set_xlabel("layer")
            axis.set_xticks(sorted(trained["layer"].unique()))
        axes[0].set_ylabel("|mean| / sd of the outputs")
        axes[-1].legend(loc="upper right", frameon=True)
        figure.tight_layout()
    return figure


FIGURES = (
    FigureSpec(
        name="trained-activity",
        experiment="trained_activity",
        claims=("C06", "C10", "C32"),
        title={"en": "Does training make networks silent?", "zh": "训练会让网络沉默吗？"},
        caption={
            "en": "Share of units with a non-zero output by layer, 10 layers of 64 units on digits. Line: mean over "
            "networks that did not diverge; band: the middle 90 %.",
            "zh": "各层输出非零的单元比例，digits 数据，10 层、每层 "
            "64 个单元。实线：未发散网络的均值；色带：中间 90 %。",
        },
        table=activity_table,
        draw=activity_figure,
    ),
    FigureSpec(
        name="dead-units",
        experiment="dead_units",
        claims=("C35", "C36", "C37"),
        title={"en": "When do units die?", "zh": "单元何时死亡？"},
        caption={
            "en": "Units with zero slope on every training sample "
            "after training, less those at birth, over step sizes; "
            "4 layers of 64 units on digits, 20 epochs. Crosses: "
            "share of networks that diverged, which are in no line.",
            "zh": "训练后在全部训练样本上斜率为零的单元比例（减去初始即死亡者），"
            "随步长变化；digits 数据，4 层、每层 64 个单元，"
            "20 轮。叉号：发散网络的比例，不计入曲线。",
        },
        table=dead_table,
        draw=dead_figure,
    ),
    FigureSpec(
        name="distribution",
        experiment="distribution",
        claims=("C38", "C39"),
        title={"en": "Which functions shift the distribution?", "zh": "哪些函数会使分布偏移？"},
        caption={
            "en": "Absolute mean over standard deviation of a layer's "
            "outputs in trained networks, 4 layers of 64 units "
            "on digits. Line: mean over networks; band: the middle 90 %.",
            "zh": "训练后各层输出的均值绝对值与标准差之比，digits 数据，"
            "4 层、每层 64 个单元。实线：网络均值；色带：中间 90 %。",
        },
        table=law_table,
        draw=law_figure,
    ),
)
