"""Arithmetic, comparisons and selection: what every processor does in one instruction."""

from __future__ import annotations

from typing import Any

import numpy as np

from actbench.core.dtypes import Format
from actbench.expression.primitives import register

# Binding strength for LaTeX: 1 comparison, 4 sum, 5 product, 6 sign, 8 function or fraction, 9 atom.
register(
    "add", 2, exact=lambda mp, a, b: a + b, partials=lambda y, a, b: (1.0, 1.0), latex=("{0} + {1}", 4), cost={"add": 1}
)
register(
    "subtract",
    2,
    exact=lambda mp, a, b: a - b,
    partials=lambda y, a, b: (1.0, -1.0),
    latex=("{0} - {1}", 4),
    cost={"add": 1},
)
register(
    "multiply",
    2,
    exact=lambda mp, a, b: a * b,
    partials=lambda y, a, b: (b, a),
    latex=(r"{0} \, {1}", 5),
    cost={"multiply": 1},
)
register(
    "divide",
    2,
    exact=lambda mp, a, b: a / b,
    partials=lambda y, a, b: (1.0 / b, -a / (b * b)),
    latex=(r"\frac{{{0}}}{{{1}}}", 8),
    cost={"divide": 1},
)
register("negative", 1, exact=lambda mp, a: -a, partials=lambda y, a: (-1.0,), latex=("-{0}", 6), cost={"add": 1})
register(
    "absolute",
    1,
    exact=lambda mp, a: abs(a),
    partials=lambda y, a: (np.where(a < 0.0, -1.0, 1.0),),
    latex=(r"\left|{0}\right|", 9),
    cost={"select": 1},
)
register(
    "sqrt",
    1,
    exact=lambda mp, a: mp.sqrt(a),
    partials=lambda y, a: (0.5 / y,),
    latex=(r"\sqrt{{{0}}}", 9),
    cost={"square root": 1},
)
register(
    "maximum",
    2,
    exact=lambda mp, a, b: mp.nan if mp.isnan(a) or mp.isnan(b) else max(a, b),
    partials=lambda y, a, b: (np.where(a >= b, 1.0, 0.0), np.where(a >= b, 0.0, 1.0)),
    latex=(r"\max({0},\, {1})", 8),
    cost={"select": 1},
)
register(
    "minimum",
    2,
    exact=lambda mp, a, b: mp.nan if mp.isnan(a) or mp.isnan(b) else min(a, b),
    partials=lambda y, a, b: (np.where(a <= b, 1.0, 0.0), np.where(a <= b, 0.0, 1.0)),
    latex=(r"\min({0},\, {1})", 8),
    cost={"select": 1},
)
register(
    "where",
    3,
    exact=lambda mp, c, a, b: a if c else b,
    latex=(r"\begin{{cases}} {1} & {0} \\ {2} & \text{{otherwise}} \end{{cases}}", 8),
    cost={"select": 1},
)
register("greater", 2, exact=lambda mp, a, b: a > b, latex=("{0} > {1}", 1), cost={"compare": 1}, discrete=True)
register(
    "greater_equal", 2, exact=lambda mp, a, b: a >= b, latex=(r"{0} \ge {1}", 1), cost={"compare": 1}, discrete=True
)
register("less", 2, exact=lambda mp, a, b: a < b, latex=("{0} < {1}", 1), cost={"compare": 1}, discrete=True)
register("less_equal", 2, exact=lambda mp, a, b: a <= b, latex=(r"{0} \le {1}", 1), cost={"compare": 1}, discrete=True)
register("equal", 2, exact=lambda mp, a, b: a == b, latex=("{0} = {1}", 1), cost={"compare": 1}, discrete=True)
register("not_equal", 2, exact=lambda mp, a, b: a != b, latex=(r"{0} \ne {1}", 1), cost={"compare": 1}, discrete=True)
register(
    "logical_and", 2, exact=lambda mp, a, b: a and b, latex=(r"{0} \wedge {1}", 0), cost={"compare": 1}, discrete=True
)
register("logical_or", 2, exact=lambda mp, a, b: a or b, latex=(r"{0} \vee {1}", 0), cost={"compare": 1}, discrete=True)
register("logical_not", 1, exact=lambda mp, a: not a, latex=(r"\neg({0})", 8), cost={"compare": 1}, discrete=True)

# What has a kernel meaning is steps of the primitives above.
register(
    "sign",
    1,
    exact=lambda mp, a: a if mp.isnan(a) else mp.sign(a),
    partials=lambda y, a: (0.0 * y,),
    latex=(r"\operatorname{{sgn}}({0})", 8),
    cost={"select": 2},
    kernel=lambda form, a: np.where(a > 0.0, 1.0, np.where(a < 0.0, -1.0, a)),
)


def _cube_root(form: Format, a: Any) -> Any:
    """exp(log|a| / 3), then two steps of Newton's: from 40 ulp to one or two."""
    size = np.absolute(a)
    y = np.exp(np.log(size) / 3.0)
    for _ in range(2):
        y = y - (y - size / (y * y)) / 3.0
    return np.where((size > 0.0) & (size < np.inf), np.where(a < 0.0, -y, y), a)  # log has no number at 0 and inf


register(
    "cbrt",
    1,
    exact=lambda mp, a: -mp.cbrt(-a) if a < 0 else mp.cbrt(a),
    partials=lambda y, a: (1.0 / (3.0 * (y * y)),),
    latex=(r"\sqrt[3]{{{0}}}", 9),
    cost={"exponential": 1, "logarithm": 1, "divide": 3},
    kernel=_cube_root,
)
