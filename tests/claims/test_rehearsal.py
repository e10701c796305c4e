"""A ledger is tried before anything runs: what it asks for must be there, and only what it needs is computed."""

from __future__ import annotations

import pytest

import actbench as ab
import actbench.claims.ledgers
import actbench.experiments
from actbench.claims.claim import CLAIMS
from actbench.claims.rehearsal import rehearsals, rehearse, sufficient
from actbench.cli import main
from actbench.experiments.gradient_flow.effects import factor
from actbench.report.reproduction import work
from actbench.runs.experiment import EXPERIMENTS
from actbench.statistics.estimates import Estimate

STEADY = ab.Region(low=0.9, high=1.1, words="steady", reason="a test")


def claim(name, **asked):
    reading = ab.Reading(**{"name": "r", "level": "literal", "kind": "experiment", "experiment": "gradient_flow",
                            "expected": STEADY, **asked})  # fmt: skip
    return ab.claim(name, ledger="rehearsed", statement={"en": "."}, readings=[reading])


@pytest.fixture
def ledger():
    with CLAIMS.temporary():
        yield


def test_the_article_s_readings_ask_for_what_is_there():
    tried = rehearsals([claim for claim in CLAIMS if claim.ledger == "article"])
    assert {key: each.problem for key, each in tried.items() if each.problem} == {}
    assert all(each.cells for each in tried.values())


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"effect": factor(activation="rellu")}, "activation='rellu'"),
        ({"effect": factor(depht=30)}, "depht"),
        ({"effect": lambda frame: Estimate.of(frame["grad_norm"])}, "'grad_norm'"),
        ({"effect": lambda frame: Estimate.off(frame["q"])}, "AttributeError"),
        ({"effect": lambda frame: 1.0}, "gives float, no Estimate"),
        ({"effect": lambda frame: None}, "is a return missing"),
        ({"effect": factor(), "grid": {"activaton": ["relu"]}}, "activaton"),
        ({"effect": factor(), "grid": {"activation": ["rellu"]}}, "rellu"),
        ({"effect": factor(), "experiment": "gradient_flaw"}, "gradient_flaw"),
        ({"effect": factor(activation="relu")}, "mix"),  # of all initialisations
    ],
)
def test_a_typo_is_found_before_anything_runs_and_costs_that_claim_alone(ledger, asked, said):
    claim("R1", **asked)
    claim("R2", effect=factor(activation="relu", init="he"), grid={"net": range(3), "depth": [4], "width": [32]})
    report = ab.reproduce("R1", "R2", progress=False)
    verdicts = report.verdicts.set_index(["claim", "reading"])
    assert verdicts.loc[("R1", "r"), "verdict"] == "not tested"
    assert said in verdicts.loc[("R1", "r"), "conditions"]
    assert said in report.untested["R1", "r"]
    assert verdicts.loc[("R2", "r"), "verdict"] != "not tested"
    assert set(report.frames) == {"gradient_flow.asked"}


def test_levels_beside_the_grid_are_asked_for_and_only_those_are_run(ledger):
    small = {"depth": [4], "width": [32], "net": range(3)}
    claim("R1", effect=factor(activation="gelu", init="sigma_w2=4"),
          grid={"activation": ["gelu"], "init": ["sigma_w2=4"], **small})  # fmt: skip
    claim("R2", effect=factor(), grid={"activation": ["relu"], "init": ["he"], **small})
    report = ab.reproduce("R1", "R2", progress=False)
    frame = report.frames["gradient_flow.asked"]
    assert frame.groupby(["activation", "init"]).ngroups == 2
    assert frame.groupby(["activation", "init", "net"]).ngroups == 6
    verdicts = report.verdicts.set_index(["claim", "reading"])
    assert verdicts.loc[("R2", "r"), "n"] == 3  # its own cells, though its effect names none
    assert verdicts.loc[("R1", "r"), "value"] > 1.1
    assert report.run["experiments"]["gradient_flow.asked"]["cells"] == 6


def test_the_terminal_says_what_was_not_tested_and_the_exit_status_too(tmp_path, capsys):
    file = tmp_path / "mine.py"
    file.write_text(
        "import actbench as ab\n"
        "ab.claim('R9', ledger='mine', statement={'en': 'x.'}, readings=[ab.Reading(name='r', level='literal',\n"
        "    kind='experiment', experiment='gradient_flow', effect=lambda frame: ab.select(frame, init='hee'),\n"
        "    expected=ab.Region(low=0, words='w', reason='r'))])\n",
        encoding="utf-8",
    )
    with CLAIMS.temporary():
        assert main(["reproduce", str(file), "--out", str(tmp_path / "out")]) == 3
    said = capsys.readouterr()
    assert "R9 r is not tested" in said.out
    assert "init='hee'" in said.out


def test_of_a_grid_the_cells_that_are_read_are_run_and_all_for_a_whole_ledger():
    [(experiment, cells)] = work([CLAIMS["C21"]], ["C21"], False)
    assert experiment.name == "gradient_flow"
    assert {(cell["activation"], cell["depth"]) for cell in cells} == {("relu", 30)}
    assert len(cells) == 5 * 32
    whole = {experiment.name: len(part) for experiment, part in work([CLAIMS["C21"]], ["article"], False)}
    assert set(whole) == {"gradient_flow", "same_twice"}
    assert whole["gradient_flow"] == len(experiment.cells())


def test_an_effect_that_reads_beside_select_gets_the_whole_grid(ledger):
    def both(frame):
        ours = ab.select(frame, activation="relu", init="he", depth=30, width=256).groupby("net")["q"].mean()
        theirs = frame[(frame["activation"] == "tanh") & (frame["init"] == "he")].groupby("net")["q"].mean()
        return Estimate.of(ours - theirs)

    reading = claim("R1", effect=both).readings[0]
    tried = rehearse(reading)
    assert len(tried.cells) == 32
    assert len(sufficient(reading, tried)) == len(EXPERIMENTS["gradient_flow"].cells())
