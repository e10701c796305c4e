"""What the article says about ReLU's graph: is it linear, which side is shut, and does its orientation matter?"""

from __future__ import annotations

from actbench.claims.article.exact_rules import a_multiple, closed, linear, linear_by_halves, rule, two_pieces
from actbench.claims.article.stated import stated
from actbench.claims.claim import Reading
from actbench.claims.expectations import SAME_ACCURACY
from actbench.experiments.orientation.effects import beyond_relu, same_run
from actbench.runs.factors import FACTORS, TURNS
from actbench.statistics.expectation import Region

SAME_RUN = Region(
    high=1e-9, words="the same run",
    reason="largest relative gap of two loss curves; changes of sign are exact, only the order of sums may differ",
)  # fmt: skip

RECIPES = ("sgd", "momentum", "weight decay", "adam", "batch norm before", "batch norm after")
# where the symmetry may break: biases of one sign (Krizhevsky et al. 2012 start some at 1), and taking a maximum
BREAKERS = {
    "biases at 0.1": {"bias": "constant:0.1"},
    "biases at 1": {"bias": "constant:1.0"},
    "max pooling": {"model": "cnn_max"},
}

stated(
    "C07",
    section="1",
    statement={
        "en": "ReLU belongs with purlin among the linear functions.",
        "zh": "ReLU 与 purlin 一样，同属线性函数。",
    },
    readings=[
        Reading(
            name="linear",
            level="literal",
            says="ReLU is additive, and homogeneous for factors of either sign.",
            compute=linear,
        ),
        Reading(
            name="piecewise",
            level="charitable",
            says="ReLU is linear on either side of 0: additive within one sign, homogeneous for factors from 0 on.",
            compute=linear_by_halves,
        ),
    ],
    note="Purlin is written purelin in the toolbox that it comes from; it is the identity.",
)

stated(
    "C08",
    section="1",
    statement={
        "en": "ReLU sets negative values to zero, leaves positive ones as they are, and so is piecewise linear.",
        "zh": "ReLU 将负数置零、让正数原样通过，因而是分段线性的。",
    },
    readings=[
        Reading(
            name="rule",
            level="literal",
            says="f(x) = 0 for every x < 0, f(x) = x for every x > 0.",
            compute=rule("x < 0", "x > 0", backward=False),
        ),
        Reading(
            name="pieces",
            level="literal",
            says="All finite inputs lie on two lines with different slopes, one on each side of 0.",
            compute=two_pieces,
        ),
    ],
    contradicts={
        "C07": {
            "en": "what is piecewise linear with a bend is not linear",
            "zh": "带折点的分段线性函数不是线性函数",
        },
    },
)

stated(
    "C11",
    section="1",
    statement={
        "en": "Mirroring ReLU or turning it by 180 degrees leaves the result of training unaffected.",
        "zh": "把 ReLU 左右翻转或旋转 180 度，训练出来的效果不会有差别。",
    },
    readings=[
        Reading(
            name="gauge",
            level="literal",
            experiment="orientation",
            expected=SAME_RUN,
            settings={recipe: same_run(recipe) for recipe in RECIPES},
            says=(
                "With the weights' signs mapped along, every loss of the run is the same number, under SGD, momentum, "
                "weight decay, Adam and batch normalisation."
            ),
            conditions="3 epochs of 38 steps, biases drawn with deviation 0.1, the worst of the three orientations",
        ),
        Reading(
            name="seeds",
            level="literal",
            experiment="orientation",
            expected=SAME_ACCURACY,
            settings={turn: beyond_relu(spec) for turn, spec in TURNS.items()},
            says="Over independent seeds, with nothing mapped, the flipped network reaches the same accuracy.",
            conditions="biases start at 0, no pooling, the same step size for all",
        ),
        Reading(
            name="everywhere",
            level="literal",
            experiment="orientation",
            expected=SAME_ACCURACY,
            settings={
                f"{turn}, {where}": beyond_relu(spec, **levels)
                for where, levels in BREAKERS.items()
                for turn, spec in TURNS.items()
            },
            says="So it does with biases that start off zero and with max pooling behind the activation.",
            conditions="the same step size for all; 10 epochs, 5 with max pooling (a small convolutional network)",
        ),
    ],
    note="A turned network is ReLU's with the signs of some weights and biases changed, so a law of weights that is "
    "symmetric around 0 does not notice; biases of one sign do, and so does taking a maximum of outputs below 0.",
)

stated(
    "C11b",
    section="1",
    statement={
        "en": "All that such a flip does to a unit's output is to give it a constant coefficient.",
        "zh": "这样翻转之后，单元的输出无非多了一个固定系数。",
    },
    readings=[
        Reading(
            name="multiple",
            level="literal",
            says="Each flipped function is ReLU times one constant.",
            compute=a_multiple,
        ),
        Reading(
            name="any_factor",
            level="charitable",
            experiment="orientation",
            expected=SAME_ACCURACY,
            quantifier="universal",
            settings={f"factor {height:g}": beyond_relu(spec) for height, spec in FACTORS.items()},
            says="A constant coefficient does no harm, whichever it is: it trains to the same accuracy.",
            conditions="the same step size and initialisation (He) for all",
        ),
        Reading(
            name="minus_one",
            level="charitable",
            experiment="orientation",
            expected=SAME_ACCURACY,
            effect=beyond_relu(TURNS["downwards"]),
            says="The coefficient is -1, and with it training reaches the same accuracy.",
            conditions="biases start at 0, no pooling",
        ),
    ],
)

stated(
    "C31",
    section="1, summary 4",
    statement={
        "en": "ReLU shuts the right-hand side.",
        "zh": "ReLU 把右半边关掉了。",
    },
    readings=[
        Reading(
            name="right",
            level="literal",
            says="Value and slope are 0 for every x > 0.",
            compute=closed("x > 0"),
        ),
        Reading(
            name="left",
            level="charitable",
            says="The left-hand side is meant: value and slope are 0 for every x < 0.",
            compute=closed("x < 0"),
        ),
    ],
    note="A few lines further on the article has the left side shut.",
    contradicts={
        "C08": {
            "en": "a function that leaves positive inputs as they are is not shut on the right",
            "zh": "正输入原样通过的函数，右侧并未关闭",
        },
        "C35": {
            "en": "there it is the left side that is shut, and units die of it",
            "zh": "那里说关闭的是左侧，神经元也因此死亡",
        },
        "C40": {
            "en": "the forward rule hands inputs above zero on",
            "zh": "前向规则让大于零的输入原样通过",
        },
        "C42": {
            "en": "the derivative on the right is one there",
            "zh": "那里右侧的导数为一",
        },
    },
)
