"""Published results on what becomes of signals and gradients in random networks."""

from __future__ import annotations

from actbench.claims.claim import Reading
from actbench.claims.expectations import EXPLODES, STEADY_GRADIENT, VANISHES
from actbench.claims.literature import exact
from actbench.claims.literature.published import measured, published
from actbench.experiments.born_dead.effects import beyond_law, dead_share
from actbench.experiments.finite_width.effects import over_law
from actbench.experiments.gradient_flow.effects import factor
from actbench.experiments.jacobian_spectrum.effects import measured as spread
from actbench.experiments.jacobian_spectrum.effects import over_theory, ratio
from actbench.experiments.jacobian_spectrum.question import GAINS
from actbench.experiments.signal_propagation.effects import at_layer, decay_over_theory, gap_over_theory, growth
from actbench.experiments.signal_propagation.question import TANH
from actbench.statistics.expectation import Equivalence, Region

ORDERED, CRITICAL, CHAOTIC = TANH
NORMAL, ORTHOGONAL = 0, 1

published(
    "L01",
    section="signals",
    source="Lu, Shin, Su & Karniadakis 2020, Dying ReLU and initialization, Commun. Comput. Phys. 28; abstract and "
    "introduction read",
    statement={
        "en": "As ReLU networks get deeper, they are dead from the start with a probability that tends to one.",
        "zh": "ReLU 网络越深，生来就死的概率越接近一。",
    },
    leaves_out="He weights, no biases, one input feature; networks of 2 to 4 units; the remedy is not tried",
    readings=[
        measured(
            "deep", "born_dead", says="Share of networks that give 0 for one input, 20 layers of 2 units, 40 of 3.",
            expected=Region(low=0.9, words="nearly all", reason="1 - (1 - 2^-n)^L is 0.997 and 0.995 there"),
            settings={f"{n} units, {depth} layers": dead_share("dead_point", width=n, depth=depth)
                      for n, depth in ((2, 20), (3, 40))},
        ),
        measured(
            "law", "born_dead", says="That share less 1 - (1 - 2^-n)^L.",
            expected=Equivalence(margin=0.1, words="as the law says", reason="four standard errors of 512 networks"),
            settings={f"{n} units, {depth} layers": beyond_law(width=n, depth=depth)
                      for n, depth in ((2, 5), (3, 10), (4, 20))},
        ),
    ],
)  # fmt: skip

published(
    "L02",
    section="signals",
    source="Schoenholz, Gilmer, Ganguli & Sohl-Dickstein 2017, Deep information propagation, ICLR; abstract and "
    "introduction read",
    statement={
        "en": "Random networks forget the angle between inputs over a depth scale of their own; in the ordered phase "
        "gradients vanish, in the chaotic one they explode.",
        "zh": "随机网络在其特有的深度尺度上遗忘输入之间的夹角；有序相中梯度消失，混沌相中梯度爆炸。",
    },
    leaves_out="tanh, width 256, 30 layers, at initialisation; that training succeeds up to that depth is not tried",
    readings=[
        measured(
            "depth_scale", "signal_propagation",
            says="Rate at which 1 - c falls over layers 5 to 20 at sigma_w2 = 1.3, sigma_b2 = 0.05, times xi_c.",
            expected=Equivalence(about=1.0, margin=0.15, words="as xi_c says", reason="a seventh of the depth scale"),
            effect=decay_over_theory(5, 20, activation="tanh", init=ORDERED),
        ),
        measured(
            "ordered", "signal_propagation", expected=VANISHES, effect=factor(activation="tanh", init=ORDERED),
            says="Factor of the gradient norm a layer in the ordered phase, sigma_w2 = 1.3.",
        ),
        measured(
            "chaotic", "signal_propagation", expected=EXPLODES, effect=factor(activation="tanh", init=CHAOTIC),
            says="The same in the chaotic phase, sigma_w2 = 4.",
        ),
    ],
)  # fmt: skip

published(
    "L03",
    section="signals",
    source="Schoenholz, Gilmer, Ganguli & Sohl-Dickstein 2017, Deep information propagation, ICLR; abstract and "
    "introduction read",
    statement={
        "en": "On the edge of chaos, and only close to it, a signal passes through any depth.",
        "zh": "在混沌边缘上（且仅在其附近），信号可以穿过任意深度。",
    },
    leaves_out="tanh at sigma_b2 = 0.05, sigma_w2 = 1.761; width 256, 30 layers, at initialisation",
    readings=[
        measured(
            "steady",
            "signal_propagation",
            expected=STEADY_GRADIENT,
            effect=factor(activation="tanh", init=CRITICAL),
            says="Factor of the gradient norm a layer at the critical point.",
        )
    ],
)

published(
    "L04",
    section="signals",
    source="Klambauer, Unterthiner, Mayr & Hochreiter 2017, Self-normalizing neural networks, NeurIPS; abstract read",
    statement={
        "en": "With SELU, activations near mean 0 and variance 1 go to mean 0 and variance 1 over many layers.",
        "zh": "采用 SELU 时，均值接近 0、方差接近 1 的激活经过多层后趋于均值 0、方差 1。",
    },
    leaves_out="LeCun weights, width 256, 30 layers, inputs of mean square 1/2, 1 and 2; no training",
    readings=[
        measured(
            "variance", "signal_propagation", says="Variance of the outputs of layer 30.",
            expected=Equivalence(about=1.0, margin=0.2, words="1", reason="a fifth; where it starts it is off by two"),
            settings={f"inputs of mean square {length:g}": at_layer("variance", 30, activation="selu", init="lecun",
                                                                    length=length) for length in (0.5, 1.0, 2.0)},
        ),
        measured(
            "mean", "signal_propagation", says="Their mean.",
            expected=Equivalence(margin=0.1, words="0", reason="a tenth of the standard deviation"),
            settings={f"inputs of mean square {length:g}": at_layer("mean", 30, activation="selu", init="lecun",
                                                                    length=length) for length in (0.5, 1.0, 2.0)},
        ),
    ],
)  # fmt: skip

published(
    "L07",
    section="signals",
    source="Hanin & Nica 2020, Products of many large random matrices and gradients in deep neural networks, Commun. "
    "Math. Phys. 376; abstract read",
    statement={
        "en": "The logarithm of a ReLU network's norm scatters from network to network like a normal number, the more "
        "the deeper and narrower it is.",
        "zh": "ReLU 网络范数的对数在不同网络之间近似正态分布，网络越深越窄，分散越大。",
    },
    leaves_out="forward norms of one input, He weights, 1024 networks of 16, 32 and 64 units, as deep as wide",
    readings=[
        measured(
            "variance",
            "finite_width",
            says="Variance of ln |h|^2 over the exact law's.",
            expected=Equivalence(about=1.0, margin=0.25, words="as the law says", reason="four standard errors"),
            settings={f"{n} units": over_law("variance", "exact", width=n, depth=n) for n in (16, 32, 64)},
        ),
        measured(
            "mean",
            "finite_width",
            says="Its mean over the exact law's.",
            expected=Equivalence(about=1.0, margin=0.15, words="as the law says", reason="four standard errors"),
            settings={f"{n} units": over_law("mean", "exact", width=n, depth=n) for n in (16, 32, 64)},
        ),
    ],
    note="The leading order 5 L / n is a third too small at 16 units; the figure shows both.",
)

published(
    "L10",
    section="signals",
    source="Hayou, Doucet & Rousseau 2019, On the impact of the activation function on deep neural networks training, "
    "ICML; abstract and introduction of it and of its first version (2018) read",
    statement={
        "en": "On the edge of chaos ReLU networks forget angles at a polynomial rate, not at an exponential one, and "
        "smooth functions forget them more slowly still.",
        "zh": "在混沌边缘上，ReLU 网络以多项式（而非指数）速率遗忘夹角，光滑函数遗忘得更慢。",
    },
    leaves_out="correlation maps at infinite width; networks of width 256 to 30 layers; no training",
    readings=[
        Reading(name="relu", level="literal", compute=exact.relu_forgets_polynomially,
                says="1 - c falls as the square of the depth in ReLU's own map: c = 1 / 2 at first, 10,000 layers."),
        Reading(name="smooth", level="literal", compute=exact.tanh_forgets_more_slowly,
                says="1 - c falls as the depth itself in the map of tanh at its critical point: 200 layers."),
        measured(
            "networks", "signal_propagation", says="1 - c at layer 30 of ReLU networks over what the map gives.",
            expected=Region(low=0.67, high=1.5, words="as the map says", reason="half as much again, either way"),
            effect=gap_over_theory(30, activation="relu", init="he"),
        ),
    ],
)  # fmt: skip

published(
    "L11",
    section="signals",
    source="Pennington, Schoenholz & Ganguli 2017, Resurrecting the sigmoid in deep learning through dynamical "
    "isometry, NeurIPS; abstract read",
    statement={
        "en": "ReLU networks cannot have singular values that are all alike; sigmoidal ones can, with orthogonal "
        "weights alone.",
        "zh": "ReLU 网络的奇异值无法都相近；S 形函数的网络可以，但只有采用正交权重时。",
    },
    leaves_out="width 128, 16 layers, at initialisation; tanh at sigma_w2 = 1.2; that such networks learn faster is "
    "not tried",
    readings=[
        measured(
            "relu", "jacobian_spectrum", says="Spread of squared singular values of ReLU networks, either weights.",
            expected=Region(low=8.0, words="far apart", reason="half of what theory gives for orthogonal weights, L"),
            settings={f"{law} weights": spread("spread", activation="relu", init=GAINS["relu"][k], depth=16)
                      for k, law in ((NORMAL, "normal"), (ORTHOGONAL, "orthogonal"))},
        ),
        measured(
            "tanh", "jacobian_spectrum", says="Spread of tanh networks, orthogonal weights over normal ones.",
            expected=Region(high=0.25, words="close together", reason="a quarter; theory gives about a ninth"),
            effect=ratio("spread", GAINS["tanh"][ORTHOGONAL], GAINS["tanh"][NORMAL], activation="tanh", depth=16),
        ),
        measured(
            "theory", "jacobian_spectrum", says="Spread over theory's, along the networks' own lengths.",
            expected=Equivalence(about=1.0, margin=0.35, words="as theory says", reason="a third: width 128 is finite"),
            settings={
                f"{name}, {law} weights": over_theory("spread", activation=name, init=GAINS[name][k], depth=16)
                for name in ("relu", "tanh") for k, law in ((NORMAL, "normal"), (ORTHOGONAL, "orthogonal"))
            },
        ),
    ],
)  # fmt: skip

published(
    "L12",
    section="signals",
    source="Cho & Saul 2009, Kernel methods for deep learning, NeurIPS; abstract and introduction read",
    statement={
        "en": "The arc-cosine kernel mimics what a wide layer of rectified units does to the angle of two inputs.",
        "zh": "反余弦核刻画了一层很宽的整流单元如何改变两个输入之间的夹角。",
    },
    leaves_out="one layer, the kernel of degree 1; support vector machines with it are not tried",
    readings=[
        Reading(name="kernel", level="literal", compute=exact.arc_cosine,
                says="E relu(u) relu(v) by quadrature against the kernel's closed form."),
        measured(
            "networks", "signal_propagation", says="Cosine in layer 2 of ReLU networks where it is 1/2 in the inputs.",
            expected=Equivalence(about=0.609, margin=0.03, words="0.609", reason="the kernel's value; a fifth of the "
                                 "step from 1/2"),
            effect=at_layer("c", 2, activation="relu", init="he"),
        ),
    ],
)  # fmt: skip

published(
    "L17",
    section="expressivity",
    source="Poole, Lahiri, Raghu, Sohl-Dickstein & Ganguli 2016, Exponential expressivity in deep neural networks "
    "through transient chaos, NeurIPS; abstract read",
    statement={
        "en": "In the chaotic phase a curve of inputs grows exponentially with depth, in the ordered one it does not.",
        "zh": "在混沌相中，输入曲线的长度随深度指数增长；在有序相中则不然。",
    },
    leaves_out="length of a circle's image in place of its curvature; tanh, width 256, layers 2 to 8",
    readings=[
        measured(
            "chaotic",
            "signal_propagation",
            says="Factor a layer of the curve's length at sigma_w2 = 4.",
            expected=Region(low=1.05, words="grows", reason="sqrt(chi_1) is 1.16 for neighbouring points"),
            effect=growth("curve", 2, 8, activation="tanh", init=CHAOTIC),
        ),
        measured(
            "ordered",
            "signal_propagation",
            says="The same at sigma_w2 = 1.3.",
            expected=Region(high=1.0, words="does not grow", reason="sqrt(chi_1) is 0.94 for neighbouring points"),
            effect=growth("curve", 2, 8, activation="tanh", init=ORDERED),
        ),
    ],
)
