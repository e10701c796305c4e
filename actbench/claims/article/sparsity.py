"""What the article says about zeros: how many units are silent, what silences them, and what depth does to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actbench.claims.article.stated import stated
from actbench.claims.claim import Reading
from actbench.claims.expectations import BRAIN_LIKE, HALVES, MANY_ZEROS
from actbench.experiments.activity.effects import slope_per_layer, zeros_beyond
from actbench.experiments.training.effects import mean_of, more_zeros, trained_slope
from actbench.statistics.estimates import Estimate
from actbench.statistics.expectation import Region

NO_ZEROS = Region(
    high=0.01, words="no zeros",
    reason="if one-sidedness is what makes the zeros, a function without it leaves under one output in a hundred at 0",
)  # fmt: skip
SPARSER = Region(
    low=0.05, words="sparser", reason="five units in a hundred more at zero, the margin below which nobody would notice"
)
OPTIMISERS = ("sgd", "adam")


def _trained(optimiser: str) -> dict[str, Any]:
    return {"activation": "relu", "optimiser": optimiser, "epochs": 20}


CNNS = ("cnn_max", "cnn_mean")


def _cnn(model: str, epochs: int) -> dict[str, Any]:
    return {"activation": "relu", "model": model, "epochs": epochs}


def _zeros(activation: str) -> Callable[[Any], Estimate]:
    """The share of exact zeros at initialisation."""
    return mean_of(
        "active_fraction", complement=True, activation=activation, data="normal", init="he", bias="zero"
    )  # fmt: skip


stated(
    "C06",
    section="1",
    statement={
        "en": "Networks of ReLU units show a sparsity comparable to that of the brain.",
        "zh": "由 ReLU 单元组成的网络表现出与大脑相近的稀疏性。",
    },
    readings=[
        Reading(
            name="mlp",
            level="literal",
            experiment="trained_activity",
            expected=BRAIN_LIKE,
            settings={opt: mean_of("active_fraction", **_trained(opt)) for opt in OPTIMISERS},
            says="Mean active fraction of the hidden units of trained multilayer perceptrons that did not diverge.",
        ),
        Reading(
            name="cnn",
            level="literal",
            experiment="cnn_activity",
            expected=BRAIN_LIKE,
            settings={model: mean_of("active_fraction", **_cnn(model, 5)) for model in CNNS},
            says="The same for trained small convolutional networks.",
        ),
        Reading(
            name="zeros",
            level="charitable",
            experiment="trained_activity",
            expected=MANY_ZEROS,
            settings={opt: mean_of("active_fraction", complement=True, **_trained(opt)) for opt in OPTIMISERS},
            says="A good part of the hidden units of trained networks is silent for any one input.",
        ),
    ],
    note="NaN > 0 is false: a diverged network would look perfectly sparse, so it is counted as diverged instead. "
    "Low activity at scale is reported by Li et al. 2023, arXiv 2210.06313.",
)

stated(
    "C09",
    section="1",
    statement={
        "en": "It is the suppression of one side that makes the units of a network sparsely active.",
        "zh": "网络单元之所以稀疏激活，原因就在于单侧抑制。",
    },
    readings=[
        Reading(
            name="necessary",
            level="literal",
            experiment="activity",
            expected=NO_ZEROS,
            settings={name: _zeros(name) for name in ("softshrink", "hardshrink")},
            says="Fraction of exact zeros under functions that treat both sides alike, soft and hard shrinkage.",
        ),
        Reading(
            name="sufficient",
            level="literal",
            experiment="activity",
            expected=MANY_ZEROS,
            settings={name: _zeros(name) for name in ("relu", "elu", "softplus", "silu")},
            says="Fraction of exact zeros under functions that suppress one side, whether by a cut or smoothly.",
        ),
        Reading(
            name="rivals",
            level="charitable",
            experiment="activity",
            expected=MANY_ZEROS,
            settings={
                rival: zeros_beyond("relu", rival, data="normal", init="he", bias="zero")
                for rival in ("identity", "leaky_relu", "tanh", "sigmoid")
            },
            says="Fraction of exact zeros under ReLU beyond that under identity, leaky ReLU, tanh and the sigmoid.",
        ),
    ],
)

_PANEL = {"activation": "relu", "data": "normal", "bias": "zero"}
_SETUP = (
    "in an MLP of width 128, layers 1 to 30, 64 networks, 256 standard normal inputs; least squares per network over "
    "the layers before the first one that is all zero"
)

stated(
    "C10",
    section="1",
    statement={
        "en": "Adding N layers to a ReLU network divides its activation rate by two to the power of N.",
        "zh": "ReLU 网络每加深 N 层，激活率就缩小到原来的 2 的 N 次方分之一。",
    },
    readings=[
        Reading(
            name="units",
            level="literal",
            experiment="activity",
            expected=HALVES,
            effect=slope_per_layer("active_fraction", init="he", **_PANEL),
            says=f"log2 of the fraction of active units, mean over inputs and units, falls by 1 a layer {_SETUP}.",
        ),
        Reading(
            name="trained",
            level="literal",
            experiment="trained_activity",
            expected=HALVES,
            settings={opt: trained_slope("active_fraction", **_trained(opt)) for opt in OPTIMISERS},
            says="The same slope in trained networks; those that diverged are counted apart.",
        ),
        Reading(
            name="paths",
            level="charitable",
            experiment="activity",
            expected=HALVES,
            effect=slope_per_layer("path_fraction", init="he", **_PANEL),
            says=(
                "log2 of the fraction of paths that are active, per input the product over layers of active units over "
                f"width, arithmetic mean over inputs with zeros counted, falls by 1 a layer {_SETUP}."
            ),
        ),
        Reading(
            name="connections",
            level="charitable",
            experiment="activity",
            expected=HALVES,
            effect=slope_per_layer("connection_fraction", init="he", **_PANEL),
            says=(
                "log2 of the fraction of connections between two active units of neighbouring layers falls by 1 a "
                f"layer {_SETUP}."
            ),
        ),
        Reading(
            name="negative_bias",
            level="charitable",
            experiment="activity",
            expected=HALVES,
            settings={
                init: slope_per_layer(
                    "active_fraction", activation="relu", data="normal", init=init, bias="constant:-0.1"
                )
                for init in ("he", "glorot")
            },
            says=f"As units, with every bias at -0.1, {_SETUP}.",
        ),
        Reading(
            name="energy",
            level="charitable",
            experiment="activity",
            expected=HALVES,
            settings={
                "sigma_w2=1": slope_per_layer("energy", init="lecun", **_PANEL),
                "sigma_w2=2": slope_per_layer("energy", init="he", **_PANEL),
            },
            says=(
                "log2 of the mean square of the outputs falls by 1 a layer, the halving that He's factor 2 makes up "
                f"for, {_SETUP}."
            ),
        ),
    ],
    note="Unit, input, path and connection are different rates; a unit silent for one input is not dead for all.",
)

stated(
    "C10b",
    section="1",
    statement={
        "en": "This thinning out shows above all in deep models such as convolutional networks.",
        "zh": "这种稀疏化在卷积网络一类的深层模型里最为突出。",
    },
    readings=[
        Reading(
            name="initial",
            level="literal",
            experiment="cnn_activity",
            expected=HALVES,
            settings={model: trained_slope("active_fraction", **_cnn(model, 0)) for model in CNNS},
            says="log2 of the fraction of active units of a small CNN falls by 1 a layer at initialisation.",
        ),
        Reading(
            name="trained",
            level="literal",
            experiment="cnn_activity",
            expected=HALVES,
            settings={model: trained_slope("active_fraction", **_cnn(model, 5)) for model in CNNS},
            says="The same in the trained CNN.",
        ),
        Reading(
            name="paths",
            level="charitable",
            experiment="cnn_activity",
            expected=HALVES,
            settings={
                f"{model}, {when}": trained_slope("path_fraction", **_cnn(model, epochs))
                for model in CNNS
                for when, epochs in (("at birth", 0), ("trained", 5))
            },
            says="log2 of the fraction of active paths of the CNN falls by 1 a layer.",
        ),
        Reading(
            name="sparser",
            level="charitable",
            experiment="cnn_activity",
            expected=SPARSER,
            settings={model: more_zeros(_cnn(model, 5), _cnn("mlp", 5)) for model in CNNS},
            says="Fraction of zeros in the trained CNN beyond that in the trained perceptron.",
        ),
    ],
)

stated(
    "C32",
    section="1, summary 4",
    statement={
        "en": "Under ReLU many outputs of the hidden layers are zero, which makes the network sparse.",
        "zh": "用 ReLU 时，隐藏层有大量输出等于零，网络由此变得稀疏。",
    },
    readings=[
        Reading(
            name="initial",
            level="literal",
            experiment="activity",
            expected=MANY_ZEROS,
            effect=_zeros("relu"),
            says="Fraction of zero outputs in the hidden layers at initialisation.",
        ),
        Reading(
            name="trained",
            level="literal",
            experiment="trained_activity",
            expected=MANY_ZEROS,
            settings={opt: mean_of("active_fraction", complement=True, **_trained(opt)) for opt in OPTIMISERS},
            says="The same after training, under each of several optimisers.",
        ),
    ],
    note="Glorot, Bordes & Bengio 2011 report the zeros of trained rectifier networks.",
)
