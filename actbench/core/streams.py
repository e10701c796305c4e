"""Random streams that are named by what they are for, never by when they were asked for.

Weights of net 3 at depth 30 are the same numbers whatever ran before, in which order and process: the name is hashed
(SHA-256, so PYTHONHASHSEED plays no part), the hash seeds a generator of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from actbench.core.errors import ActbenchError

# Scalars that JSON gives back exactly; everything else is reduced to these by `plain` or refused.
SCALARS = frozenset({str, int, float, bool, type(None)})

_MASTER: ContextVar[int] = ContextVar("actbench_master_seed", default=0)


def plain(value: Any, what: str = "value") -> Any:
    """A value as the Python scalar, or tuple of scalars, that it stands for.

    Parameters
    ----------
    value
        A str, int, float, bool or None, NumPy's versions of them, or a tuple or list of such.
    what
        What it is, for the message.

    Raises
    ------
    ActbenchError
        For anything else: arrays, complex and long double numbers, objects.
    """
    if type(value) in SCALARS:
        return value
    if isinstance(value, (tuple, list)):
        return tuple(plain(part, what) for part in value)
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        value = value.item()
    for kind in (bool, int, float, str):  # bool first, for it is an int too
        if isinstance(value, kind):
            return kind(value)
    raise ActbenchError(f"{what} is a {type(value).__name__}; give a number, a text, a truth value or None")


def whole(value: Any, what: str, least: int | None = None) -> int:
    """A value as the whole number that it is, or one line on what was asked for.

    Raises
    ------
    ActbenchError
        For a truth value, a float, a text, or a number below ``least``.
    """
    number = plain(value, what)
    if type(number) is not int or (least is not None and number < least):
        known = "a whole number" if least is None else f"a whole number, {least} or more"
        raise ActbenchError(f"{what}={value!r} cannot be used; give {known}")
    return number


@contextmanager
def master_seed(seed: int) -> Iterator[None]:
    """Inside the block, streams that name no seed of their own draw under this one; outside any block it is 0."""
    token = _MASTER.set(whole(seed, "seed"))
    try:
        yield
    finally:
        _MASTER.reset(token)


def stream(*names: Any, seed: int | None = None) -> np.random.Generator:
    """The generator that belongs to these names: ``stream("weights", net, depth, width)``.

    Parameters
    ----------
    *names
        Texts and numbers, or tuples of them. Kinds count (1, 1.0, True and "1" are four names), NumPy's scalars do
        not (``np.int64(1)`` is 1).
    seed
        The master seed; by default that of the surrounding `master_seed` block, else 0.

    Returns
    -------
    numpy.random.Generator
        A fresh PCG64, at its beginning at each call. 2^128 seeds: two names share one with probability below 10^-26
        among 10^6 names.

    Raises
    ------
    ActbenchError
        Where a name is no text or number, or there is none.
    """
    if not names:
        raise ActbenchError("a stream needs a name; write stream('weights', net)")
    master = _MASTER.get() if seed is None else whole(seed, "seed")
    text = json.dumps([master, *(plain(name, "a stream's name") for name in names)], separators=(",", ":"))
    digest = hashlib.sha256(text.encode("ascii")).digest()
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(int.from_bytes(digest, "big"))))
