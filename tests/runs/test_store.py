"""The cell store: every value back bit by bit, nothing committed lost, and damage costs time, never a wrong number."""

from __future__ import annotations

import math
import os
import sqlite3
import struct
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actbench.core.errors import ActbenchError
from actbench.core.files import write_text
from actbench.runs import provenance
from actbench.runs.experiment import Experiment
from actbench.runs.keys import Keys
from actbench.runs.store import _INSERT, Store, _write, decode, discard, encode

VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text())
CELLS = 300


def bits(value: Any) -> Any:
    """A value with its kind, floats by their 64 bits: what must be equal for it to be the same."""
    return type(value), struct.pack(">d", value) if type(value) is float else value


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(), st.lists(VALUES, min_size=3, max_size=3)))
def test_every_value_comes_back_bit_by_bit(columns: dict[str, list[Any]]) -> None:
    back = decode(encode(columns))
    assert [*back] == [*columns]
    for name, values in columns.items():
        assert [*map(bits, back[name])] == [*map(bits, values)]


@pytest.mark.parametrize(
    "value",
    [
        -0.0, math.inf, -math.inf, math.nan, -math.nan, struct.unpack(">d", bytes.fromhex("7ff0000000000001"))[0],
        5e-324, 1.7976931348623157e308, 0.1, 1e22, 2**70, True, 1, 1.0, None, "", "nan", "inf", "=inf", "nan:0",
        "\ud800",
    ],
)  # fmt: skip
def test_values_that_json_would_confuse_stay_apart(value: Any) -> None:
    assert bits(decode(encode({"a": [value, "text", 0.5]}))["a"][0]) == bits(value)


def key(number: int) -> bytes:
    return struct.pack(">32s", f"cell {number}".encode())


def body(number: int) -> str:
    return encode({"value": [number / 7, number / 11], "word": ["x" * 40, f"cell {number}"]})


def filled(path: Path) -> Path:
    with Store(path) as store:
        for start in range(0, CELLS, 50):
            store.put([(key(number), body(number)) for number in range(start, start + 50)])
    return path


def read(path: Path) -> tuple[int, list[str]]:
    """How many cells the store still has, all of them right, and what it warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with Store(path) as store:
            found = [store.get(key(number)) for number in range(CELLS)]
            for number, columns in enumerate(found):
                assert columns is None or columns == decode(body(number)), "a wrong number came out of the store"
            store.put([(key(number), body(number)) for number, columns in enumerate(found) if columns is None])
            assert [store.get(key(number)) for number in range(CELLS)] == [decode(body(n)) for n in range(CELLS)]
    return sum(columns is not None for columns in found), [str(warning.message) for warning in caught]


def test_what_is_put_is_there_for_the_next_to_open_it(tmp_path: Path) -> None:
    assert read(filled(tmp_path / "deep" / "cells.sqlite")) == (CELLS, [])
    # Closed for good: the log is folded in, one file is left.
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["cells.sqlite"]


def cut(share: float) -> Callable[[bytes], bytes]:
    return lambda whole: whole[: int(len(whole) * share)]


def zeroed(start: int, stop: int) -> Callable[[bytes], bytes]:
    return lambda whole: whole[:start] + bytes(stop - start) + whole[stop:]


DAMAGE = {
    "no database": lambda whole: b"hello world" * 1000,
    "garbage": lambda whole: np.random.default_rng(0).bytes(len(whole)),
    "torn at 99.9 %": cut(0.999),
    "torn at half": cut(0.5),
    "torn at 5 %": cut(0.05),
    "torn in the header": lambda whole: whole[:50],
    "header zeroed": zeroed(0, 100),
    "first page zeroed": zeroed(0, 4096),
    "another format": lambda whole: whole[:60] + struct.pack(">I", 99) + whole[64:],
    "a digit changed": lambda whole: whole.replace(b"cell 123", b"cell 124", 1),
    "a value changed": lambda whole: whole.replace(repr(150 / 7).encode(), repr(151 / 7).encode(), 1),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_store_is_set_aside_with_one_line_and_begun_anew(damage: Any, tmp_path: Path) -> None:
    path = filled(tmp_path / "cells.sqlite")
    hurt = damage(path.read_bytes())
    assert hurt != path.read_bytes()
    path.write_bytes(hurt)
    _, said = read(path)
    assert len(said) == 1
    assert "set aside as cells.sqlite.damaged-1" in said[0]
    assert "\n" not in said[0]
    assert (tmp_path / "cells.sqlite.damaged-1").read_bytes()[:40] == hurt[:40]
    assert read(path) == (CELLS, []), "the new store is sound"


def test_sound_cells_are_carried_over_from_a_damaged_store(tmp_path: Path) -> None:
    path = filled(tmp_path / "cells.sqlite")
    path.write_bytes(DAMAGE["a value changed"](path.read_bytes()))
    kept, said = read(path)
    assert kept == CELLS - 1
    assert f"{CELLS - 1} sound cells kept" in said[0]


def test_a_flipped_bit_never_gives_a_wrong_number(tmp_path: Path) -> None:
    whole = filled(tmp_path / "whole.sqlite").read_bytes()
    rng = np.random.default_rng(1)
    places = [*rng.integers(0, 100, 4), *rng.integers(100, 4096, 4), *rng.integers(4096, len(whole), 12)]
    for number, place in enumerate(places):
        hurt = bytearray(whole)
        hurt[place] ^= 1 << int(rng.integers(8))
        path = tmp_path / str(number) / "cells.sqlite"
        path.parent.mkdir()
        path.write_bytes(hurt)
        kept, _ = read(path)  # asserts that every number is right
        assert kept == 0 or kept >= CELLS * 0.8


def test_a_damaged_log_never_gives_a_wrong_number(tmp_path: Path) -> None:
    path, rng = tmp_path / "cells.sqlite", np.random.default_rng(2)
    with Store(path) as store:
        store.put([(key(number), body(number)) for number in range(CELLS)])
        main, log = path.read_bytes(), Path(f"{path}-wal").read_bytes()
    assert len(log) > 30_000
    hurts = [log[: len(log) // 2], b"", b"hello" * 1000]
    for place in rng.integers(0, len(log), 12):
        flipped = bytearray(log)
        flipped[place] ^= 16
        hurts.append(bytes(flipped))
    for number, hurt in enumerate(hurts):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "cells.sqlite").write_bytes(main)
        (folder / "cells.sqlite-wal").write_bytes(hurt)
        read(folder / "cells.sqlite")


def test_the_log_goes_aside_with_its_file(tmp_path: Path) -> None:
    path = tmp_path / "cells.sqlite"
    for number in (1, 2):
        path.write_bytes(b"hello world" * 1000)
        Path(f"{path}-wal").write_bytes(b"no log")
        assert len(read(path)[1]) == 1
        assert (tmp_path / f"cells.sqlite.damaged-{number}").exists()
    assert not Path(f"{path}-wal").exists()


def test_two_processes_may_write_at_once(tmp_path: Path) -> None:
    code = (
        "import sys; from actbench.runs.store import Store, encode\n"
        "with Store(sys.argv[1]) as store:\n"
        "    for i in range(60): store.put([(sys.argv[2].encode() + bytes([i]), encode({'a': [i]}))])"
    )
    path = tmp_path / "cells.sqlite"
    runs = [subprocess.Popen([sys.executable, "-c", code, path, name]) for name in "abc"]
    assert [run.wait() for run in runs] == [0, 0, 0]
    with Store(path) as store:
        assert all(store.get(name.encode() + bytes([i])) == {"a": [i]} for name in "abc" for i in range(60))


def test_a_busy_store_is_no_damaged_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actbench.runs.store.TIMEOUT", 0.05)
    path = filled(tmp_path / "cells.sqlite")
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with Store(path) as store, pytest.raises(ActbenchError, match="another run has been writing"):
            store.put([(b"new", "{}")])
    finally:
        other.close()
    assert read(path) == (CELLS, [])


def test_a_place_that_cannot_be_written_is_no_damaged_store(tmp_path: Path) -> None:
    (tmp_path / "cells.sqlite").mkdir()
    with pytest.raises(ActbenchError, match="choose another --out"):
        Store(tmp_path / "cells.sqlite")
    (tmp_path / "file").write_text("")
    with pytest.raises(ActbenchError, match="cannot make the folder"):
        Store(tmp_path / "file" / "cells.sqlite")


def test_an_interrupted_commit_leaves_all_or_nothing(tmp_path: Path) -> None:
    path = filled(tmp_path / "cells.sqlite")

    def rows() -> Any:
        yield b"good", "{}", 0
        raise KeyboardInterrupt

    with Store(path) as store:
        with pytest.raises(KeyboardInterrupt):
            _write(store._open(), _INSERT, rows())
        assert store.get(b"good") is None
        store.put([(b"good", "{}")])
        assert store.get(b"good") == {}


def test_discard_removes_the_store_and_its_log(tmp_path: Path) -> None:
    path = filled(tmp_path / "cells.sqlite")
    Path(f"{path}-wal").write_bytes(b"x")
    discard(path)
    discard(path)
    assert [*tmp_path.iterdir()] == []


def an_experiment(**changed: Any) -> Experiment:
    given: dict[str, Any] = {"name": "e", "question": "?", "function": iter, "factors": ("a",), "grid": (),
                             "quick": {}, "columns": {"v": "v"}}  # fmt: skip
    return Experiment(**(given | changed))


def test_everything_that_decides_a_number_is_in_its_key() -> None:
    base = an_experiment()
    found = {
        Keys(experiment, [cell], seed=seed, conditions=conditions)[0]
        for experiment, cell, seed, conditions in [
            (base, {"a": 1}, 0, {}), (base, {"a": 1.0}, 0, {}), (base, {"a": True}, 0, {}), (base, {"a": "1"}, 0, {}),
            (base, {"a": 1}, 1, {}), (base, {"a": 1}, 0, {"numpy": "2"}), (replace(base, name="f"), {"a": 1}, 0, {}),
            (replace(base, version=2), {"a": 1}, 0, {}), (replace(base, dtype="float32"), {"a": 1}, 0, {}),
            (replace(base, backend="numba"), {"a": 1}, 0, {}), (base, {"a": math.inf}, 0, {}), (base, {"b": 1}, 0, {}),
        ]
    }  # fmt: skip
    assert len(found) == 12
    one, other = ({"a": np.int64(1), "b": "x"}, {"b": "x", "a": 1})
    assert [*Keys(base, [one], seed=0, conditions={})] == [*Keys(base, [other], seed=0, conditions={})]


def test_the_fingerprint_hears_code_and_not_words(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    prints = []
    for text in ('def f():\n    """Words."""\n    return 1\n', "# Why.\n\ndef f():\n    return 1  # So.\n",
                 "def f():\n    return 2\n"):  # fmt: skip
        path.write_text(text)
        prints.append(provenance.fingerprint(path))
    assert prints[0] == prints[1] != prints[2]
    assert provenance.fingerprint() == provenance.fingerprint() != prints[0]


@pytest.mark.parametrize(("one", "other"), [
    ("f(1)", "f('1')"), ("f(1)", "f(1.0)"), ("f(1)", "f(True)"), ("f(1)", "f()"), ("f(a, b)", "f(a)(b)"),
    ("'words'\n'said'", "'words'"), ("x = 'words'", "x = ''"), ("def f():\n 'words'\n return", "def f(): pass"),
    ("if x:\n 'words'", "if x:\n ''"), ("def f(a, /): pass", "def f(a): pass"), ("[a, [b]]", "[[a], b]"),
    ("def f(a, *, b=1): pass", "def f(a=1, *, b): pass"), ("{**a}", "{a: a}"), ("if a: b\nc", "if a:\n b\n c"),
    ("x: int", "x = int"), ("f'{a!r}'", "f'{a}'"), ("a.b", "a['b']"), ("def f(): a", "async def f(): a"),
])  # fmt: skip
def test_the_fingerprint_tells_programs_apart(one: str, other: str, tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(one)
    (tmp_path / "other.py").write_text(other)
    assert provenance.fingerprint(tmp_path / "one.py") != provenance.fingerprint(tmp_path / "other.py")
    (tmp_path / "one.py").write_text(f"class C:\n 'Words.'\n def g(self):\n  'More.'\n  return\n{other}  # and more")
    (tmp_path / "other.py").write_text(f"class C:\n\n def g(self):\n  return\n{other}")
    assert provenance.fingerprint(tmp_path / "one.py") == provenance.fingerprint(tmp_path / "other.py")


def test_what_can_reach_a_measurement_is_in_the_fingerprint() -> None:
    inside = (
        "activations/rectified.py",
        "words/elementary.py",
        "streams.py",
        "measure.py",
        "arrays.py",
        "conformance.py",
    )
    assert all(provenance.covered(provenance.PACKAGE / name) for name in inside)
    assert not provenance.covered(provenance.PACKAGE / "cli" / "run.py")
    assert not provenance.covered("/somewhere/else.py")


def test_rooms_that_reach_no_measurement_are_not_in_the_fingerprint() -> None:
    rooms = ("audit", "identification")
    assert not any(provenance.covered(file) for room in rooms for file in (provenance.PACKAGE / room).glob("*.py"))
    assert all((provenance.PACKAGE / name).exists() for name in provenance.OUTSIDE), "a line for what is gone"
    begin = tuple(f"from actbench.{room}" for room in rooms)
    for file in provenance.PACKAGE.rglob("*.py"):
        if provenance.covered(file) and file.name != "__init__.py":
            lines = file.read_text().splitlines()
            assert not any(line.lstrip().startswith(begin) for line in lines), f"{file} reads what is not covered"


def test_provenance_can_be_written_down() -> None:
    found = provenance.describe()
    assert decode("{}") == {}
    assert found["machine"]["cores"] >= 1
    assert found["versions"]["numpy"] == np.__version__
    assert encode({"all": [str(found)]})
    conditions = provenance.conditions(backend="numpy", exclusive=False)
    assert conditions == provenance.conditions(backend="numpy", exclusive=False)
    assert {*provenance.conditions(backend="numpy", exclusive=True)} - {*conditions} == {"machine", "commit"}


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_text(tmp_path / "new" / "a.csv", "old\r\nµ\n")
    assert path.read_bytes() == "old\r\nµ\n".encode()
    umask = os.umask(0)
    os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ActbenchError, match="No space left"):
        write_text(path, "new")
    assert path.read_bytes() == "old\r\nµ\n".encode()
    assert [file.name for file in path.parent.iterdir()] == ["a.csv"]
