"""What derivatives and subgradients are: difference quotients, the chain rule, the subgradient inequality, tails."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.claims.article.exact_inputs import Tally, at_place, row
from actbench.claims.claim import Answer

ROUNDING = 1e-12  # relative, some thousand units in the last place of float64: room for the reference's own error


def tails() -> Answer:
    """Do the slopes of tanh and the logistic function fall to zero at both ends?

    Three conditions at each point: the slope agrees with the textbook quotient, 1 / cosh(x)^2 and
    1 / (4 cosh(x/2)^2), up to |x| = 350; it lies below the bound 4 exp(-2 |x|) or exp(-|x|); and it is never larger
    than at the point before. At +-inf it is 0.
    """
    far = np.append(np.geomspace(800.0, 8e307, 64), np.inf)
    out = np.concatenate([np.arange(0.0, 60.0, 1 / 64), np.arange(60.0, 800.0), far])
    smallest = np.finfo(np.float64).smallest_subnormal
    tally, words = Tally(), []
    for name, scale, rate in (("tanh", 4.0, 2.0), ("logistic", 1.0, 1.0)):
        for sign, end in ((-1.0, "left"), (1.0, "right")):
            x = sign * out
            slope = row(name).backward(np.ones_like(x), x)
            bound = scale * np.exp(-rate * out)
            near = out <= 350.0  # cosh(355)^2 overflows
            textbook = np.where(near, 0.25 * scale / np.cosh(np.where(near, out, 0.0) * rate / 2) ** 2, slope)
            agrees = np.abs(slope - textbook) <= ROUNDING * textbook + smallest
            falls = np.diff(slope, prepend=slope[0]) <= 0
            below = (slope >= 0) & (slope <= bound * (1 + ROUNDING) + scale * smallest)
            tally.add(x, agrees & falls & below, at_place(f"{name}'({{}}) = {{}}", x, slope))
            last = x[slope > 0][-1] if np.any(slope > 0) else 0.0
            words.append(f"{name} {end}: {slope[out == 10.0][0]:.3g} at {sign * 10:g}, above 0 up to {last:g}")
    found = "bounds 4 exp(-2|x|) and exp(-|x|), monotone fall, 0 at +-inf; " + "; ".join(words)
    half = row("relu").backward(np.ones_like(out), -out)
    found += f"; relu's own slope is 0 at {np.count_nonzero(half == 0):,} of {half.size:,} points x <= 0"
    return tally.answer("points", found)


def chain_rule() -> Answer:
    """Is what reaches the rectifier, dout, the loss's derivative with respect to its output?

    A rectifier between two seeded linear layers, float64: the layer behind hands back dout = dL/dy, computed by
    hand; relu's backward of it must equal central differences of the whole loss with respect to each pre-activation.
    """
    rng = np.random.default_rng(2001)
    x = rng.standard_normal((24, 16))
    behind = rng.standard_normal((16, 8)) / 4
    relu, step = row("relu"), 1e-6
    x = np.where(np.abs(x) < 1e-3, 1e-3, x)  # no step reaches over the kink

    def losses(z: NDArray[Any]) -> NDArray[Any]:  # one loss an example, as examples do not mix
        return np.asarray(np.sum(np.sin(relu.forward(z) @ behind), axis=-1))

    dout = np.cos(relu.forward(x) @ behind) @ behind.T
    dx = relu.backward(dout, x)
    shifts = step * np.eye(16)[:, None, :]
    quotients = ((losses(x + shifts) - losses(x - shifts)) / (2 * step)).T
    gap = np.abs(dx - quotients)
    tally = Tally()
    # The rounding of a loss near 8 over a step of 1e-6 is 1e-9; the third derivative adds 1e-12.
    tally.add(
        x.ravel(), gap.ravel() <= 1e-8, at_place("at {}: {} against {}", x.ravel(), dx.ravel(), quotients.ravel())
    )
    passed = np.array_equal(dx[x > 0], dout[x > 0])
    return tally.answer(
        "pre-activations",
        f"largest gap to central differences {gap.max():.2g}, gradients up to {np.abs(quotients).max():.3g}; dout "
        f"{'reappears unchanged' if passed else 'is changed'} where x > 0",
    )


def no_derivative() -> Answer:
    """Do the difference quotients of ReLU at 0 have two different limits?"""
    f = row("relu").forward
    h = 2.0 ** -np.arange(0.0, 1075.0)  # down to the smallest subnormal: every quotient is exact
    right, left = (f(h) - f(0.0)) / h, (f(0.0) - f(-h)) / h
    tally = Tally()
    tally.add(h, right == right[-1], at_place("right quotient at h = {}: {}", h, right))
    tally.add(h, left == left[-1], at_place("left quotient at h = {}: {}", h, left))
    answer = tally.answer(
        "difference quotients", f"with h = 2^0 to 2^-1074 the right ones end at {right[-1]:g}, the left at {left[-1]:g}"
    )
    return Answer(
        holds=answer.holds and bool(right[-1] != left[-1]), value=float(right[-1] - left[-1]), n=answer.n,
        n_unit=answer.n_unit, evidence=answer.evidence,
    )  # fmt: skip


def _points() -> NDArray[np.float64]:
    """Signed powers of two and integers: products with the candidates below are exact or round to the right side."""
    powers = 2.0 ** np.arange(-40.0, 41.0)
    positive = np.union1d(powers, np.arange(1.0, 65.0))
    return np.concatenate([-positive[::-1], [0.0], positive])


def _violations(candidates: NDArray[np.float64]) -> NDArray[Any]:
    """How many z break f(z) >= f(0) + c z, for each candidate slope c of ReLU at 0."""
    f, z = row("relu").forward, _points()
    return np.asarray(np.count_nonzero(f(z)[None, :] < f(0.0) + candidates[:, None] * z[None, :], axis=1))


def subgradients() -> Answer:
    """Is c a subgradient of ReLU at 0 exactly where c lies in [0, 1]?"""
    # Beside the grid the floats next to both ends, so that the ends are the ends to the last bit.
    c = np.unique(np.concatenate([np.arange(-64.0, 129.0) / 64, [np.nextafter(1.0, 2.0), -(2.0**-60)]]))
    broken = _violations(c)
    inside = (c >= 0) & (c <= 1)
    tally = Tally()
    tally.add(c, (broken == 0) == inside, at_place("c = {}: {} points violate it", c, broken))
    found = (
        f"f(z) >= f(0) + c z over {_points().size} z: holds at every z for {np.count_nonzero(broken == 0)} of {c.size} "
        f"candidates c, from {c[broken == 0].min():g} to {c[broken == 0].max():g}"
        if np.any(broken == 0)
        else f"f(z) >= f(0) + c z over {_points().size} z holds for none of {c.size} candidates c"
    )
    return tally.answer("candidate slopes", found)


def scalar_subgradient() -> Answer:
    """Is the slope that backward uses a subgradient of ReLU itself, at every point?"""
    relu, z = row("relu"), _points()
    f, slope = relu.forward(z), relu.backward(np.ones_like(z), z)
    # Row i: the line through (z_i, f(z_i)) with the slope used there must lie below f at every other point.
    line = f[:, None] + slope[:, None] * (z[None, :] - z[:, None])
    tally = Tally()
    # The sum rounds once where z spans 2^-40 to 2^40: allow one unit in the last place of the largest term.
    room = np.finfo(np.float64).eps * np.maximum(np.abs(z)[:, None], np.abs(z)[None, :])
    tally.add(z, np.all(f[None, :] >= line - room, axis=1), at_place("slope {1} at {0}", z, slope))
    at_zero = float(relu.backward(1.0, 0.0))
    return tally.answer("points", f"the slope used at 0 is {at_zero:g}; f(w) >= f(z) + slope (w - z) over all pairs")


def composed_subgradient() -> Answer:
    """Does the rule also give the gradient of a network's function? Tried on relu(x) - relu(-x), which is x."""
    relu, x = row("relu"), _points()
    whole = relu.forward(x) - relu.forward(-x)
    # d(-relu(-x))/dx = +relu'(-x): two signs cancel.
    gradient = relu.backward(np.ones_like(x), x) + relu.backward(np.ones_like(x), -x)
    true = 1.0
    tally = Tally()
    tally.add(x, gradient == true, at_place("at x = {}: {} instead of 1", x, gradient))
    equal = "equals" if np.array_equal(whole, x) else "does not equal"
    answer = tally.answer(
        "points",
        f"relu(x) - relu(-x) {equal} x at all {x.size:,} points, so its slope is 1; with c at 0 the rule gives 2 c",
    )
    at_zero = float(gradient[x == 0][0])
    return Answer(holds=answer.holds, value=at_zero, n=answer.n, n_unit=answer.n_unit, evidence=answer.evidence)
