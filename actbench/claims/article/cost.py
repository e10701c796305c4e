"""What the article says about cost: which operations the two passes need, and whether that makes them faster."""

from __future__ import annotations

from actbench.claims.expectations import CHEAPER
from actbench.define import claim
from actbench.records.claim import Reading

claim(
    "C26",
    section="1, summary 1",
    statement={
        "en": "ReLU's forward pass is very cheap, because it takes no exponential or the like.",
        "zh": "ReLU 的前向计算很省事，用不到指数一类的运算。",
    },
    readings=[
        Reading(
            name="census",
            level="literal",
            kind="exact",
            says="The forward rule has no exponential, logarithm, division or root in it.",
            conditions="needs experiment op_census",
        ),
        Reading(
            name="faster",
            level="literal",
            kind="experiment",
            experiment="throughput",
            expected=CHEAPER,
            says="Therefore it takes less time than the sigmoid, tanh and their kin: time ratio, rival over ReLU.",
            conditions="holds for the dtypes, sizes, libraries and machine of the panel",
        ),
    ],
)

claim(
    "C27",
    section="1, summary 2",
    statement={
        "en": "ReLU's derivative is simple too: passing a gradient back takes neither exponentials nor divisions.",
        "zh": "ReLU 求导同样容易：回传梯度时既不用指数也不用除法。",
    },
    readings=[
        Reading(
            name="census",
            level="literal",
            kind="exact",
            says="The backward rule has no exponential and no division in it.",
            conditions="needs experiment op_census",
        ),
        Reading(
            name="faster",
            level="literal",
            kind="experiment",
            experiment="throughput",
            expected=CHEAPER,
            says="Therefore it takes less time than the backward passes of sigmoid and tanh that kept their output.",
            conditions="holds for the dtypes, sizes, libraries and machine of the panel",
        ),
        Reading(
            name="contrast",
            level="charitable",
            kind="exact",
            says="This sets it apart: sigmoid and tanh do need them on the way back, even with their output kept.",
            conditions="needs experiment op_census; from the kept output y their slopes are y (1 - y) and 1 - y^2",
        ),
        Reading(
            name="masked",
            level="charitable",
            kind="experiment",
            experiment="throughput",
            expected=CHEAPER,
            says="Writing zeros through a mask, as the article's code does, beats multiplying by a slope of 0 or 1.",
            conditions="holds for the dtypes, sizes, libraries and machine of the panel",
        ),
    ],
)
