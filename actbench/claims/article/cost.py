"""What the article says about cost: which operations the two passes need, and whether that makes them faster."""

from __future__ import annotations

from actbench.claims.article.exact_cost import backward_census, forward_census, kept_output_census
from actbench.claims.article.stated import stated
from actbench.claims.claim import Reading
from actbench.claims.expectations import CHEAPER
from actbench.experiments.pass_cost.effects import panel

LIBRARIES = ("actbench", "numpy", "torch", "jax")

stated(
    "C26",
    section="1, summary 1",
    statement={
        "en": "ReLU's forward pass is very cheap, because it takes no exponential or the like.",
        "zh": "ReLU 的前向计算很省事，用不到指数一类的运算。",
    },
    readings=[
        Reading(
            name="census",
            level="literal",
            says="The forward rule has no exponential, logarithm, division or root in it.",
            compute=forward_census,
        ),
        Reading(
            name="faster",
            level="literal",
            experiment="pass_cost",
            expected=CHEAPER,
            settings=panel("relu", ("sigmoid", "tanh", "softplus"), libraries=LIBRARIES, direction="forward"),
            says="Therefore it takes less time than sigmoid, tanh and softplus: time ratio, cheapest rival over ReLU.",
            conditions="holds for the dtypes, sizes, libraries and machine of the panel; one thread, outputs "
            "preallocated where the library can, normal inputs",
        ),
    ],
)

stated(
    "C27",
    section="1, summary 2",
    statement={
        "en": "ReLU's derivative is simple too: passing a gradient back takes neither exponentials nor divisions.",
        "zh": "ReLU 求导同样容易：回传梯度时既不用指数也不用除法。",
    },
    readings=[
        Reading(
            name="census",
            level="literal",
            says="The backward rule has no exponential and no division in it.",
            compute=backward_census,
        ),
        Reading(
            name="faster",
            level="literal",
            experiment="pass_cost",
            expected=CHEAPER,
            settings=panel("relu", ("sigmoid", "tanh"), libraries=LIBRARIES, direction="backward"),
            says="Therefore it takes less time than the backward passes of sigmoid and tanh that kept their output.",
            conditions="holds for the dtypes, sizes, libraries and machine of the panel; one thread; from the kept "
            "output y the rivals compute dy y (1 - y) and dy (1 - y^2), ReLU in NumPy dy times (y > 0)",
        ),
        Reading(
            name="contrast",
            level="charitable",
            says="This sets it apart: sigmoid and tanh do need them on the way back, even with their output kept.",
            compute=kept_output_census,
        ),
        Reading(
            name="masked",
            level="charitable",
            experiment="pass_cost",
            expected=CHEAPER,
            settings=panel(
                "relu masked",
                ("relu multiplied",),
                libraries=("numpy", "torch"),
                inputs=("normal", "sorted"),
                direction="backward",
            ),
            says="Writing zeros through a mask, as the article's code does, beats multiplying by a slope of 0 or 1.",
            conditions="holds for the dtypes, sizes, libraries, inputs and machine of the panel; both forms overwrite "
            "the gradient in place, and make their mask from the kept output each time",
        ),
    ],
)
