"""What the article says that ReLU's zeros do: act like an L1 penalty, and relieve over-fitting."""

from __future__ import annotations

from actbench.claims.article.exact_rules import proximal
from actbench.claims.article.stated import stated
from actbench.claims.article.training import CLEAN, NOISY
from actbench.claims.claim import Reading
from actbench.experiments.overfitting.effects import gap_beyond, share_of_l1
from actbench.statistics.expectation import Region

HALF_OF_L1 = Region(
    low=0.5, words="at least half of L1's effect",
    reason="share of what an explicit L1 penalty of the tuned strength achieves; under half is not similar to it",
)  # fmt: skip
SMALLER_GAP = Region(high=-0.01, words="smaller gap by a point", reason="one point of accuracy is what users notice")

stated(
    "C33",
    section="1, summary 4",
    statement={
        "en": "ReLU's zeros act much like L1 regularisation.",
        "zh": "ReLU 产生的零，作用近似于 L1 正则项。",
    },
    readings=[
        Reading(
            name="outputs",
            level="literal",
            experiment="overfitting",
            expected=HALF_OF_L1,
            effect=share_of_l1("mean_abs_output", "outputs"),
            says=(
                "How much smaller the hidden layers' mean absolute output is under ReLU than under leaky ReLU with "
                "slope 0.01 at matched training loss, as a share of what an explicit L1 penalty on them achieves."
            ),
        ),
        Reading(
            name="weights",
            level="literal",
            experiment="overfitting",
            expected=HALF_OF_L1,
            effect=share_of_l1("weights_l1", "weights"),
            says="The same for the weights' L1 norm and an explicit L1 penalty on the weights.",
        ),
        Reading(
            name="proximal",
            level="charitable",
            says="One step of an L1 penalty t on outputs that may not be negative is a ReLU: it maps x to relu(x - t).",
            compute=proximal,
            conditions="the penalty enters as a negative bias -t; a ReLU without one belongs to the penalty 0",
        ),
    ],
    contradicts={
        "C17": {
            "en": "a penalty can only raise the smallest training loss, so what acts like one fits no better",
            "zh": "惩罚项只会抬高训练损失的最小值，作用像惩罚项的东西不会让训练数据拟合得更好",
        },
    },
)

stated(
    "C34",
    section="1, summary 4",
    statement={
        "en": "To some degree, ReLU's sparsity relieves over-fitting.",
        "zh": "ReLU 带来的稀疏性多少能减轻过拟合。",
    },
    readings=[
        Reading(
            name="gap",
            level="literal",
            experiment="overfitting",
            expected=SMALLER_GAP,
            effect=gap_beyond("relu", "leaky_relu", shared=True, depth=2, noise=0.0),
            says="Training minus test accuracy, ReLU minus leaky ReLU with slope 0.01, at matched training loss.",
            conditions="300 digits, loss 0.05, 2 layers of 64 units",
        ),
        Reading(
            name="label_noise",
            level="literal",
            experiment="overfitting",
            expected=SMALLER_GAP,
            effect=gap_beyond("relu", "leaky_relu", shared=True, depth=2, noise=0.2),
            says="The same with a part of the training labels drawn at random.",
        ),
        Reading(
            name="rivals",
            level="charitable",
            experiment="overfitting",
            expected=SMALLER_GAP,
            settings={
                f"{rival}, {labels}": gap_beyond("relu", rival, depth=2, noise=noise)
                for rival in ("tanh", "sigmoid")
                for labels, noise in (CLEAN | NOISY).items()
            },
            says="The same against tanh and the sigmoid, whatever part the zeros may have in it.",
        ),
    ],
    contradicts={
        "C17": {
            "en": "less over-fitting comes with a worse fit of the training data, not a better one",
            "zh": "减轻过拟合意味着训练数据拟合得差一些，而不是更好",
        },
    },
)
