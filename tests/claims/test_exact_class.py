"""The readings about a class of the article's kind: a right class passes them all, a wrong one fails where it must."""

from __future__ import annotations

import numpy as np
import pytest

import actbench.claims.ledgers  # noqa: F401  fills the ledger
from actbench.claims.article import exact_class
from actbench.claims.article.exact_class import FOUR, ONE, KeepsOutput, _differences, _layers, _scalars
from actbench.claims.claim import CLAIMS
from actbench.claims.judge import judge

READINGS = {
    f"{claim}-{reading.name}": reading.compute for claim in ("C49", "C49b", "C50") for reading in CLAIMS[claim].readings
}


class Careful:
    """What the claim would need: nothing is written to, every call is remembered, odd things are refused or shown."""

    def __init__(self):
        self.calls = []

    def forward(self, x):
        self.calls.append(np.asarray(x))
        return np.maximum(x, 0)

    def backward(self, handed):
        x = self.calls.pop()
        if np.shape(handed) != x.shape:
            raise ValueError("shapes differ")
        return np.where(x > 0, handed, np.where(x <= 0, np.zeros_like(handed), x))


class PassesAll(KeepsOutput):
    def backward(self, handed):
        return handed.copy()


class Broadcasts(KeepsOutput):
    def backward(self, handed):
        return np.ones(self.kept.shape)


class Leaks(KeepsOutput):
    def forward(self, x):
        self.kept = np.where(x > 0, x, x // 8)
        return self.kept


class RefusesIntegers(KeepsOutput):
    def backward(self, handed):
        handed[self.kept <= 0] = 0
        return handed * 0.5 if handed.dtype.kind in "iu" else handed


@pytest.mark.parametrize("name", READINGS)
def test_a_careful_class_and_the_catalogue_s_row_pass_every_reading(name):
    answer = READINGS[name](Careful)
    assert answer.holds, answer.evidence
    assert f"actbench's relu: {answer.n:,} of {answer.n:,}" in answer.evidence


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("C49-required", Broadcasts),
        ("C49b-holds_it", PassesAll),
        ("C50-chain", PassesAll),
        ("C50-chain", Leaks),
        ("C50-integer", RefusesIntegers),
    ],
)
def test_what_the_class_does_right_a_wrong_class_does_not(name, wrong):
    assert READINGS[name]().holds
    assert not READINGS[name](wrong).holds


@pytest.mark.parametrize("name", sorted(set(READINGS) - {"C49-required", "C49b-holds_it", "C50-chain", "C50-integer"}))
def test_where_the_class_fails_the_evidence_shows_a_case(name):
    answer = READINGS[name]()
    assert not answer.holds
    assert "the smallest" in answer.evidence


def test_the_class_behaves_as_described():
    layer, x, handed = KeepsOutput(), np.array([-1.0, 0.0, 2.0]), np.array([5.0, 6.0, 7.0])
    assert layer.forward(x) is layer.kept
    assert layer.backward(handed) is handed
    assert handed.tolist() == [0.0, 0.0, 7.0]


def test_one_object_in_two_places_takes_the_later_call_s_mask():
    layer = KeepsOutput()
    layer.forward(np.array([-1.0]))
    layer.forward(np.array([1.0]))
    assert layer.backward(np.array([1.0])).tolist() == [1.0]


def test_the_class_works_under_conditions():
    found = {v.reading: v.verdict for v in judge(CLAIMS["C50"], {})}
    assert found["overall"] == "conditional"
    assert "read-only" in next(v.conditions for v in judge(CLAIMS["C50"], {}) if v.reading == "read_only")


@pytest.mark.parametrize(("graph", "x"), [(_scalars, ONE), (_layers, FOUR)])
def test_the_exact_differences_agree_with_torch(graph, x):
    torch = pytest.importorskip("torch")

    t = torch.tensor(x, requires_grad=True)
    if graph is _scalars:
        y = torch.relu(2.0 * torch.relu(torch.relu(3.0 * t)) - 4.0)
    else:
        rng = np.random.default_rng(2001)
        w, v = (torch.tensor(rng.integers(-2, 3, s).astype(float)) for s in ((4, 5), (5, 3)))
        y = torch.relu(torch.relu(t @ w + 0.5) @ v + 0.25)
    (y * y / 2).sum().backward()
    assert np.array_equal(_differences(graph, x), t.grad.numpy())


def test_torch_hands_a_gradient_on_at_nan_as_the_condition_says():
    torch = pytest.importorskip("torch")
    x = torch.tensor([float("nan")], requires_grad=True)
    torch.relu(x).backward(torch.ones(1))
    assert x.grad.item() == 1.0
    assert "torch" in next(r.conditions for r in CLAIMS["C50"].readings if r.name == "nan_input")


def test_every_reading_names_its_module():
    assert all(compute.__module__ == exact_class.__name__ for compute in READINGS.values())
