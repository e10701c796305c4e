"""Arithmetic, comparisons and selection: what every processor does in one instruction."""

from __future__ import annotations

import numpy as np

from actbench.expression.primitives import known

# Binding strength for LaTeX: 1 comparison, 4 sum, 5 product, 6 sign, 8 function or fraction, 9 atom.
known(
    "add", 2, exact=lambda mp, a, b: a + b, partials=lambda y, a, b: (1.0, 1.0), latex=("{0} + {1}", 4), cost={"add": 1}
)
known(
    "subtract",
    2,
    exact=lambda mp, a, b: a - b,
    partials=lambda y, a, b: (1.0, -1.0),
    latex=("{0} - {1}", 4),
    cost={"add": 1},
)
known(
    "multiply",
    2,
    exact=lambda mp, a, b: a * b,
    partials=lambda y, a, b: (b, a),
    latex=(r"{0} \, {1}", 5),
    cost={"multiply": 1},
)
known(
    "divide",
    2,
    exact=lambda mp, a, b: a / b,
    partials=lambda y, a, b: (1.0 / b, -a / (b * b)),
    latex=(r"\frac{{{0}}}{{{1}}}", 8),
    cost={"divide": 1},
)
known("negative", 1, exact=lambda mp, a: -a, partials=lambda y, a: (-1.0,), latex=("-{0}", 6), cost={"add": 1})
known(
    "absolute",
    1,
    exact=lambda mp, a: abs(a),
    partials=lambda y, a: (np.where(a < 0.0, -1.0, 1.0),),
    latex=(r"\left|{0}\right|", 9),
    cost={"select": 1},
)
known(
    "sqrt",
    1,
    exact=lambda mp, a: mp.sqrt(a),
    partials=lambda y, a: (0.5 / y,),
    latex=(r"\sqrt{{{0}}}", 9),
    cost={"square root": 1},
)
known(
    "maximum",
    2,
    exact=lambda mp, a, b: mp.nan if mp.isnan(a) or mp.isnan(b) else max(a, b),
    partials=lambda y, a, b: (np.where(a >= b, 1.0, 0.0), np.where(a >= b, 0.0, 1.0)),
    latex=(r"\max({0},\, {1})", 8),
    cost={"select": 1},
)
known(
    "minimum",
    2,
    exact=lambda mp, a, b: mp.nan if mp.isnan(a) or mp.isnan(b) else min(a, b),
    partials=lambda y, a, b: (np.where(a <= b, 1.0, 0.0), np.where(a <= b, 0.0, 1.0)),
    latex=(r"\min({0},\, {1})", 8),
    cost={"select": 1},
)
known(
    "where",
    3,
    exact=lambda mp, c, a, b: a if c else b,
    latex=(r"\begin{{cases}} {1} & {0} \\ {2} & \text{{otherwise}} \end{{cases}}", 8),
    cost={"select": 1},
)
known("greater", 2, exact=lambda mp, a, b: a > b, latex=("{0} > {1}", 1), cost={"compare": 1}, discrete=True)
known("greater_equal", 2, exact=lambda mp, a, b: a >= b, latex=(r"{0} \ge {1}", 1), cost={"compare": 1}, discrete=True)
known("less", 2, exact=lambda mp, a, b: a < b, latex=("{0} < {1}", 1), cost={"compare": 1}, discrete=True)
known("less_equal", 2, exact=lambda mp, a, b: a <= b, latex=(r"{0} \le {1}", 1), cost={"compare": 1}, discrete=True)
known("equal", 2, exact=lambda mp, a, b: a == b, latex=("{0} = {1}", 1), cost={"compare": 1}, discrete=True)
known("not_equal", 2, exact=lambda mp, a, b: a != b, latex=(r"{0} \ne {1}", 1), cost={"compare": 1}, discrete=True)
known(
    "logical_and", 2, exact=lambda mp, a, b: a and b, latex=(r"{0} \wedge {1}", 0), cost={"compare": 1}, discrete=True
)
known("logical_or", 2, exact=lambda mp, a, b: a or b, latex=(r"{0} \vee {1}", 0), cost={"compare": 1}, discrete=True)
known("logical_not", 1, exact=lambda mp, a: not a, latex=(r"\neg({0})", 8), cost={"compare": 1}, discrete=True)
