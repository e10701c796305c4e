"""The figure of the experiment `dead_units`: units that died and networks that diverged, over step sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import facets, label, legend, lines, logarithmic, points
from actbench.drawing.style import palette
from actbench.statistics.frames import settle, spread

if TYPE_CHECKING:
    import pandas as pd


def dead_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Dead share beyond initialisation by optimiser, activation and step size, and the share that diverged."""
    by = ["optimiser", "activation", "rate"]
    frame = settle(frame, depth=4, width=64, bias="zero")
    whole = frame[~frame["diverged"].astype(bool)].assign(died=lambda f: f["dead_end"] - f["dead_birth"])
    nets = whole.groupby([*by, "net"], sort=True)["died"].mean().reset_index()
    lost = frame.drop_duplicates([*by, "net"]).groupby(by, sort=True)["diverged"].mean().reset_index()
    table: pd.DataFrame = lost.rename(columns={"diverged": "diverged_share"}).merge(
        spread(nets, by, "died").drop(columns="median"), on=by, how="left"
    )
    return table


def dead_figure(table: pd.DataFrame) -> Any:
    """One panel an optimiser, step size on a log axis; crosses where networks diverged."""
    hues = palette(dict.fromkeys(table["activation"]))
    optimisers = sorted(table["optimiser"].unique(), reverse=True)
    figure, each = facets(table, "optimiser", optimisers, columns=2, height=2.7, sharey=True)
    for axis, optimiser, part in each:
        lines(axis, part.dropna(subset=["mean"]), "rate", "activation", hues=hues, marker="o", markersize=4)
        bad = part[part["diverged_share"] > 0].drop(columns=["low", "high"]).assign(low=None, high=None)
        points(axis, bad, "rate", "activation", y="diverged_share", hues=hues, marker="X", s=40)
        axis.set_ylim(-0.05, 1.05)
        rates = sorted(part["rate"].unique())
        logarithmic(axis, "x", ticks=rates if len(rates) < 3 else ())
        label(axis, title=optimiser, x="step size (log scale)")
    each[0][0].set_ylabel("units dead beyond initialisation,\nnetworks diverged (share)")
    crosses = {"networks diverged": {"marker": "X", "linewidth": 0}} if (table["diverged_share"] > 0).any() else None
    legend(figure, hues, crosses)
    return figure


FIGURES = (
    FigureSpec(
        name="dead-units",
        experiment="dead_units",
        claims=("C35", "C36", "C37"),
        title={"en": "When do units die?", "zh": "单元何时死亡？"},
        caption={
            "en": "Units with zero slope on every training sample after training, less those at initialisation, over "
            "step sizes; 4 layers of 64 units on digits, 20 epochs. Crosses: share of networks that diverged, which "
            "are in no line.",
            "zh": "训练后在全部训练样本上斜率为零的单元比例（减去初始即死亡者），随步长变化；digits 数据，4 层、每层 "
            "64 个单元，20 轮。叉号：发散网络的比例，不计入曲线。",
        },
        table=dead_table,
        draw=dead_figure,
        value="diverged_share",
    ),
)
