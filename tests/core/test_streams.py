"""Random streams: the same name is the same numbers, everywhere and always."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from actbench.core.errors import ActbenchError
from actbench.core.streams import master_seed, stream

# Any other number here means that every stored and published result changes. Raw output: NumPy keeps that of PCG64
# for ever, and that of normal deviates only within a version.
FROZEN = [13012761568086766266, 1271226140672710771]


def drawn(*names: object, seed: int | None = None) -> bytes:
    return stream(*names, seed=seed).bytes(32)


def test_a_stream_is_fixed_for_ever() -> None:
    assert stream("weights", 3, 30, 128).bit_generator.random_raw(2).tolist() == FROZEN
    assert stream("weights", 3, 30, 128, seed=1).bit_generator.random_raw(2).tolist() != FROZEN


def test_a_stream_begins_anew_at_each_call_and_never_moves_another() -> None:
    before = drawn("b")
    first, again = stream("a"), stream("a")
    assert first.bytes(8) == again.bytes(8)
    assert drawn("b") == before


def test_names_that_differ_in_content_or_kind_are_other_streams() -> None:
    names = [("a",), ("b",), ("a", "b"), ("ab",), ("a,b",), (1,), ("1",), (1.0,), (True,), (None,), (0.0,), (-0.0,)]
    names += [(1, 2), ((1, 2),), (12,), (float("inf"),), ("Infinity",)]
    assert len({drawn(*name) for name in names}) == len(names)


def test_numpy_scalars_name_the_stream_of_the_python_number() -> None:
    assert drawn(np.int64(3), np.float64(0.5), np.str_("x"), np.bool_(True)) == drawn(3, 0.5, "x", True)


def test_the_master_seed_reaches_streams_and_ends_with_its_block() -> None:
    outside = drawn("w")
    with master_seed(7):
        inside = drawn("w")
        with master_seed(8):
            assert drawn("w") != inside
        assert drawn("w") == inside
    assert drawn("w") == outside == drawn("w", seed=0)
    assert inside == drawn("w", seed=7)


@pytest.mark.parametrize("name", [np.zeros(3), 1j, object(), {"a": 1}, np.longdouble(1)])
def test_what_is_no_name_is_refused(name: object) -> None:
    with pytest.raises(ActbenchError, match="give a number, a text"):
        stream(name)


@pytest.mark.parametrize("seed", [0.5, "1", True])
def test_what_is_no_seed_is_refused(seed: object) -> None:
    with pytest.raises(ActbenchError, match="whole number"), master_seed(seed):  # type: ignore[arg-type]
        pass


def test_nameless_streams_are_refused() -> None:
    with pytest.raises(ActbenchError, match="needs a name"):
        stream()


def test_the_hash_seed_plays_no_part() -> None:
    code = "from actbench.core.streams import stream; print(stream('weights', 'relu', 3).bytes(32).hex())"
    texts = set()
    for hash_seed in ("0", "1", "random"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
        texts.add(done.stdout.strip())
    assert texts == {drawn("weights", "relu", 3).hex()}
