"""A million cells are a few megabytes, and everything about them is what a list of dicts would say."""

from __future__ import annotations

import itertools
import math
import random
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actbench.runs.blocks import Blocks, Queue
from actbench.runs.cells import Cells, cell_text
from actbench.runs.index import Index
from actbench.runs.observations import Observations, series
from actbench.runs.store import encode

LEVEL = st.one_of(st.integers(-3, 3), st.sampled_from([0.0, -0.0, 1.0, math.inf]), st.booleans(), st.sampled_from("ab"))
SCALAR = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.fixed_dictionaries({"a": LEVEL, "b": LEVEL}), max_size=30))
def test_cells_are_a_list_without_repetitions(given_cells: list[dict[str, Any]]) -> None:
    expected = list({cell_text(cell): cell for cell in reversed(given_cells)}.values())[::-1]
    expected = sorted(expected, key=lambda cell: [*map(cell_text, given_cells)].index(cell_text(cell)))
    cells = Cells.of(given_cells, ("a", "b"))
    ordered = [repr({"a": cell["a"], "b": cell["b"]}) for cell in expected]
    assert [*map(repr, cells)] == ordered == [repr(cells[k]) for k in range(len(cells))]
    assert [*cells.texts()] == [*map(cell_text, cells)] == [cells.text(k) for k in range(len(cells))]


@pytest.mark.parametrize(
    "parts",
    [
        [{"a": range(3), "b": ["x", "y"]}],
        [{"a": [0, 1, 1, 1.0, True], "b": range(2, 9, 3)}],
        [{"a": range(3), "b": ["x"]}, {"a": [2, 5], "b": ["y", "x"]}, {"a": range(9), "b": ["x"]}],
        [{"a": [], "b": range(4)}],
        [{"a": range(70), "b": range(300)}],
    ],
)
def test_a_grid_is_the_union_of_its_products(parts: list[dict[str, Any]]) -> None:
    products = [dict(zip("ab", pair, strict=True)) for p in parts for pair in itertools.product(p["a"], p["b"])]
    expected = list({repr(cell): cell for cell in products}.values())
    cells = Cells.grid(parts, ("a", "b"))
    assert [*map(repr, cells)] == [*map(repr, expected)]
    assert cells == expected
    assert cells[1:3] == expected[1:3]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("uv"), st.integers(-20, 20)), max_size=60), st.integers(1, 9))
def test_blocks_are_what_grouping_by_hand_gives(pairs: list[tuple[str, int]], size: int) -> None:
    cells = Cells.of([{"word": word, "net": net} for word, net in pairs], ("word", "net"))
    missing = [place for place in range(len(cells)) if place % 3]
    groups: dict[Any, list[tuple[int, int]]] = {}
    for place in missing:
        cell = cells[place]
        groups.setdefault((cell["word"], cell["net"] // size), []).append((cell["net"], place))
    expected = [tuple(place for _, place in sorted(group)) for group in groups.values()]
    blocks = Blocks(cells, np.array(missing, dtype=np.intc), "net", size)
    assert [block.places for block in blocks] == expected
    assert len(blocks) == len(expected)
    assert all(block.cell["net"] == tuple(cells[place]["net"] for place in block.places) for block in blocks)


def test_a_queue_keeps_what_was_looked_at_and_takes_back() -> None:
    queue = Queue(Blocks(Cells.grid([{"i": range(5)}], ["i"]), np.arange(5, dtype=np.intc), None, 8))
    first = queue.first(3)
    assert [block.places for block in queue.first(2)] == [(0,), (1,)]
    assert len(queue) == 5
    queue.drop(3)
    assert [block.places for block in queue.first(9)] == [(3,), (4,)]
    queue.give_back(first[1:])
    assert [block.places for block in queue.first(9)] == [(1,), (2,), (3,), (4,)]


def test_an_index_finds_what_was_put_in_and_nothing_else() -> None:
    keys = [f"key {k}".encode() for k in range(9000)]
    index = Index(keys[:6000]).with_more({key: 6000 + k for k, key in enumerate(keys[6000:])})
    order = random.Random(0).sample(range(9000), 9000)
    assert index.find([keys[k] for k in order]).tolist() == order
    assert index.find([b"another", b""]).tolist() == [-1, -1]
    assert Index(()).find([b"a"]).tolist() == [-1]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(SCALAR, max_size=4), min_size=1, max_size=12), st.randoms())
def test_a_frame_is_that_of_a_list_of_values_whatever_the_order(tables: list[list[Any]], rng: random.Random) -> None:
    cells = Cells.grid([{"i": range(len(tables))}], ["i"])
    observed = Observations(["v"], len(tables))
    order = rng.sample(range(len(tables)), len(tables))
    for k in range(0, len(order), 3):
        assert observed.take(order[k : k + 3], [encode({"v": tables[p]}) for p in order[k : k + 3]]) == []
    expected = pd.DataFrame({"i": [i for i, values in enumerate(tables) for _ in values]}, dtype="int64")
    expected["v"] = series([value for values in tables for value in values])
    pd.testing.assert_frame_equal(observed.frame(cells), expected)


def test_a_body_that_is_no_table_of_ours_is_left_out_alone() -> None:
    bodies = ['{"v":[1]}', "{}", "7", '{"v":[1],"w":[2]}', '{"v":1}', '{"v":[[1]]}', '{"v":["x"]}', "[" * 10**5,
              '{"v":[1]', "", '{"v":["=x"]}', '{"v":[{}]}', '{"v":["nan:1"]}']  # fmt: skip
    observed = Observations(["v"], len(bodies))
    assert observed.take(range(len(bodies)), bodies) == [*range(1, 10), 11, 12]
    assert observed.frame(Cells.grid([{"i": range(len(bodies))}], ["i"]))["v"].tolist() == [1, "x"]


def test_many_cells_are_run_in_little_memory(tmp_path: Any) -> None:
    (tmp_path / "toy.py").write_text(
        "from actbench.runs.experiment import experiment\n"
        '@experiment(grid={"i": range(9)}, columns={"v": "v"})\n'
        'def trivial(*, i):\n    """What is a seventh?"""\n    yield {"v": i / 7}\n'
    )
    code = (
        "import resource, sys\nfrom actbench.runs.runner import run\nfrom actbench.runs.experiment import EXPERIMENTS\n"
        "def go(n):\n"
        "    cells = EXPERIMENTS['trivial'].cells(i=range(n)) if n else None\n"
        "    frame = run('trivial', cells, modules=['toy.py'], store='s', progress=False).frame\n"
        "    assert not n or (frame['v'] == frame['i'] / 7).all()\n"
        "    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = go(0)\nprint((go(40_000) - before) // 1024)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=200)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 15  # MB; 48 when each cell was a dict, its key and its values Python's own
