"""What the article says about ReLU's faults, units that die and outputs that shift, and about the remedies."""

from __future__ import annotations

from typing import Any

from actbench.claims.article.stated import stated
from actbench.claims.claim import Reading
from actbench.claims.expectations import BETTER_ACCURACY, EASILY_DIES, FOR_EVER
from actbench.experiments.training.effects import (
    dead_at_tuned,
    dead_beyond_birth,
    gain,
    gain_where,
    mean_of,
    revived_share,
)
from actbench.statistics.expectation import Region

HARDLY_ANY = Region(
    high=0.01, words="hardly any", reason="a mended network keeps under one unit in a hundred without a gradient"
)
SHIFTED = Region(
    low=0.25, words="shifted", reason="a mean a quarter of a standard deviation off zero, a small effect at the least"
)
RESHAPED = Region(
    low=0.1, words="another distribution", reason="a KS distance of 0.1: one input in ten lands on another quantile"
)
# What the experiments' grids hold; a test compares.
RATES = {"sgd": (0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 1.0), "adam": (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)}
REMEDIES = ("prelu", "rrelu")
FROM_ZERO: dict[str, Any] = {"bias": "zero"}
# starts at which ReLU's units are dead: seven in ten at -1.5, the last two of 4 layers whole; 99 in 100 at -5
DEAD_STARTS = {"biases at -1.5": ("sgd", "adam"), "biases at -5": ("adam",)}
BIAS = {"biases at -1.5": "constant:-1.5", "biases at -5": "constant:-5.0"}
SOME_FOR_EVER = Region(
    high=0.95, words="some for ever", reason="at least one in twenty of the ever-dead stays dead: the article says some"
)
STAGES = {"at birth": 0, "trained": 5}
DEPTHS = (4, 12)

stated(
    "C35",
    section="1, summary",
    statement={
        "en": "Because ReLU is shut on the left, hidden units die easily.",
        "zh": "由于 ReLU 左侧全部关闭，隐藏单元很容易死亡。",
    },
    readings=[
        Reading(
            name="tuned",
            level="literal",
            experiment="dead_units",
            expected=EASILY_DIES,
            settings={
                opt: dead_beyond_birth(tuned=True, activation="relu", optimiser=opt, **FROM_ZERO) for opt in RATES
            },
            says=(
                "Fraction of units with zero slope on the whole training set after training at the tuned step size, "
                "beyond those dead at birth."
            ),
        ),
        Reading(
            name="grid",
            level="charitable",
            experiment="dead_units",
            expected=EASILY_DIES,
            settings={
                f"{opt} {rate:g}": dead_beyond_birth(activation="relu", optimiser=opt, rate=rate, **FROM_ZERO)
                for opt, rates in RATES.items()
                for rate in rates
            },
            says="The same over the grid of step sizes; networks that diverged are counted as diverged, not as dead.",
        ),
    ],
    note="Born dead: Lu et al. 2020. The answer depends on the input set, here the whole training set.",
    contradicts={
        "C21": {
            "en": "a dead unit is one whose gradient has vanished",
            "zh": "死亡的单元正是梯度消失的单元",
        },
    },
)

stated(
    "C36",
    section="1, summary",
    statement={
        "en": "Some of the hidden units that die never come back.",
        "zh": "死亡的隐藏单元中，有一些再也恢复不过来。",
    },
    readings=[
        Reading(
            name="revived",
            level="literal",
            experiment="dead_units",
            expected=SOME_FOR_EVER,
            quantifier="existential",
            settings={opt: revived_share(activation="relu", optimiser=opt, **FROM_ZERO) for opt in RATES},
            says="Share of the units that were ever dead and had a gradient again later, all step sizes together.",
            conditions="20 epochs; for ever is proved for the first layer alone",
        ),
        Reading(
            name="first_layer",
            level="charitable",
            experiment="dead_units",
            expected=FOR_EVER,
            effect=revived_share(activation="relu", optimiser="sgd", layer=1, certain=True, **FROM_ZERO),
            says=(
                "The same where it can be proved: in the first layer, on a fixed training set, under SGD without "
                "momentum or decay, no step moves a unit that is dead on every sample."
            ),
        ),
    ],
    contradicts={
        "C21": {
            "en": "for ever without a gradient is the strongest way to vanish",
            "zh": "永远没有梯度，正是最彻底的消失",
        },
    },
)

stated(
    "C37",
    section="1, summary",
    statement={
        "en": "PReLU and randomized ReLU were introduced later as improvements that mend this.",
        "zh": "后来提出的 PReLU 与随机化 ReLU 等变体弥补了这一不足。",
    },
    readings=[
        Reading(
            name="zero_gradient",
            level="literal",
            experiment="dead_units",
            expected=HARDLY_ANY,
            settings={
                f"{remedy}, {opt}": dead_at_tuned(activation=remedy, optimiser=opt, certain=True, **FROM_ZERO)
                for remedy in REMEDIES
                for opt in RATES
            },
            says="Fraction of units without a gradient on the whole training set under PReLU and randomized ReLU.",
        ),
        Reading(
            name="accuracy",
            level="literal",
            experiment="dead_units",
            expected=BETTER_ACCURACY,
            settings={
                f"{remedy}, {opt}, {start}": gain(
                    {"activation": remedy}, {"activation": "relu"}, optimiser=opt, bias=BIAS[start]
                )
                for start, optimisers in DEAD_STARTS.items()
                for opt in optimisers
                for remedy in REMEDIES
            },
            says=(
                "Test accuracy beyond that of ReLU where death is the cause: from negative biases, at which ReLU's "
                "units start without a gradient, each arm at its tuned step size."
            ),
        ),
        Reading(
            name="in_training",
            level="charitable",
            experiment="dead_units",
            expected=BETTER_ACCURACY,
            settings={
                f"{remedy}, {opt}": gain_where("dies", remedy, optimiser=opt, **FROM_ZERO)
                for remedy in REMEDIES
                for opt in RATES
            },
            says="The same at the step sizes at which ReLU's units die in training, whatever else these do.",
        ),
        Reading(
            name="divergence",
            level="charitable",
            experiment="dead_units",
            expected=BETTER_ACCURACY,
            settings={
                f"{remedy}, {opt}": gain_where("diverges", remedy, optimiser=opt, **FROM_ZERO)
                for remedy in REMEDIES
                for opt in RATES
            },
            says="The same at step sizes where ReLU networks diverge, a harm of another cause.",
        ),
    ],
    note="He et al. 2015, arXiv 1502.01852; Xu et al. 2015, arXiv 1505.00853.",
)

stated(
    "C38",
    section="1, summary",
    statement={
        "en": "ReLU readily shifts the distribution of the data that pass through it.",
        "zh": "数据经过 ReLU 之后，分布很容易发生偏移。",
    },
    readings=[
        Reading(
            name="mean",
            level="literal",
            experiment="distribution",
            expected=SHIFTED,
            settings={
                what: mean_of("mean_over_sd", size=True, activation="relu", norm="none", epochs=epochs)
                for what, epochs in STAGES.items()
            },
            says="Absolute mean over standard deviation of a layer's outputs, the rivals shown beside it.",
        ),
        Reading(
            name="shape",
            level="literal",
            experiment="distribution",
            expected=RESHAPED,
            settings={
                what: mean_of("ks", activation="relu", norm="none", epochs=epochs) for what, epochs in STAGES.items()
            },
            says="KS distance between a layer's standardised outputs and its standardised pre-activations.",
        ),
    ],
)

stated(
    "C39",
    section="1, summary",
    statement={
        "en": "Hence batch normalisation behind ReLU is a common and useful improvement.",
        "zh": "因此，在 ReLU 后面接批归一化是一种普遍而有效的改进。",
    },
    readings=[
        Reading(
            name="common",
            level="literal",
            says="Normalising behind ReLU, rather than before it, is common.",
            verdict="conditional",
            source=(
                "Ioffe & Szegedy 2015, arXiv 1502.03167 (before); torchvision's ResNet is conv-bn-relu (before); the "
                "caffenet-benchmark reports .499 after against .474 before (ImageNet-128)"
            ),
            conditions="the usual place is before ReLU; behind it is used, and did better in one published benchmark",
        ),
        Reading(
            name="after",
            level="literal",
            experiment="training",
            expected=BETTER_ACCURACY,
            settings={
                f"{depth} layers": gain({"norm": "batch_after"}, {"norm": "none"}, activation="relu", depth=depth)
                for depth in DEPTHS
            },
            says="Test accuracy with batch normalisation behind ReLU, minus without it, best learning rate per arm.",
        ),
        Reading(
            name="placement",
            level="charitable",
            experiment="training",
            expected=BETTER_ACCURACY,
            settings={
                f"{depth} layers": gain(
                    {"norm": "batch_after"}, {"norm": "batch_before"}, activation="relu", depth=depth
                )
                for depth in DEPTHS
            },
            says="The shift is why: behind ReLU it does better than before ReLU.",
        ),
    ],
)
