"""The figure of the experiment `finite_width`: mean and variance of the log-norm beside the exact law."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import DASHED, facets, label, legend, lines, logarithmic, points
from actbench.drawing.style import palette
from actbench.experiments.finite_width.effects import squares
from actbench.statistics.estimates import Estimate

if TYPE_CHECKING:
    import pandas as pd

MOMENTS = {"mean": "mean of ln |h|^2", "variance": "variance of ln |h|^2"}


def width_table(frame: pd.DataFrame) -> pd.DataFrame:
    """One row an activation, shape and moment: its value with a 95 % interval over networks; for ReLU both laws."""
    import pandas as pd

    from actbench.networks.initialisation import initialisation
    from actbench.theory import relu_log_norm

    rows = []
    for _, part in frame.groupby(["activation", "init", "width", "depth"], sort=False):
        activation, init = (str(part[name].iloc[0]) for name in ("activation", "init"))
        width, depth = (int(part[name].iloc[0]) for name in ("width", "depth"))
        logs = part["log_norm"].dropna().astype(float)
        if len(logs) < 2:
            continue
        law = None
        if activation == "relu" and initialisation(init, "relu").law == "normal":
            sigma_w2 = initialisation(init, "relu").sigma_w2(width, width)
            law = relu_log_norm(width, depth, sigma_w2) if sigma_w2 else None
        for moment in MOMENTS:
            estimate = Estimate.of(list(logs if moment == "mean" else squares(logs)))
            low, high = estimate.interval()
            rows.append({
                "moment": moment, "activation": activation, "init": init, "width": width, "depth": depth,
                "mean": estimate.value, "low": low, "high": high,
                "law": getattr(law, moment, None), "leading": getattr(law, f"leading_{moment}", None), "n": estimate.n,
            })  # fmt: skip
    columns = ["moment", "activation", "init", "width", "depth", "mean", "low", "high", "law", "leading", "n"]
    return pd.DataFrame(rows, columns=columns)


def width_figure(table: pd.DataFrame) -> Any:
    """Two panels; solid the exact law, dashed its leading order."""
    hues = palette(dict.fromkeys(table["activation"]))
    figure, each = facets(table, "moment", MOMENTS, columns=2, height=2.8)
    for axis, moment, part in each:
        for law, how in (("law", "-"), ("leading", DASHED)):
            known = part.dropna(subset=[law])
            lines(axis, known, "width", "activation", y=law, hues=hues, ends=False, linewidth=1, linestyle=how)
        points(axis, part, "width", "activation", hues=hues)
        logarithmic(axis, "x", base=2, ticks=sorted(part["width"].unique()))
        label(axis, title=MOMENTS[moment], x="units")
    legend(figure, hues, {"exact law": {"linewidth": 1}, "leading order": {"linewidth": 1, "linestyle": DASHED}})
    return figure


FIGURES = (
    FigureSpec(
        name="finite-width",
        experiment="finite_width",
        claims=("L07",),
        title={"en": "How do narrow networks scatter?", "zh": "窄网络有多分散？"},
        caption={
            "en": "ln of the last layer's squared norm over the input's, ReLU networks as deep as they are wide, He "
            "initialisation, one input. Points: networks, with 95 % intervals. Solid: the exact law. Dashed: its "
            "leading order, -5 L / 2 n and 5 L / n.",
            "zh": "末层平方范数与输入平方范数之比的 ln；深度等于宽度的 ReLU 网络，He 初始化，单个输入。"
            "点：实测及 95 % 区间；实线：精确分布；虚线：首阶 -5 L / 2 n 与 5 L / n。",
        },
        table=width_table,
        draw=width_figure,
    ),
)
