"""torch's training around our activations: our engine's numbers from our weights, and a transformer that learns."""

from __future__ import annotations

import math

import numpy as np
import pytest

import actbench as ab
import actbench.torch
from actbench.activations.registry import resolve

torch = pytest.importorskip("torch")

from actbench.networks import torch_  # noqa: E402
from actbench.networks.data import data_set  # noqa: E402
from actbench.networks.training import Recipe, design_for, train  # noqa: E402


def test_our_activation_inside_torch_has_the_row_s_values_and_slopes():
    x = torch.linspace(-4, 4, 33, requires_grad=True)
    y = actbench.torch.silu(x)
    (slope,) = torch.autograd.grad(y, x, torch.ones_like(y))
    row, at = resolve("silu"), x.detach().numpy()
    np.testing.assert_allclose(y.detach().numpy(), row(at), rtol=1e-5)
    np.testing.assert_allclose(slope.numpy(), row.backward(np.ones_like(at), at), rtol=1e-4, atol=1e-6)


def test_torch_trains_our_networks_to_our_weights():
    data = data_set("xor")
    design = design_for(data, activation="tanh", depth=2, width=8, init="he")
    layers = torch_.perceptron(design, data, 3, rate=0.05, batch=32, epochs=2)
    ours = train(design, data, [3], Recipe(rate=0.05, batch=32, epochs=2), backend="numpy").network.parameters
    for layer, (weights, biases) in enumerate(layers, 1):
        np.testing.assert_allclose(weights.detach().numpy(), ours["w", layer][0], rtol=2e-3, atol=2e-5)
        np.testing.assert_allclose(biases.detach().numpy(), ours["b", layer][0], rtol=2e-3, atol=2e-5)


def test_a_transformer_does_not_see_what_comes():
    p, f, mask = torch_.weights_of(0, 5), torch_.gate_of("relu"), torch_.causal()
    seen = torch.zeros((1, torch_.CONTEXT), dtype=torch.int64)
    other = seen.clone()
    other[0, 20:] = 3
    with torch.no_grad():
        one, two = (torch_.logits(p, s, f, mask) for s in (seen, other))
    np.testing.assert_allclose(one[0, :20], two[0, :20], rtol=1e-5, atol=1e-6)
    assert not np.allclose(one[0, 20:], two[0, 20:], atol=1e-3)


def test_a_transformer_learns_from_streams_named_by_its_number():
    codes, kinds = torch_.text()
    assert codes.max() == kinds - 1
    found = torch_.transformer("relu", 0, rate=0.01, steps=12)
    assert found["test_loss"] < math.log2(kinds) - 0.5
    again = torch_.transformer("relu", 0, rate=0.01, steps=12)
    assert found == again
    (train_end, valid, test) = (torch_.parts()[name] for name in ("train", "valid", "test"))
    assert train_end[1] == valid[0] < valid[1] == test[0] < test[1] == len(codes)


def test_a_transformer_goes_through_gates_too():
    """Clamped, and as torch's own code differentiates them; the plain gate learns as f(a) b does."""
    a, b = (torch.from_numpy(x).requires_grad_() for x in np.random.default_rng(3).normal(0, 8, (2, 5, 7)).astype("f4"))
    own = torch_.gate_of("swiglu_clamped:limit=3")(a, b)
    theirs = torch.nn.functional.silu(a.clamp(max=3.0)) * b.clamp(-3.0, 3.0)
    torch.testing.assert_close(own, theirs)
    for found, right in zip(*(torch.autograd.grad(y.sum(), (a, b)) for y in (own, theirs)), strict=True):
        torch.testing.assert_close(found, right)
    one, two = (torch_.transformer(spec, 0, rate=0.01, steps=6) for spec in ("silu", "swiglu"))
    assert one["test_loss"] == pytest.approx(two["test_loss"], rel=1e-4)
    frame = ab.run("transformer", activation=["situ_glu"], rate=0.01, steps=2, net=[0])
    assert np.isfinite(frame["test_loss"]).all()
    with pytest.raises(ab.ActbenchError, match="softmax"):
        ab.run("transformer", activation=["softmax"], rate=0.01, steps=2, net=[0])
