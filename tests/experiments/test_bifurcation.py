"""Networks whose gradient depends on the slope at 0 are counted: where zeros are planted all, without zeros none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import actbench as ab
from actbench.core.errors import ActbenchError
from actbench.core.streams import stream
from actbench.experiments.bifurcation import question
from actbench.experiments.bifurcation.effects import share_that_differ
from actbench.networks.data import own_splits
from actbench.networks.losses import cross_entropy

SMALL = {"width": 16, "depth": 2, "copies": 1}


def plant(monkeypatch, rounding):
    monkeypatch.setattr(question, "PRECISIONS", {**question.PRECISIONS, "float16": ("float32", rounding)})


def counted(net, **levels):
    cell = {"precision": "float16", "split": "own", **SMALL, **levels}
    return pd.DataFrame(question.bifurcation.function(net=tuple(net), **cell))


def test_a_coarse_grid_has_zeros_and_there_the_slope_decides(monkeypatch):
    def coarse(a):
        a[...] = np.rint(a * 1024) / 1024
        return a

    plant(monkeypatch, coarse)
    frame = counted(range(3))
    assert frame["differs"].all()
    assert frame["batches"].tolist() == [1, 1, 1]


def test_a_network_that_overflows_is_a_failed_cell_and_does_not_count_as_differing(monkeypatch):
    def overflowing(a):
        a[...] = np.where(np.abs(a) > 1e-3, np.inf, a)
        return a

    plant(monkeypatch, overflowing)
    with pytest.raises(ActbenchError, match="not finite"), np.errstate(all="ignore"):
        counted([0])


def test_without_a_zero_every_batch_is_seen_and_nothing_differs():
    frame = counted(range(2), precision="float64")
    assert not frame["differs"].any()
    assert frame["batches"].tolist() == [12, 12]


def test_one_blank_input_is_found_on_its_batch(monkeypatch):
    """Without biases in the first layer it is mapped to 0 there; it is the 438th of all, in the fifth batch."""
    whole, flat = question.own_splits, []

    def planted(name, split, nets):
        data = whole(name, split, nets)
        x = np.array(data.x)
        x[:, 437] = 0.0
        return type(data)(**{**vars(data), "x": x})

    def no_bias(a):
        if a.ndim == 1 and len(flat) < 2:  # the two networks' parameters; later ones are gradients
            flat.append(a)
            a.reshape(2, -1)[:, 64 * 16 : 64 * 16 + 16] = 0.0
        return a

    plant(monkeypatch, no_bias)
    monkeypatch.setattr(question, "own_splits", planted)
    monkeypatch.setattr(question, "NOISE", 0.0)
    assert counted([4, 9])["batches"].tolist() == [5, 5]


def test_no_number_depends_on_the_networks_beside_it(monkeypatch):
    def cut(a):
        a[...] = np.where(np.abs(a) < 2e-5, 0, a)
        return a

    plant(monkeypatch, cut)
    together = counted(range(6))
    assert 0 < together["differs"].sum() <= 6
    apart = pd.concat([counted([net]) for net in range(6)], ignore_index=True)
    pd.testing.assert_frame_equal(together, apart)


def test_every_copy_has_noise_of_its_own_and_its_image_s_label():
    data = own_splits("digits", "own", (3, 5))
    parts = list(question.batches(data, [stream("noise", net, 2) for net in (3, 5)], 2))
    x, y = (np.concatenate([part[i] for part in parts], axis=1) for i in (0, 1))
    assert x.shape == (2, 2400, 64)
    assert np.array_equal(y, np.concatenate([data.y, data.y], axis=1))
    rest = x - np.concatenate([data.x, data.x], axis=1)
    assert rest.std() == pytest.approx(question.NOISE, rel=0.01)
    assert not np.array_equal(rest[:, :1200], rest[:, 1200:])
    shared = list(
        question.batches(own_splits("digits", "3", (3, 5)), [stream("noise", 3, 1), stream("noise", 5, 1)], 1)
    )
    assert cross_entropy(np.zeros((2, 100, 10)), shared[0][1])[0] == pytest.approx(np.log(10))


def test_the_share_is_of_networks():
    rows = [{"precision": p, "net": net, "differs": p == "float16" and net < 3} for p in ("float16", "float64")
            for net in range(4)]  # fmt: skip
    found = share_that_differ(precision="float16")(pd.DataFrame(rows))
    assert (found.value, found.n) == (0.75, 4)


def test_bad_levels_are_one_line():
    for bad, word in (({"precision": "float8"}, "float8.*known: float64"), ({"copies": 0}, "copies")):
        with pytest.raises(ActbenchError, match=word):
            ab.run("bifurcation", **{"precision": "float32", "net": [0], **bad})
