"""What the article says about gradients: which slopes are constant, what vanishes over many layers, and what stalls."""

from __future__ import annotations

from typing import Any

from actbench.claims.article.exact_rules import one_slope
from actbench.claims.article.stated import stated
from actbench.claims.claim import Reading
from actbench.claims.expectations import FLAT, STALLS, STEADY_GRADIENT, STEADY_RATE, VANISHES
from actbench.experiments.convergence.effects import epochs_per_layer, stalling, steadiness
from actbench.experiments.gradient_flow.effects import beyond_theory, factor, ratio
from actbench.statistics.expectation import Region

NOT_VANISHING = Region(
    low=0.95, words="does not vanish", reason="what VANISHES leaves over: 0.95 a layer keeps 22 % after 30 layers"
)
FASTER_DECAY = Region(
    high=0.95, words="decays faster",
    reason="ratio of two factors a layer; below 0.95 the gap is over four times after 30 layers",
)  # fmt: skip
AS_CHI_1 = Region(
    low=-0.02,
    high=0.02,
    words="as chi_1 says",
    reason="the half-width of STEADY: a difference that could turn steady into neither vanishing nor exploding",
)
# sigma_w2 = 2, 1, 1/3 and orthogonal with gain 1: what users meet without asking for more
STANDARD = ("he", "glorot", "torch_default", "orthogonal")
WIDE: dict[str, Any] = {"depth": 30, "width": 256}
PLAIN = {"activation": "sigmoid", "optimiser": "sgd", "norm": "none", "init": "he"}

stated(
    "C20",
    section="1",
    statement={
        "en": "ReLU's gradient is one constant on the whole interval from zero upwards, zero included.",
        "zh": "从零开始（含零）往右，ReLU 的梯度处处是同一个常数。",
    },
    readings=[
        Reading(
            name="from_zero",
            level="literal",
            says="One slope for every x >= 0, with the value at 0 that the article itself settles on.",
            compute=one_slope("x >= 0"),
        ),
        Reading(
            name="above_zero",
            level="charitable",
            says="One slope for every x > 0.",
            compute=one_slope("x > 0"),
        ),
    ],
    note="With 1 as the slope at 0, another of the values that C46 allows, the literal reading would hold.",
)

stated(
    "C21",
    section="1",
    statement={
        "en": "Because of that constant slope, gradients do not vanish in ReLU networks.",
        "zh": "正因斜率恒定，ReLU 网络里梯度不会消失。",
    },
    readings=[
        Reading(
            name="factor",
            level="literal",
            experiment="gradient_flow",
            expected=NOT_VANISHING,
            settings={
                **{init: factor(activation="relu", init=init, **WIDE) for init in STANDARD},
                "he, width 16": factor(activation="relu", init="he", depth=30, width=16),
            },
            says=(
                "Factor of the gradient norm a layer under He (sigma_w2 = 2), Glorot and LeCun (1), the default of "
                "torch.nn.Linear (1/3) and orthogonal initialisation, in wide and narrow networks."
            ),
        ),
        Reading(
            name="made_for_it",
            level="charitable",
            experiment="gradient_flow",
            expected=STEADY_GRADIENT,
            effect=factor(activation="relu", init="he", **WIDE),
            says="The factor stays near 1 under the initialisation made for ReLU, He's, in wide networks.",
        ),
    ],
    note="A dead unit hands back no gradient at all: the left half-line vanishes in the strictest sense.",
)

stated(
    "C22",
    section="1",
    statement={
        "en": "With ReLU, training converges at a steady speed.",
        "zh": "用 ReLU 训练时，收敛速度保持平稳。",
    },
    readings=[
        Reading(
            name="rate",
            level="literal",
            experiment="convergence",
            expected=STEADY_RATE,
            quantifier="universal",
            settings={f"depth {depth}": steadiness(activation="relu", depth=depth) for depth in (2, 4, 8, 16)},
            says=(
                "Mean rate at which the log of the training loss falls, second half of the run over first half, at "
                "every depth."
            ),
            conditions="digits, layers of 32 units, plain SGD at the tuned step size, 20 epochs",
        ),
        Reading(
            name="depth",
            level="charitable",
            experiment="convergence",
            expected=FLAT,
            effect=epochs_per_layer(activation="relu"),
            says=(
                "log2 of the epochs that it takes to reach a training loss of 0.2 nats does not change with each "
                "layer, every depth at the step size that gets there soonest, chosen on other networks."
            ),
        ),
    ],
)

stated(
    "C23",
    section="1",
    statement={
        "en": "Where the gradient is below one, the error shrinks at each layer on its way back.",
        "zh": "梯度小于 1 时，误差往回每经过一层就变小一些。",
    },
    readings=[
        Reading(
            name="slope_alone",
            level="literal",
            experiment="gradient_flow",
            expected=VANISHES,
            quantifier="universal",
            settings={
                "tanh, he": factor(activation="tanh", init="he", **WIDE),
                "sigmoid, glorot": factor(activation="sigmoid", init="glorot", **WIDE),
            },
            says="Wherever the activation's slope is below 1 the gradient norm shrinks, whatever the weights.",
        ),
        Reading(
            name="chi_1",
            level="charitable",
            experiment="gradient_flow",
            expected=AS_CHI_1,
            settings={
                f"{activation}, {init}": beyond_theory(activation=activation, init=init, **WIDE)
                for activation in ("relu", "tanh", "sigmoid")
                for init in ("he", "glorot", "torch_default")
            },
            says=(
                "The factor a layer is sqrt(chi_1), chi_1 = sigma_w2 E f'(z)^2, weights included: measured factor less "
                "the one predicted along the measured lengths."
            ),
        ),
    ],
    note="With large weights slopes below 1 may grow, with small ones slopes of 1 may shrink: sigma_w2 must be named.",
)

stated(
    "C24",
    section="1",
    statement={
        "en": "Deep networks of sigmoid units suffer from this decay more than others.",
        "zh": "深层网络若采用 sigmoid，这种衰减尤其厉害。",
    },
    readings=[
        Reading(
            name="standard",
            level="literal",
            experiment="gradient_flow",
            expected=VANISHES,
            settings={init: factor(activation="sigmoid", init=init, **WIDE) for init in STANDARD},
            says="Factor of the gradient norm a layer with sigmoid units under each standard initialisation.",
        ),
        Reading(
            name="rivals",
            level="literal",
            experiment="gradient_flow",
            expected=FASTER_DECAY,
            settings={
                f"{rival}, {init}": ratio(
                    {"activation": "sigmoid", "init": init, **WIDE},
                    {"activation": rival, "init": init, **WIDE},
                )
                for rival in ("tanh", "relu")
                for init in STANDARD
            },
            says="That factor over the factor of tanh and of ReLU under the same initialisation.",
        ),
        Reading(
            name="edge",
            level="literal",
            experiment="gradient_flow",
            expected=VANISHES,
            effect=factor(activation="sigmoid", init="critical", **WIDE),
            says="The factor with sigmoid units at their own edge of chaos, chi_1 = 1.",
        ),
    ],
)

stated(
    "C25",
    section="1",
    statement={
        "en": "The decay brings the training of deep sigmoid networks to a halt.",
        "zh": "这种衰减会让深层 sigmoid 网络的训练停滞。",
    },
    readings=[
        Reading(
            name="sgd",
            level="literal",
            experiment="convergence",
            expected=STALLS,
            settings={f"depth {depth}": stalling(depth=depth, **PLAIN) for depth in (2, 4, 8, 16)},
            says="Share of networks of depth 2 to 16 that stall at every rate of the grid under plain SGD.",
            conditions="digits, layers of 32 units, He initialisation, step sizes 0.1, 1 and 3, 20 epochs",
        ),
        Reading(
            name="rescues",
            level="literal",
            experiment="convergence",
            expected=STALLS,
            settings={
                "Adam, depth 8": stalling(depth=8, **PLAIN | {"optimiser": "adam"}),
                "Adam, depth 16": stalling(depth=16, **PLAIN | {"optimiser": "adam"}),
                "batch normalisation, depth 16": stalling(depth=16, **PLAIN | {"norm": "batch_before"}),
                "critical, depth 16": stalling(depth=16, **PLAIN | {"init": "critical"}),
            },
            says="Share that stalls at every rate with Adam, batch normalisation or a critical initialisation.",
        ),
        Reading(
            name="deep_sgd",
            level="charitable",
            experiment="convergence",
            expected=STALLS,
            settings={init: stalling(depth=16, **PLAIN | {"init": init}) for init in ("he", "glorot")},
            says="The same at the largest depth and standard initialisation alone.",
        ),
    ],
)
