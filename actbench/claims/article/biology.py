"""What the article says about brains: where the rectifier comes from, and how few neurons are at work at once."""

from __future__ import annotations

from actbench.claims.article.stated import stated
from actbench.claims.claim import Reading
from actbench.experiments.neuron.effects import fall, from_closed_form, of_top_rate, up_to_threshold
from actbench.experiments.selectivity.effects import rise, rise_beyond
from actbench.statistics.expectation import Region

MORE_SELECTIVE = Region(
    low=0.05, words="more selective",
    reason="a division of labour that moves less than five points of a unit's variance between the classes is none",
)  # fmt: skip
FIRES_LIKE_THAT = Region(
    high=0.02, words="fires like that",
    reason="a fiftieth of the top rate: above what steps of 0.05 ms leave, below what a plot would show",
)  # fmt: skip
RELUS_DOING = Region(
    low=0.02, words="more than the controls",
    reason="two points of variance, under half of the rise that counts, is the least to credit the zeros with",
)  # fmt: skip

stated(
    "C01",
    section="1",
    statement={
        "en": "The rectified linear unit is the usual activation function of deep networks.",
        "zh": "修正线性单元是深度网络最常见的激活函数。",
    },
    readings=[
        Reading(
            name="usage",
            level="literal",
            verdict="conditional",
            source=(
                "for: Krizhevsky, Sutskever & Hinton 2012; LeCun, Bengio & Hinton 2015 (the most popular one then); "
                "Vaswani et al. 2017; Ramachandran, Zoph & Le 2017, arXiv 1710.05941; torchvision's ResNet; against: "
                "Hendrycks & Gimpel 2016, arXiv 1606.08415 (GELU); Devlin et al. 2019 (BERT uses GELU); Shazeer 2020, "
                "arXiv 2002.05202 (gated units)"
            ),
            conditions=(
                "true of convolutional networks from 2012 on; transformers began with ReLU in 2017 and have moved to "
                "GELU and gated SiLU"
            ),
        )
    ],
)

stated(
    "C02",
    section="1",
    statement={
        "en": "ReLU has its origin in neuroscience, in a neuron model that Dayan and Abbott put forward in 2001.",
        "zh": "ReLU 源自神经科学，出处是 Dayan 与 Abbott 在 2001 年给出的神经元模型。",
    },
    readings=[
        Reading(
            name="priority",
            level="literal",
            says="The 2001 work is where the rectifier first appears.",
            verdict="refuted",
            source=(
                "Householder 1941 (threshold-linear nerve fibres); Fukushima 1969 (rectifying units in a multilayer "
                "network); Dayan & Abbott 2001, Theoretical Neuroscience, a textbook"
            ),
            conditions="the rectifier is 60 years older than the textbook that is named as its origin",
        ),
        Reading(
            name="field",
            level="charitable",
            says="The rectifier was first used to model nerve cells, whoever did it first.",
            verdict="supported",
            source=(
                "Householder 1941, A theory of steady-state activity in nerve-fiber networks; Fukushima 1969; "
                "Hahnloser et al. 2000; Glorot, Bordes & Bengio 2011, who cite Dayan & Abbott 2001"
            ),
            conditions="its use in deep learning starts with Nair & Hinton 2010 and Glorot, Bordes & Bengio 2011",
        ),
    ],
)

stated(
    "C03",
    section="1, first figure",
    statement={
        "en": "The first figure plots a neuron's firing rate against time in milliseconds.",
        "zh": "第一幅图画的是神经元发放率随时间（毫秒）的变化。",
    },
    readings=[
        Reading(
            name="axis",
            level="literal",
            kind="exact",
            says="Time is on the figure's horizontal axis.",
            conditions="the figure itself is not part of the text, so its axis cannot be read",
        ),
        Reading(
            name="rate_against_current",
            level="charitable",
            experiment="neuron",
            expected=FIRES_LIKE_THAT,
            settings={
                "highest rate up to the threshold": of_top_rate(up_to_threshold, noise=0.0),
                "largest gap to the closed form": of_top_rate(from_closed_form, noise=0.0),
                "largest fall with more current": of_top_rate(fall, noise=0.0),
            },
            says=(
                "What is meant is a neuron's rate against its input current, zero up to a threshold and rising beyond "
                "it: a leaky integrate-and-fire neuron fires like that. Three distances of a simulated neuron from "
                "that curve, over its rate at three times the threshold's current."
            ),
            conditions="without noise; noise in the current rounds the corner, and the curve is bent, not straight",
        ),
    ],
    note="Such a curve has the input current on its axis; against time, a constant input gives a constant rate.",
)

stated(
    "C04",
    section="1",
    statement={
        "en": "From the brain's energy use, Attwell and colleagues inferred in 2001 that neurons code sparsely and "
        "in a distributed way.",
        "zh": "2001 年，Attwell 等人从大脑能耗出发，推断神经元采用稀疏且分布式的编码。",
    },
    readings=[
        Reading(
            name="inference",
            level="literal",
            verdict="supported",
            source="Attwell & Laughlin 2001, J. Cereb. Blood Flow Metab. 21, 1133-1145, PMID 11598490",
            conditions=(
                "a prediction from an energy budget of rodent grey matter, at most 15 % of the neurons active at once; "
                "two authors"
            ),
        )
    ],
)

stated(
    "C05",
    section="1",
    statement={
        "en": "Lennie and colleagues estimated in 2003 that between 1 and 4 % of the brain's neurons are active at the "
        "same moment.",
        "zh": "2003 年 Lennie 等人估算，同一时刻处于活动状态的脑神经元占 1 % 到 4 %。",
    },
    readings=[
        Reading(
            name="attribution",
            level="literal",
            says="The range of 1 to 4 % is the estimate that Lennie 2003 announces.",
            verdict="refuted",
            source=(
                "Lennie 2003, Curr. Biol. 13, 493-497, doi 10.1016/S0960-9822(03)00135-0; "
                "Glorot, Bordes & Bengio 2011 (AISTATS)"
            ),
            conditions=(
                "judged on the abstract, by one author, which says possibly to fewer than 1 %, below the whole range; "
                "the range is the wording of Glorot, Bordes & Bengio, who cite him"
            ),
        ),
        Reading(
            name="order_of_magnitude",
            level="charitable",
            says="The energy at hand lets only a few neurons in a hundred be strongly active at once.",
            verdict="supported",
            source="Lennie 2003, doi 10.1016/S0960-9822(03)00135-0; Attwell & Laughlin 2001, PMID 11598490",
            conditions="two energy budgets, not recordings, which lie over tenfold apart: under 1 and up to 15 %",
        ),
    ],
)

stated(
    "C12",
    section="1",
    statement={
        "en": "ReLU's particular orientation may have been chosen to match biology and to be easy to grasp.",
        "zh": "ReLU 取现在这个朝向，可能是为了与生物学相符、便于理解。",
    },
    readings=[
        Reading(
            name="motive",
            level="literal",
            kind="opinion",
            verdict="opinion",
            conditions="a guess about motives, which the article itself marks with a perhaps",
        )
    ],
)

stated(
    "C13",
    section="1",
    statement={
        "en": "Reasoning runs in the left half of the brain and feeling in the right, so one half rests while the "
        "other works.",
        "zh": "左脑主管推理，右脑主管感受，一侧工作时另一侧便在休息。",
    },
    readings=[
        Reading(
            name="halves",
            level="literal",
            says="Whole hemispheres divide reasoning and feeling between them.",
            verdict="refuted",
            source="Nielsen, Zielinski, Ferguson, Lainhart & Anderson 2013, PLoS ONE 8(8), e71275",
            conditions="resting-state connectivity of over 1,000 people shows no left- or right-dominant whole brains",
        ),
        Reading(
            name="local",
            level="charitable",
            says="Some functions lie more on one side than on the other.",
            verdict="supported",
            source="Nielsen, Zielinski, Ferguson, Lainhart & Anderson 2013, PLoS ONE 8(8), e71275",
            conditions="lateralisation is a local property: language networks to the left, attention to the right",
        ),
    ],
    note="An analogy: even if it held, it would say nothing about units of an artificial network.",
)

stated(
    "C13b",
    section="1",
    statement={
        "en": "While some units are active others are silent, and each does a job of its own.",
        "zh": "一部分单元激活时，另一部分保持沉默，各自承担不同的任务。",
    },
    readings=[
        Reading(
            name="happens",
            level="literal",
            experiment="selectivity",
            expected=MORE_SELECTIVE,
            effect=rise("relu"),
            says="Training raises the share of a ReLU unit's variance that lies between the classes.",
            conditions="held-out digits, 3 layers of 64 units, Adam",
        ),
        Reading(
            name="relus_doing",
            level="literal",
            experiment="selectivity",
            expected=RELUS_DOING,
            settings={
                "leaky_relu": rise_beyond("relu", "leaky_relu", shared=True),
                **{rival: rise_beyond("relu", rival) for rival in ("tanh", "sigmoid")},
            },
            says=(
                "That share rises by more under ReLU than under leaky ReLU with slope 0.01 at the same step size, and "
                "than under tanh and the sigmoid at their own."
            ),
        ),
    ],
)
