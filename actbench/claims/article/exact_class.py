"""What a class of the article's kind does: in a chain, where gradients or objects are shared, and on odd inputs.

Gradients are held against central differences, which are exact here: losses are quadratic between kinks, and all
numbers are multiples of a power of two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from actbench.claims.article.exact_inputs import Tally, at_place, handed_over, inputs, row, same
from actbench.claims.claim import Answer
from actbench.core.errors import ActbenchError

Array = NDArray[Any]
Rectify = Callable[[Array], tuple[Array, Callable[[Array], Array]]]  # input to output and the way back of that call
New = Callable[[], Rectify]


class Layer(Protocol):
    """What a network asks of a layer."""

    def forward(self, x: Array) -> Array: ...

    def backward(self, handed: Array) -> Array: ...


class KeepsOutput:
    """Our rectifier with the behaviour of the article's: keeps its output, zeroes the gradient that it was handed."""

    def __init__(self) -> None:
        self.kept: Any = None

    def forward(self, x: Array) -> Array:
        """max(x, 0), which is kept and is what the next layer gets."""
        self.kept = np.maximum(x, 0)
        return self.kept  # type: ignore[no-any-return]

    def backward(self, handed: Array) -> Array:
        """The same array, with zeros where the kept output is not above zero."""
        handed[self.kept <= 0] = 0
        return handed


def objects_of(kind: Callable[[], Layer]) -> New:
    """Each call gives a fresh object of a class; every use of one object has that object's way back."""

    def new() -> Rectify:
        layer = kind()
        return lambda x: (layer.forward(x), layer.backward)

    return new


def the_row() -> Rectify:
    """The catalogue's relu, which keeps nothing: each call's own output goes into its own way back."""
    relu = row("relu")

    def rectify(x: Array) -> tuple[Array, Callable[[Array], Array]]:
        y = relu.forward(x)
        return y, lambda handed: relu.backward(handed, y=y)

    return rectify


def fresh(array: Array) -> Array:
    """A copy."""
    return array.copy()


def read_only(array: Array) -> Array:
    """A copy that may not be written to."""
    kept = array.copy()
    kept.setflags(write=False)
    return kept


# A graph: layers and inputs (examples, features) to each example's loss and its gradient; `give` prepares dout.
Graph = Callable[..., tuple[Array, Array]]


def _scalars(new: New, x: Array, give: Callable[[Array], Array] = fresh) -> tuple[Array, Array]:
    first, second, third = new(), new(), new()
    h, back_first = first(3.0 * x)
    h, back_second = second(h)  # a rectifier right behind a rectifier
    y, back_third = third(2.0 * h - 4.0)
    dout = give(y)  # of the loss y^2 / 2
    return (y * y / 2).sum(axis=1), 3.0 * back_first(back_second(2.0 * back_third(dout)))


def _layers(new: New, x: Array, give: Callable[[Array], Array] = fresh) -> tuple[Array, Array]:
    rng = np.random.default_rng(2001)
    w, v = (rng.integers(-2, 3, shape).astype(float) for shape in ((x.shape[1], 5), (5, 3)))
    h, back_first = new()(x @ w + 0.5)  # the odd halves and quarters keep every unit off its kink
    y, back_second = new()(h @ v + 0.25)
    dout = give(y)
    return (y * y / 2).sum(axis=1), back_first(back_second(dout) @ v.T) @ w.T


def _shortcut(new: New, x: Array) -> tuple[Array, Array]:
    h, back = new()(x)
    y = x + h
    dout = y.copy()
    branch = back(dout)
    return (y * y / 2).sum(axis=1), dout + branch


def _two_lines(new: New, x: Array) -> tuple[Array, Array]:
    h, back = new()(x)
    a, b = 3.0 * h, -2.0 * h
    return (a * a / 2 + b * b / 2).sum(axis=1), back(3.0 * a + -2.0 * b)


def _two_rectifiers(new: New, x: Array) -> tuple[Array, Array]:
    (a, back_a), (b, back_b) = new()(x), new()(-x)
    y = a + b  # the sum hands one and the same dout to both
    dout = y.copy()
    return (y * y / 2).sum(axis=1), back_a(dout) - back_b(dout)


def _one_twice(new: New, x: Array) -> tuple[Array, Array]:
    one = new()
    h, back_first = one(3.0 * x)
    y, back_second = one(5.0 - 2.0 * h)
    dout = y.copy()
    return (y * y / 2).sum(axis=1), 3.0 * back_first(-2.0 * back_second(dout))


STEP = 2.0**-12  # times the largest product of weights this stays below the distance to the next kink
ONE = np.array([[float(t)] for t in range(-6, 7) if t])  # no example at the kink, where no gradient exists
FOUR = np.random.default_rng(2001).integers(-3, 4, (16, 4)).astype(float)


def _differences(graph: Graph, x: Array) -> Array:
    """Central differences of each example's loss, through the catalogue's row."""
    found = np.empty_like(x)
    for i in range(x.shape[1]):
        shift = STEP * (np.arange(x.shape[1]) == i)
        found[:, i] = (graph(the_row, x + shift)[0] - graph(the_row, x - shift)[0]) / (2 * STEP)
    return found


def _compared(new: New, *graphs: tuple[Graph, Array], **options: Any) -> tuple[Tally, set[str]]:
    """How many gradients equal the differences, one example at a time, and what was raised."""
    tally, raised = Tally(), set()
    for graph, x in graphs:
        right, found = _differences(graph, x), np.full_like(x, np.nan)
        for i in range(len(x)):
            try:
                found[i] = graph(new, x[i : i + 1], **options)[1][0]
            except (ValueError, TypeError) as error:
                raised.add(f"{type(error).__name__}, {error}")
        shown = np.where(np.isnan(found), "none", found.astype(str)).ravel()
        case = at_place("at x = {}: {} instead of {}", x.ravel(), shown, right.ravel())
        tally.add(x.ravel(), (found == right).ravel(), case)
    return tally, raised


def _answer(theirs: Tally, ours: Tally, unit: str, what: str, where: str) -> Answer:
    """The class's tally, with the row's beside it."""
    counts = f"{theirs.good:,} of {theirs.n:,} {what} (actbench's relu: {ours.good:,} of {ours.n:,})"
    return theirs.answer(unit, f"{counts}: {where}")


RIGHT = "gradients equal central differences"


def gradients_in(*graphs: tuple[Graph, Array], words: str, **options: Any) -> Callable[..., Answer]:
    """The computation that holds a class's gradients in some graphs against exact differences."""

    def compute(kind: Callable[[], Layer] = KeepsOutput) -> Answer:
        theirs, raised = _compared(objects_of(kind), *graphs, **options)
        ours, _ = _compared(the_row, *graphs, **options)
        refusal = f" (raised: {'; '.join(sorted(raised))})" if raised else ""
        return _answer(theirs, ours, "gradients", RIGHT, words + refusal)

    return compute


in_chain = gradients_in(
    (_scalars, ONE), (_layers, FOUR), words="three rectifiers between lines, and two layers of units"
)
in_residual = gradients_in((_shortcut, ONE), words="x + f(x), whose dout also takes the shortcut")
called_twice = gradients_in((_one_twice, ONE), words="f(5 - 2 f(3 x)) by one object")
with_read_only = gradients_in((_scalars, ONE), words="the chain with a read-only dout", give=read_only)


def with_fan_out(kind: Callable[[], Layer] = KeepsOutput) -> Answer:
    """Two ways to feed several layers from one output: linear layers behind f, and two rectifiers side by side."""
    new, apart = objects_of(kind), []
    for words, graph in (("f(x) into two linear layers", _two_lines), ("x into f(x) + f(-x)", _two_rectifiers)):
        tally, _ = _compared(new, (graph, ONE))
        apart.append(f"{words} {tally.good} of {tally.n}")
    both = ((_two_lines, ONE), (_two_rectifiers, ONE))
    theirs, ours = _compared(new, *both)[0], _compared(the_row, *both)[0]
    return _answer(theirs, ours, "gradients", RIGHT, ", ".join(apart))


def _rule(y_above: Array, handed: Array) -> Array:
    """The gradient by the rule: what is handed over where x > 0, else 0."""
    return np.where(y_above, handed, np.zeros_like(handed))


def _at_nan(new: New) -> Tally:
    tally = Tally()
    for dtype in (np.float16, np.float32, np.float64):
        handed = np.array([v for v in handed_over(np.dtype(dtype)) if np.isfinite(v)])
        x = np.full_like(handed, np.nan)
        dx = new()(x)[1](handed.copy())
        tally.add(np.abs(handed - 1), np.isnan(dx), at_place("x = {}, dout = {}: dx = {}", x, handed, dx))
    return tally


def shows_nan(kind: Callable[[], Layer] = KeepsOutput) -> Answer:
    """Is dx NaN where x was, whatever finite number is handed over?"""
    new = objects_of(kind)
    whole = _scalars(new, np.full((1, 1), np.nan))[1]
    itself = "is NaN" if np.isnan(whole).all() else "is not NaN"
    where = (
        "NaN in three precisions, each with every finite dout; in the chain, whose squared loss makes dout NaN before "
        f"it arrives, dx {itself}"
    )
    return _answer(_at_nan(new), _at_nan(the_row), "cases", "dx are NaN", where)


INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]


def _at_integers(new: New) -> Tally:
    tally = Tally()
    for name in INTEGERS:
        limits = np.iinfo(name)
        x = np.array([max(limits.min, -3), limits.min, 0, 1, 2, 3, limits.max], name)
        for dtype in ("float64", "float32", name):
            handed = np.arange(1, 1 + x.size).astype(dtype)
            y, back = new()(x)
            dx = back(handed.copy())
            good = (y == np.where(x > 0, x, 0)) & (dx == _rule(x > 0, handed))
            tally.add(x, good, at_place(f"{name} x = {{}}: y = {{}}, dx = {{}}", x, y, dx))
    return tally


def at_integers(kind: Callable[[], Layer] = KeepsOutput) -> Answer:
    """Are values and gradients right for whole numbers of every width?"""
    where = "8 integer types with their ends, dout in float64, float32 and the same type"
    theirs, ours = _at_integers(objects_of(kind)), _at_integers(the_row)
    return _answer(theirs, ours, "cases", "values and gradients are right", where)


SHAPES = [shape for n in (1, 2, 3) for shape in product((1, 2, 3), repeat=n)]


def _refusals(new: New) -> tuple[Tally, int, int]:
    """Pairs of different shapes that are refused; of those let through, how many agree in front; equal ones taken."""
    tally, front, equal = Tally(), 0, 0
    for kept, handed in product(SHAPES, SHAPES):
        _, back = new()(-np.ones(kept))
        try:
            back(np.ones(handed))
            refused = False
        except (ValueError, IndexError, TypeError, ActbenchError):
            refused = True
        if kept == handed:
            equal += not refused
            continue
        front += not refused and handed[: len(kept)] == kept
        size = np.array([float(np.prod(kept) + np.prod(handed))])
        tally.add(size, np.array([refused]), lambda i, k=kept, h=handed: f"kept {k}, dout {h}")  # type: ignore[misc]
    return tally, front, equal


def refuses_other_shapes(kind: Callable[[], Layer] = KeepsOutput) -> Answer:
    """Is every dout of another shape refused? All pairs of shapes with up to three axes of lengths 1 to 3."""
    theirs, front, equal = _refusals(objects_of(kind))
    ours = _refusals(the_row)[0]
    where = (
        f"one to three axes of length 1 to 3; of those let through {front} agree on their first axes; equal shapes are "
        f"accepted, {equal} of {len(SHAPES)}"
    )
    return _answer(theirs, ours, "pairs of shapes", "pairs of different shapes are refused", where)


def _needs(new: New) -> Tally:
    """Pairs of shapes in which a gradient of the kept array's shape comes back just where the two are equal."""
    tally = Tally()
    for kept, handed in product(SHAPES, SHAPES):
        y, back = new()(np.ones(kept))
        try:
            found: tuple[int, ...] | None = np.shape(back(np.ones(handed)))
        except (ValueError, IndexError, TypeError, ActbenchError):
            found = None
        size = np.array([float(np.prod(kept) + np.prod(handed))])
        good = np.array([(found == y.shape) == (kept == handed)])
        tally.add(size, good, lambda _, k=kept, h=handed, f=found: f"kept {k}, dout {h}: dx {f}")  # type: ignore[misc]
    return tally


def needs_equal_shapes(kind: Callable[[], Layer] = KeepsOutput) -> Answer:
    """Is there a gradient of x's shape only where dout has the kept array's? All pairs with up to three axes."""
    where = "one to three axes of length 1 to 3; a gradient of x's shape comes back just where the shapes are equal"
    what = "pairs of shapes are as it has to be"
    return _answer(_needs(objects_of(kind)), _needs(the_row), "pairs of shapes", what, where)


def _arrays() -> Iterator[tuple[str, Array]]:
    """A gradient in each precision, lying in memory in several ways."""
    for dtype in ("float16", "float32", "float64"):
        whole = np.ones((4, 6), dtype)
        yield f"{dtype}, rows", whole
        yield f"{dtype}, columns", np.asfortranarray(whole)
        yield f"{dtype}, every second", whole[:, ::2]
        yield f"{dtype}, a single number", whole[0, 0:1]


def _apart(new: New) -> tuple[Tally, int]:
    tally, identical = Tally(), 0
    for i, (words, handed) in enumerate(_arrays()):
        dx = new()(np.ones(handed.shape, handed.dtype))[1](handed)
        identical += dx is handed
        separate = not np.shares_memory(dx, handed)
        tally.add(np.array([float(i)]), np.array([separate]), lambda _, w=words: w)  # type: ignore[misc]
    return tally, identical


def has_its_own(kind: Callable[[], Layer] = KeepsOutput) -> Answer:
    """Is dx memory of its own, and no part of the dout that was handed over?"""
    theirs, identical = _apart(objects_of(kind))
    where = f"three precisions, four layouts; dx is the very object dout in {identical}"
    return _answer(theirs, _apart(the_row)[0], "arrays", "dx share no memory with their dout", where)


def _held(new: New) -> Tally:
    tally = Tally()
    for dtype, x in inputs().items():
        here = x[~np.isnan(x)]
        for value in handed_over(x.dtype):
            handed = np.full_like(here, value)
            dx = new()(here)[1](handed.copy())
            good = np.where(here > 0, same(dx, handed), dx == 0)
            tally.add(here, good, at_place(f"{dtype} {value} handed over at {{}} gives {{}}", here, dx))
    return tally


def holds_the_gradient(kind: Callable[[], Layer] = KeepsOutput) -> Answer:
    """Is what comes back the gradient: dout where x > 0, and 0 where x <= 0?"""
    where = "every float16 and a sweep of float32, NaN left out, each with 10 gradients handed over"
    return _answer(_held(objects_of(kind)), _held(the_row), "inputs and gradients", "dx are the gradient", where)
