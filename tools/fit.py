"""Makes and measures every coefficient table of the package: `python tools/fit.py [NAME...]` refits in mpmath.

A `Table` says what its coefficients approximate, in which variable, on what interval, in what degree, and by what the
error is weighted; `error` measures it on a grid, `fit` makes it again: a rational least-squares fit (Sanathanan &
Koerner 1963) at Chebyshev points with Lawson's weights (1961), then rounded to float64. Written as hex floats.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath

MP = mpmath.MPContext()
MP.prec = 220
PRIMITIVES = "actbench.expression.primitives."


@dataclass(frozen=True, kw_only=True)
class Table:
    """One approximation: where its coefficients stand, and what they are to be.

    Parameters
    ----------
    module, top, bottom, bits
        The tuple of the numerator, of the denominator ("" for a polynomial), and its key where it is a table by format.
    piece
        Which of several polynomials, whose coefficients stand one behind the other in tables; a constant of 0 is none.
    function, interval
        The target as a function of the variable of the polynomial, and the ends of that.
    weight
        What the absolute error is divided by; the function itself if None.
    log2_error
        The error of the shipped coefficients, as they are rounded to float64, is at most 2^log2_error.
    """

    module: str
    top: str
    bottom: str = ""
    bits: int = 0
    piece: int | None = None
    function: Callable[[Any], Any]
    interval: tuple[float, float]
    weight: Callable[[Any], Any] | None = None
    log2_error: float

    @property
    def name(self) -> str:
        """What the command line calls it."""
        return self.top + (str(self.bits) if self.bits else "" if self.piece is None else f"_{self.piece}")

    def shipped(self) -> tuple[list[float], list[float]]:
        """Numerator and denominator, lowest coefficient first, as the package has them."""
        module = importlib.import_module(self.module)
        both = [getattr(module, name) if name else (1.0,) for name in (self.top, self.bottom)]
        top, bottom = ([*(part[self.bits] if isinstance(part, dict) else part)] for part in both)
        if self.piece is not None:
            top = [table[self.piece] for table in top]
            top = top[1:] if top[0] == 0.0 else top
        return top, bottom

    def size(self, z: Any) -> Any:
        """What the error at z is divided by."""
        return abs((self.weight or self.function)(z))


def horner(coefficients: Sequence[Any], z: Any) -> Any:
    """A polynomial whose coefficients stand from the constant up; mpmath's polyval changed its order in 1.4."""
    value = MP.mpf(0)
    for coefficient in reversed(coefficients):
        value = value * z + coefficient
    return value


def _or_limit(function: Callable[[Any], Any], *limit: Any) -> Callable[[Any], Any]:
    """The function, and next to 0, where it cancels, the first terms of its series."""
    return lambda z: horner(limit, z) if abs(z) < MP.mpf(2) ** -60 else function(z)


def _third(*fractions: tuple[int, int]) -> tuple[Any, ...]:
    return tuple(MP.mpf(a) / b for a, b in fractions)


def _mills(a: Any) -> Any:
    """Phi(-a) / phi(a)."""
    return MP.sqrt(MP.pi / 2) * MP.exp(a * a / 2) * MP.erfc(a / MP.sqrt(2))


root = MP.sqrt
EXPONENTIAL = _or_limit(lambda r: (MP.expm1(r) - r) / r**2, *_third((1, 2), (1, 6)))
GROWTH = _or_limit(lambda r: MP.expm1(r) / r, *_third((1, 1), (1, 2)))
ARTANH = _or_limit(lambda z: (2 * MP.atanh(root(z)) / root(z) - 2) / z, *_third((2, 3), (2, 5)))
LOG1P = _or_limit(lambda e: MP.log1p(e) / e, *_third((1, 1), (-1, 2)))
TANH = _or_limit(lambda z: MP.tanh(root(z)) / root(z), *_third((1, 1), (-1, 3)))
SHRINK = _or_limit(lambda z: (root(z) - MP.tanh(root(z))) / root(z) ** 3, *_third((1, 3), (-2, 15)))
ERF = _or_limit(lambda z: MP.erf(root(z)) / root(z), 2 / root(MP.pi), -2 / (3 * root(MP.pi)))
ARCTAN = _or_limit(lambda z: (MP.atan(root(z)) / root(z) - 1) / z, *_third((-1, 3), (1, 5)))
SINE = _or_limit(lambda z: (MP.sin(root(z)) / root(z) - 1) / z, *_third((-1, 6), (1, 120)))
COSINE = _or_limit(lambda z: (MP.cos(root(z)) - 1 + z / 2) / z**2, *_third((1, 24), (-1, 720)))
CAUCHY = _or_limit(lambda z: (MP.atan(root(z)) - root(z) / (1 + z)) / root(z) ** 3, *_third((2, 3), (-4, 5)))
HALF_LN2 = float(MP.ln2 / 2)
ERF_ERRORS = (
    -56.0, -53.4, -53.5, -54.2, -56.8, -54.0, -55.6, -56.2, -56.0, -54.6, -55.0, -58.3, -55.4, -56.2, -56.1, -57.2,
)  # fmt: skip
EIGHTH, QUARTER = float(MP.pi / 4) ** 2, (float(MP.pi / 2) + 0.001) ** 2


def _erf_pieces() -> Iterator[Table]:
    """erf(k STEP + d) by the piece, where the constant's rounding is most of the error."""
    from actbench.expression.primitives.pieces import ERF_STEP

    for k, error in enumerate(ERF_ERRORS):
        yield Table(module=PRIMITIVES + "pieces", top="ERF_PIECES", piece=k, log2_error=error,
                    function=(lambda d: ERF(d * d)) if k == 0 else lambda d, k=k: MP.erf(k * ERF_STEP + d),
                    interval=(-ERF_STEP / 2 if k else 0, ERF_STEP / 2))  # fmt: skip


def _tables() -> list[Table]:
    exponential, logarithm, gaussian, periodic = (
        PRIMITIVES + name for name in ("exponential", "logarithm", "gaussian", "periodic")
    )

    def both(module: str, top: str, bottom: str, function: Any, ends: Any, errors: Any, weight: Any = None) -> Any:
        for bits, interval, error in zip((32, 64), ends, errors, strict=True):
            yield Table(module=module, top=top, bottom=bottom, bits=bits, function=function, interval=interval,
                        weight=weight, log2_error=error)  # fmt: skip

    half = (-HALF_LN2, HALF_LN2)
    return [
        *both(exponential, "EXP", "", EXPONENTIAL, (half, half), (-26.8, -55.8),
              lambda r: MP.exp(r) / r**2),
        Table(module=exponential, top="TANH_TOP", bottom="TANH_BOTTOM", function=TANH, interval=(0, 9.05**2),
              log2_error=-29.8),
        *both(exponential, "NEAR_ONE", "", GROWTH, ((-HALF_LN2 / 32, HALF_LN2 / 32), (-HALF_LN2 / 16, HALF_LN2 / 16)),
              (-24.1, -56.9), lambda r: MP.exp(r) / r),
        Table(module=exponential, top="NEAR_TOP", bottom="NEAR_BOTTOM", function=TANH, interval=(0, 7.9**2),
              log2_error=-22.7),
        *both(exponential, "SHRINK_TOP", "SHRINK_BOTTOM", SHRINK, ((0, 9.05**2), (0, 19.2**2)), (-35.9, -53.7)),
        *both(logarithm, "LOG", "", ARTANH, ((0, 1 / 9), (0, 1 / 9)), (-21.2, -52.2)),
        Table(module=logarithm, top="RATIO", function=LOG1P, interval=(0, 1), log2_error=-27.6),
        Table(module=logarithm, top="RATIO_TOP", bottom="RATIO_BOTTOM", function=LOG1P, interval=(0, 1),
              log2_error=-54.4),
        *both(gaussian, "TAIL_TOP", "TAIL_BOTTOM", lambda a: 1 / _mills(a) - a, ((0, 15), (0, 39)), (-29.1, -53.6),
              lambda a: 1 / _mills(a)),
        Table(module=gaussian, top="SHORT_TOP", bottom="SHORT_BOTTOM", function=lambda a: 1 / _mills(a) - a,
              interval=(0, 15), weight=lambda a: 1 / _mills(a), log2_error=-24.0),
        *both(gaussian, "ERF_TOP", "ERF_BOTTOM", ERF, ((0, 16), (0, 1)), (-28.4, -55.9)),
        *_erf_pieces(),
        *both(periodic, "ARCTAN", "", ARCTAN, ((0, 0.25), (0, 0.25)), (-31.8, -56.6),
              lambda z: (1 + z * ARCTAN(z)) / z),
        Table(module=periodic, top="ARCTAN_NEAR", function=ARCTAN, interval=(0, 0.0099), log2_error=-54.5,
              weight=lambda z: (1 + z * ARCTAN(z)) / z),
        *both(periodic, "SIN", "", SINE, ((0, EIGHTH), (0, EIGHTH)), (-27.9, -56.3),
              lambda z: (1 + z * SINE(z)) / z),
        *both(periodic, "SIN_OF_HALF", "", SINE, ((0, QUARTER), (0, QUARTER)), (-25.7, -52.7),
              lambda z: (1 + z * SINE(z)) / z),
        *both(periodic, "COS", "", COSINE, ((0, EIGHTH), (0, EIGHTH)), (-32.9, -59.6),
              lambda z: MP.cos(root(z)) / z**2),
        Table(module="actbench.activations.families.learned_gates", top="CAUCHY", function=CAUCHY, interval=(0, 0.7),
              log2_error=-53.4),
    ]  # fmt: skip


TABLES = {table.name: table for table in _tables()}


def points(table: Table, count: int) -> list[Any]:
    """Chebyshev points of the interval; on a long one crowded towards its lower end by a square."""
    low, high = map(MP.mpf, table.interval)
    t = [(1 + MP.cos(MP.pi * (2 * k + 1) / (2 * count))) / 2 for k in range(count)]
    return [low + (high - low) * (v * v if high - low > 2 else v) for v in t]


def value(coefficients: tuple[list[Any], list[Any]], z: Any) -> Any:
    """The rational function at z."""
    top, bottom = (horner(part, z) for part in coefficients)
    return top / bottom


def error(table: Table, coefficients: tuple[list[Any], list[Any]], count: int = 400) -> float:
    """The largest weighted error on a grid, as a power of two."""
    worst = max(abs(value(coefficients, z) - table.function(z)) / table.size(z) for z in points(table, count) if z != 0)
    return float(MP.log(worst, 2))


def fit(table: Table, iterations: int = 12) -> tuple[list[float], list[float]]:
    """Coefficients of the shipped degrees, rounded to float64, the denominator's first being 1."""
    m, n = (len(part) - 1 for part in table.shipped())
    z = points(table, 4 * (m + n + 2))
    exact, size = [table.function(v) for v in z], [table.size(v) for v in z]
    bottom, lawson = [MP.mpf(1)] * len(z), [MP.mpf(1)] * len(z)
    best: tuple[Any, list[Any], list[Any]] = (MP.inf, [], [])
    for _ in range(iterations):
        a, b = MP.matrix(len(z), m + n + 1), MP.matrix(len(z), 1)
        for i, v in enumerate(z):
            scale = root(lawson[i]) / (size[i] * abs(bottom[i]))
            for j in range(m + 1):
                a[i, j] = scale * v**j
            for j in range(1, n + 1):
                a[i, m + j] = -scale * exact[i] * v**j
            b[i] = scale * exact[i]
        solved = MP.lu_solve(a.T * a, a.T * b)
        numerator, denominator = list(solved[: m + 1]), [MP.mpf(1), *solved[m + 1 :]]
        bottom = [horner(denominator, v) for v in z]
        errors = [abs(value((numerator, denominator), v) - f) / s for v, f, s in zip(z, exact, size, strict=True)]
        worst = max(errors)
        best = min(best, (worst, numerator, denominator), key=lambda entry: entry[0])
        lawson = [w * (e / worst + MP.mpf("0.02")) for w, e in zip(lawson, errors, strict=True)]
        lawson = [w / sum(lawson) for w in lawson]
    return [float(v) for v in best[1]], [float(v) for v in best[2]]


def main(names: list[str]) -> int:
    """Refit the named tables (all without a name), and print coefficients and both errors."""
    for name in names or TABLES:
        if name not in TABLES:
            sys.stderr.write(f"no table {name!r}; known: {', '.join(TABLES)}\n")
            return 2
        table = TABLES[name]
        shipped, again = table.shipped(), fit(table)
        same = "the shipped bits" if again == shipped else "other bits than shipped"
        sys.stdout.write(f"{name}: {same}; error 2^{error(table, again):.2f}, shipped 2^{error(table, shipped):.2f}\n")
        for part in again:
            sys.stdout.write("    " + ", ".join(v.hex() for v in part) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
