"""What the article says about trained networks: which features they find, what they can express, how well they fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from actbench.claims.article.stated import stated
from actbench.claims.claim import Reading
from actbench.claims.expectations import BETTER_ACCURACY, BETTER_AUC
from actbench.experiments.expressivity.effects import deep_over_shallow, doublings, pieces_beyond
from actbench.experiments.features.effects import ranks_better, share_kept
from actbench.experiments.overfitting.effects import fits_better
from actbench.experiments.training.effects import gain
from actbench.networks.synthetic import TEACHERS
from actbench.statistics.estimates import Estimate
from actbench.statistics.expectation import Region

FEW = Region(
    high=0.25, words="few",
    reason="a few of a hundred is under a tenth; with only 10 to 64 features a quarter is the most to be called few",
)  # fmt: skip
BETTER_PRECISION = Region(
    low=0.02, words="better by 0.02", reason="one relevant feature more among every fifty that are put on top"
)
MORE_PIECES = Region(
    low=1.0, words="more pieces", reason="a linear network has exactly one; the least excess that shows is one more"
)
DOUBLES = Region(
    low=0.95, high=1.05, words="doubles with every layer", reason="slope 1 in log2, to 5 % as for the halving of C10"
)
DEEPER_IS_MORE = Region(
    low=1.2,
    words="more when deep",
    reason="ratio of counts at equal numbers of units; a fifth is what a plot would show",
)
# the share of labels drawn at random, and when the fit is looked at
CLEAN, NOISY = {"clean labels": 0.0}, {"noisy labels": 0.2}
FITS = {"fit_early": "20 epochs", "fit_end": "100 epochs"}


def _fits(rival: str, noises: Mapping[str, float] = CLEAN | NOISY) -> dict[str, Callable[[Any], Estimate]]:
    """ReLU against a rival, with each kind of label and after each number of epochs."""
    return {
        f"{labels}, {epochs}": fits_better("relu", rival, column, depth=2, noise=noise)
        for labels, noise in noises.items()
        for column, epochs in FITS.items()
    }


stated(
    "C14",
    section="1",
    statement={
        "en": "Of the many values in a medical report only a few bear on the disease.",
        "zh": "体检单上的指标很多，真正反映病情的寥寥无几。",
    },
    readings=[
        Reading(
            name="kept",
            level="literal",
            experiment="features",
            expected=FEW,
            settings={
                "breast_cancer": share_kept("breast_cancer"),
                "breast_cancer, logistic": share_kept("breast_cancer", "logistic"),
                "diabetes": share_kept("diabetes"),
            },
            says="Share of features kept by an L1 penalty at one standard error on breast_cancer and diabetes.",
            beside=True,
            conditions="these measurements were chosen by experts; splits of one data set share samples",
        ),
        Reading(
            name="forward",
            level="literal",
            experiment="features",
            expected=FEW,
            settings={data: share_kept(data, "forward") for data in ("breast_cancer", "diabetes")},
            says="The same of forward selection, which shrinks nothing and so keeps no features to make up for that.",
            conditions="splits of one data set share samples",
        ),
    ],
)

stated(
    "C15",
    section="1",
    statement={
        "en": "Likewise only a few features matter for the target of a deep classifier.",
        "zh": "深度分类任务也一样，对目标起作用的特征为数不多。",
    },
    readings=[
        Reading(
            name="kept",
            level="literal",
            experiment="features",
            expected=FEW,
            settings={data: share_kept(data) for data in ("wine", "digits")},
            says="Share of features kept by the lasso at one standard error on wine and digits.",
            beside=True,
            conditions="a feature counts if any class uses it; splits of one data set share samples",
        ),
        Reading(
            name="forward",
            level="literal",
            experiment="features",
            expected=FEW,
            settings={data: share_kept(data, "forward") for data in ("wine", "digits")},
            says="The same of forward selection, which takes the features that help all classes together.",
            conditions="splits of one data set share samples",
        ),
    ],
)

stated(
    "C16",
    section="1",
    statement={
        "en": "A network that ReLU has made sparse is better at finding the relevant features.",
        "zh": "经 ReLU 变得稀疏的网络，更善于找出有用的特征。",
    },
    readings=[
        Reading(
            name="ranking",
            level="literal",
            experiment="features",
            expected=BETTER_AUC,
            settings={kind: ranks_better("auc", "leaky_relu", kind, shared=True) for kind in TEACHERS},
            says=(
                "AUC with which input gradients rank the features that a teacher uses, ReLU minus leaky ReLU with "
                "slope 0.01, which has no zeros; linear, relu, tanh and product teachers, one step size for both arms."
            ),
            conditions="5 of 20 features matter, 60 to 800 samples, 2 layers of 32 units, Adam",
        ),
        Reading(
            name="precision",
            level="literal",
            experiment="features",
            expected=BETTER_PRECISION,
            settings={kind: ranks_better("precision", "leaky_relu", kind, shared=True) for kind in TEACHERS},
            says="Precision among as many top features as are relevant, the same comparison.",
        ),
        Reading(
            name="rivals",
            level="charitable",
            experiment="features",
            expected=BETTER_AUC,
            settings={
                f"{rival}, {kind}": ranks_better("auc", rival, kind)
                for rival in ("tanh", "sigmoid")
                for kind in TEACHERS
            },
            says="The same AUC, ReLU minus tanh and minus the sigmoid, each at its own step size, 32 teachers.",
        ),
    ],
    note="Without the control that has no zeros, any advantage of the shape would pass for one of sparsity.",
)

stated(
    "C17",
    section="1",
    statement={
        "en": "Such a sparse network also fits its training data better.",
        "zh": "这种稀疏网络对训练数据的拟合也更好。",
    },
    readings=[
        Reading(
            name="control",
            level="literal",
            experiment="overfitting",
            expected=BETTER_ACCURACY,
            settings=_fits("leaky_relu"),
            says=(
                "Training accuracy at equal tuning, each arm at the step size that fits best for other networks, ReLU "
                "minus leaky ReLU with slope 0.01, which has no zeros."
            ),
        ),
        Reading(
            name="linear",
            level="literal",
            experiment="overfitting",
            expected=BETTER_ACCURACY,
            settings=_fits("identity"),
            says="The same against a linear network.",
            conditions="clean labels are fitted by everyone, for 300 images have 64 features",
        ),
        Reading(
            name="sigmoid",
            level="literal",
            experiment="overfitting",
            expected=BETTER_ACCURACY,
            settings={
                f"depth 6, {epochs}": fits_better("relu", "sigmoid", column, depth=6, noise=0.0)
                for column, epochs in FITS.items()
            },
            says="The same against a deep sigmoid network.",
            conditions="plain SGD and He initialisation; C25 has what rescues such a network",
        ),
        Reading(
            name="smooth",
            level="literal",
            experiment="overfitting",
            expected=BETTER_ACCURACY,
            settings={
                **{f"tanh, {name}": effect for name, effect in _fits("tanh").items()},
                **{f"silu, {name}": effect for name, effect in _fits("silu", NOISY).items()},
            },
            says="The same against smooth rivals.",
        ),
    ],
)

stated(
    "C18",
    section="1",
    statement={
        "en": "ReLU networks can express more than linear ones.",
        "zh": "ReLU 网络能表达的东西多于线性网络。",
    },
    readings=[
        Reading(
            name="tasks",
            level="literal",
            experiment="expressivity",
            expected=BETTER_ACCURACY,
            settings={
                task: gain({"activation": "relu"}, {"activation": "identity"}, task=task)
                for task in ("xor", "spirals", "saw")
            },
            says="Accuracy on XOR, spirals and a saw tooth, ReLU minus identity.",
        ),
        Reading(
            name="pieces",
            level="literal",
            experiment="expressivity",
            expected=MORE_PIECES,
            settings={
                f"depth {depth}": pieces_beyond("relu", "identity", depth=depth, bias="zero") for depth in (1, 2, 4, 8)
            },
            says="Linear pieces along a line through a random network, counted exactly, ReLU minus identity.",
        ),
    ],
    contradicts={
        "C07": {
            "en": "were it linear, it could express no more than a linear function",
            "zh": "若它是线性的，表达力就不会超过线性函数",
        },
    },
)

stated(
    "C19",
    section="1",
    statement={
        "en": "That advantage in expression shows above all in deep networks.",
        "zh": "网络越深，这一表达上的优势越明显。",
    },
    readings=[
        Reading(
            name="typical",
            level="literal",
            experiment="expressivity",
            expected=DEEPER_IS_MORE,
            settings={
                f"depth {depth}, bias {bias}": deep_over_shallow(depth, bias=bias)
                for depth in (2, 4, 8)
                for bias in ("zero", "normal:0.5")
            },
            says="Pieces along a line through a random network, deep over shallow with the same number of units.",
            conditions="He initialisation, 128 units in all; not the weights that training finds",
        ),
        Reading(
            name="exists",
            level="charitable",
            experiment="expressivity",
            expected=DOUBLES,
            effect=doublings,
            says="There are weights, those of the tent map, whose number of pieces doubles with every layer.",
        ),
    ],
    note="Telgarsky 2015 for what exists; Hanin & Rolnick 2019 for what is typical, about as many pieces as units.",
)
