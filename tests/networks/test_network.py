"""Random networks: what initialisations draw, what flows forward and backward, against finite differences."""

from __future__ import annotations

import math

import numpy as np
import pytest

from actbench import theory
from actbench.activations.registry import resolve
from actbench.core.errors import ActbenchError
from actbench.networks.data import data_set
from actbench.networks.design import NORMS, Design, of_activation
from actbench.networks.flow import gradient_flow, sigma_w2_of
from actbench.networks.initialisation import INITIALISATIONS, biases, init_level, initialisation, weights
from actbench.networks.losses import LOSSES, cross_entropy
from actbench.networks.network import Network, loss_and_gradients
from actbench.networks.training import design_for

PLACE = (3, 30, 64, 2, 64)  # net, depth, width, layer, fan_in


@pytest.mark.parametrize("init", [*INITIALISATIONS, "orthogonal:1.5", "critical:0.05"])
def test_weights_have_the_variance_that_the_initialisation_promises(init):
    law = initialisation(init, "tanh")
    drawn = np.stack([weights(net, 30, 64, 2, 64, init, np.float64, activation="tanh") for net in range(20)])
    assert 64 * drawn.var() == pytest.approx(law.sigma_w2(64, 64), rel=0.02)
    assert abs(drawn.mean()) < 4 * drawn.std() / math.sqrt(drawn.size)


def test_arms_are_paired_because_all_scale_the_same_unit_draws():
    he = weights(*PLACE, "he", np.float32)
    np.testing.assert_allclose(weights(*PLACE, "lecun", np.float32), he / math.sqrt(2), rtol=1e-6)
    uniform = weights(*PLACE, "torch_default", np.float32)
    assert np.array_equal(np.argsort(he, axis=None), np.argsort(uniform, axis=None))
    assert np.abs(uniform).max() <= 1 / math.sqrt(64)


@pytest.mark.parametrize("fan_out", [24, 64, 100])
def test_orthogonal_weights_are_orthogonal_times_the_gain(fan_out):
    w = weights(*PLACE, "orthogonal:1.5", np.float64, fan_out=fan_out) / 1.5
    product = w.T @ w if fan_out <= 64 else w @ w.T
    np.testing.assert_allclose(product, np.eye(min(64, fan_out)), atol=1e-12)


def test_biases_are_what_their_level_says():
    law = ("he", "zero", np.float32)
    assert not biases(*PLACE, *law).any()
    assert (biases(*PLACE, "he", "constant:-0.1", np.float32) == np.float32(-0.1)).all()
    assert not biases(*PLACE, "he", "own", np.float32).any()
    wide = biases(3, 30, 64, 2, 64, "lecun", "normal:0.5", np.float64, fan_out=20_000)
    assert wide.std() == pytest.approx(0.5, rel=0.02)
    own = biases(3, 30, 64, 2, 64, "torch_default", "own", np.float64, fan_out=20_000)
    assert np.abs(own).max() <= 1 / 8
    assert own.std() == pytest.approx(1 / 8 / math.sqrt(3), rel=0.02)
    for init in ("critical:0.05", "sigma_w2=1.5,sigma_b2=0.05"):
        drawn = biases(3, 30, 64, 2, 64, init, "own", np.float64, fan_out=20_000, activation="tanh")
        assert drawn.var() == pytest.approx(0.05, rel=0.03)


def test_a_gaussian_level_draws_what_its_twin_draws():
    drawn = weights(*PLACE, "sigma_w2=2,sigma_b2=0.1", np.float32)
    assert np.array_equal(drawn, weights(*PLACE, "he", np.float32))
    assert init_level("sigma_w2=2,sigma_b2=0.1") == "sigma_w2=2,sigma_b2=0.1"


@pytest.mark.parametrize(
    "init", ["hee", "he:2", "orthogonal:x", "critical:inf", "sigma_w2=-1", "sigma_w2=1,sigma_b2=nan", "sigma_w2=1,x"]
)
def test_an_initialisation_that_is_none_is_refused(init):
    with pytest.raises(ActbenchError):
        init_level(init)


def test_critical_where_there_is_none_is_refused():
    with pytest.raises(ActbenchError, match="no critical point"):
        initialisation("critical:0.1", "relu")


@pytest.mark.parametrize("bias", ["one", "constant:", "normal:-1", "normal:nan"])
def test_a_bias_that_is_none_is_refused(bias):
    with pytest.raises(ActbenchError):
        Design(activation="relu", features=4, depth=1, width=4, bias=bias)


ACTIVATIONS = ["relu", "tanh", "prelu", "rrelu"]  # saves y; saves x; both kinds of parameters
EVERY = [("relu", norm, residual, loss) for norm in NORMS for residual in (False, True) for loss in LOSSES]
CALLED_ALIKE = ["pelu", "apl", "star_relu", "derf"]  # a learned b, scale or shift, as networks have
EVERY += [(name, norm, True, "cross_entropy") for name in ACTIVATIONS[1:] for norm in ("none", "batch_after")]
EVERY += [(name, "batch_after", True, "cross_entropy") for name in CALLED_ALIKE]


def small(activation, norm="none", residual=False, backend="numba", dtype="float64", **options):
    design = Design(activation=activation, features=5, width=4, depth=3, outputs=3, norm=norm, residual=residual)
    net = Network(design, [0, 1], dtype=dtype, backend=backend, **options)
    rng = np.random.default_rng(0)
    for (kind, _), block in net.parameters.blocks.items():
        if kind in ("b", "scale", "shift"):
            block += rng.normal(0, 0.3, block.shape).astype(dtype)
    targets = {"cross_entropy": rng.integers(0, 3, 6), "squared": rng.standard_normal((6, 3))}
    return net, rng.standard_normal((6, 5)), targets


@pytest.mark.parametrize(("activation", "norm", "residual", "loss"), EVERY)
def test_whole_network_gradients_are_finite_differences(activation, norm, residual, loss):
    # what normalisation and shortcuts add is NumPy; compiling every variant would cost a minute
    net, x, targets = small(activation, norm, residual, "numba" if norm == "none" else "numpy")
    draws = net.draw(len(x))
    _, found = loss_and_gradients(net, x, targets[loss], LOSSES[loss], draws=draws)
    flat, exact, step = net.parameters.flat, found.parameters.flat.copy(), 1e-6
    wanted = np.empty_like(flat)
    for i, value in enumerate(flat.copy()):
        sides = []
        for side in (1, -1):
            flat[i] = value + side * step
            sides.append(LOSSES[loss](net.forward(x, training=True, draws=draws), targets[loss])[0].sum())
        flat[i] = value
        wanted[i] = (sides[0] - sides[1]) / (2 * step)
    np.testing.assert_allclose(exact, wanted, rtol=1e-5, atol=1e-8 * np.abs(wanted).max())


def normal(torch, norm, v, own, layer):
    kind, f = norm.partition("_")[0], torch.nn.functional
    if kind == "none":
        return v
    if kind == "batch":
        return f.batch_norm(v, None, None, own["scale", layer], own["shift", layer], True)
    if kind == "layer":
        return f.layer_norm(v, (4,), own["scale", layer], own["shift", layer])
    return f.rms_norm(v, (4,), own["scale", layer], 1e-5)


@pytest.mark.parametrize("norm", ["none", "batch_before", "layer_after", "rms_before"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "prelu"])
def test_gradients_are_torch_s(activation, norm):
    torch = pytest.importorskip("torch")
    net, x, targets = small(activation, norm)
    (value, found), p = loss_and_gradients(net, x, targets["cross_entropy"], cross_entropy), net.parameters
    for i in range(2):
        own = {key: torch.tensor(block[i].copy(), requires_grad=True) for key, block in p.blocks.items()}
        h = torch.tensor(x)
        for layer in (1, 2, 3):
            h = h @ own["w", layer] + own["b", layer]
            extra = (own[of_activation("weight"), layer].reshape(1),) if activation == "prelu" else ()
            act = lambda v, extra=extra: getattr(torch.nn.functional, activation)(v, *extra)  # noqa: E731
            h = (
                normal(torch, norm, act(h), own, layer)
                if norm.endswith("after")
                else act(normal(torch, norm, h, own, layer))
            )
        logits = h @ own["w", 4] + own["b", 4]
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor(targets["cross_entropy"]))
        loss.backward()
        assert value[i] == pytest.approx(loss.item(), rel=1e-12)
        for key, block in found.parameters.blocks.items():
            np.testing.assert_allclose(block[i], own[key].grad.numpy(), rtol=1e-7, atol=1e-12, err_msg=str(key))


@pytest.mark.parametrize("activation", CALLED_ALIKE)
def test_a_row_may_call_its_parameters_as_a_network_calls_its_own(activation):
    net = Network(Design(activation=activation, features=5, width=4, depth=2, norm="batch_after"), [0, 1])
    for name, parameter in resolve(activation).parameters.items():
        assert net.parameters[of_activation(name), 1].tolist() == [np.float32(parameter.default)] * 2
    assert {net.parameters[name, 1].shape for name in ("b", "scale", "shift")} == {(2, 4)}


BOUND = 32  # units in the last place of a block's largest number; seen: 14


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", [*ACTIVATIONS, "silu"])
def test_compiled_passes_are_the_reference_path_s_within_a_bound(activation, dtype, loss):
    """Two BLAS builds and another order of sums; widths and batches that fill no whole vector."""
    data = data_set("digits")
    answers = data.y if loss == "cross_entropy" else data.targets
    for width, batch in ((5, 53), (37, 32), (64, 128), (130, 20)):
        blocks = []
        for backend in ("numba", "numpy"):
            net = Network(
                design_for(data, activation=activation, width=width, depth=3), [1], dtype=dtype, backend=backend
            )
            assert net.compiled == (backend == "numba")
            draws = net.draw(batch)
            _, found = loss_and_gradients(net, data.x[:batch], answers[:batch], LOSSES[loss], draws=draws)
            blocks.append(found.parameters.blocks)
        for name, wanted in blocks[1].items():
            unit = np.spacing(np.abs(wanted).max())
            assert (np.abs(blocks[0][name] - wanted) <= BOUND * unit).all(), (name, width)


def test_both_paths_bring_norms_back_from_the_same_bounds():
    from pathlib import Path

    import actbench.kernels.epoch as module
    from actbench.networks import elementwise

    text = Path(module.__file__).with_name("epoch_native.py").read_text(encoding="utf-8")
    assert "SMALLEST, LARGEST = 2.0**-32, 2.0**32" in text
    assert (elementwise.SMALLEST, elementwise.LARGEST) == (2.0**-32, 2.0**32)


@pytest.mark.slow
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_fused_and_reference_networks_agree(activation):
    results = []
    for backend in ("numba", "numpy"):
        net, x, targets = small(activation, backend=backend, keep_z=backend == "numpy")
        value, found = loss_and_gradients(net, x, targets["squared"], LOSSES["squared"], draws=net.draw(len(x)))
        results.append((value, found.parameters.flat.copy(), found.log_norm))
    for fused, reference in zip(*results, strict=True):
        np.testing.assert_allclose(fused, reference, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize(
    ("norm", "residual"), [("none", False), ("none", True), ("batch_before", False), ("rms_after", True)]
)
def test_a_log_scale_changes_no_gradient(norm, residual):
    """Weights times 2^40: norms leave the range, and gradients come back by exact powers of two."""
    results = []
    for carried in (False, True):
        net, x, _ = small("leaky_relu", norm, residual)
        for layer in (1, 2, 3):
            net.parameters["w", layer][...] *= 2.0**40 if layer < 3 else 2.0**-60
        out = net.forward(x, training=True)
        found = net.backward(np.ones_like(out), log_scale=carried, inputs=True)
        exponents = np.column_stack([found.exponent, np.zeros(2, int)])  # the linear layer behind takes none out
        blocks = {
            key: block * np.ldexp(1.0, exponents[:, key[1] - 1]).reshape(-1, *[1] * (block.ndim - 1))
            for key, block in found.parameters.blocks.items()
        }
        inputs = found.inputs * np.ldexp(1.0, found.exponent[:, 0])[:, None, None]
        results.append((blocks, inputs, found.log_norm, found.exponent))
    (plain, plain_inputs, plain_log, _), (carried, carried_inputs, carried_log, exponent) = results
    for key in plain:
        np.testing.assert_allclose(carried[key], plain[key], rtol=1e-11, err_msg=str(key))
    np.testing.assert_allclose(carried_inputs, plain_inputs, rtol=1e-11)
    np.testing.assert_allclose(carried_log, plain_log, rtol=1e-12)
    assert norm != "none" or exponent.any()


def test_sigmoid_at_depth_200_has_a_finite_log_norm_in_float32():
    net = Network(Design(activation="sigmoid", features=64, width=64, depth=200, init="glorot"), [0, 1])
    rng = np.random.default_rng(0)
    net.forward(rng.standard_normal((32, 64)))
    found = net.backward(rng.standard_normal((32, 64)), at="z", log_scale=True)
    assert np.isfinite(found.log_norm).all()
    assert (found.log_norm[:, 0] < -200).all()  # exp(-200) is far below float32's range
    factor = np.exp((found.log_norm[:, 0] - found.log_norm[:, -1]) / 199)
    q = theory.lengths("sigmoid", 1.0, 0.0, 0.27, 199)
    np.testing.assert_allclose(factor, theory.gradient_factor("sigmoid", 1.0, q), rtol=0.02)


def test_relu_gradients_under_he_keep_their_size():
    net = Network(Design(activation="relu", features=256, width=256, depth=30), range(8), keep_z=True)
    rng = np.random.default_rng(0)
    net.forward(rng.standard_normal((64, 256)))
    found = net.backward(rng.standard_normal((64, 256)), at="z", log_scale=True)
    factor = np.exp((found.log_norm[:, 0] - found.log_norm[:, -1]) / 29)
    assert abs(factor.mean() - 1) < 0.02


def test_a_network_depends_on_its_own_number_alone():
    x = np.random.default_rng(0).standard_normal((8, 5))
    design = Design(activation="rrelu", features=5, width=4, depth=3, outputs=2, norm="batch_before", init="orthogonal")
    one, three = (Network(design, nets, dtype="float64") for nets in ([7], [3, 7, 1]))
    out = [net.forward(x, training=True, draws=net.draw(8)) for net in (one, three)]
    np.testing.assert_array_equal(out[0][0], out[1][1])


def test_slopes_are_the_derivative_at_each_unit():
    net, x, _ = small("tanh", keep_z=True)
    net.forward(x)
    z = net.layers[1].z
    np.testing.assert_allclose(net.slopes(2), 1 / np.cosh(z) ** 2, rtol=1e-12)


def test_what_is_not_finite_is_seen_and_is_no_number():
    net, x, _ = small("relu")
    net.parameters["w", 2][1, 0, 0] = np.nan
    out = net.forward(x)
    found = net.backward(np.ones_like(out), log_scale=True)
    assert net.finite().tolist() == [True, False]
    assert np.isfinite(found.log_norm[0]).all()
    assert np.isnan(found.log_norm[1, 0])


@pytest.mark.parametrize("what", [{"norm": "batch"}, {"depth": 0}, {"width": 2.5}, {"init": "x"}, {"bias": "y"}])
def test_a_design_that_is_none_is_refused(what):
    options = {"activation": "relu", "features": 3, "width": 4, "depth": 2, **what}
    with pytest.raises(ActbenchError):
        Design(**options)


@pytest.mark.parametrize(
    ("activation", "init"),
    [("relu", "he"), ("relu", "glorot"), ("relu", "torch_default"), ("relu", "orthogonal"), ("tanh", "glorot"),
     ("tanh", "critical:0.05"), ("sigmoid", "critical"), ("rrelu", "he")],
)  # fmt: skip
def test_measured_gradient_factors_are_those_of_theory(activation, init):
    """Width 256, depth 30, 4 networks: the spread of a factor between networks is below 1 %."""
    design = Design(activation=activation, features=256, width=256, depth=30, init=init)
    x = np.random.default_rng(0).standard_normal((32, 256)).astype(np.float32)
    found = gradient_flow(design, range(4), x)
    assert found.finite.all()
    np.testing.assert_allclose(found.factor.mean(), found.predicted(activation, sigma_w2_of(design)).mean(), rtol=0.02)


def test_an_exploding_flow_is_no_number():
    design = Design(activation="relu", features=8, width=8, depth=60, init="orthogonal:1000")
    found = gradient_flow(design, [0], np.ones((4, 8)))
    assert not found.finite.any()
    assert np.isnan(found.factor).all()
