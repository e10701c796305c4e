"""Which row of the catalogue a candidate is: by its name, and by its values, which may say something else."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from actbench.activations.parameter import Fixed, Sampled
from actbench.activations.record import Activation
from actbench.activations.registry import ACTIVATIONS, AXIS, resolve
from actbench.core.errors import ActbenchError
from actbench.implementations.implementation import Absent, Implementation

BODY = np.linspace(-4.03, 3.97, 65)  # no kink of a row among them
X = np.concatenate([BODY, [-31.3, -12.7, -7.1, 7.3, 13.1, 31.7]])  # what is clipped at 6 is no ReLU
SAME, ROUGHLY = 1e-5, 0.25  # relative: values of one formula in float32; of the same function with a fault in it
MOSTLY, HALF = 0.97, 0.5  # shares of the points
SLOPES = {"derivative", "deriv", "prime", "grad", "gradient", "backward", "bwd", "der", "dx", "diff", "slope"}
NOISE = {"my", "layer", "activation", "act", "fn", "func", "function", "np", "numpy", "torch", "jax", "fast", "stable",
         "naive", "custom", "forward", "fwd", "module", "op", "impl", "the", "a", "f", "approx", "class"}  # fmt: skip
# Names that mean something else where more stands around them.
WHOLE_ONLY = {"linear", "step", "sign", "identity", "threshold", "exp", "sin", "sine", "ramp", "laplace", "exponential"}
PIECES = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


@dataclass(frozen=True, kw_only=True)
class Recognised:
    """What a candidate is.

    Parameters
    ----------
    made
        The implementation; of a function that is named as a slope, with a backward pass alone.
    spec
        The row, empty where it is none of the catalogue.
    named
        The row that its name says, where its values are another one's, or nobody's.
    defaults
        Parameters that are not the row's defaults, in words.
    hidden
        Whether nothing but its values says so: neither its signature nor another framework.
    why_not, fails
        Why it is not audited, and whether that is because it gives no answers.
    """

    made: Implementation
    spec: str = ""
    named: str = ""
    defaults: str = ""
    hidden: bool = False
    why_not: str = ""
    fails: bool = False


def row_named(name: str) -> tuple[str, bool]:
    """The row that a name speaks of, or nothing; and whether it speaks of its slope."""
    rows, slope = rows_named(name)
    return (rows[0] if rows else ""), slope


def rows_named(name: str) -> tuple[list[str], bool]:
    """Every row that a name speaks of, that of the most letters first; and whether it speaks of a slope."""
    found = [registry[name].name for registry in (ACTIVATIONS, AXIS) if name in registry]
    words = [word.lower() for word in PIECES.findall(name)]
    slope = bool(SLOPES & set(words)) or (len(words) > 1 and words[0] == "d")
    words = [
        word for i, word in enumerate(words) if word not in SLOPES | NOISE and not (slope and (i, word) == (0, "d"))
    ]
    runs = [(i, j) for i in range(len(words)) for j in range(i + 1, len(words) + 1)]
    for i, j in sorted(runs, key=lambda run: (-len("".join(words[slice(*run)])), run)):
        joined = "".join(words[i:j])
        whole = (i, j) == (0, len(words))
        for registry in (ACTIVATIONS, AXIS):
            if joined in registry and (whole or joined == "elu" or (len(joined) > 3 and joined not in WHOLE_ONLY)):
                found.append(registry[joined].name)
    return found, slope


def recognise(made: Implementation, name: str, given: Any, like: str = "") -> Recognised:
    """Which row an implementation is.

    Parameters
    ----------
    made, name, given
        The implementation, its name, and the object itself, whose signature may state parameters.
    like
        The row that it is said to be; it is then held to this one.
    """
    if not rows_named(name)[0]:  # act = LeakyReLU(0.3): its class has a name
        name = type(given).__name__
    names, _ = rows_named(name)
    named = names[0] if names else ""
    if like:
        return Recognised(made=made, spec=resolve(like).spec)
    if named and named in AXIS:
        return Recognised(made=made, why_not=f"{named} is a function along an axis, no elementwise one")
    if made.inputs is not None:
        return Recognised(made=made, spec=ACTIVATIONS[named].spec if named else "",
                          why_not="" if named else "names no row; say --like NAME")  # fmt: skip
    try:
        y = answers(made.forward, X)
    except ActbenchError as error:
        return Recognised(made=made, why_not=str(error), fails=True)
    if not named:
        spec = _by_values(y)
        return Recognised(made=made, spec=spec, why_not="" if spec else "is no function of the catalogue")
    sure = not _is_compound(name)
    rows = [ACTIVATIONS[one] for one in names if one in ACTIVATIONS]
    row = next((one for one in rows if share(y, one.spec) >= MOSTLY), rows[0])
    for spec in _specs(row, given):
        if share(y, spec) >= (MOSTLY if sure else 1.0):  # SoftsignPlus is held to softsign where it is nothing else
            return Recognised(made=made, spec=spec, defaults=_other_defaults(row, spec))
    for general in (row, *(other for other in ACTIVATIONS if row.name in other.identical_to)):  # swish_beta of silu
        if sure and (fitted := _fitted(general, y)):
            hidden = not set(resolve(fitted).bound.values()) - set(row.values().values()) <= set(
                _stated(given).values()
            )
            return Recognised(made=made, spec=fitted, defaults=_other_defaults(general, fitted), hidden=hidden)
    if other := _by_values(y):
        return Recognised(made=made, spec=other, named=named if sure else "")
    if not sure:
        return Recognised(made=made, why_not=f"is no function of the catalogue; {named} is but a part of its name")
    if share(y, row.spec, ROUGHLY) >= HALF:
        return Recognised(made=made, spec=row.spec)
    return Recognised(made=made, named=named)


def _is_compound(name: str) -> bool:
    """Whether a name like EPReLU or SineReLU only contains a row's: it is another function's own name."""
    words = [word.lower() for word in PIECES.findall(name)]
    joined = "".join(word for word in words if word not in NOISE)
    return "_" not in name and not name.islower() and joined not in ACTIVATIONS and not SLOPES & set(words)


def answers(call: Callable[..., Any] | None, x: Any) -> Any:
    """Values at a few points, as float64.

    Raises
    ------
    ActbenchError
        Where it gives none, with the reason.
    """
    from actbench.implementations.targets.objects import VECTORIZE, in_words

    if call is None:
        raise ActbenchError("has no forward pass")
    why: BaseException = ActbenchError("gives nothing")
    for dtype in ("float64", "float32"):
        try:
            with np.errstate(all="ignore"):
                y = np.asarray(call(x.astype(dtype)))
            if y.shape != x.shape or y.dtype.kind not in "fiu":
                raise ActbenchError(f"gives {y.dtype}{list(y.shape)} for {dtype}{list(x.shape)}")
            if y.dtype.kind != "f" and np.asarray(call(x[::-1].astype(dtype))).dtype != y.dtype:
                raise ActbenchError(f"the first element decides the type of all results ({VECTORIZE})")
            return y.astype(np.float64)
        except Exception as error:  # whatever somebody's code raises
            why = error
    raise ActbenchError(in_words(why))


def share(y: Any, spec: str, tolerance: float = SAME) -> float:
    """The share of points at which a row has these values; next to roots against what it has elsewhere."""
    right = np.asarray(resolve(spec).forward(X))
    with np.errstate(all="ignore"):
        size = np.maximum(np.abs(right), 0.1 * np.abs(right[: BODY.size]).max())
        return float((np.abs(y - right) <= tolerance * size).mean())


def _by_values(y: Any) -> str:
    """A row at its defaults that has these values everywhere: the plainest first."""
    if (y == X).all():  # so many things give their input back
        return ""
    rows = sorted(ACTIVATIONS, key=lambda row: ("torch" not in row.peers, len(row.parameters)))
    return next((row.spec for row in rows if not row.opaque and share(y, row.spec) == 1.0), "")


def _specs(row: Activation, given: Any) -> Iterator[str]:
    """The row at its defaults, at those that a signature states, and at other frameworks'."""
    yield row.spec
    stated = {name: value for name, value in _stated(given).items() if name in row.parameters}
    for values in (stated, *row.defaults.values()):
        numbers = {k: float(v) for k, v in values.items() if isinstance(row.parameters.get(k), Fixed)}
        try:
            if numbers:
                yield row.bind(**numbers).spec
        except ActbenchError:  # outside the parameter's law
            continue


def _stated(given: Any) -> Mapping[str, float]:
    """Numbers that an object or its signature holds under a name."""
    try:
        parameters = inspect.signature(given).parameters.values()
        found = {p.name: p.default for p in parameters}
    except (TypeError, ValueError):
        found = {}
    found.update({k: v for k, v in getattr(given, "__dict__", {}).items() if isinstance(k, str)})
    return {k: float(v) for k, v in found.items() if isinstance(v, (int, float)) and not isinstance(v, bool)}


def _fitted(row: Activation, y: Any) -> str:
    """The row at the parameters that give these values, rounded to six digits where that gives them too."""
    names = [name for name, parameter in row.parameters.items() if not isinstance(parameter, Sampled)]
    if not 1 <= len(names) <= 2:
        return ""
    from scipy.optimize import least_squares

    def off(values: Any) -> Any:
        try:
            found = np.asarray(row.bind(**dict(zip(names, map(float, values), strict=True))).forward(X)) - y
        except ActbenchError:
            return np.full(X.shape, 1e3)
        return np.nan_to_num(found, nan=1e3, posinf=1e3, neginf=-1e3)

    start = np.array([row.parameters[name].default for name in names])  # type: ignore[union-attr]
    for factor in (1.0, 3.0, 0.3):
        best = least_squares(off, start * factor + (0.0 if start.all() else 0.1), max_nfev=100).x
        plain = np.array([float(f"{value:.3g}") for value in best.round(9)])
        for values in (plain, best):
            if np.isfinite(off(values)).all():
                try:
                    spec = row.bind(**dict(zip(names, map(float, values), strict=True))).spec
                except ActbenchError:
                    continue
                if share(y, spec) >= MOSTLY:
                    return spec
    return ""


def _other_defaults(row: Activation, spec: str) -> str:
    """In words, where a spec is not the row's default."""
    bound = resolve(spec).bound
    differs = {k: v for k, v in bound.items() if v != row.parameters[k].default}  # type: ignore[union-attr]
    said = []
    for name, value in differs.items():
        who = [f"{library} {held[name]:g}" for library, held in row.defaults.items() if name in held]
        said.append(f"{name} = {value:g}, by default {row.parameters[name].default:g}"  # type: ignore[union-attr]
                    + (f" ({', '.join(who)})" if who else ""))  # fmt: skip
    return "; ".join(said)


def of_numbers(given: Any) -> Implementation | None:
    """A function of one number, as math.exp makes them: called for each element, in float64; what raises is NaN."""
    try:
        tried = [given(value) for value in (-1.5, 0.5, 2.0)]
    except Exception:  # it is none
        return None
    if not all(isinstance(value, (int, float, np.floating)) for value in tried):
        return None

    def one(value: float) -> float:
        try:
            return float(given(value))
        except (ArithmeticError, ValueError):  # math.exp(710)
            return math.nan

    def forward(x: Any) -> Any:
        if x.dtype != np.float64:
            raise Absent("computes with Python's numbers, in float64 alone")
        return np.array([one(value) for value in x.reshape(-1).tolist()], np.float64).reshape(x.shape)

    return Implementation(library="python", kind="scalar", dtypes=("float64",), forward=forward)


def as_slope(given: Callable[..., Any], row: Activation) -> Implementation | None:
    """A function that is named as a row's slope: of x, of y (``a * (1 - a)``), or of dy and x in either order."""
    slope = np.asarray(row.backward(np.ones_like(X), X))
    y = np.asarray(row.forward(X))
    two = np.full_like(X, 2.0)
    forms: list[tuple[Callable[[], Any], Any, Callable[..., Any]]] = [
        (lambda: given(X), slope, lambda dy, x: dy * given(x)),
        (lambda: given(y), slope, lambda dy, x: dy * given(row.forward(x))),
        (lambda: given(two, X), 2 * slope, lambda dy, x: given(dy, x)),
        (lambda: given(X, two), 2 * slope, lambda dy, x: given(x, dy)),
    ]
    best: tuple[float, Callable[..., Any] | None] = (HALF, None)
    for call, wanted, backward in forms:
        try:
            with np.errstate(all="ignore"):
                came = np.asarray(call(), np.float64)
                right = (np.abs(came - wanted) <= SAME * np.maximum(np.abs(wanted), 0.1)).mean()
        except Exception:  # noqa: S112  it takes another form
            continue
        if came.shape == X.shape and right > best[0]:
            best = (float(right), backward)
    if best[1] is None:
        return None
    return Implementation(library="numpy", version=np.__version__, kind="slope", backward=best[1])
