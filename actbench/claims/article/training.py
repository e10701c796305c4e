"""What the article says about trained networks: which features they find, what they can express, how well they fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from actbench.claims.article.exact_rules import proximal
from actbench.claims.article.history import HISTORY
from actbench.claims.claim import Reading, claim
from actbench.claims.expectations import BETTER_ACCURACY, BETTER_AUC
from actbench.experiments.expressivity.effects import deep_over_shallow, doublings, pieces_beyond
from actbench.experiments.features.effects import ranks_better, share_kept
from actbench.experiments.overfitting.effects import fits_better, gap_beyond, share_of_l1
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
HALF_OF_L1 = Region(
    low=0.5, words="at least half of L1's effect",
    reason="share of what an explicit L1 penalty of the tuned strength achieves; under half is not similar to it",
)  # fmt: skip
SMALLER_GAP = Region(high=-0.01, words="smaller gap by a point", reason="one point of accuracy is what users notice")
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


claim(
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
            kind="experiment",
            experiment="features",
            expected=FEW,
            settings={
                "breast_cancer": share_kept("breast_cancer"),
                "breast_cancer, logistic": share_kept("breast_cancer", "logistic"),
                "diabetes": share_kept("diabetes"),
            },
            says="Share of features kept by an L1 penalty at one standard error on breast_cancer and diabetes.",
            conditions="these measurements were chosen by experts; splits of one data set share samples",
        ),
        Reading(
            name="forward",
            level="literal",
            kind="experiment",
            experiment="features",
            expected=FEW,
            settings={data: share_kept(data, "forward") for data in ("breast_cancer", "diabetes")},
            says="The same of forward selection, which shrinks nothing and so keeps no features to make up for that.",
            conditions="splits of one data set share samples",
        ),
    ],
    history=HISTORY["C14"],
)

claim(
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
            kind="experiment",
            experiment="features",
            expected=FEW,
            settings={data: share_kept(data) for data in ("wine", "digits")},
            says="Share of features kept by the lasso at one standard error on wine and digits.",
            conditions="a feature counts if any class uses it; splits of one data set share samples",
        ),
        Reading(
            name="forward",
            level="literal",
            kind="experiment",
            experiment="features",
            expected=FEW,
            settings={data: share_kept(data, "forward") for data in ("wine", "digits")},
            says="The same of forward selection, which takes the features that help all classes together.",
            conditions="splits of one data set share samples",
        ),
    ],
    history=HISTORY["C15"],
)

claim(
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
            kind="experiment",
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
            kind="experiment",
            experiment="features",
            expected=BETTER_PRECISION,
            settings={kind: ranks_better("precision", "leaky_relu", kind, shared=True) for kind in TEACHERS},
            says="Precision among as many top features as are relevant, the same comparison.",
        ),
        Reading(
            name="rivals",
            level="charitable",
            kind="experiment",
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
    history=HISTORY["C16"],
    note="Without the control that has no zeros, any advantage of the shape would pass for one of sparsity.",
)

claim(
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
            kind="experiment",
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
            kind="experiment",
            experiment="overfitting",
            expected=BETTER_ACCURACY,
            settings=_fits("identity"),
            says="The same against a linear network.",
            conditions="clean labels are fitted by everyone, for 300 images have 64 features",
        ),
        Reading(
            name="sigmoid",
            level="literal",
            kind="experiment",
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
            kind="experiment",
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

claim(
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
            kind="experiment",
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
            kind="experiment",
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

claim(
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
            kind="experiment",
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
            kind="experiment",
            experiment="expressivity",
            expected=DOUBLES,
            effect=doublings,
            says="There are weights, those of the tent map, whose number of pieces doubles with every layer.",
        ),
    ],
    note="Telgarsky 2015 for what exists; Hanin & Rolnick 2019 for what is typical, about as many pieces as units.",
)

claim(
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
            kind="experiment",
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
            kind="experiment",
            experiment="overfitting",
            expected=HALF_OF_L1,
            effect=share_of_l1("weights_l1", "weights"),
            says="The same for the weights' L1 norm and an explicit L1 penalty on the weights.",
        ),
        Reading(
            name="proximal",
            level="charitable",
            kind="exact",
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

claim(
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
            kind="experiment",
            experiment="overfitting",
            expected=SMALLER_GAP,
            effect=gap_beyond("relu", "leaky_relu", shared=True, depth=2, noise=0.0),
            says="Training minus test accuracy, ReLU minus leaky ReLU with slope 0.01, at matched training loss.",
            conditions="300 digits, loss 0.05, 2 layers of 64 units",
        ),
        Reading(
            name="label_noise",
            level="literal",
            kind="experiment",
            experiment="overfitting",
            expected=SMALLER_GAP,
            effect=gap_beyond("relu", "leaky_relu", shared=True, depth=2, noise=0.2),
            says="The same with a part of the training labels drawn at random.",
        ),
        Reading(
            name="rivals",
            level="charitable",
            kind="experiment",
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
