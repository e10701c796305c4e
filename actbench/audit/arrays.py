"""Is it a function of each element alone, whatever the array: length, start, layout, company, memory, history?"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from actbench.audit.finding import Finding
from actbench.audit.subject import VECTOR, Array, Subject, unit_roundoff

SEED = 20260402
ITS_OWN = "the result is the input's memory"
WRITES = {"aliasing": ITS_OWN, "raises": "read-only"}
WHOLE = 4160  # elements of the sample: no remainder of 64 in it
LENGTHS = (*range(1, 130), 255, 256, 257, 1023, 4097, WHOLE)  # every remainder of 64, and what is split among threads
FEW = (1, 2, 3, 5, 8, 15, 17, 33, 64, 65, 257)  # of what compiles every length anew: longer than SLOW seconds
SLOW = 0.005
AGAIN, ALIKE = "called again", "called with an array of the same ends before,"
COMPANY = {"an infinity in the array": np.inf, "NaN in the array": np.nan, "1e6 in the array": 1e6,
           "-1e6 in the array": -1e6, "zeros in the array": 0.0}  # fmt: skip
Call = Callable[[Array], Any]


def arrays(subject: Subject, dtype: str) -> Iterator[Finding]:
    """Findings about the forward pass, and about what either pass writes into; at most one of each class."""
    call = subject.made.raw or subject.made.forward
    assert call is not None
    seen: dict[str, Finding] = {}
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for finding in _all(subject, call, dtype):
            first = seen.setdefault(finding.kind, finding)
            seen[finding.kind] = first.seen_also_as(*finding.seen_as)
    yield from _of_one_write(seen)


def _of_one_write(seen: dict[str, Finding]) -> Iterator[Finding]:
    """What writes into its input gives that back, and refuses what is read-only: no other faults."""
    parts = [kind for kind, words in WRITES.items() if "mutation" in seen and kind in seen
             and words in seen[kind].detail and seen["mutation"].direction == "forward"]  # fmt: skip
    for finding in seen.values():
        if finding.kind not in parts:
            yield finding.seen_also_as(*parts) if finding.kind == "mutation" else finding


def sample(dtype: str, count: int = WHOLE) -> Array:
    """Seeded points in [-6, 6], among them 0, 1 and -1 and none at which much cancels."""
    x = np.random.default_rng(SEED).uniform(-6.0, 6.0, count)
    x[[3, 70, 131]] = 0.0, 1.0, -1.0
    return x.astype(dtype)


def _all(subject: Subject, call: Call, dtype: str) -> Iterator[Finding]:
    about = {"direction": "forward", "dtype": dtype}
    x = sample(dtype)
    given = x.copy()
    answer = call(given)
    yield from _written(subject, x, given, "x", about)
    if not isinstance(answer, np.ndarray) or answer.shape != x.shape:
        shape = list(answer.shape) if isinstance(answer, np.ndarray) else type(answer).__name__
        yield subject.finding("shape", detail=f"{list(x.shape)} -> {shape}", **about)
        return
    once = np.array(answer)  # its own memory may be overwritten
    yield from _memory(subject, call, x, about)
    history = list(_history(subject, call, x, once, about))
    yield from history
    if any(finding.detail in (AGAIN, ALIKE) for finding in history):
        return  # what is random, or counts its calls, differs in every other way too
    # what it has become, one whole vector at a time: whether that depends on the array is asked of it
    first = np.concatenate([np.array(call(part.copy())) for part in x.reshape(-1, VECTOR)])
    yield from _lengths(subject, call, x, first, about)
    yield from _shapes(subject, call, x, first, about)
    yield from _starts(subject, call, x, first, about)
    yield from _company(subject, call, x, first, about)
    if subject.made.backward is not None:
        dy, at = np.full_like(x, 0.5), x.copy()
        subject.made.backward(dy, at)
        yield from _written(subject, np.full_like(x, 0.5), dy, "dy", {**about, "direction": "backward"})
        yield from _written(subject, x, at, "x", {**about, "direction": "backward"})


def _differs(subject: Subject, kind: str, came: Any, wanted: Array, x: Array, detail: str,
             about: dict[str, str]) -> Iterator[Finding]:  # fmt: skip
    """A finding where an answer has another shape or other numbers than the same elements had before."""
    came = np.asarray(came)
    if came.shape != wanted.shape:
        yield subject.finding("shape", detail=f"{detail}: {list(wanted.shape)} -> {list(came.shape)}", **about)
        return
    with np.errstate(all="ignore"):
        cast = came.dtype != wanted.dtype and np.array_equal(came, wanted.astype(came.dtype), equal_nan=True)
    wrong = np.flatnonzero(_wrong(subject, came, wanted, about["dtype"]))
    if came.dtype != wanted.dtype:  # numbers that are other ones in its format alone are no other fault
        same = (kind,) if cast and wrong.size else ()
        yield subject.finding("dtype", detail=f"{detail}: {wanted.dtype} -> {came.dtype}", seen_as=same, **about)
    if wrong.size and not cast:
        flat, got, right = (values.astype(np.float64).reshape(-1) for values in (x, came, wanted))
        i = int(wrong[np.abs(flat[wrong]).argmin()])
        yield subject.finding(kind, at=float(flat[i]), came=float(got[i]), exact=float(right[i]), detail=detail,
                              **about)  # fmt: skip


def _wrong(subject: Subject, came: Array, wanted: Array, dtype: str) -> Array:
    """Which elements are other numbers, in the order of the array."""
    got, right = came.astype(np.float64).reshape(-1), wanted.astype(np.float64).reshape(-1)
    # loops for single elements and for vectors may round differently, and by more where much cancels
    slack = 4 * subject.allowed[dtype] * unit_roundoff(dtype) * np.maximum(np.abs(right), 0.25)
    return ~np.isclose(got, right, rtol=0.0, atol=np.where(np.isfinite(right), slack, 0.0), equal_nan=True)


def _written(subject: Subject, x: Array, given: Array, name: str, about: dict[str, str]) -> Iterator[Finding]:
    changed = np.flatnonzero((given != x).reshape(-1))
    if changed.size:
        i = int(changed[np.abs(x.reshape(-1)[changed].astype(np.float64)).argmin()])
        yield subject.finding("mutation", at=float(x.reshape(-1)[i]), came=float(given.reshape(-1)[i]), detail=name,
                              **about)  # fmt: skip
    if not given.flags.writeable:
        yield subject.finding("read-only", detail=name, **about)


def _memory(subject: Subject, call: Call, x: Array, about: dict[str, str]) -> Iterator[Finding]:
    given = x.copy()
    answer = call(given)
    if np.may_share_memory(answer, given):
        yield subject.finding("aliasing", detail=ITS_OWN, **about)
    elif isinstance(answer, np.ndarray):
        kept = answer.copy()
        call(-x)
        if kept.tobytes() != answer.tobytes():
            yield subject.finding("aliasing", detail="a later call overwrites an earlier result", **about)


def _history(subject: Subject, call: Call, x: Array, first: Array, about: dict[str, str]) -> Iterator[Finding]:
    yield from _differs(subject, "state", call(x.copy()), first, x, AGAIN, about)
    inside = np.concatenate([x[:1], x[-2:0:-1], x[-1:]])  # of the same size, first and last element: a key of a cache
    if np.array_equal(
        came := np.asarray(call(inside)), first, equal_nan=True
    ):  # that is what it gave for another array
        right = np.concatenate([first[:1], first[-2:0:-1], first[-1:]])
        yield from _differs(subject, "state", came, right, inside, ALIKE, about)
    call(np.full(7, np.nan, x.dtype))
    call(np.linspace(50.0, 90.0, 31).astype(x.dtype))
    yield from _differs(subject, "state", call(x.copy()), first, x, "called with other inputs before,", about)


def _tried(subject: Subject, call: Call, x: Array, wanted: Array, kind: str, detail: str,
           about: dict[str, str]) -> Iterator[Finding]:  # fmt: skip
    """One more call, which may be refused."""
    try:
        came = call(x)
    except Exception as error:  # somebody's code may raise anything
        from actbench.implementations.targets.objects import in_words

        yield subject.finding("raises", detail=f"{detail}: {in_words(error)}", **about)
        return
    found = list(_differs(subject, kind, came, wanted, x, detail, about))
    plain = partial(_part_of, call, np.array(x).reshape(-1), slice(None))
    yield from _but_for_length(subject, plain, wanted.size, x, came, wanted, found, about)


def _but_for_length(subject: Subject, plain: Callable[[], Array], n: int, x: Array, came: Any, wanted: Array,
                    found: list[Finding], about: dict[str, str]) -> Iterator[Finding]:  # fmt: skip
    """Findings without those elements that are wrong in a plain array of that length as well: that is its fault."""
    kinds = [one.kind for one in found if one.at is not None and one.kind != "length"]
    try:
        usual = plain().reshape(-1) if kinds else wanted
    except Exception:  # refused at this length, which is told where lengths are tried
        usual = wanted
    if usual.size == wanted.size and (known := _wrong(subject, usual, wanted, about["dtype"])).any():
        flat = wanted.reshape(-1), x.reshape(-1), f"n = {n}", about
        yield from (replace(one, seen_as=(kinds[0],)) for one in _differs(subject, "length", usual, *flat))
        came = np.where(known.reshape(wanted.shape), wanted, came)
        found = list(_differs(subject, kinds[0], came, wanted, x, found[-1].detail, about))
    yield from found


def _shapes(subject: Subject, call: Call, x: Array, first: Array, about: dict[str, str]) -> Iterator[Finding]:
    part, same = x[:24], first[:24]
    cases = {
        "0-d": (part[3:4].reshape(()), same[3:4].reshape(())), "empty": (part[:0], same[:0]),
        "1 x 24": (part.reshape(1, 24), same.reshape(1, 24)), "24 x 1": (part.reshape(24, 1), same.reshape(24, 1)),
        "2 x 3 x 4": (part.reshape(2, 3, 4), same.reshape(2, 3, 4)), "0 x 3": (part[:0].reshape(0, 3),) * 2,
    }  # fmt: skip
    for name, (given, wanted) in cases.items():
        yield from _tried(subject, call, given.copy(), wanted, "neighbours", name, about)
    rows, wide = x[:4096].reshape(64, 64), first[:4096].reshape(64, 64)
    layouts = {
        "x[::3]": (x[::3], first[::3]), "x[::-1]": (x[::-1], first[::-1]), "x.T": (rows.T, wide.T),
        "every other column": (rows[:, ::2], wide[:, ::2]), "Fortran order": (np.asfortranarray(rows), wide),
        "broadcast": (np.broadcast_to(x[:1], (3, 5)), np.broadcast_to(first[:1], (3, 5))),
    }  # fmt: skip
    for name, (given, wanted) in layouts.items():
        yield from _tried(subject, call, given, wanted, "layout", name, about)
    if subject.made.library == "numpy":  # others know no swapped bytes, and may refuse them
        with suppress(Exception):
            came = np.asarray(call(x.astype(x.dtype.newbyteorder()))).astype(x.dtype)
            found = list(_differs(subject, "layout", came, first, x, "bytes swapped", about))
            plain = partial(_part_of, call, x.copy(), slice(None))
            yield from _but_for_length(subject, plain, x.size, x, came, first, found, about)


def _lengths(subject: Subject, call: Call, x: Array, first: Array, about: dict[str, str]) -> Iterator[Finding]:
    begun = time.perf_counter()
    call(x[:97].copy())
    slow = time.perf_counter() - begun > SLOW
    for n in FEW if slow else LENGTHS:
        yield from _tried(subject, call, x[:n].copy(), first[:n], "length", f"n = {n}", about)


def _starts(subject: Subject, call: Call, x: Array, first: Array, about: dict[str, str]) -> Iterator[Finding]:
    if subject.made.into is not None:
        given = x.copy()
        subject.made.into(given, given)
        yield from _differs(subject, "in place", given, first, x, "x and y are one array", about)
    for offset in range(1, 16):
        store = np.empty(300 + offset, x.dtype)
        store[offset:] = x[:300]
        yield from _tried(subject, call, store[offset:], first[:300], "alignment", f"{offset} elements in", about)
    raw = np.empty(300 * x.itemsize + 1, np.uint8)[1:].view(x.dtype)
    raw[:] = x[:300]
    yield from _tried(subject, call, raw, first[:300], "alignment", "1 byte in", about)


def _company(subject: Subject, call: Call, x: Array, first: Array, about: dict[str, str]) -> Iterator[Finding]:
    part, same = x[:256], first[:256]
    turned, came = slice(None, None, -1), np.asarray(call(part[::-1].copy()))
    found = list(_differs(subject, "neighbours", came, same[turned], part[turned], "the order reversed", about))
    plain = partial(_part_of, call, part.copy(), turned)
    yield from _but_for_length(subject, plain, part.size, part[turned], came, same[turned], found, about)
    for name, value in COMPANY.items():
        edge = np.full(1, value, np.float64).astype(x.dtype)
        for ends, cut in ((lambda end: (end, part), slice(1, None)), (lambda end: (part, end), slice(None, -1))):
            given, usual = np.concatenate(ends(edge)), np.concatenate(ends(part[:1]))
            came = np.asarray(call(given))
            if came.shape != given.shape:
                yield subject.finding("shape", detail=f"{name}: {list(given.shape)} -> {list(came.shape)}", **about)
                return
            found = list(_differs(subject, "neighbours", came[cut], same, part, name, about))
            plain = partial(_part_of, call, usual, cut)
            yield from _but_for_length(subject, plain, usual.size, part, came[cut], same, found, about)


def _part_of(call: Call, x: Array, cut: slice) -> Array:
    return np.asarray(call(x))[cut]
