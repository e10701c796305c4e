"""A decision says what stands against it, wherever it is shown; and all of them come to a sentence."""

from __future__ import annotations

import pandas as pd
import pytest
from panel_frames import panel

from actbench.cli.compare import summary
from actbench.comparison.arms import Arm
from actbench.comparison.compared import Comparison
from actbench.comparison.conclusion import ENOUGH, concluded, label
from actbench.comparison.tables import tables
from actbench.report import notebook

SHIFTS = {"relu": 0.0, "gelu": 0.02, "tanh": -0.02, "mish": 0.0}


def decided(nets=ENOUGH, lost=(), edge=(), found=None):
    """A comparison whose best step size is inside the grid, but for the arms of ``edge``."""
    frame = panel(SHIFTS, nets=nets)
    smaller = frame[frame["rate"] == 0.3].assign(rate=0.03)  # as bad as the largest: the best lies between them
    frame = pd.concat([frame, smaller[~smaller["activation"].isin(edge)]], ignore_index=True)
    frame = frame[~((frame["data"] == "spirals") & frame["activation"].isin(lost))]
    arms = [Arm(asked=name, spec=name, found=(found or {}).get(name, {})) for name in SHIFTS]
    return Comparison(arms=tuple(arms), tables=tables(arms, {"panel": frame}, "relu"), frames={}, failures={}, run={})


def against(found):
    return found.tables["decisions"].set_index("activation")["provisional"].to_dict()


def test_where_every_demand_is_met_nothing_is_provisional():
    found = decided()
    assert set(against(found).values()) == {""}
    assert concluded(found.tables)["groups"] == {"better": ["gelu"], "worse": ["tanh"], "equal in practice": ["mish"]}
    assert "provisional" not in summary(found)


@pytest.mark.parametrize(
    ("how", "who", "said"),
    [
        ({"nets": 8}, {"gelu", "tanh", "mish"}, "8 networks"),
        ({"edge": ["gelu"]}, {"gelu"}, "gelu: best step size at the grid's edge in 6 of 6 cases"),
        ({"edge": ["relu"]}, {"gelu", "tanh", "mish"}, "relu: best step size at the grid's edge in 6 of 6 cases"),
        ({"lost": ["mish"]}, {"gelu", "tanh", "mish"}, "in 3 of 6 settings"),
        ({"found": {"tanh": {"disagrees": 0.5}}}, {"tanh"}, "tanh: the slope in use is not its function's own"),
        ({"found": {"relu": {"slope_differs": "it is 1 at 0"}}}, {"gelu", "tanh", "mish"},
         "relu: the slope in use is not its function's own"),
    ],
)  # fmt: skip
def test_a_failed_demand_stands_beside_the_decisions_that_it_touches_and_no_other(how, who, said):
    found = decided(**how)
    assert {arm for arm, text in against(found).items() if said in text.split("; ")} == who
    rows = {row["activation"]: row for row in found.tables["decisions"].to_dict(orient="records")}
    for arm in who:
        assert label(rows[arm]) in (f"{rows[arm]['decision']} (provisional)", "undecided")
    last = summary(found).splitlines()[-1]
    assert last.startswith("provisional")
    assert last.count(said) == 1
    assert said in concluded(found.tables)["provisional"]
    assert said in notebook.comparison(found).replace("&#39;", "'")
    assert f"{rows['gelu']['decision']} (provisional)" in notebook.comparison(found) or "gelu" not in who


def test_other_cells_than_the_reference_s_are_said():
    frame = panel({"relu": 0.0, "gelu": 0.02}, nets=ENOUGH)
    few = frame.drop(frame.index[(frame["activation"] == "gelu") & (frame["net"] == 3)])
    found = tables([Arm(asked=name, spec=name) for name in ("relu", "gelu")], {"panel": few}, "relu")
    assert "gelu: other cells than relu's" in found["decisions"]["provisional"][0]


def test_the_conclusion_names_who_is_apart_of_all_pairs_who_is_first_and_what_decides():
    found = decided()
    said = concluded(found.tables)
    assert said["reference"] == "relu"
    assert (said["first"], said["settings"], said["pairs"]) == ("gelu", 6, 6)
    assert set(said["apart"]) == {"gelu > relu", "relu > tanh", "gelu > tanh", "gelu > mish", "mish > tanh"}
    text = summary(found)
    assert "against relu (--reference takes another): better: gelu; worse: tanh; equal in practice: mish" in text
    assert "what decides: paired differences" in text
    assert "Friedman's test asks of all ranks at once" in text
    assert concluded({}) is None


def test_decisions_of_older_runs_have_no_such_column_and_are_shown_as_they_are():
    row = {"activation": "gelu", "decision": "better"}
    assert label(row) == label({**row, "provisional": float("nan")}) == "better"
