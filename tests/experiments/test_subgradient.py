"""Training in a precision: rounding is IEEE's, the loop is torch's, and exact zeros are counted where they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import actbench as ab
from actbench.claims.article.backprop import ON_BLANK, PRECISIONS
from actbench.claims.claim import CLAIMS
from actbench.core.errors import ActbenchError
from actbench.experiments.subgradient.effects import share_of_zeros, zero_beyond
from actbench.experiments.subgradient.question import DEPTH, EPOCHS, WIDTH, on_blank
from actbench.experiments.subgradient.question import share_of_zeros as zeros_of
from actbench.networks.data import data_set
from actbench.networks.rounding import PRECISIONS as KNOWN
from actbench.networks.rounding import to_bfloat16, to_float16
from actbench.networks.training import EVERY_STEP, Recipe, design_for, train
from actbench.runs.experiment import EXPERIMENTS

DIGITS = data_set("digits")
PART = replace(DIGITS, x=DIGITS.x[:128], y=DIGITS.y[:128])


def train_in(precision, design, data, nets, recipe):
    """As the experiment does: every step is watched."""
    dtype, rounding = KNOWN[precision]
    return train(
        design, data, nets, recipe, dtype=dtype, rounding=rounding, watch=zeros_of, watch_at=EVERY_STEP, backend="numpy"
    )


def zeros_in(trained):
    return np.stack(list(trained.watched.values()), axis=1)


def design(at_zero=0.0, **options):
    return design_for(PART, activation=f"relu_at_zero:at_zero={at_zero}", depth=2, width=8, **options)


def test_rounding_to_float16_is_the_cast_s():
    """Every float16, the middle between each two, both neighbours of it, and numbers of all sizes."""
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    every = np.sort(every[np.isfinite(every)].astype(np.float64))
    middle = ((every[1:] + every[:-1]) / 2).astype(np.float32)
    rng = np.random.default_rng(1)
    drawn = (rng.standard_normal(100_000) * np.exp2(rng.uniform(-32, 20, 100_000))).astype(np.float32)
    up, down = (np.nextafter(middle, np.float32(end)) for end in (np.inf, -np.inf))
    edges = np.array([65519.996, 65520, -65520, 1e30, np.inf, -np.inf], np.float32)
    x = np.concatenate([every.astype(np.float32), middle, up, down, drawn, edges])
    with np.errstate(over="ignore"):
        wanted = x.astype(np.float16).astype(np.float32)
    assert np.array_equal(to_float16(x.copy()), wanted)


def test_rounding_to_bfloat16_is_torch_s():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(2)
    x = (rng.standard_normal(100_000) * np.exp2(rng.uniform(-60, 60, 100_000))).astype(np.float32)
    x = np.concatenate([x, (x.view(np.uint32) & np.uint32(0xFFFF0000) | np.uint32(0x8000)).view(np.float32)])  # ties
    assert np.array_equal(to_bfloat16(x.copy()), torch.tensor(x).to(torch.bfloat16).float().numpy())


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_without_rounding_it_is_the_trainer(precision):
    recipe = Recipe(rate=0.1, epochs=2)
    wanted = train(design(), PART, range(2), recipe, dtype=precision, backend="numpy")
    found = train_in(precision, design(), PART, range(2), recipe)
    assert found.loss == pytest.approx(wanted.loss, rel=1e-5 if precision == "float32" else 1e-12)
    assert zeros_in(found).shape == (2, 8)
    assert not found.diverged.any()


def test_torch_trains_to_the_same_numbers():
    torch = pytest.importorskip("torch")
    from actbench.networks.design import initialise
    from actbench.networks.training import order_of

    parameters = [
        torch.tensor(block[0], requires_grad=True) for block in initialise(design(), [3], "float64").blocks.values()
    ]
    x, y, total = torch.tensor(PART.x), torch.tensor(PART.y), 0.0
    for batch in torch.tensor(order_of(3, 128, 1)).split(32):
        w, a, v, b, u, c = parameters
        z = torch.relu(torch.relu(x[batch] @ w + a) @ v + b) @ u + c
        loss = torch.nn.functional.cross_entropy(z, y[batch])
        total += loss.item() / 4
        for parameter, slope in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
            parameter.data -= 0.1 * slope
    found = train_in("float64", design(), PART, [3], Recipe(rate=0.1, epochs=1))
    assert found.loss[0, 0] == pytest.approx(total, rel=1e-12)


def test_sixteen_bits_hold_sixteen_bit_numbers_and_differ_from_thirty_two():
    recipe = Recipe(rate=0.1, epochs=1)
    whole = train_in("float32", design(), PART, range(2), recipe)
    for precision, cut in (("float16", to_float16), ("bfloat16", to_bfloat16)):
        found = train_in(precision, design(), PART, range(2), recipe)
        flat = found.network.parameters.flat
        assert np.array_equal(cut(flat.copy()), flat)
        assert not np.array_equal(found.loss, whole.loss)
        assert found.loss == pytest.approx(whole.loss, rel=0.05)


def test_planted_zeros_are_counted_and_there_the_slope_decides():
    blank = replace(PART, x=np.zeros_like(PART.x))
    still, moved = (train_in("float32", design(c), blank, [0], Recipe(rate=0.1, epochs=1)) for c in (0.0, 1.0))
    assert zeros_in(still).tolist() == [[1.0] * 4], "biases of 0 over blank inputs never leave 0"
    assert zeros_in(moved)[0, 0] == 1.0
    assert zeros_in(moved)[0, 1:].max() < 1.0
    assert not still.network.parameters["b", 2].any()
    assert moved.network.parameters["b", 2].any()


def test_what_it_cannot_train_is_refused():
    for bad in ({"recipe": Recipe(momentum=0.9)}, {"design": design(norm="batch_before")}):
        given = {"design": design(), "recipe": Recipe(), **bad}
        with pytest.raises(ActbenchError, match=r"plain networks|plain SGD"):
            train_in("float16", given["design"], PART, [0], given["recipe"])
    with pytest.raises(ActbenchError, match=r"float8.*known: float64"):
        ab.run("subgradient", model="mlp", precision="float8", at_zero=0.0, net=[0])


def test_a_blank_background_is_exactly_zero():
    data = on_blank(DIGITS)
    assert data.x.min() == 0.0
    assert data.x.max() == 1.0
    assert (data.x == 0).mean() > 0.3


def planted():
    rows = []
    for at_zero in (0.0, 1.0):
        for net in range(6):
            better = 0.01 * (at_zero == 0.0 and net < 2)
            rows.append({"model": "mlp", "precision": "float32", "at_zero": at_zero, "net": net, "diverged": False,
                         "zeros_first": 0.5, "zeros_later": 0.1 * net, "train_loss": 1.0,
                         "valid_accuracy": 0.9 + better, "test_accuracy": 0.9 + better})  # fmt: skip
    return pd.DataFrame(rows)


def test_effects_pair_networks_and_count_equal_runs():
    found = zero_beyond(1.0, model="mlp", precision="float32")(planted())
    assert found.values == pytest.approx([0.01, 0.01, 0, 0, 0, 0])
    assert found.note.startswith("4 of 6 runs are the same")
    assert share_of_zeros("later", model="mlp", precision="float32")(planted()).value == pytest.approx(0.25)


def test_what_is_judged_is_what_is_measured():
    cells = EXPERIMENTS["subgradient"].cells()
    assert {cell["precision"] for cell in cells} == set(PRECISIONS) == set(KNOWN)
    assert any(all(cell[k] == v for k, v in ON_BLANK.items()) for cell in cells)
    rare = next(reading for reading in CLAIMS["C47"].readings if reading.name == "rare")
    assert f"{len(DIGITS.x) * EPOCHS['mlp'] * DEPTH * WIDTH:,} pre-activations" in rare.conditions
