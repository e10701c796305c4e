"""Results of the last years on activation functions, as far as their sources could be read.

What was looked for and left out, and why, is said at the foot of the page: "not judged" in `actbench.report.phrases`.
"""

from __future__ import annotations

from actbench.claims.claim import Reading
from actbench.claims.literature import exact
from actbench.claims.literature.published import measured, published
from actbench.claims.literature.trained import BETTER, DIGITS, PLAIN, SHALLOW, SILENT, gains
from actbench.experiments.retraining.effects import beyond, fall
from actbench.statistics.expectation import Region

MLP = f"{DIGITS}; no images, texts or modern architectures"

published(
    "L18",
    section="sparsity",
    source="Zhang et al. 2024, ReLU^2 wins: discovering efficient activation functions for sparse LLMs, arXiv "
    "2402.03804; abstract read",
    statement={
        "en": "By the size of outputs, networks of squared ReLUs are sparser than those of other functions.",
        "zh": "按输出幅度衡量，ReLU 平方的网络比其他函数的网络更稀疏。",
    },
    leaves_out="digits, one layer of 64 units in place of language models; a threshold that costs 10 % of the layer's "
    "norm; GELU and SiLU in place of gates",
    readings=[
        measured(
            "spare", "retraining", says="Share of outputs that can be left out, beyond the rival's.",
            expected=Region(low=0.05, words="sparser", reason="one output in twenty is worth the trouble"),
            settings={f"than {rival}": beyond("spare", {"activation": "squared_relu"}, {"activation": rival}, **SHALLOW)
                      for rival in ("relu", "gelu", "silu")},
        )
    ],
)  # fmt: skip

published(
    "L19",
    section="sparsity",
    source="Song et al. 2024, Turbo Sparse, arXiv 2406.05955; summaries of it read, which name 67 % and nearly 90 %",
    statement={
        "en": "A ReLU on both halves of a gate multiplies sparsity: from two thirds to nearly nine in ten.",
        "zh": "门控两半都用 ReLU 可使稀疏度倍增：从三分之二升至近九成。",
    },
    leaves_out="no language model is trained: what two independent halves make of the published share of one",
    readings=[
        Reading(name="independent", level="charitable", compute=exact.doubled_relu,
                says="1 - (1 - 0.67)^2 is within 0.03 of 0.9."),
    ],
)  # fmt: skip

published(
    "L20",
    section="growth",
    source="Jiang et al. 2026, PowLU: an activation function for stable pre-training of LLMs, arXiv 2605.25704; "
    "abstract read",
    statement={
        "en": "For large inputs SwiGLU grows as the square, which enlarges outliers.",
        "zh": "输入很大时，SwiGLU 按平方增长，放大离群值。",
    },
    leaves_out="the function alone, both halves growing alike; that training is less stable for it is not tried",
    readings=[
        Reading(name="square", level="literal", compute=exact.swiglu_is_quadratic,
                says="The power of x with which x silu(x) grows, octave by octave from 8 on, is 2 within 0.01."),
    ],
)  # fmt: skip

published(
    "L21",
    section="rankings",
    source="Das et al. 2025, Gompertz linear units: leveraging asymmetry for enhanced learning dynamics, arXiv "
    "2502.03654; abstract and introduction read",
    statement={
        "en": "GoLU lets its outputs vary less than GELU and Swish do, and networks with it do better.",
        "zh": "GoLU 的输出方差小于 GELU 和 Swish，用它的网络表现更好。",
    },
    leaves_out=MLP,
    readings=[
        Reading(name="variance", level="literal", compute=exact.golu_varies_less,
                says="Variance of the outputs for normal inputs of variance 1/4, 1 and 4."),
        measured("accuracy", "retraining", says="Test accuracy beyond each rival's.", expected=BETTER,
                 settings=gains("golu", ("relu", "gelu", "silu"), **PLAIN)),
    ],
)  # fmt: skip

published(
    "L22",
    section="rankings",
    source="Fernandez & Mali 2024, TeLU activation function for fast and stable deep learning, arXiv 2412.20269, and "
    "2402.02790; abstracts read",
    statement={
        "en": "Networks of TeLU do better than those of ReLU, GELU and Mish.",
        "zh": "TeLU 网络优于 ReLU、GELU 和 Mish 网络。",
    },
    leaves_out=MLP,
    readings=[
        measured("accuracy", "retraining", says="Test accuracy beyond each rival's.", expected=BETTER,
                 settings=gains("telu", ("relu", "gelu", "mish"), **PLAIN)),
    ],
)  # fmt: skip

published(
    "L23",
    section="slopes",
    source="Horuz et al. 2025, The resurrection of the ReLU, arXiv 2505.22074; abstract read",
    statement={
        "en": "A smooth slope in the backward pass alone brings dead ReLUs back and helps to generalise.",
        "zh": "仅在反向传播中使用光滑斜率，就能复活死亡的 ReLU，并有助于泛化。",
    },
    leaves_out="digits, 2 layers of 64 units whose biases start at -2, SiLU's slope in place of theirs, SGD at 0.1, 10 "
    "epochs; no convolutions",
    readings=[
        measured(
            "revived", "retraining", says="Share of units that are silent at the start less that in the end.",
            expected=Region(low=0.1, words="come back", reason="one unit in ten"),
            effect=fall("silent_start", "silent_end", **SILENT | {"surrogate": "silu"}),
        ),
        measured(
            "accuracy", "retraining", says="Test accuracy beyond that of ReLU's own slope from the same start.",
            expected=Region(low=0.01, words="better by a point", reason="one point of accuracy is what users notice"),
            effect=beyond("test_accuracy", {"surrogate": "silu"}, {"surrogate": "none"},
                          **{k: v for k, v in SILENT.items() if k != "surrogate"}),
        ),
    ],
)  # fmt: skip
