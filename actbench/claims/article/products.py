"""What the article sums up about gradients over many layers: divergence, flat tails, products that come near zero."""

from __future__ import annotations

from actbench.claims.article.exact_slopes import tails
from actbench.claims.article.gradients import NOT_VANISHING, STANDARD, WIDE
from actbench.claims.article.stated import stated
from actbench.claims.claim import Reading
from actbench.claims.expectations import VANISHES
from actbench.experiments.gradient_flow.effects import exponent, factor, left_over, ratio, slopes_alone
from actbench.statistics.expectation import Region

NOT_EXPLODING = Region(
    high=1.05,
    words="does not explode",
    reason="what EXPLODES leaves over: 1.05 a layer makes four times after 30 layers",
)
NEAR_ZERO = Region(
    high=0.01, words="practically zero",
    reason="of what enters from above a hundredth arrives, less than the gradients of two samples differ by",
)  # fmt: skip
SQUARE_ROOT = Region(
    low=0.4, high=0.6, words="falls as the root of depth",
    reason="1/2 is what q_l = 1 / (2 l) gives; a fifth of it covers finite width (depth over width is 0.4) and depth",
)  # fmt: skip
NO_FASTER = Region(
    high=1.05, words="explodes no faster",
    reason="ratio of two factors a layer; above 1.05 ReLU's gradient grows over four times as much in 30 layers",
)  # fmt: skip
ASKED = (*STANDARD, "sigma_w2=4")

stated(
    "C28",
    section="1, summary 3",
    statement={
        "en": "ReLU is not prone to diverging gradients.",
        "zh": "ReLU 较少出现梯度发散。",
    },
    readings=[
        Reading(
            name="explosion",
            level="literal",
            experiment="gradient_flow",
            expected=NOT_EXPLODING,
            settings={init: factor(activation="relu", init=init, **WIDE) for init in ASKED},
            says="Factor of the gradient norm a layer, standard initialisations and one twice He's, from above.",
        ),
        Reading(
            name="rivals",
            level="charitable",
            experiment="gradient_flow",
            expected=NO_FASTER,
            settings={
                f"{rival}, {init}": ratio(
                    {"activation": "relu", "init": init, **WIDE}, {"activation": rival, "init": init, **WIDE}
                )
                for rival in ("tanh", "sigmoid")
                for init in ("he", "sigma_w2=4")
            },
            says="ReLU's factor over that of tanh and of the sigmoid where gradients can grow, sigma_w2 = 2 and 4.",
        ),
        Reading(
            name="vanishing",
            level="charitable",
            experiment="gradient_flow",
            expected=NOT_VANISHING,
            settings={init: factor(activation="relu", init=init, **WIDE) for init in STANDARD},
            says="Diffusing gradients are meant, which is to say vanishing ones: the same factor, from below.",
        ),
    ],
    note="The Chinese words for divergence and diffusion sound alike; what follows in the article is about vanishing.",
)

stated(
    "C29",
    section="1, summary 3",
    statement={
        "en": "The derivatives of tanh and of the logistic function tend to zero at both ends.",
        "zh": "tanh 与 logistic 函数的导数在左右两头都趋于零。",
    },
    readings=[
        Reading(
            name="both_ends",
            level="literal",
            says="Both slopes fall monotonically in |x|, below 4 exp(-2 |x|) and exp(-|x|), and are 0 at infinity.",
            compute=tails,
        )
    ],
    note="ReLU's own slope is not near zero but zero on half of the line.",
)

stated(
    "C30",
    section="1, summary 3",
    statement={
        "en": "Multiplied up over many layers, such gradients come out practically zero.",
        "zh": "经过许多层相乘之后，这样的梯度几乎就是零。",
    },
    readings=[
        Reading(
            name="sigmoid",
            level="literal",
            experiment="gradient_flow",
            expected=VANISHES,
            settings={init: factor(activation="sigmoid", init=init, **WIDE) for init in STANDARD},
            says="Factor of the gradient norm a layer with logistic units.",
        ),
        Reading(
            name="tanh",
            level="literal",
            experiment="gradient_flow",
            expected=NEAR_ZERO,
            settings={
                "sigma_w2 = 1/3, 30 layers": left_over(activation="tanh", init="torch_default", **WIDE),
                "sigma_w2 = 1, 30 layers": left_over(activation="tanh", init="glorot", **WIDE),
                "sigma_w2 = 1, 100 layers": left_over(activation="tanh", init="glorot", **WIDE | {"depth": 100}),
                "sigma_w2 = 2, 30 layers": left_over(activation="tanh", init="he", **WIDE),
            },
            says="What is left of the gradient's norm with tanh units: below, at and above their critical variance.",
        ),
        Reading(
            name="power",
            level="charitable",
            experiment="gradient_flow",
            expected=SQUARE_ROOT,
            effect=exponent(activation="tanh", init="glorot", **WIDE | {"depth": 100}),
            says="At the critical point of tanh the gradient falls as a power of depth, with exponent 1/2.",
            conditions="layers 10 to 100 of 100, width 256",
        ),
        Reading(
            name="slopes",
            level="charitable",
            experiment="gradient_flow",
            expected=VANISHES,
            settings={
                f"{activation}, {init}": slopes_alone(activation=activation, init=init, **WIDE)
                for activation in ("sigmoid", "tanh")
                for init in ("he", "glorot")
            },
            says="The activation's slopes alone, without the weights, have a product that falls by a factor a layer.",
        ),
    ],
    note="A saturated unit is no proof of a vanishing gradient: large weights saturate and enlarge at once.",
)
