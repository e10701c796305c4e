"""Orientation: the sign map is exact here and in torch, what breaks it is noticed, and effects pair networks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from actbench.activations.registry import canonical
from actbench.claims.article.shape import BREAKERS, RECIPES
from actbench.experiments.orientation import question as module
from actbench.experiments.orientation.effects import beyond_relu, same_run
from actbench.experiments.orientation.question import map_signs, relative_gap
from actbench.networks.data import data_set
from actbench.networks.network import Network
from actbench.networks.training import Recipe, design_for, train
from actbench.runs.experiment import EXPERIMENTS
from actbench.runs.factors import FACTORS, TURNS

DIGITS = data_set("digits")
SMALL = {"depth": 2, "width": 8, "bias": "normal:0.1"}
NETS = range(2)


def losses(activation, options, norm, start=None):
    design = design_for(DIGITS, activation=activation, norm=norm, **SMALL)
    return train(design, DIGITS, NETS, Recipe(epochs=1, **options), backend="numpy", start=start).loss


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("recipe", module.RECIPES)
def test_with_the_signs_mapped_a_turned_network_has_the_same_losses(turn, recipe):
    options, norm = module.RECIPES[recipe]
    wanted = losses("relu", options, norm)
    assert np.array_equal(losses(TURNS[turn], options, norm, map_signs), wanted)
    assert not np.array_equal(losses(TURNS[turn], options, norm), wanted)


@pytest.mark.parametrize("turn", TURNS)
def test_the_map_is_the_identity_on_what_the_network_computes(turn):
    design = design_for(DIGITS, activation=TURNS[turn], **SMALL)
    turned = Network(design, NETS, backend="numpy")
    map_signs(turned)
    plain = Network(design_for(DIGITS, activation="relu", **SMALL), NETS, backend="numpy")
    x = DIGITS.x[:16].astype("float32")
    assert np.array_equal(turned.forward(x), plain.forward(x))


def test_a_factor_other_than_a_sign_is_no_such_run():
    spec = FACTORS[2.0]

    def halved(network):  # the outgoing weights take up the factor, so that the first loss is the same
        for layer in range(2, network.design.depth + 2):
            network.parameters["w", layer][...] /= 2

    gap = relative_gap(losses(spec, {}, "none", halved), losses("relu", {}, "none"))
    assert (gap > 1e-3).all()


@pytest.mark.parametrize("make", ["sgd", "momentum", "adam"])
def test_torch_finds_the_same_symmetry(make):
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)  # more of them may add up in another order
    x, y = torch.tensor(DIGITS.x[:64]), torch.tensor(DIGITS.y[:64])
    rng = np.random.default_rng(3)
    start = [rng.standard_normal(shape) / 8 for shape in ((64, 8), (8,), (8, 8), (8,), (8, 10), (10,))]

    def run(function, signs):
        parameters = [torch.tensor(s * p, requires_grad=True) for s, p in zip(signs, start, strict=True)]
        step = {
            "sgd": lambda: torch.optim.SGD(parameters, lr=0.1, weight_decay=1e-3),
            "momentum": lambda: torch.optim.SGD(parameters, lr=0.1, momentum=0.9),
            "adam": lambda: torch.optim.Adam(parameters, lr=0.01),
        }[make]()
        found = []
        for _ in range(10):
            step.zero_grad()
            w, a, v, b, u, c = parameters
            loss = torch.nn.functional.cross_entropy(function(function(x @ w + a) @ v + b) @ u + c, y)
            loss.backward()
            step.step()
            found.append(loss.item())
        return found

    relu = torch.relu
    wanted = run(relu, (1, 1, 1, 1, 1, 1))
    assert run(lambda z: relu(-z), (-1, -1, -1, -1, 1, 1)) == wanted
    assert run(lambda z: -relu(z), (1, 1, -1, 1, -1, 1)) == wanted
    assert run(lambda z: -relu(-z), (-1, -1, 1, -1, -1, 1)) == wanted


def test_a_gap_counts_a_lone_divergence_and_not_a_shared_one():
    nan = np.nan
    loss, other = np.array([[1.0, nan], [1.0, nan], [1.0, 1.1]]), np.array([[1.0, nan], [1.0, 1.0], [1.0, 1.0]])
    assert relative_gap(loss, other) == pytest.approx([0.0, 1.0, 0.1])


def planted(**accuracy):
    rows = []
    for activation, value in accuracy.items():
        for net in range(8):
            found = value(net)
            rows.append(
                {"activation": "relu" if activation == "relu" else TURNS["mirrored"], "net": net, "model": "mlp",
                 "bias": "zero", "start": "own", "recipe": "sgd", "valid_accuracy": found, "test_accuracy": found,
                 "diverged": found is None, "loss_gap": None}
            )  # fmt: skip
    return pd.DataFrame(rows)


def test_differences_are_paired_and_a_diverged_network_counts_as_chance():
    frame = planted(relu=lambda net: 0.9 + 0.01 * net, mirrored=lambda net: None if net == 0 else 0.92 + 0.01 * net)
    found = beyond_relu(TURNS["mirrored"])(frame)
    assert found.values == pytest.approx([0.1 - 0.9, *[0.02] * 7])
    assert "1 of 8 networks diverged" in found.note


def test_the_gap_of_a_network_is_its_worst_orientation():
    frame = planted(relu=lambda net: 0.9).assign(start="mapped", loss_gap=lambda f: f["net"] / 10)
    both = pd.concat([frame, frame.assign(loss_gap=0.2)])
    assert same_run("sgd")(both).values == pytest.approx([0.2, 0.2, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])


def test_what_is_judged_is_what_is_measured():
    cells = EXPERIMENTS["orientation"].cells()
    assert {cell["recipe"] for cell in cells if cell["start"] == "mapped"} == set(RECIPES) == set(module.RECIPES)
    for spec in (*TURNS.values(), *FACTORS.values()):
        assert canonical(spec) == spec
    for levels in BREAKERS.values():
        arms = {cell["activation"] for cell in cells if all(cell[k] == v for k, v in levels.items())}
        assert arms == {"relu", *TURNS.values()}
