"""What the article says about back-propagation: ReLU's rules, the kink at 0, and the class that carries them out."""

from __future__ import annotations

from actbench.claims.article.exact_class import (
    at_integers,
    called_twice,
    has_its_own,
    holds_the_gradient,
    in_chain,
    in_residual,
    needs_equal_shapes,
    refuses_other_shapes,
    shows_nan,
    with_fan_out,
    with_read_only,
)
from actbench.claims.article.exact_rules import rule
from actbench.claims.article.exact_slopes import (
    chain_rule,
    composed_subgradient,
    no_derivative,
    scalar_subgradient,
    subgradients,
)
from actbench.claims.article.stated import stated
from actbench.claims.claim import Reading
from actbench.claims.expectations import SAME_ACCURACY
from actbench.experiments.subgradient.effects import share_of_zeros, zero_beyond
from actbench.statistics.expectation import Region

RARE = Region(
    high=1e-3, words="hardly ever happens",
    reason="with under one pre-activation in a thousand at exactly 0, the slope there touches almost no gradient",
)  # fmt: skip

PRECISIONS = ("float64", "float32", "float16", "bfloat16")
ON_BLANK = {"model": "cnn_blank", "precision": "float32"}

stated(
    "C40",
    section="2",
    statement={
        "en": "Going forward, an input above zero is handed on as it is and any other input as zero.",
        "zh": "前向计算时，大于零的输入照原样往下传，其余的一律传零。",
    },
    readings=[
        Reading(
            name="forward",
            level="literal",
            says="f(x) = x for every x > 0, f(x) = 0 for every x <= 0.",
            compute=rule("x > 0", "x <= 0", backward=False),
        )
    ],
    note="The two cases leave NaN out: it is neither above zero nor at most zero. Here it stays NaN.",
)

stated(
    "C41",
    section="2",
    statement={
        "en": "In the backward pass, dout is the derivative that the layer behind hands over.",
        "zh": "反向计算中的 dout，是由后面那一层交过来的导数。",
    },
    readings=[
        Reading(
            name="chain_rule",
            level="literal",
            says="With dout = dL/dy from the layer behind, backward gives the dL/dx that central differences find.",
            compute=chain_rule,
        )
    ],
    note="The article calls it the layer above: the one that comes next in the forward pass.",
)

stated(
    "C42",
    section="2",
    statement={
        "en": "For inputs above zero ReLU is the identity with derivative one, so the gradient goes through unaltered.",
        "zh": "输入为正时 ReLU 就是恒等映射，导数是 1，梯度原样通过。",
    },
    readings=[
        Reading(
            name="positive",
            level="literal",
            says="y = x and dx = dout, to the sign of a zero, for every x > 0.",
            compute=rule("x > 0", backward=True),
        )
    ],
)

stated(
    "C43",
    section="2",
    statement={
        "en": "For inputs below zero both ReLU and its derivative are zero, so no gradient goes through.",
        "zh": "输入为负时，ReLU 及其导数都等于零，梯度一点也传不过去。",
    },
    readings=[
        Reading(
            name="negative",
            level="literal",
            says="y = 0 and dx = 0 for every x < 0, an infinite or NaN dout included.",
            compute=rule("x < 0", backward=True),
        )
    ],
    note="The product dout * 0 is NaN for an infinite dout; the rule, like the article's masked assignment, gives 0.",
)

stated(
    "C44",
    section="2",
    statement={
        "en": "ReLU has no derivative at zero.",
        "zh": "ReLU 在零点没有导数。",
    },
    readings=[
        Reading(
            name="one_sided",
            level="literal",
            says="The difference quotients at 0 have different limits from the left and from the right.",
            compute=no_derivative,
        )
    ],
    contradicts={
        "C20": {
            "en": "where there is no derivative it cannot be constant",
            "zh": "没有导数之处谈不上导数恒定",
        },
    },
)

stated(
    "C45",
    section="2",
    statement={
        "en": "Subgradients settle how to back-propagate through the kink and so how to optimise the model.",
        "zh": "借助次梯度，就能解决折点处如何反向传播、模型如何优化的问题。",
    },
    readings=[
        Reading(
            name="composed",
            level="literal",
            says="A subgradient at each unit gives a right one of the model: tried on relu(x) - relu(-x), which is x.",
            compute=composed_subgradient,
            conditions="fails at the kink only; Kakade & Lee 2018 treat what automatic differentiation returns there",
        ),
        Reading(
            name="scalar",
            level="charitable",
            says="For the convex function ReLU by itself the slope that is used is a subgradient at every point.",
            compute=scalar_subgradient,
        ),
    ],
    note="With slope c at 0 the chain rule gives 2 c for the function x: right for c = 1/2 only.",
)

stated(
    "C46",
    section="2",
    statement={
        "en": "At zero every number c from zero to one is a subgradient of ReLU.",
        "zh": "在零点处，0 到 1 之间的每个数 c 都是 ReLU 的次梯度。",
    },
    readings=[
        Reading(
            name="interval",
            level="literal",
            says="f(z) >= f(0) + c z for every z just where 0 <= c <= 1.",
            compute=subgradients,
        )
    ],
)

stated(
    "C47",
    section="2",
    statement={
        "en": "In practice it is good enough to take zero as the slope at zero.",
        "zh": "实践中把零点的斜率取成 0 就够用了。",
    },
    readings=[
        Reading(
            name="accuracy",
            level="literal",
            experiment="subgradient",
            expected=SAME_ACCURACY,
            settings={
                **{
                    f"{precision}, c = {c:g}": zero_beyond(c, model="mlp", precision=precision)
                    for precision in PRECISIONS
                    for c in (0.25, 0.5, 1.0)
                },
                **{f"blank background, c = {c:g}": zero_beyond(c, **ON_BLANK) for c in (0.5, 1.0)},
            },
            says=(
                "Accuracy with c = 0 less that with another c: perceptrons in float64, float32 and two 16-bit formats, "
                "and a convolutional network in float32 on images whose background is 0."
            ),
            conditions="small networks without batch normalisation; products add up in float32 in every 16-bit format",
        ),
        Reading(
            name="rare",
            level="charitable",
            experiment="subgradient",
            expected=RARE,
            settings={
                **{p: share_of_zeros("later", model="mlp", precision=p) for p in PRECISIONS},
                "blank background, first step": share_of_zeros("first", **ON_BLANK),
                "blank background, later": share_of_zeros("later", **ON_BLANK),
            },
            says="Fraction of pre-activations that are exactly 0 during training.",
            conditions=(
                "230,400 pre-activations a perceptron; as biases start at 0, a filter over a blank background gives "
                "exactly 0 until the first step, and for longer where no gradient reaches its bias"
            ),
        ),
    ],
    note="Bertoin et al. 2021 find that the choice can matter, the more the lower the precision.",
)

stated(
    "C48",
    section="2",
    statement={
        "en": "Altogether, at zero and below ReLU's output and derivative are zero and nothing is passed back.",
        "zh": "归纳起来，输入不超过零时，ReLU 的输出与导数均取 0，回传的也是 0。",
    },
    readings=[
        Reading(
            name="not_positive",
            level="literal",
            says="y = 0 and dx = 0 for every x <= 0, zeros of both signs and an infinite or NaN dout included.",
            compute=rule("x <= 0", backward=True),
        )
    ],
    note="At 0 this is the convention c = 0 of C47, not a derivative, which C44 denies.",
    contradicts={
        "C20": {
            "en": "at zero the derivative is taken as zero here and as one there",
            "zh": "在零点，这里取导数为零，那里取为一",
        },
    },
)

stated(
    "C49",
    section="2, code",
    statement={
        "en": "The array that forward keeps and the dout that backward gets have the same shape.",
        "zh": "前向保存的数组与反向收到的 dout 形状一致。",
    },
    readings=[
        Reading(
            name="required",
            level="literal",
            says="It has to be so: only with a dout of the kept array's shape does a gradient of x's shape come back.",
            compute=needs_equal_shapes,
        ),
        Reading(
            name="same_shape",
            level="charitable",
            says="It is ensured: a dout of another shape than the kept array is refused.",
            compute=refuses_other_shapes,
            conditions="a dout whose first axes are the kept array's passes, and whole rows of it are zeroed",
        ),
    ],
)

stated(
    "C49b",
    section="2, code",
    statement={
        "en": "Backward's dx is a tensor that serves to hold the gradient.",
        "zh": "backward 里的 dx 是专门存放梯度的张量。",
    },
    readings=[
        Reading(
            name="its_own",
            level="literal",
            says="dx is a tensor of its own, not the dout that was handed over.",
            compute=has_its_own,
        ),
        Reading(
            name="holds_it",
            level="charitable",
            says="When backward returns, dx holds the gradient with respect to x, whosever memory that is.",
            compute=holds_the_gradient,
        ),
    ],
)

stated(
    "C50",
    section="2, code",
    statement={
        "en": "The class at the article's end, with its forward and backward methods, works.",
        "zh": "文末那个带有 forward 与 backward 方法的类是管用的。",
    },
    readings=[
        Reading(
            name="chain",
            level="literal",
            says="It gives the right gradients in a plain chain of layers, each called once.",
            compute=in_chain,
        ),
        Reading(
            name="residual",
            level="literal",
            says="It gives the right gradients where dout is used again, as in a residual connection.",
            compute=in_residual,
        ),
        Reading(
            name="fan_out",
            level="literal",
            says="It gives the right gradients where one output feeds several layers.",
            compute=with_fan_out,
        ),
        Reading(
            name="forward_twice",
            level="literal",
            says="It gives the right gradients where one object is called twice before the backward pass.",
            compute=called_twice,
        ),
        Reading(
            name="nan_input",
            level="literal",
            says="A NaN in the input shows in the gradient.",
            compute=shows_nan,
            conditions="torch.nn.functional.relu hands such a dout on as well",
        ),
        Reading(
            name="integer",
            level="literal",
            says="It gives the right values and gradients for integer input.",
            compute=at_integers,
        ),
        Reading(
            name="read_only",
            level="literal",
            says="It gives the right gradients where dout must not be written to.",
            compute=with_read_only,
        ),
    ],
    note="Tested on a class of our own with the behaviour described: forward keeps its output, backward writes zeros "
    "into the dout that it was handed and returns it.",
)
