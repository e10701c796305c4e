"""A ledger of 24 twins in both languages: of each pair one claim is true and one false, of one small measurement."""

from __future__ import annotations

import math

import numpy as np

import actbench as ab
from actbench.experiments.activity.effects import slope_per_layer, zeros_beyond
from actbench.experiments.gradient_flow.effects import factor, left_over, ratio
from actbench.statistics.estimates import Estimate

SMALL = {"depth": [8], "width": [64], "net": range(8)}
NORMAL = {"data": ["normal"], **SMALL}


def region(low=-math.inf, high=math.inf):
    return ab.Region(low=low, high=high, words="planted", reason="a test")


def same(about, margin=0.05):
    return ab.Equivalence(about=about, margin=margin, words="planted", reason="a test")


def share(activation, *, measure="active_fraction", certain=False):
    def effect(frame):
        return Estimate.per_net(ab.select(frame, activation=activation), measure, certain=certain, bounds=(0.0, 1.0))

    return effect


def silent(activation):
    """The share of zeros; of functions that are 0 at 0 alone no chance is in it."""

    def effect(frame):
        part = ab.select(frame, activation=activation).groupby("net")["active_fraction"].mean()
        return Estimate.of(1.0 - part, certain=activation in ("tanh", "identity"), bounds=(0.0, 1.0))

    return effect


def slope(measure):
    return slope_per_layer(measure, activation="relu")


def activity(effect, init="he", bias="zero", activation=("relu",), **more):
    levels = {"activation": list(activation), "init": [init], "bias": [bias], **NORMAL}
    return {"experiment": "activity", "grid": levels, **effect, **more}


def flow(effect, activation, init, **more):
    return {"experiment": "gradient_flow", "grid": {"activation": activation, "init": init, **SMALL}, **effect, **more}


def one(effect):
    return {"effect": effect}


def several(**effects):
    return {"settings": effects}


def biased(frame):
    """The share of active units with all biases at -0.5 less that without."""
    parts = [ab.select(frame, bias=bias).groupby("net")["active_fraction"].mean() for bias in ("constant:-0.5", "zero")]
    return Estimate.of(parts[0] - parts[1], bounds=(-1.0, 1.0))


X = np.linspace(-4.0, 4.0, 33)


def holds(what):
    """An exact reading: does it hold at all 33 points?"""

    def compute():
        good = np.asarray(what(X))
        return ab.Answer(
            holds=bool(good.all()), value=float(good.mean()), n=good.size, n_unit="points", evidence="counted"
        )

    return {"kind": "exact", "compute": compute}


def twice(name):
    f = ab.get(name)
    return lambda x: f(f(x)) == f(x)


def odd(name):
    f = ab.get(name)
    return lambda x: np.isclose(f(-x), -f(x), rtol=1e-12, atol=0)


def slope_at_zero(value):
    return lambda x: ab.get("relu").backward(np.ones(1), np.zeros(1)) == value


HE, WIDER = {"activation": "relu", "init": "he"}, {"activation": "relu", "init": "sigma_w2=4"}
RELU, BOTH = ("relu",), ("relu", "tanh")
# (what is measured, what is true of it, what is false of it), in English and Chinese
TWINS = [
    (activity(one(share("relu"))), region(0.4, 0.6), region(high=0.3),
     "Half of ReLU's units are active.", "Under three in ten of ReLU's units are active.",
     "ReLU 的单元有一半活跃。", "ReLU 的单元活跃者不足三成。"),
    (activity(one(slope("path_fraction"))), region(-1.2, -0.8), region(-0.2, 0.2),
     "Active paths halve with every layer.", "Active paths stay as many in every layer.",
     "活跃路径逐层减半。", "活跃路径逐层不变。"),
    (activity(one(share("relu", measure="connection_fraction"))), region(0.15, 0.35), region(low=0.4),
     "A quarter of the connections are active.", "Over two in five connections are active.",
     "四分之一的连接活跃。", "超过五分之二的连接活跃。"),
    (activity(one(zeros_beyond("relu", "tanh")), activation=BOTH), region(low=0.3), region(high=0.1),
     "ReLU has more zeros than tanh.", "ReLU has hardly more zeros than tanh.",
     "ReLU 的零多于 tanh。", "ReLU 的零几乎不多于 tanh。"),
    (activity(one(silent("softshrink")), activation=("softshrink",)), region(0.05, 0.6), region(high=0.01),
     "Soft shrinkage makes zeros.", "Soft shrinkage makes no zeros.", "软收缩产生零。", "软收缩不产生零。"),
    (activity(one(slope("energy")), init="sigma_w2=1"), region(-1.3, -0.7), region(-0.2, 0.2),
     "At sigma_w2 = 1 the energy halves.", "At sigma_w2 = 1 the energy stays.",
     "sigma_w2 = 1 时能量逐层减半。", "sigma_w2 = 1 时能量保持不变。"),
    (activity(one(slope("energy"))), region(-0.3, 0.3), region(-1.3, -0.7),
     "At sigma_w2 = 2 the energy stays.", "At sigma_w2 = 2 the energy halves.",
     "sigma_w2 = 2 时能量保持不变。", "sigma_w2 = 2 时能量逐层减半。"),
    (activity(several(relu=silent("relu"), tanh=silent("tanh")), activation=BOTH, quantifier="existential"),
     region(low=0.2), region(low=0.8),
     "Some of both functions silence one unit in five.", "Some of both silence four in five.",
     "两个函数中有的使五分之一的单元沉默。", "两个函数中有的使五分之四的单元沉默。"),
    (activity(several(relu=silent("relu"), tanh=silent("tanh")), activation=BOTH, quantifier="universal"),
     region(high=0.7), region(low=0.2),
     "Neither silences seven in ten units.", "Both silence one unit in five.",
     "两个函数都不会使七成单元沉默。", "两个函数都使五分之一的单元沉默。"),
    ({"experiment": "activity", **one(biased),
      "grid": {"activation": ["relu"], "init": ["he"], "bias": ["zero", "constant:-0.5"], **NORMAL}},
     region(high=-0.05), region(low=0.0),
     "Negative biases make fewer units active.", "Negative biases make more units active.",
     "负偏置使活跃单元变少。", "负偏置使活跃单元变多。"),
    (activity(one(share("tanh", certain=True)), activation=("tanh",)), region(low=0.99), region(high=0.9),
     "All units of tanh are active.", "One unit of tanh in ten is silent.",
     "tanh 的单元全部活跃。", "tanh 的单元十分之一沉默。"),
    (activity(one(share("relu"))), same(0.5), same(0.65),
     "ReLU's share is one half to five points.", "ReLU's share is 0.65 to five points.",
     "ReLU 的活跃比例与一半相差不到 0.05。", "ReLU 的活跃比例与 0.65 相差不到 0.05。"),
    (flow(one(factor(**HE)), RELU, ["he"]), region(0.85, 1.15), region(low=1.25),
     "He keeps ReLU's gradient.", "Under He ReLU's gradient explodes.",
     "He 初始化保持 ReLU 的梯度。", "He 初始化下 ReLU 的梯度爆炸。"),
    (flow(one(factor(**WIDER)), RELU, ["sigma_w2=4"]), region(1.3, 1.55), region(0.9, 1.1),
     "At sigma_w2 = 4 it grows by the root of two.", "At sigma_w2 = 4 it stays.",
     "sigma_w2 = 4 时按根号二增长。", "sigma_w2 = 4 时保持不变。"),
    (flow(one(factor(activation="relu", init="glorot")), RELU, ["glorot"]), region(high=0.85), region(low=0.95),
     "Under Glorot it shrinks.", "Under Glorot it does not shrink.",
     "Glorot 初始化下缩小。", "Glorot 初始化下不缩小。"),
    (flow(one(factor(activation="sigmoid", init="he")), ("sigmoid",), ["he"]), region(high=0.5), region(low=0.9),
     "A sigmoid layer takes half of the gradient.", "A sigmoid layer takes hardly any of it.",
     "每个 sigmoid 层至少消去一半梯度。", "每个 sigmoid 层几乎不消去梯度。"),
    (flow(one(ratio({"activation": "sigmoid", "init": "he"}, HE)), ("sigmoid", "relu"), ["he"]),
     region(high=0.6), region(low=0.9),
     "The sigmoid's factor is under 0.6 of ReLU's.", "The sigmoid's factor is about ReLU's.",
     "sigmoid 的倍数不到 ReLU 的 0.6。", "sigmoid 的倍数与 ReLU 相近。"),
    (flow(one(factor(activation="gelu", init="sigma_w2=4")), ("gelu",), ["sigma_w2=4"]),
     region(low=1.1), region(high=1.0),
     "At sigma_w2 = 4 GELU's gradient grows.", "At sigma_w2 = 4 GELU's gradient shrinks.",
     "sigma_w2 = 4 时 GELU 的梯度增长。", "sigma_w2 = 4 时 GELU 的梯度缩小。"),
    (flow(one(left_over(activation="tanh", init="torch_default")), ("tanh",), ["torch_default"]),
     region(high=0.1), region(low=0.5),
     "Of tanh's gradient under a tenth is left.", "Over half of tanh's gradient is left.",
     "tanh 的梯度所剩不到十分之一。", "tanh 的梯度所剩超过一半。"),
    (flow(one(factor(activation="identity", init="orthogonal")), ("identity",), ["orthogonal"]),
     region(0.999, 1.001), region(high=0.99),
     "Orthogonal layers keep a gradient's size.", "Orthogonal layers shrink a gradient.",
     "正交层保持梯度大小。", "正交层缩小梯度。"),
    (holds(twice("relu")), None, holds(twice("sigmoid")),
     "ReLU twice is ReLU.", "The sigmoid twice is the sigmoid.", "两次 ReLU 等于一次。", "两次 sigmoid 等于一次。"),
    (holds(odd("tanh")), None, holds(odd("sigmoid")),
     "tanh is odd.", "The sigmoid is odd.", "tanh 是奇函数。", "sigmoid 是奇函数。"),
    (holds(slope_at_zero(0.0)), None, holds(slope_at_zero(1.0)),
     "The slope at 0 is taken as 0.", "The slope at 0 is taken as 1.", "零点斜率取 0。", "零点斜率取 1。"),
    (flow(several(he=factor(**HE), wider=factor(**WIDER)), RELU, ["he", "sigma_w2=4"], quantifier="universal"),
     region(low=0.85), region(high=1.15),
     "From He on upwards nothing vanishes.", "From He on upwards nothing explodes.",
     "从 He 往上梯度都不消失。", "从 He 往上梯度都不爆炸。"),
]  # fmt: skip

for number, (asked, true, false, english, not_english, chinese, not_chinese) in enumerate(TWINS, 1):
    for letter, expected, en, zh in (("t", true, english, chinese), ("f", false, not_english, not_chinese)):
        exact = isinstance(expected, dict) or expected is None
        what = {**(expected or asked)} if exact else {"kind": "experiment", "expected": expected, **asked}
        ab.claim(
            f"P{number:02d}{letter}", ledger="planted", statement={"en": en, "zh": zh},
            readings=[ab.Reading(name="planted", level="literal", **what)],
        )  # fmt: skip
