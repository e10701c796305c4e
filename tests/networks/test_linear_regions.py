"""Linear regions along a line, against exact rational arithmetic and a dense evaluation."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

import actbench as ab
from actbench.core.errors import ActbenchError
from actbench.networks.linear_regions import breakpoints, linear_regions, slopes_of, tent


def drawn(seed, sizes, bias=0.5):
    rng = np.random.default_rng(seed)
    pairs = pairwise(sizes)
    layers = [(rng.normal(0, (2 / m) ** 0.5, (m, n)), rng.normal(0, bias, n)) for m, n in pairs]
    return layers, *rng.normal(size=(2, sizes[0]))


def values(layers, slopes, a, b, t):
    """The network's outputs at each t, in one float64 pass."""
    h = a + np.asarray(t)[:, None] * b
    for number, (w, c) in enumerate(layers, 1):
        h = h @ w + c
        if number < len(layers):
            h = np.where(h > 0, slopes[1] * h, slopes[0] * h)
    return h


def pieces_in_rationals(layers, a, b):
    """ReLU networks in Fractions, interval by interval, units one by one: exact, and written another way."""
    exact = [([[Fraction(v) for v in row] for row in w.tolist()], [Fraction(v) for v in c.tolist()]) for w, c in layers]
    whole = [(None, None, [Fraction(v) for v in a.tolist()], [Fraction(v) for v in b.tolist()])]
    for number, (w, c) in enumerate(exact, 1):
        after = []
        for low, high, offset, rate in whole:
            columns = range(len(c))
            o = [sum(offset[i] * w[i][j] for i in range(len(offset))) + c[j] for j in columns]
            r = [sum(rate[i] * w[i][j] for i in range(len(rate))) for j in columns]
            if number == len(exact):
                after.append((low, high, o, r))
                continue
            roots = {-o[j] / r[j] for j in columns if r[j]}
            cuts = sorted(t for t in roots if (low is None or t > low) and (high is None or t < high))
            ends = [low, *cuts, high]
            for start, stop in pairwise(ends):
                if start is not None and stop is not None:
                    t = (start + stop) / 2
                else:
                    t = start + 1 if start is not None else stop - 1 if stop is not None else Fraction(0)
                on = [o[j] + t * r[j] > 0 for j in columns]
                after.append((start, stop, [v * s for v, s in zip(o, on, strict=True)],
                              [v * s for v, s in zip(r, on, strict=True)]))  # fmt: skip
        whole = after
    slopes = [r for *_, r in whole]
    return 1 + sum(x != y for x, y in pairwise(slopes))


@pytest.mark.parametrize("sizes", [(3, 12, 1), (2, 6, 6, 1), (4, 4, 4, 4, 2), (3, 3, 3, 3, 3, 3, 1)], ids=str)
@pytest.mark.parametrize("seed", range(4))
def test_pieces_agree_with_exact_rational_arithmetic(sizes, seed):
    layers, a, b = drawn(seed, sizes)
    assert linear_regions(layers, (0.0, 1.0), a, b) == pieces_in_rationals(layers, a, b)


@pytest.mark.parametrize("slopes", [(0.0, 1.0), (0.01, 1.0), (-1.0, 1.0)], ids=str)
def test_between_breakpoints_the_network_is_the_line_that_was_found(slopes):
    layers, a, b = drawn(7, (5, 16, 16, 16, 3))
    points, offset, rate = breakpoints(layers[:-1], slopes, a, b)
    assert (np.diff(points) > 0).all()
    assert len(offset) == len(rate) == len(points) + 1
    ends = np.concatenate([[points[0] - 3], points, [points[-1] + 3]])
    w, c = layers[-1]
    for part in (0.1, 0.5, 0.9):
        t = ends[:-1] + part * np.diff(ends)
        found = (offset + t[:, None] * rate) @ w + c
        np.testing.assert_allclose(found, values(layers, slopes, a, b, t), rtol=1e-9, atol=1e-9)


def test_a_dense_grid_finds_no_bend_that_the_recursion_has_not():
    """Bends seen on a grid of 200,000 points lie within one step of a breakpoint; a grid alone would miss some."""
    layers, a, b = drawn(3, (4, 10, 10, 10, 1))
    t = np.linspace(-4, 4, 200_001)
    y = values(layers, (0.0, 1.0), a, b, t)[:, 0]
    bend = np.abs(np.diff(y, 2))
    seen = t[1:-1][bend > 1e-9]
    points, _, _ = breakpoints(layers[:-1], (0.0, 1.0), a, b, low=-4, high=4)
    assert np.abs(seen[:, None] - points[None, :]).min(axis=1).max() <= t[1] - t[0]
    runs = 1 + int((np.diff(seen) > 2.5 * (t[1] - t[0])).sum())
    assert 5 < runs <= linear_regions(layers, (0.0, 1.0), a, b, low=-4, high=4) - 1


def test_a_linear_network_has_one_piece_and_one_layer_has_one_more_than_units():
    layers, a, b = drawn(0, (6, 40, 1))
    assert linear_regions(layers, slopes_of("identity"), a, b) == 1
    assert linear_regions(layers, slopes_of("relu"), a, b) == 41
    assert linear_regions(layers, slopes_of("leaky_relu"), a, b) == 41


def test_a_silenced_unit_bends_nothing():
    layers, a, b = drawn(0, (6, 40, 1))
    layers[-1][0][:5] = 0
    assert linear_regions(layers, (0.0, 1.0), a, b) == 36


@pytest.mark.parametrize("depth", [1, 2, 5, 10])
def test_a_folding_map_doubles_its_pieces_with_every_layer(depth):
    for seed in range(5):
        layers = tent(np.random.default_rng(seed), depth)
        assert linear_regions(layers, (0.0, 1.0), np.zeros(1), np.ones(1), low=0.0, high=1.0) == 2**depth
    t = np.linspace(0, 1, 999)
    y = values(layers, (0.0, 1.0), np.zeros(1), np.ones(1), t)
    assert y.min() > -1e-9
    assert y.max() < 1 + 1e-9


def test_only_what_is_linear_on_both_sides_of_zero_has_pieces():
    assert slopes_of("leaky_relu") == (0.01, 1.0)
    for name in ("tanh", "relu6", "elu"):
        with pytest.raises(ActbenchError, match="linear on both sides"):
            slopes_of(name)


def test_the_experiment_counts_what_the_module_counts():
    frame = ab.run("expressivity", task="tent", activation="relu", depth=[3, 4], width=2, bias="own", rate=0.0, net=[0])
    assert frame["pieces"].tolist() == [8, 16]
