"""What a rehearsal makes up, which cells it finds an effect to read, and what it says of one that cannot work."""

from __future__ import annotations

import numpy as np
import pytest

import actbench as ab
from actbench.claims import rehearsal
from actbench.claims.rehearsal import LAYERS, cells_of, no_estimate, own_rows, rehearsals, rehearse, sufficient
from actbench.core.errors import ActbenchError, NotMeasured
from actbench.runs.experiment import EXPERIMENTS
from actbench.statistics.estimates import Estimate

ABOVE = ab.Region(low=0.0, words="above", reason="a test")
MADE = {"activation": ["relu", "tanh"], "depth": [3, 10], "net": range(4)}


@pytest.fixture(autouse=True)
def experiments():
    with EXPERIMENTS.temporary():

        @ab.experiment(grid=MADE, columns={"share": "a share", "diverged": "whether"})
        def flat(*, activation, depth, net):
            """Is it flat?"""
            yield {"share": 0.5, "diverged": False}

        @ab.experiment(grid=MADE, columns={"layer": "which", "share": "a share"})
        def layered(*, activation, depth, net):
            """Is it layered?"""
            yield {"layer": 1, "share": 0.5}

        yield
        rehearsal._made_up.cache_clear()  # by the names of experiments, which end here


def reading(effect=None, experiment="flat", grid=None, **given):
    effects = {} if "settings" in given else {"effect": effect}
    return ab.Reading(name="r", level="literal", kind="experiment", experiment=experiment, expected=ABOVE,
                      grid=grid or {}, **effects, **given)  # fmt: skip


def shares(frame):
    return Estimate.of(frame["share"], n_unit="cells")


def seen(experiment="flat", grid=None):
    """The made-up frame, as an effect gets it."""
    kept = []
    rehearse(reading(lambda frame: kept.append(frame) or shares(frame), experiment, grid))
    return kept[0]


def test_a_made_up_frame_has_every_cell_and_measures_that_are_always_the_same():
    flat, layered = seen(), seen("layered")
    assert (len(flat), len(layered)) == (2 * 2 * 4, 2 * 2 * 4 * LAYERS)
    assert LAYERS == 3
    assert flat.groupby(["activation", "depth", "net"]).ngroups == 16
    assert not flat["diverged"].any()
    assert flat["diverged"].dtype == bool
    assert layered["layer"].tolist() == [1, 2, 3] * 16
    assert layered["net"].nunique() == 4
    for frame in (flat, layered):
        assert frame["share"].between(0.1, 0.9).all()
        assert frame["share"].nunique() == len(frame)
        assert np.ptp(frame["share"]) > 0.5
    assert seen().equals(flat)
    assert flat["net"].dtype.kind == flat["depth"].dtype.kind == "i"


def test_a_grid_of_its_own_has_its_own_cells():
    own = seen(grid={"activation": ["gelu"], "net": range(2)})
    assert set(own["activation"]) == {"gelu"}
    assert set(own["depth"]) == {3, 10}
    assert set(own["net"]) == {0, 1}
    assert len(cells_of(reading(shares, grid={"depth": [5]}))) == 8


def test_of_what_was_asked_for_together_a_reading_gets_its_own_rows():
    both = seen(grid={"activation": ["gelu", "relu"], "depth": [3, 5, 10]})
    mine = own_rows(reading(shares, grid={"activation": ["gelu"], "depth": [5, 3]}), both)
    assert set(mine["activation"]) == {"gelu"}
    assert set(mine["depth"]) == {3, 5}
    assert len(mine) == 8
    assert own_rows(reading(shares), both) is both


def read(effect, **given):
    return [(cell["activation"], cell["depth"], cell["net"]) for cell in rehearse(reading(effect, **given)).cells]


@pytest.mark.parametrize("experiment", ["flat", "layered"])
def test_the_cells_that_are_read_are_those_that_are_selected(experiment):
    def relus(frame):
        return shares(ab.select(frame, activation="relu", depth=10))

    assert read(relus, experiment=experiment) == [("relu", 10, net) for net in range(4)]
    assert len(read(shares, experiment=experiment)) == 16  # which cannot be told: all
    each = {"a": lambda f: shares(ab.select(f, depth=3, net=1)), "b": lambda f: shares(ab.select(f, depth=10, net=1))}
    both = rehearse(reading(experiment=experiment, settings=each))
    assert [(c["activation"], c["depth"]) for c in both.cells] == [
        ("relu", 3), ("relu", 10), ("tanh", 3), ("tanh", 10)
    ]  # fmt: skip
    assert both.problem == ""


def fails(error):
    def effect(frame):
        raise error

    return effect


@pytest.mark.parametrize(("effect", "said"), [
    (lambda frame: Estimate.of(frame["shar"]),
     "its effect is refused: no column named 'shar'; did you mean 'share'?"),
    (lambda frame: Estimate.of(frame.pivot_table("share", "net", "depth")[30]), ""),  # a level, of which here are few
    (lambda frame: ab.select(frame, activation="gelu"),
     "its effect is refused: no cell has activation='gelu' there; known: relu, tanh"),
    (lambda frame: frame.nothing, "its effect fails: AttributeError"),
    (lambda frame: nowhere, "its effect fails: NameError"),  # noqa: F821
    (lambda: None, "its effect fails: TypeError"),
    (fails(SystemExit("bye")), ""),
    (fails(ImportError("no torch")), "its effect fails: ImportError"),
    (fails(ValueError("made-up numbers")), ""),
    (lambda frame: Estimate.of([1 / 0]), ""),  # numbers may be what no real ones are
    (lambda frame: 1.0, "its effect gives float, no Estimate; is a return missing?"),
    (lambda frame: None, "its effect gives NoneType, no Estimate; is a return missing?"),
    (shares, ""),
])  # fmt: skip
def test_what_cannot_work_is_said(effect, said):
    found = rehearse(reading(effect)).problem
    assert found.startswith(said)
    assert bool(found) == bool(said)


def test_the_first_problem_of_several_settings_is_said_and_a_grid_s_own_leaves_no_cells():
    settings = {"a": shares, "b": fails(TypeError("one")), "c": fails(TypeError("two"))}
    assert rehearse(reading(settings=settings)).problem == "its effect fails: TypeError: one"
    wrong = rehearse(reading(shares, grid={"dept": [1]}))
    assert "dept" in wrong.problem
    assert wrong.cells == ()
    assert "flaw" in rehearse(reading(shares, "flaw")).problem
    assert rehearse(reading(fails(NotMeasured("no")))).problem.endswith("no")


def test_none_is_an_answer_only_where_a_library_may_not_be_installed():
    import actbench.experiments  # noqa: F401

    assert no_estimate(reading(shares, "pass_cost"), None) == ""
    assert "return" in no_estimate(reading(shares, "pass_cost"), 1.0)
    assert "return" in no_estimate(reading(shares, "nowhere"), None)
    assert no_estimate(reading(shares, "nowhere"), Estimate.of([1.0])) == ""


def test_cells_that_are_read_are_enough_where_they_give_the_same_and_else_all_are_run():
    def beside(frame):
        other = frame[frame["activation"] == "tanh"]["share"].mean()
        return Estimate.of(ab.select(frame, activation="relu")["share"] - other, n_unit="cells")

    def alone(frame):
        return shares(ab.select(frame, activation="relu"))

    def broken(frame):
        if frame["activation"].nunique() < 2:
            raise ValueError("one arm")
        return alone(frame)

    for effect, count in ((alone, 8), (beside, 16), (broken, 16), (shares, 16)):
        asked = reading(effect)
        assert len(sufficient(asked, rehearse(asked))) == count
    for experiment in ("flat", "layered"):
        asked = reading(alone, experiment)
        assert sufficient(asked, rehearse(asked)) == rehearse(asked).cells
    failing = reading(lambda frame: (ab.select(frame, depth=3), 1 / 0))  # fails alike on both
    assert len(sufficient(failing, rehearse(failing))) == 8
    settings = {"a": alone, "b": beside}
    asked = reading(settings=settings)
    assert len(sufficient(asked, rehearse(asked))) == 16


def test_every_reading_with_an_effect_is_rehearsed():
    opinion = ab.Reading(name="o", level="literal", kind="opinion")
    without = ab.Reading(name="w", level="literal", kind="experiment", experiment="flat", expected=ABOVE)
    from actbench.claims.claim import Claim

    claim = Claim(name="T", statement={"en": "."}, readings=(reading(shares), opinion, without))
    assert list(rehearsals([claim])) == [("T", "r")]
    with pytest.raises(ActbenchError, match="flaw"):
        cells_of(reading(shares, "flaw"))
