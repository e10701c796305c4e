"""The ledger: every claim is stated in two languages, every exact answer is computed and would notice a wrong row."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

import actbench
import actbench.claims.ledgers
import actbench.experiments  # noqa: F401  both fill their registries
from actbench.activations.record import Activation, Callables
from actbench.activations.registry import ACTIVATIONS
from actbench.claims.article.exact_inputs import every_float16, float32_sweep
from actbench.claims.claim import CLAIMS, Answer, Reading
from actbench.claims.judge import judge
from actbench.core.errors import ActbenchError

ARTICLE = [claim for claim in CLAIMS if claim.ledger == "article"]
READINGS = [pytest.param(claim, r, id=f"{claim.name}-{r.name}") for claim in ARTICLE for r in claim.readings]
EXACT = [
    pytest.param(r, id=f"{claim.name}-{r.name}") for claim in ARTICLE for r in claim.readings if r.compute is not None
]

# They hold a class against the catalogue's row, so wrong classes overturn them: tests/claims/test_exact_class.py.
OF_A_CLASS = "actbench.claims.article.exact_class"
EXACT_OF_ROWS = [case for case in EXACT if case.values[0].compute.__module__ != OF_A_CLASS]

CJK = re.compile("[\u4e00-\u9fff]")


def _row(name: str, forward: Callable, backward: Callable) -> Activation:
    """The catalogue's row of that name with another rule in its place."""
    return replace(ACTIVATIONS[name], callables=Callables(forward=forward, backward=backward, definition=forward))


def _relu(x):
    return np.where(x <= 0.0, 0.0, x)


# Falsehoods to plant: each is a mistake that somebody could make, with its words.
WRONG = {
    "leaks a little": _row(
        "relu", lambda x: np.where(x > 0.0, x, 1e-3 * x), lambda dy, x: np.where(x > 0.0, dy, 1e-3 * dy)
    ),
    "is the identity": _row("relu", lambda x: x, lambda dy: dy),
    "doubles": _row("relu", lambda x: 2.0 * _relu(x), lambda dy, x: np.where(x > 0.0, 2.0 * dy, 0.0)),
    "points left": _row("relu", lambda x: _relu(-x), lambda dy, x: np.where(x < 0.0, -dy, 0.0)),
    "passes at zero": _row("relu", _relu, lambda dy, x: np.where(x >= 0.0, dy, 0.0)),
    "passes half at zero": _row("relu", _relu, lambda dy, x: np.where(x > 0.0, dy, np.where(x < 0.0, 0.0, 0.5 * dy))),
    "passes double at zero": _row("relu", _relu, lambda dy, x: np.where(x > 0.0, dy, np.where(x < 0.0, 0.0, 2.0 * dy))),
    "passes everything back": _row("relu", _relu, lambda dy: dy),
    "is capped": _row("relu", lambda x: np.minimum(_relu(x), 6.0), lambda dy, x: np.where((x > 0) & (x < 6), dy, 0.0)),
    "starts at the next float": _row(
        "relu", lambda x: np.where(x <= 1e-44, 0.0, x), lambda dy, x: np.where(x <= 1e-44, 0.0, dy)
    ),
    "takes an exponential and a division": _row(
        "relu",
        lambda x: np.where(x <= 0.0, 0.0 / (1.0 + np.exp(-np.absolute(x))), x),
        lambda dy, x: np.where(x <= 0.0, 0.0 / (1.0 + np.exp(-np.absolute(x))), dy),
    ),
    "has a tanh that does not saturate": _row("tanh", lambda x: x, lambda dy: dy),
    "has a tanh slope from the wrong formula": _row(
        "tanh", lambda x: np.tanh(x), lambda dy, x: dy * np.exp(-np.absolute(x))
    ),
    "has a logistic function that is flat on one side only": _row(
        "sigmoid", lambda x: x, lambda dy, x: np.where(x > 0.0, dy * np.exp(-x), dy)
    ),
}
# Claim and reading to the mistakes that must overturn it.
OVERTURNED = {
    ("C08", "rule"): {"leaks a little", "is the identity", "doubles", "points left", "is capped"},
    ("C08", "pieces"): {"is the identity", "is capped"},
    ("C20", "above_zero"): {"is capped", "starts at the next float"},
    ("C26", "census"): {"takes an exponential and a division"},
    ("C27", "census"): {"takes an exponential and a division"},
    ("C29", "both_ends"): {
        "has a tanh that does not saturate",
        "has a tanh slope from the wrong formula",
        "has a logistic function that is flat on one side only",
    },
    ("C40", "forward"): {"leaks a little", "is the identity", "doubles", "is capped", "starts at the next float"},
    ("C41", "chain_rule"): {"passes everything back"},
    ("C42", "positive"): {"doubles", "points left", "is capped", "starts at the next float"},
    ("C43", "negative"): {"leaks a little", "is the identity", "passes everything back", "points left"},
    ("C45", "scalar"): {"passes double at zero"},
    ("C46", "interval"): {"leaks a little", "is the identity", "doubles"},
    ("C48", "not_positive"): {
        "leaks a little",
        "is the identity",
        "points left",
        "passes at zero",
        "passes half at zero",
    },
}


@pytest.fixture
def plant(monkeypatch):
    """Put a wrong row where the catalogue's own one was."""
    return lambda wrong: monkeypatch.setitem(ACTIVATIONS._records, wrong.name, wrong)


def computed(reading: Reading) -> Answer:
    assert reading.compute is not None
    return reading.compute()


def test_the_ledger_has_a_record_for_every_claim_of_the_article():
    numbers = {int(re.fullmatch(r"C(\d\d)b?", claim.name).group(1)) for claim in ARTICLE}
    assert len(ARTICLE) == 54
    assert numbers == set(range(1, 51))


@pytest.mark.parametrize("claim", ARTICLE, ids=lambda claim: claim.name)
def test_a_statement_is_a_sentence_in_both_languages(claim):
    english, chinese = claim.statement["en"], claim.statement["zh"]
    assert english.endswith(".")
    assert not CJK.search(english)
    assert CJK.search(chinese)
    assert chinese.endswith("\u3002")
    assert claim.section.startswith(("1", "2"))


@pytest.mark.parametrize(("claim", "reading"), READINGS)
def test_an_expectation_has_its_reason(claim, reading):
    assert reading.expected is None or (reading.expected.words and reading.expected.reason)


@pytest.mark.parametrize(("claim", "reading"), READINGS)
def test_a_reading_that_nothing_decides_yet_says_what_is_missing(claim, reading):
    if reading.kind == "exact" and reading.compute is None:
        assert reading.conditions


def test_statements_are_told_apart():
    for language in ("en", "zh"):
        assert len({claim.statement[language] for claim in ARTICLE}) == len(ARTICLE)


@pytest.mark.parametrize("claim", ARTICLE, ids=lambda claim: claim.name)
def test_contradictions_name_other_claims_once_and_say_why(claim):
    for other, why in claim.contradicts.items():
        assert claim.name not in CLAIMS[other].contradicts
        assert why["en"]
        assert why["zh"]


@pytest.mark.parametrize("claim", ARTICLE, ids=lambda claim: claim.name)
def test_without_measurements_only_thought_and_sources_decide(claim):
    for verdict in judge(claim, {}):
        if verdict.kind == "experiment":
            assert verdict.verdict == "not tested"


@pytest.mark.parametrize("reading", EXACT)
def test_an_exact_answer_counts_its_cases_and_shows_its_evidence(reading):
    answer = computed(reading)
    assert answer.n > 0
    assert answer.n_unit
    assert re.search(r"\d", answer.evidence)
    assert answer == computed(reading)


@pytest.mark.parametrize("reading", EXACT_OF_ROWS)
def test_every_exact_answer_is_overturned_by_some_wrong_row(reading, plant):
    holds = computed(reading).holds
    flipped = []
    for words, wrong in WRONG.items():
        right = ACTIVATIONS[wrong.name]
        plant(wrong)
        if computed(reading).holds != holds:
            flipped.append(words)
        plant(right)
    assert flipped


@pytest.mark.parametrize(
    ("claim", "name", "words"), [(*key, w) for key, all_ in OVERTURNED.items() for w in sorted(all_)]
)
def test_a_planted_falsehood_is_found(claim, name, words, plant):
    reading = next(reading for reading in CLAIMS[claim].readings if reading.name == name)
    assert computed(reading).holds
    plant(WRONG[words])
    assert not computed(reading).holds


def test_the_sweep_covers_every_exponent_and_the_special_values():
    half, single = every_float16(), float32_sweep()
    assert np.unique(half.view(np.uint16)).size == half.size == 1 << 16
    assert single.size >= 100_000
    assert np.unique(single.view(np.uint32) >> 23).size == 512
    limits = np.finfo(np.float32)
    for value in (0.0, -0.0, limits.smallest_subnormal, -limits.smallest_subnormal, limits.max, np.inf, -np.inf):
        assert np.any((single == np.float32(value)) & (np.signbit(single) == np.signbit(value)))
    assert np.isnan(single).any()
    assert np.array_equal(single, float32_sweep.__wrapped__(), equal_nan=True)


@pytest.mark.parametrize("claim", [claim for claim in ARTICLE if claim.history], ids=lambda claim: claim.name)
def test_a_change_says_what_was_asked_what_is_asked_and_why(claim):
    for change in claim.history:
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", change.on)
        assert change.after_looking
        assert all((change.was, change.now, change.why))
    with pytest.raises(ActbenchError, match="history"):
        replace(claim, history=(replace(claim.history[0], reading="nowhere"),))


def test_a_claim_s_card_shows_what_was_changed_and_registered():
    from actbench.cli.show import claim_card

    card = claim_card(CLAIMS["C36"])
    assert "after looking" in card["changed"]["2026-11-28 revived"]
    assert {"high 0.05 (covers numbers)", "high 0.95 (covers everything)"} <= set(card["registered"].values())
    assert "said of some setting" in card["readings"]["revived"]


def test_the_halving_claim_has_the_readings_that_its_files_promise():
    assert [reading.name for reading in CLAIMS["C10"].readings] == [
        "units", "trained", "paths", "connections", "negative_bias", "energy",
    ]  # fmt: skip


def test_the_step_sizes_that_are_judged_are_those_that_are_measured():
    from actbench.claims.article.drawbacks import BIAS, DEAD_STARTS, DEPTHS, RATES, STAGES
    from actbench.runs.experiment import EXPERIMENTS

    grid = EXPERIMENTS["dead_units"].grid
    measured = {part["optimiser"][0]: tuple(part["rate"]) for part in grid if part["bias"] == ["zero"]}
    assert measured == RATES
    starts = {(bias, part["optimiser"][0]) for part in grid for bias in part["bias"] if bias != "zero"}
    assert starts == {(BIAS[start], opt) for start, optimisers in DEAD_STARTS.items() for opt in optimisers}
    assert tuple(EXPERIMENTS["training"].grid[0]["depth"]) == DEPTHS
    assert tuple(EXPERIMENTS["distribution"].grid[0]["epochs"]) == tuple(STAGES.values())
