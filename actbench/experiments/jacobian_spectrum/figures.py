"""The figure of the experiment `jacobian_spectrum`: spread against depth, theory as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import facets, label, legend, lines, logarithmic, points
from actbench.drawing.style import palette
from actbench.statistics.estimates import Estimate
from actbench.statistics.frames import settle

if TYPE_CHECKING:
    import pandas as pd

LAWS = {False: "normal weights", True: "orthogonal weights"}


def spectrum_table(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a law of weights, activation and depth: mean spread with its 95 % interval over networks, and theory."""
    import pandas as pd

    rows = []
    for (init, activation, depth), part in settle(frame, width=128).groupby(
        ["init", "activation", "depth"], sort=False
    ):
        estimate = Estimate.of(list(part["spread"]))
        low, high = estimate.interval()
        rows.append({
            "weights": LAWS[str(init).startswith("orthogonal")], "init": init, "activation": activation,
            "depth": depth, "mean": estimate.value, "low": low, "high": high,
            "theory": float(part["theory_spread"].mean()), "n": estimate.n,
        })  # fmt: skip
    columns = ["weights", "init", "activation", "depth", "mean", "low", "high", "theory", "n"]
    return pd.DataFrame(rows, columns=columns)


def spectrum_figure(table: pd.DataFrame) -> Any:
    """A panel a law of weights."""
    hues = palette(dict.fromkeys(table["activation"]))
    figure, each = facets(table, "weights", LAWS.values(), columns=2, height=2.8, sharey=True)
    for axis, law, part in each:
        lines(axis, part, "depth", "activation", y="theory", hues=hues, ends=False, linewidth=1)
        points(axis, part, "depth", "activation", hues=hues)
        logarithmic(axis, "x", base=2, ticks=sorted(part["depth"].unique()))
        label(axis, title=law, x="layers", y="variance / squared mean" if axis is each[0][0] else "")
    legend(figure, hues, {"theory": {"linewidth": 1}})
    return figure


FIGURES = (
    FigureSpec(
        name="jacobian-spectrum",
        experiment="jacobian_spectrum",
        claims=("L11",),
        title={"en": "How far do singular values spread?", "zh": "奇异值散布多广？"},
        caption={
            "en": "Variance of the squared singular values of the input-output Jacobian over their squared mean, "
            "networks of width 128 at initialisation. Points: mean over networks with 95 % intervals. Lines: theory "
            "of infinitely wide networks along the measured lengths.",
            "zh": "输入输出雅可比矩阵奇异值平方的方差与其均值平方之比，宽度 128 的网络（初始化时）。"
            "点：各网络均值及 95 % 区间；线：沿实测长度的无限宽网络理论值。",
        },
        table=spectrum_table,
        draw=spectrum_figure,
    ),
)
