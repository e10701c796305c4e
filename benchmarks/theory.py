"""How long does Gaussian theory take? Every call asks for other numbers, for answers are remembered."""

from __future__ import annotations

import math
from functools import cache
from itertools import count
from typing import Any

import numpy as np
from scipy.special import ndtr

from benchmarks.imports import find, need, start
from benchmarks.panel import CLOCK, PANEL

start("theory", "scipy.special", "scipy.optimize")

FIVE = ("mean", "second", "d_mean", "d_second", "d_fourth")
NAMES = ("relu", "tanh", "silu", "gelu")
STEP = 1e-9  # relative: the same work, another key
_number = count(1)


def changed(value: float) -> float:
    """The same value to nine digits, never twice the same."""
    return value * (1.0 + STEP * next(_number))


@cache
def ready(name: str) -> bool:
    """Whether the row and its theory exist; imports are over then."""
    need(name)
    find("theory").moments(name, 1.0)
    return True


def time_moments(name: str) -> None:
    """Moments at one length."""
    ready(name)
    from actbench.theory import moments

    moments(name, changed(1.0))


def time_fixed_point(name: str) -> None:
    """From length 1 to rest."""
    ready(name)
    from actbench.theory import fixed_point

    fixed_point(name, changed(1.5), 0.05)


def time_critical_point(name: str) -> None:
    """Every critical point of one bias variance, and the choice among them."""
    ready(name)
    from actbench.theory import critical_point

    critical_point(name, changed(0.05))


def _gelu(x: Any) -> Any:
    """A function that declares nothing, as a user would write it."""
    return x * ndtr(x)


def _slope(x: float) -> float:
    return float(ndtr(x)) + x * math.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def by_row(q: float) -> Any:
    """A declared row of the catalogue."""
    return _five(find("theory").moments("gelu", q))


def by_function(q: float) -> Any:
    """An unknown NumPy function: kinks are looked for once, slopes derived once, then integrated at each length."""
    return _five(find("theory").moments(_gelu, q))


def by_new_function(q: float) -> Any:
    """The same for a function that was never seen before."""
    return _five(find("theory").moments(lambda x: x * ndtr(x), q))


def _five(found: Any) -> Any:
    return [getattr(found, name) for name in FIVE]


def by_quad(q: float) -> Any:
    """scipy.integrate.quad: five integrals, to its default 1.5e-8."""
    from scipy.integrate import quad

    density = lambda x: math.exp(-0.5 * x * x / q) / math.sqrt(2 * math.pi * q)  # noqa: E731
    end, value = 12 * math.sqrt(q), lambda x: x * ndtr(x)
    terms = ((1, value), (2, value), (1, _slope), (2, _slope), (4, _slope))
    return [quad(lambda x, f=f, power=power: f(x) ** power * density(x), -end, end)[0] for power, f in terms]


def by_draws(q: float) -> Any:
    """A million normal draws, as libraries do it: three digits."""
    x = np.random.default_rng(0).standard_normal(1_000_000) * math.sqrt(q)
    f = _gelu(x)
    d = ndtr(x) + x * np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
    square = d * d
    return [f.mean(), (f * f).mean(), d.mean(), square.mean(), (square * square).mean()]


def by_mpmath(q: float, digits: int = 15) -> Any:
    """mpmath.quad: five integrals."""
    import mpmath

    with mpmath.workdps(digits):
        end = 12 * mpmath.sqrt(q)
        density = lambda x: mpmath.exp(-x * x / (2 * q)) / mpmath.sqrt(2 * mpmath.pi * q)  # noqa: E731
        value = lambda x: x * mpmath.ncdf(x)  # noqa: E731
        slope = lambda x: mpmath.ncdf(x) + x * mpmath.npdf(x)  # noqa: E731
        terms = ((1, value), (2, value), (1, slope), (2, slope), (4, slope))
        ends = [-end, -end / 2, -end / 4, 0, end / 4, end / 2, end]
        return [float(mpmath.quad(lambda x, f=f, k=k: f(x) ** k * density(x), ends)) for k, f in terms]


WAYS = {way.__name__: way for way in (by_row, by_function, by_new_function, by_quad, by_draws, by_mpmath)}


def time_ways(way: str) -> None:
    """Moments of GELU at one length, beside what others do for them."""
    ready("gelu")
    WAYS[way](changed(1.0))


BENCHMARKS = (
    (time_moments, PANEL), (time_fixed_point, NAMES), (time_critical_point, NAMES), (time_ways, tuple(WAYS)),
)  # fmt: skip
for _benchmark, _names in BENCHMARKS:
    _benchmark.params = (_names,)
    _benchmark.param_names = ("name",)
    _benchmark.version = "1"
    _benchmark.timer = CLOCK
    _benchmark.sample_time = 0.02
    _benchmark.rounds = 2
    _benchmark.repeat = 5
    _benchmark.warmup_time = 0.02
    _benchmark.timeout = 60
