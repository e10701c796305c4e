"""The phase diagram of one function: its edge of chaos, the standard initialisations, and networks beside theory."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from actbench.core.errors import ActbenchError
from actbench.drawing.parts import DASHED, GREY, intervals, label, legend, logarithmic, panels
from actbench.drawing.style import PALETTE, theme
from actbench.experiments.gradient_flow.effects import factor
from actbench.statistics.frames import select

if TYPE_CHECKING:
    import pandas as pd

STANDARD = {"torch default": 1 / 3, "LeCun, Glorot": 1.0, "He": 2.0}  # sigma_w2; sigma_b2 is 0
LEAST, MOST, POINTS = 0.25, 4.0, 9  # of sigma_w2; the end moves out where the edge lies further
SHAPE: dict[str, Any] = {"depth": 12, "width": 128}
NETS = 16
LINE, EDGE, DOTS = PALETTE[0], PALETTE[3], PALETTE[2]


def sigmas(name: str) -> list[float]:
    """Where networks are measured: the standard initialisations, and even steps in the logarithm around the edge."""
    from actbench.theory import critical_point

    point = critical_point(name)
    end = max(MOST, 2 * point.sigma_w2 if point is not None else 0.0)
    return sorted({*STANDARD.values(), *(float(f"{v:.3g}") for v in np.geomspace(LEAST, end, POINTS))})


def measured(name: str) -> pd.DataFrame:
    """Gradients of networks of width 128 and 12 layers, 16 of them for each sigma_w2, without biases."""
    from actbench.experiments.run import run

    inits = [f"sigma_w2={value!r}" for value in sigmas(name)]
    return run("gradient_flow", activation=name, init=inits, net=range(NETS), **SHAPE)


def phase_table(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """One row a mark: ``edge``, ``init``, ``theory`` and ``networks`` (with 95 % intervals), everything drawn."""
    import pandas as pd

    from actbench.theory import edge

    found = sigmas(name)
    rows: list[dict[str, Any]] = [
        {"kind": "edge", "sigma_w2": point.sigma_w2, "sigma_b2": point.sigma_b2, "q": point.q, "stable": point.stable}
        for point in edge(name, np.geomspace(1e-4, 1e2, 121).tolist())
        if found[0] <= point.sigma_w2 <= found[-1]
    ]
    rows += [{"kind": "init", "name": init, "sigma_w2": v, "sigma_b2": 0.0} for init, v in STANDARD.items()]
    line = np.geomspace(found[0], found[-1], 61).tolist()
    rows += [{"kind": "theory", "sigma_w2": v, "factor": _predicted(name, v)} for v in line]
    for value in found:
        estimate = factor(init=f"sigma_w2={value!r}")(select(frame))
        low, high = estimate.interval()
        rows.append({
            "kind": "networks", "sigma_w2": value, "factor": estimate.value, "low": low, "high": high, "n": estimate.n,
            "theory": _predicted(name, value),
        })  # fmt: skip
    columns = ["kind", "name", "sigma_w2", "sigma_b2", "q", "stable", "factor", "low", "high", "theory", "n"]
    return pd.DataFrame(rows, columns=columns)


def _predicted(name: str, sigma_w2: float) -> float:
    """Theory's factor a layer for inputs of mean square 1; NaN where lengths leave what floats hold."""
    from actbench.theory import gradient_factor, lengths

    try:
        return gradient_factor(name, sigma_w2, lengths(name, sigma_w2, 0.0, sigma_w2, SHAPE["depth"])[:-1])
    except ActbenchError:
        return math.nan


def phase_figure(name: str, table: pd.DataFrame) -> Any:
    """Left the plane of both variances, right the gradient's factor a layer along its lower end."""
    part = {str(kind): rows for kind, rows in table.groupby("kind")}
    with theme():
        figure, (plane, along) = panels(2, columns=2, height=3.0)
        edge = part.get("edge")
        if edge is not None:
            plane.plot(edge["sigma_w2"], edge["sigma_b2"], color=EDGE, marker="o", markersize=2.5, linewidth=1.5)
        for row in part["init"].itertuples():
            plane.plot([row.sigma_w2], [0.0], color="black", marker="v", markersize=7, clip_on=False, zorder=4)
            plane.annotate(row.name, (row.sigma_w2, 0.0), xytext=(0, 10), textcoords="offset points", rotation=60,
                           fontsize=8)  # fmt: skip
        plane.set_ylim(0, max(0.25, 1.1 * float(edge["sigma_b2"].max()) if edge is not None else 0.0))
        label(plane, title=f"{name}: edge of chaos", x="sigma_w2", y="sigma_b2")
        along.plot(part["theory"]["sigma_w2"], part["theory"]["factor"], color=LINE, linewidth=1.2)
        dots = part["networks"].assign(who="networks")
        intervals(along, dots, "sigma_w2", by=["who"], hues={"networks": DOTS}, band=False)
        along.plot(dots["sigma_w2"], dots["factor"], color=DOTS, marker="o", markersize=4, linewidth=0)
        along.axhline(1.0, color=GREY, linewidth=0.8, linestyle=DASHED)
        label(along, title="gradient's factor a layer, sigma_b2 = 0", x="sigma_w2")
        for axis in (plane, along):
            axis.set_xlim(table["sigma_w2"].min() * 0.9, table["sigma_w2"].max() * 1.1)
            logarithmic(axis, "x", ticks=[0.25, 0.5, 1, 2, 4, 8, 16, 32][: 5 if axis.get_xlim()[1] < 8 else 8])
        legend(figure, {"edge of chaos": EDGE, "theory": LINE, "networks, 95 %": DOTS},
               {"standard initialisations": {"marker": "v", "linewidth": 0, "color": "black"}})  # fmt: skip
    return figure
