"""Planted claims, true and false: each false one gets the opposite verdict of its true twin, from real measurements."""

from __future__ import annotations

import math

import pytest

import actbench as ab
from actbench.claims.claim import Claim, Reading
from actbench.claims.judge import judge
from actbench.experiments.activity.effects import slope_of_one
from actbench.statistics.estimates import Estimate
from actbench.statistics.expectation import Equivalence, Region
from actbench.statistics.frames import by_net, select


@pytest.fixture(scope="module")
def frames():
    shape = {"depth": [8], "width": [64], "net": range(8)}
    activity = ab.run(
        "activity", activation=["relu", "tanh", "identity"], data=["normal"], init=["he"], bias=["zero"], **shape
    )
    flow = ab.run("gradient_flow", activation=["relu", "sigmoid"], init=["he", "lecun"], **shape)
    return {"activity": activity, "gradient_flow": flow}


def mean_share(activation, **details):
    return lambda frame: Estimate.per_net(select(frame, activation=activation), "active_fraction", **details)


def path_slope(activation):
    return lambda frame: Estimate.of(
        list(by_net(select(frame, activation=activation), lambda net: slope_of_one(net, "path_fraction")).values())
    )


def factor(activation, init):
    def one(net):
        fall = net["grad_log_norm"].iloc[0] - net["grad_log_norm"].iloc[-1]
        return math.exp(fall / (len(net) - 1))

    return lambda frame: Estimate.of(list(by_net(select(frame, activation=activation, init=init), one).values()))


def region(low=-math.inf, high=math.inf):
    return Region(low=low, high=high, words="planted", reason="a test")


# tanh(z) and z are 0 at 0 alone: no chance is in that, and networks that agree are no accident.
# What is measured, what is true of it, and a planted falsehood
PLANTED = {
    "tanh is silent half the time": ("activity", mean_share("tanh", certain=True), region(low=0.95), region(0.4, 0.6)),
    "ReLU is silent one time in ten": ("activity", mean_share("relu"), region(0.4, 0.6), region(0.85, 0.95)),
    "linear units fall silent": ("activity", mean_share("identity", certain=True), region(low=0.999), region(high=0.9)),
    "paths do not thin out": ("activity", path_slope("relu"), region(-1.2, -0.8), region(-0.1, 0.1)),
    "paths thin out by four": ("activity", path_slope("relu"), region(-1.2, -0.8), region(-2.2, -1.8)),
    "tanh and ReLU are alike": (
        "activity", mean_share("relu"), Equivalence(margin=0.1, about=0.5, words="half", reason="a test"),
        Equivalence(margin=0.1, about=1.0, words="all", reason="a test"),
    ),
    "ReLU explodes under He": ("gradient_flow", factor("relu", "he"), region(0.9, 1.1), region(low=1.15)),
    "ReLU is steady under LeCun": ("gradient_flow", factor("relu", "lecun"), region(0.6, 0.8), region(0.95, 1.05)),
    "the sigmoid is steady": ("gradient_flow", factor("sigmoid", "lecun"), region(high=0.4), region(0.95, 1.05)),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_falsehood_gets_the_opposite_verdict(name, frames):
    experiment, effect, true, false = PLANTED[name]

    def verdict(expected):
        reading = Reading(
            name="planted", level="literal", kind="experiment", experiment=experiment, effect=effect, expected=expected
        )
        return judge(Claim(name="P", statement={"en": name}, readings=(reading,)), frames)[-1].verdict

    assert verdict(true) == "supported"
    assert verdict(false) == "refuted"
