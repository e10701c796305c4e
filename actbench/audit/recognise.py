"""Which row of the catalogue a candidate is: by its name, and by its values, which may say something else."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from actbench.activations.parameter import Fixed, Sampled
from actbench.activations.record import Activation
from actbench.activations.registry import ACTIVATIONS, AXIS, resolve
from actbench.core.errors import ActbenchError
from actbench.implementations.implementation import Absent, Implementation

BODY = np.linspace(-4.03, 3.97, 65)  # no kink of a row among them
X = np.concatenate([BODY, [-31.3, -12.7, -7.1, 7.3, 13.1, 31.7]])  # what is clipped at 6 is no ReLU
WHOLE = 128  # as many as it is asked for, X and some of it again
NO_ROW = "is no function of the catalogue"
SAME, ROUGHLY = 1e-5, 0.25  # relative: values of one formula in float32; of the same function with a fault in it
MOSTLY, HALF = 0.97, 0.5  # shares of the points
SLOPES = {"derivative", "deriv", "prime", "grad", "gradient", "backward", "bwd", "der", "dx", "diff", "slope"}
NOISE = {"my", "layer", "activation", "act", "fn", "func", "function", "np", "numpy", "torch", "jax", "fast", "stable",
         "naive", "custom", "forward", "fwd", "module", "op", "impl", "the", "a", "f", "approx", "class"}  # fmt: skip
HEDGES = {"fast", "approx", "approximate", "new"}
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
    first
        Its first answers at `X`, where it was asked.
    near
        The row that it is nearest to, where it is elementwise and none of the catalogue.
    why_not, fails
        Why it is not audited, and whether that is because it gives no answers.
    """

    made: Implementation
    spec: str = ""
    named: str = ""
    defaults: str = ""
    hidden: bool = False
    first: Any = None
    near: str = ""
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


def recognise(made: Implementation, name: str, given: Any, like: str = "", first: Any = None) -> Recognised:
    """Which row an implementation is.

    Parameters
    ----------
    made, name, given
        The implementation, its name, and the object itself, whose signature may state parameters.
    like
        The row that it is said to be; it is then held to this one.
    first
        What it gave at `X` before anything else was asked, where it takes arrays.
    """
    if not rows_named(name)[0]:  # act = LeakyReLU(0.3): its class has a name
        name = type(given).__name__
    names, _ = rows_named(name)
    named = names[0] if names else ""
    if like:
        return Recognised(made=made, spec=resolve(like).spec, first=first)
    if named and named in AXIS:
        return Recognised(made=made, why_not=f"{named} is a function along an axis, no elementwise one")
    if made.inputs is not None:
        return Recognised(made=made, spec=ACTIVATIONS[named].spec if named else "",
                          why_not="" if named else "names no row; say --like NAME")  # fmt: skip
    try:
        y = answers(made.forward, X)
    except ActbenchError as error:
        return Recognised(made=made, why_not=str(error), fails=True)
    return replace(_of_values(made, name, given, named, names, y if first is None else first),
                   first=y if first is None else first)  # fmt: skip


def _of_values(made: Implementation, name: str, given: Any, named: str, names: list[str], y: Any) -> Recognised:
    """The same of its values at `X`."""
    if not named:
        spec = _by_values(y)
        return Recognised(made=made, spec=spec) if spec else _unmatched(made, y, NO_ROW)
    sure = not _is_compound(name)
    rows = [ACTIVATIONS[one] for one in names if one in ACTIVATIONS]
    row = rows[0]
    if _joined(name) not in ACTIVATIONS:  # gelu_tanh is held to gelu_tanh, whatever else its name speaks of
        row = next((one for one in rows if share(y, one.spec) >= MOSTLY), row)
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
        said = not sure or _asked_for(name, row, ACTIVATIONS[other.partition(":")[0]], given)
        return Recognised(made=made, spec=other, named="" if said else named)
    if not sure:
        return _unmatched(made, y, f"{NO_ROW}; {named} is but a part of its name")
    if share(y, row.spec, ROUGHLY) >= HALF:
        return Recognised(made=made, spec=row.spec)
    return Recognised(made=made, named=named)


def _unmatched(made: Implementation, y: Any, why: str) -> Recognised:
    """What no row is: with the nearest one, where it is elementwise and does anything."""
    try:
        turned = answers(made.forward, X[::-1])[::-1]
    except ActbenchError:
        turned = y * np.nan
    if (y == X).all() or not np.allclose(turned, y, rtol=SAME, atol=SAME, equal_nan=True) or np.ptp(y) == 0:
        return Recognised(made=made, why_not=why)
    part = slice(BODY.size)  # where people look at it
    best = (np.inf, "", 0.0)
    for row in ACTIVATIONS:
        with np.errstate(all="ignore"):
            off = np.nan_to_num(np.abs(np.asarray(row.forward(X[part])) - y[part]), nan=np.inf)
        best = min(best, (float(off.max()), row.name, float(X[off.argmax()])))
    if not best[1]:
        return Recognised(made=made, why_not=why)
    return Recognised(
        made=made, near=best[1], why_not=f"{why}; nearest is {best[1]}, off by {best[0]:.2g} at x = {best[2]:.3g}"
    )


def _is_compound(name: str) -> bool:
    """Whether a name like EPReLU or SineReLU only contains a row's: it is another function's own name."""
    words = {word.lower() for word in PIECES.findall(name)}
    return "_" not in name and not name.islower() and _joined(name) not in ACTIVATIONS and not SLOPES & words


def _joined(name: str) -> str:
    """A name without what says nothing."""
    return "".join(word for word in (word.lower() for word in PIECES.findall(name)) if word not in NOISE)


def _asked_for(name: str, named: Activation, found: Activation, given: Any) -> bool:
    """Whether an argument asks for the row that was found: ``GELU(approximate="tanh")``, ``gelu(approximate=False)``.

    A word of the argument makes the one name the other, or a library's own name of the found row has that argument;
    or the name itself says that it approximates: ``fast_gelu``.
    """
    if HEDGES & {word.lower() for word in PIECES.findall(name)} and found.name.startswith(f"{named.name}_"):
        return True
    stated = _stated(given)
    if any(p.default != stated.get(k, p.default) for k, p in named.parameters.items() if isinstance(p, Fixed)):
        return True  # ELU(alpha=0) is relu
    arguments = _arguments(given)
    words = {value for value in arguments.values() if isinstance(value, str)}
    if any(_joined(f"{named.name}_{word}") == _joined(found.name) for word in words):
        return True
    bases = {text.partition("(")[0] for text in named.peers.values()}
    asked = {f"{name}={value!r}" for name, value in arguments.items()}
    return any(
        text.partition("(")[0] in bases and text.partition("(")[2].removesuffix(")") in asked
        for text in found.peers.values()
    )


def _arguments(given: Any) -> dict[str, Any]:
    """What an object holds or its signature has by default, under a name."""
    try:
        parameters = inspect.signature(given).parameters.values()
    except (TypeError, ValueError):
        parameters = ()  # type: ignore[assignment]
    bound = getattr(given, "keywords", None)  # of functools.partial, whose function may have no signature
    held = bound if isinstance(bound, dict) else {}
    return {p.name: p.default for p in parameters} | dict(getattr(given, "__dict__", {})) | held


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
    whole = np.resize(x, WHOLE)  # whole vectors: what a remainder does wrong is another question
    for dtype in ("float64", "float32"):
        try:
            with np.errstate(all="ignore"):
                y = np.asarray(call(whole.astype(dtype)))
            if y.shape != whole.shape or y.dtype.kind not in "fiu":
                raise ActbenchError(f"gives {y.dtype}{list(y.shape)} for {dtype}{list(whole.shape)}")
            if y.dtype.kind != "f" and np.asarray(call(whole[::-1].astype(dtype))).dtype != y.dtype:
                raise ActbenchError(f"the first element decides the type of all results ({VECTORIZE})")
            return y.astype(np.float64)[: x.size]
        except Exception as error:  # whatever somebody's code raises
            why = error
    raise ActbenchError(in_words(why))


def first_of(given: Any) -> Any:
    """What somebody's plain function of arrays gives at `X` when it is called for the first time; None for others."""
    if not inspect.isfunction(given):
        return None
    try:
        with np.errstate(all="ignore"):
            y = given(np.resize(X, WHOLE))
    except Exception:  # it takes something else
        return None
    plain = isinstance(y, np.ndarray) and y.shape == (WHOLE,) and y.dtype.kind == "f"
    return y.astype(np.float64)[: X.size] if plain else None


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
    return {k: float(v) for k, v in _arguments(given).items()
            if isinstance(k, str) and isinstance(v, (int, float)) and not isinstance(v, bool)}  # fmt: skip


def _fitted(row: Activation, y: Any) -> str:
    """The row at the parameters that give these values, in as few digits as give them to the last one."""
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
        begin = start * factor + (0.0 if start.all() else 0.1)
        best = least_squares(off, begin, max_nfev=100, xtol=1e-15, ftol=1e-15, gtol=1e-15).x
        plain = [np.array([float(f"{value:.{digits}g}") for value in best.round(9)]) for digits in (3, 4, 6)]
        least = 2 * np.abs(off(best)).max() + 1e-14  # fewer digits must not cost any
        tiny = [value != 0 and abs(value) < 1e-9 for value in best]  # 0 is no parameter of the row, nor is this
        for values in () if any(tiny) else (*plain, best):
            if np.abs(off(values)).max() <= least:
                try:
                    spec = row.bind(**dict(zip(names, map(float, values), strict=True))).spec
                except ActbenchError:  # 0 is no parameter of this row: nor is what was found in its place
                    break
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
