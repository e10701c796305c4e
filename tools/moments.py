"""Are the Gaussian moments of every row right? Held against exact values of the row and its slope, on panels.

``python -m tools.moments`` goes through the catalogue at lengths q from 1e-6 to 1e6 (ten minutes of a core),
``python -m tools.moments gelu`` through some. E f, E f^2, E f', E f'^2 and E f'^4 are sums over 40 Gauss-Legendre nodes
a panel of f and f' from the oracle (mpmath), no further than 16 deviations; panels end at the kinks and are two wide at
most where a row is periodic, and but for sine such rows go to q = 100. Errors are relative, those of odd moments to the
root of the even one; below FLOOR a moment is 0, as far as float64's squares go. Exit status 1 where a moment is off by
more than TOLERANCE.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Iterator, Sequence

import numpy as np

from actbench.accuracy.oracle import oracle
from actbench.activations.parameter import Sampled
from actbench.activations.registry import ACTIVATIONS, resolve
from actbench.core.errors import ActbenchError
from actbench.theory import moments

TOLERANCE = 1e-10
MOMENTS = ("mean", "second", "d_mean", "d_second", "d_fourth")
FLOOR = 1e-300
LENGTHS = (1e-6, 1e-4, 1e-2, 1.0, 1e2, 1e4, 1e6)
LONGEST = 1e2  # for the periodic rows but sine: beyond, hours of exact values
PERIODIC = ("sine", "gcu", "snake", "snake_beta", "sinlu", "coslu", "sinc", "sinsig")
NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)
REACH = 16.0  # threshold at q = 0.01 is 0 up to 10 deviations: what lies beyond 12 is 3e-10 of its moments


def ends(name: str, q: float) -> list[float]:
    """Where panels end: at kinks, at powers of two of the row's own scale and of the deviation."""
    deviation = math.sqrt(q)
    reach = REACH * deviation
    places = {0.0, *map(float, resolve(name).fact("kinks"))}
    for scale in (1.0, deviation):
        places |= {sign * scale * 2.0**k for k in range(-6, 14) for sign in (-1, 1)}
    places |= {sign * 2.0**k for k in range(-30, -6, 2) for sign in (-1, 1)}  # smu bends within 1e-6
    if name.partition(":")[0] in PERIODIC:
        places |= set(np.arange(-reach, reach, 2.0).tolist())
    return sorted({-reach, reach, *(place for place in places if -reach < place < reach)})


def exact(name: str, q: float) -> dict[str, float]:
    """E f, E f^2, E f', E f'^2, E f'^4 by the oracle."""
    judge, places = oracle(name), ends(name, q)
    terms: dict[str, list[float]] = {name: [] for name in MOMENTS}
    for low, high in itertools.pairwise(places):
        half = 0.5 * (high - low)
        for node, weight in zip(NODES, WEIGHTS, strict=True):
            x = float(0.5 * (low + high) + half * node)
            share = half * weight * math.exp(-0.5 * x * x / q) / math.sqrt(2 * math.pi * q)
            if share < 1e-40:
                continue
            f, d = float(judge.value(x)), float(judge.slope(x))
            for key, value in zip(MOMENTS, (f, f * f, d, d * d, d**4), strict=True):
                terms[key].append(share * value)
    return {key: math.fsum(values) for key, values in terms.items()}


def errors(name: str, q: float) -> dict[str, float]:
    """How far each moment is from the exact one, relative."""
    found, said = moments(name, q), exact(name, q)
    size = said | {"mean": math.sqrt(said["second"]), "d_mean": math.sqrt(said["d_second"])}
    apart = {key: abs(getattr(found, key) - value) for key, value in said.items()}
    return {key: gap / size[key] if size[key] > FLOOR else gap for key, gap in apart.items()}


def names() -> list[str]:
    """Rows whose moments are one integral: sampled parameters are averaged over, an excluded slope has none."""
    rows = [row for row in ACTIVATIONS if row.kind == "elementwise" and not row.fact("excluded_slope")]
    return [row.name for row in rows if not any(isinstance(p, Sampled) for p in row.parameters.values())]


def checked(asked: Sequence[str]) -> Iterator[tuple[str, float, float]]:
    """Name, length and the worst error of each; NaN where theory refuses, as of what overflows."""
    for name in asked or names():
        periodic = name.partition(":")[0] in PERIODIC[1:]
        for q in LENGTHS:
            if periodic and q > LONGEST:
                continue
            try:
                moments(name, q)
            except ActbenchError:
                yield name, q, math.nan
            else:
                yield name, q, max(errors(name, q).values())


def main(words: Sequence[str] | None = None) -> int:
    """Print what is off, what has no moments, and the worst of all."""
    found, off = [], 0
    for name, q, error in checked(sys.argv[1:] if words is None else words):
        if math.isnan(error):
            print(f"{name} at q={q:g}: refused, it has no finite moments there")
            continue
        found.append((error, name, q))
        if error > TOLERANCE:
            off += 1
            print(f"{name} at q={q:g}: off by {error:.2g}")
    if found:
        error, name, q = max(found)
        print(f"{len(found)} rows and lengths, {off} off; the worst is {name} at q={q:g}: {error:.2g}")
    return int(off > 0)


if __name__ == "__main__":
    raise SystemExit(main())
