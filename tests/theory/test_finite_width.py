"""Laws at finite width against simulated networks and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from actbench import theory
from actbench.core.errors import ActbenchError
from actbench.core.streams import stream


def propagated(width, depth, nets, inputs):
    """Last layers of ReLU networks with He's normal weights, ``(nets, inputs, width)``, and ln of the squared norms."""
    rng = stream("tests finite width", width, depth)
    h = np.broadcast_to(inputs, (nets, *inputs.shape)).copy()
    logs = np.full(h.shape[:2], -np.log((inputs**2).sum(axis=-1)))
    for _ in range(depth):
        weights = rng.standard_normal((nets, h.shape[2], width)) * math.sqrt(2 / width)
        h = np.maximum(h @ weights, 0)
        size = (h**2).sum(axis=-1)
        with np.errstate(divide="ignore"):
            logs += np.log(size)
        h /= np.sqrt(np.where(size == 0, 1, size))[..., None]
    return h, logs


def test_log_norms_of_narrow_networks_follow_the_exact_law_and_not_its_leading_order():
    nets, width, depth = 4000, 8, 8
    law = theory.relu_log_norm(width, depth)
    logs = propagated(width, depth, nets, np.ones((1, width)))[1][:, 0]
    alive = np.isfinite(logs)
    assert abs(alive.mean() - law.alive) < 5 * math.sqrt(law.alive * (1 - law.alive) / nets)
    logs = logs[alive]
    assert abs(logs.mean() - law.mean) < 5 * math.sqrt(law.variance / nets)
    spread = np.array([part.var(ddof=1) for part in np.array_split(logs, 40)])
    error = spread.std(ddof=1) / math.sqrt(40)
    assert abs(spread.mean() - law.variance) < 5 * error
    assert abs(spread.mean() - law.leading_variance) > 5 * error


def test_the_exact_law_tends_to_its_leading_order():
    law = theory.relu_log_norm(4096, 64)
    assert law.mean == pytest.approx(law.leading_mean, rel=2e-3)
    assert law.variance == pytest.approx(law.leading_variance, rel=2e-3)


@pytest.mark.parametrize(("width", "depth"), [(1, 3), (2, 2), (2, 6), (3, 10)])
def test_networks_are_born_dead_as_often_as_said(width, depth):
    nets = 20000
    said = theory.born_dead(width, depth)
    rays = propagated(width, depth, nets, np.array([[1.0], [-1.0]]))[0]
    dead = (rays == 0).all(axis=2)
    error = 5 * math.sqrt(0.25 / nets)
    assert abs(dead[:, 0].mean() - said.point) < error
    assert said.interval[0] - error < dead.all(axis=1).mean() < said.interval[1] + error


def test_the_jacobian_spreads_as_its_singular_values_do():
    nets, width, depth = 8, 200, 5
    rng = stream("tests jacobian")
    said = theory.jacobian("relu", 2.0, 1.0, depth)
    assert (said.mean, said.spread) == pytest.approx((1.0, 2.0 * depth))
    assert theory.jacobian("relu", 2.0, 1.0, depth, "orthogonal").spread == pytest.approx(depth)
    means, spreads = [], []
    for _ in range(nets):
        z, product = rng.standard_normal(width), np.eye(width)
        for _ in range(depth):
            weights = rng.standard_normal((width, width)) * math.sqrt(2 / width)
            product = product @ (np.where(z > 0, 1.0, 0.0)[:, None] * weights)
            z = np.maximum(z, 0) @ weights
        square = np.linalg.svd(product, compute_uv=False) ** 2
        means.append(square.mean())
        spreads.append(square.var() / square.mean() ** 2)
    assert np.mean(means) == pytest.approx(1.0, abs=4 * np.std(means) / math.sqrt(nets) + 0.02)
    assert np.mean(spreads) == pytest.approx(2.0 * depth, rel=0.15)


def test_sizes_that_are_none_are_refused():
    for asked in (lambda: theory.born_dead(0, 3), lambda: theory.relu_log_norm(8, 0.5),
                  lambda: theory.relu_log_norm(8, 8, 0.0),
                  lambda: theory.jacobian("relu", 2.0, 1.0, 3, "sparse")):  # fmt: skip
        with pytest.raises(ActbenchError):
            asked()
