"""An arm whose trainings diverge more often is the worse one, and is called so."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from actbench.comparison.tables import _compared
from actbench.statistics.differences import Difference
from actbench.statistics.divergence import decide, difference_in_shares

SETTINGS = tuple(f"s{i}" for i in range(6))


def scores(lost, gain=0.0, nets=8, of_reference=()):
    """Two arms of equal networks but for what the second gains, and the (setting, net) at which it diverged."""
    rng = np.random.default_rng(0)
    gone = {"a": set(of_reference), "b": set(lost)}
    return pd.DataFrame([
        {"activation": arm, "setting": setting, "net": net, "rate": 0.1, "edge": False, "dead_end": 0.0,
         "diverged": (setting, net) in gone[arm],
         "test_accuracy": np.nan if (setting, net) in gone[arm]
         else 0.9 + gain * (arm == "b") + rng.normal(0, 0.001)}
        for arm in ("a", "b") for setting in SETTINGS for net in range(nets)
    ])  # fmt: skip


def decided(**given):
    return _compared(scores(**given), ["a", "b"], "a")["decisions"].iloc[0]


HALF_OF_ALL = [(setting, net) for setting in SETTINGS[:3] for net in range(8)]
HERE_AND_THERE = [(SETTINGS[(net + k) % 6], net) for net in range(8) for k in range(3)]  # n = 0 networks are left


@pytest.mark.parametrize("lost", [HALF_OF_ALL, HERE_AND_THERE])
@pytest.mark.parametrize("gain", [0.0, 0.05])
def test_an_arm_that_diverges_in_half_the_settings_is_worse_whatever_it_gains_elsewhere(lost, gain):
    found = decided(lost=lost, gain=gain)
    assert found["decision"] == "worse"
    assert "diverges in 50 % more of the trainings" in found["reason"]
    assert decided(lost=(), of_reference=lost)["decision"] == "better"


def test_a_sixth_decides_where_accuracy_does_not_and_is_said_where_it_does():
    sixth = [(SETTINGS[0], net) for net in range(8)]
    assert decided(lost=sixth)["decision"] == "worse"
    found = decided(lost=sixth, gain=0.05)
    assert found["decision"] == "better"
    assert "diverges in 17 % more" in found["reason"]


def test_two_networks_of_eight_or_as_many_in_both_arms_decide_nothing():
    few = [(SETTINGS[0], net) for net in range(2)]
    assert decided(lost=few)["decision"] == "equal in practice"
    assert decided(lost=HALF_OF_ALL, of_reference=HALF_OF_ALL)["decision"] == "equal in practice"


def test_where_nothing_diverges_nothing_is_tested():
    assert math.isnan(difference_in_shares(scores(lost=()), "a", "b").p)


def test_what_divergence_decides_is_said_with_its_numbers():
    given = {"inner_low": 0.3, "inner_high": 0.7, "p": 0.01, "effect": 1.0, "n": 8, "left_out": 0, "spread": 0.1}
    more = Difference(value=0.5, low=0.25, high=0.75, **given)
    fewer = Difference(value=-0.25, low=-0.5, high=-0.125, **given)
    told = "diverges in 50 % more of the trainings [+25, +75], adjusted p = 0.031"
    assert decide("better", "as is", more, 0.03125) == ("worse", f"{told}; where both train: as is")
    told = "diverges in 25 % fewer of the trainings [-50, -12], adjusted p = 0.031"
    assert decide("undecided", "as is", fewer, 0.03125) == ("better", f"{told}; where both train: as is")
    assert decide("".join(["wor", "se"]), "as is", fewer, 0.03125) == ("worse", f"as is; {told}")  # under half of them
    every = Difference(value=1.0, low=0.75, high=1.0, **given)
    told = "diverges in 100 % more of the trainings [+75, +100], adjusted p = 0.031"
    assert decide("better", "as is", every, 0.03125) == ("worse", f"{told}; where both train: as is")
    told = "diverges in 50 % more of the trainings [+25, +75], adjusted p = 0.05: too few networks to show it"
    assert decide("better", "as is", more, 0.05) == ("better", f"as is; {told}")
    assert decide("better", "as is", more, math.nan) == ("better", "as is")
    assert decide("better", "as is", replace(more, value=0.0), 0.05) == ("better", "as is")


def test_half_of_eight_networks_is_said_where_it_cannot_decide():
    found = decided(lost=[(setting, net) for setting in SETTINGS for net in range(4)])
    assert found["decision"] != "worse"
    assert "diverges in 50 % more of the trainings" in found["reason"]
    assert "adjusted p = 0.12: too few networks" in found["reason"]


def test_shares_are_over_what_both_arms_have_network_by_network():
    outcomes = {
        ("a", "s1"): [1, 1, 0, 0, 1], ("a", "s2"): [1, 0, 0, 1], ("a", "s3"): [1, 1, 1, 1],
        ("b", "s1"): [0, 0, 1, 0], ("b", "s2"): [0, 0, 0], ("c", "s1"): [0, 0, 0, 0],
    }  # fmt: skip
    rows = [
        {"activation": arm, "setting": setting, "net": net, "diverged": bool(lost)}
        for (arm, setting), each in outcomes.items() for net, lost in enumerate(each)
    ]  # fmt: skip
    frame = pd.DataFrame(rows[::-1])
    found = difference_in_shares(frame, "b", "a")
    # of the second setting the fourth network has one arm alone; a fifth network and a third setting are a's own
    per_net = np.array([-1.0, -0.5, 0.5, 0.0])
    assert (found.value, found.n, found.left_out) == (-0.25, 4, 0)
    flips = np.array(np.meshgrid(*[[-1, 1]] * 4)).reshape(4, -1).T @ per_net
    assert found.p == pytest.approx((np.abs(flips) >= abs(per_net.sum()) - 1e-12).mean())
    assert difference_in_shares(frame, "a", "b").value == 0.25
    assert not math.isnan(difference_in_shares(frame, "c", "a").p)
    assert math.isnan(difference_in_shares(frame, "c", "c").p)
    assert difference_in_shares(frame[frame["setting"] != "s1"], "b", "c").n == 0
