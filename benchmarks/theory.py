"""How long does Gaussian theory take? Every call asks for other numbers, for answers are remembered."""

from __future__ import annotations

from functools import cache
from itertools import count

from benchmarks.imports import find, need, start
from benchmarks.panel import CLOCK, PANEL

start("theory", "scipy.special", "scipy.optimize")

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


for _benchmark, _names in ((time_moments, PANEL), (time_fixed_point, NAMES), (time_critical_point, NAMES)):
    _benchmark.params = (_names,)
    _benchmark.param_names = ("name",)
    _benchmark.version = "1"
    _benchmark.timer = CLOCK
    _benchmark.sample_time = 0.02
    _benchmark.rounds = 2
    _benchmark.repeat = 5
    _benchmark.warmup_time = 0.02
    _benchmark.timeout = 60
