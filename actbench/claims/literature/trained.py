"""Published results on what training makes of a function: stalls, saturation, zeros, rankings, units that come back."""

from __future__ import annotations

from typing import Any

from actbench.claims.claim import Change, Reading
from actbench.claims.literature import exact
from actbench.claims.literature.published import measured, published
from actbench.experiments.bifurcation.effects import share_that_differ
from actbench.experiments.expressivity.effects import deep_over_shallow, doublings
from actbench.experiments.retraining.effects import at_tuned, beyond, fall, stalling
from actbench.experiments.retraining.effects import measured as one_rate
from actbench.experiments.subgradient.effects import zero_beyond
from actbench.statistics.expectation import Region

PLAIN: dict[str, Any] = {
    "surrogate": "none", "init": "he", "bias": "own", "depth": 3, "samples": 1200, "epochs": 10,
}  # fmt: skip
SMALL: dict[str, Any] = PLAIN | {"samples": 200, "epochs": 40}
DEEP: dict[str, Any] = PLAIN | {"depth": 30, "activation": "relu"}
SIGMOID: dict[str, Any] = PLAIN | {"activation": "sigmoid", "init": "torch_default", "depth": 5, "epochs": 60}
SILENT: dict[str, Any] = PLAIN | {"activation": "relu", "bias": "constant:-2", "depth": 2}
SHALLOW: dict[str, Any] = PLAIN | {"init": "lecun", "depth": 1}
DIGITS = "digits of 8 x 8 pixels, 1200 samples, 3 layers of 64 units, plain SGD at tuned steps, 10 epochs"
BETTER = Region(low=0.0, words="better", reason="the result says that it is better, not by how much here")
NO_WORSE = Region(low=-0.01, words="no worse", reason="one point of accuracy is what users notice")
MOST = Region(low=0.75, words="three in four", reason="16 networks that all do have an exact bound of 0.79")
FEW = Region(high=0.25, words="one in four at most", reason="16 networks of which none does have a bound of 0.21")


def gains(name: str, rivals: tuple[str, ...], **levels: Any) -> dict[str, Any]:
    """Test accuracy beyond each rival's."""
    return {
        f"over {rival}": beyond("test_accuracy", {"activation": name}, {"activation": rival}, **levels)
        for rival in rivals
    }


published(
    "L05",
    section="training",
    source="Glorot & Bengio 2010, Understanding the difficulty of training deep feedforward networks, AISTATS; "
    "abstract read",
    statement={
        "en": "In deep networks of logistic units the top hidden layer is driven into saturation, and can slowly move "
        "out of it by itself.",
        "zh": "在深层 logistic 网络中，最上面的隐藏层会被推入饱和，并可能缓慢地自行脱离。",
    },
    leaves_out="digits in place of drawn shapes, 5 layers of 64 units, uniform weights of variance 1 / 3n, SGD at 0.3, "
    "60 epochs",
    readings=[
        measured(
            "saturates",
            "retraining",
            says="Mean output of the last hidden layer at its lowest.",
            expected=Region(high=0.2, words="saturated", reason="its slope s (1 - s) is below 0.16 of 0.25 there"),
            effect=one_rate("top_low", **SIGMOID),
        ),
        measured(
            "others",
            "retraining",
            says="Mean output of the first hidden layer at its lowest.",
            expected=Region(low=0.35, high=0.65, words="not saturated", reason="it starts at 1/2"),
            effect=one_rate("first_low", **SIGMOID),
        ),
        measured(
            "escapes",
            "retraining",
            says="Mean output of the last hidden layer in the end less that at its lowest.",
            expected=Region(low=0.1, words="moves out", reason="a fifth of the way from 0 to 1/2 and back"),
            effect=fall("top_end", "top_low", least=0.0, **SIGMOID),
        ),
    ],
)

published(
    "L06",
    section="training",
    source="He, Zhang, Ren & Sun 2015, Delving deep into rectifiers, ICCV; abstract and introduction read",
    statement={
        "en": "An initialisation made for rectifiers lets very deep ReLU networks train from scratch where that for "
        "linear units stalls.",
        "zh": "为整流单元设计的初始化能让极深的 ReLU 网络从头训练，而为线性单元设计的初始化则停滞。",
    },
    leaves_out="30 fully connected layers of 64 units on digits in place of 30 convolutional ones on ImageNet; SGD at "
    "0.01 and 0.03, 10 epochs",
    readings=[
        measured("linear", "retraining", says="Share of networks that stall with Glorot's, at either step size.",
                 expected=MOST, effect=stalling(**DEEP | {"init": "glorot"})),
        measured("rectifier", "retraining", says="Share of networks that stall with He's.",
                 expected=FEW, effect=stalling(**DEEP)),
    ],
)  # fmt: skip

published(
    "L08",
    section="expressivity",
    source="Hanin & Rolnick 2019, Complexity of linear regions in deep networks, ICML; abstract read",
    statement={
        "en": "At initialisation the number of linear regions along a line grows with the number of units, not "
        "exponentially with depth.",
        "zh": "初始化时，沿一条直线的线性区域数随单元数增长，而不随深度指数增长。",
    },
    leaves_out="128 units in 1 to 8 layers, biases of deviation 0.5, whole lines through 16 features; counted exactly, "
    "before training alone",
    readings=[
        measured(
            "depth",
            "expressivity",
            says="Regions of a deep network over those of one layer with as many units.",
            expected=Region(low=0.4, high=2.5, words="as many", reason="2^8 would be a factor of 256"),
            settings={f"{depth} layers": deep_over_shallow(depth, bias="normal:0.5") for depth in (2, 4, 8)},
        )
    ],
)

published(
    "L09",
    section="expressivity",
    source="Telgarsky 2015, Representation benefits of deep feedforward networks, arXiv 1509.08101; abstract read",
    statement={
        "en": "With two ReLU units a layer a network folds its input once more with every layer: its pieces double.",
        "zh": "每层只需两个 ReLU 单元，网络每加一层就把输入再对折一次：分段数翻倍。",
    },
    leaves_out="the deep half of the result: counts of constructed networks; that shallow ones fail is not tried",
    readings=[
        measured(
            "doubles",
            "expressivity",
            says="Slope over 12 layers of log2 of the pieces, peaks of the folds drawn.",
            expected=Region(low=0.999, high=1.001, words="doubles", reason="a construction, counted exactly"),
            effect=doublings,
        )
    ],
)

published(
    "L13",
    section="slopes",
    source="Kakade & Lee 2018, Provably correct automatic subdifferentiation for qualified programs, NeurIPS; abstract "
    "read",
    statement={
        "en": "Libraries that differentiate automatically give wrong slopes even for simple programs of ReLUs.",
        "zh": "自动微分库连由 ReLU 组成的简单程序都会算错斜率。",
    },
    leaves_out="relu(x) - relu(-x) at 0, by the chain rule and each convention; the remedy is not tried",
    readings=[
        Reading(name="chain_rule", level="literal", compute=exact.difference_of_relus,
                says="With the slope 0 at 0, as libraries have it, x = relu(x) - relu(-x) gets the slope 0 there."),
    ],
)  # fmt: skip

published(
    "L14",
    section="slopes",
    source="Bertoin, Bolte, Gerchinovitz & Pauwels 2021, Numerical influence of ReLU'(0) on backpropagation, NeurIPS; "
    "abstract read, and the notebook of their public code that counts networks on MNIST: 1, 0.445 and 0 of them at 16, "
    "32 and 64 bits",
    statement={
        "en": "The slope used at 0 changes the gradients of about half of all networks at 32 bits, of all at 16 and of "
        "none at 64, and 0 does best there.",
        "zh": "在 0 处取的斜率会改变梯度：32 位下约半数网络如此，16 位下全部如此，64 位下则没有；取 0 效果最好。",
    },
    leaves_out="networks at initialisation, 3 layers of 256 units; 60,000 noisy copies of digits of 8 x 8 pixels in "
    "place of MNIST, 100 a batch; accuracy after 2 epochs of SGD at 0.1, 3 layers of 32 units",
    readings=[
        measured(
            "sixteen",
            "bifurcation",
            says="Share of networks whose gradient differs between the slopes 0 and 1 on some batch, in 16 bits.",
            expected=MOST,
            settings={name: share_that_differ(precision=name) for name in ("float16", "bfloat16")},
        ),
        measured(
            "single",
            "bifurcation",
            says="The same in 32 bits.",
            expected=Region(low=0.2, high=0.8, words="about half", reason="0.445 was published, at as many inputs"),
            effect=share_that_differ(precision="float32"),
        ),
        measured(
            "double",
            "bifurcation",
            says="The same in 64 bits.",
            expected=FEW,
            effect=share_that_differ(precision="float64"),
        ),
        measured(
            "zero_best",
            "subgradient",
            says="Accuracy with the slope 0 less that with 1, in 16 bits.",
            expected=Region(low=0.01, words="better by a point", reason="a point is what users notice"),
            settings={name: zero_beyond(1.0, model="mlp", precision=name) for name in ("float16", "bfloat16")},
        ),
    ],
    history=tuple(
        Change(
            on="2026-11-28", reading=reading, was=was, now=now,
            why="the result counts networks whose backward pass changes, not zeros; changed after the share of zeros "
            "had been measured and before any network was counted",
        )
        for reading, was, now in (
            ("sixteen", "share of pre-activations that are exactly 0, above 1e-5", "share of networks, 3 in 4 or more"),
            ("double", "share of pre-activations that are exactly 0, below 1e-6", "share of networks, 1 in 4 at most"),
            ("single", "not asked", "share of networks, from 0.2 to 0.8"),
        )
    ),
)  # fmt: skip

published(
    "L15",
    section="training",
    source="Xu, Wang, Chen & Li 2015, Empirical evaluation of rectified activations in convolutional network, arXiv "
    "1505.00853; abstract read",
    statement={
        "en": "A slope on the negative side improves on ReLU, and on little data a random one does better than a fixed "
        "or learned one.",
        "zh": "负半轴有斜率优于 ReLU；数据少时，随机斜率又优于固定或学习的斜率。",
    },
    leaves_out="digits, 200 samples, 3 layers of 64 units, plain SGD at tuned steps, 40 epochs; no convolutions",
    readings=[
        measured(
            "slope", "retraining", says="Test accuracy beyond ReLU's on 200 samples.", expected=BETTER,
            settings={name: beyond("test_accuracy", {"activation": name}, {"activation": "relu"}, **SMALL)
                      for name in ("leaky_relu", "prelu", "rrelu")},
        ),
        measured("random", "retraining", says="Test accuracy of random slopes beyond that of the others.",
                 expected=BETTER, settings=gains("rrelu", ("leaky_relu", "prelu"), **SMALL)),
    ],
)  # fmt: skip

published(
    "L16",
    section="training",
    source="Glorot, Bordes & Bengio 2011, Deep sparse rectifier neural networks, AISTATS; abstract read",
    statement={
        "en": "Rectifiers do as well as hyperbolic tangents or better, with true zeros in what they represent.",
        "zh": "整流单元的表现不逊于双曲正切，且其表示中有真正的零。",
    },
    leaves_out=DIGITS,
    readings=[
        measured("accuracy", "retraining", says="Test accuracy beyond that of tanh.", expected=NO_WORSE,
                 settings=gains("relu", ("tanh",), **PLAIN)),
        measured(
            "zeros", "retraining", says="Share of hidden outputs that are exactly 0 after training.",
            expected=Region(low=0.3, words="true zeros", reason="half are 0 at initialisation; a third and more stay"),
            effect=at_tuned("zeros", activation="relu", **PLAIN),
        ),
    ],
)  # fmt: skip
