"""Gated linear units: a function of one input times another input, plain, clamped or soft-capped.

Code bases agree neither on the clamp nor on the layout, and normal random inputs cannot tell them apart: at a = 1 and
b = 0.5 plain, clamped (10) and step (7) SwiGLU are all 0.3655293.
"""

from __future__ import annotations

import math

import numpy as np

from actbench.activations.families.capped import _cap, situ_slope_times, situ_times, softcap_slope_times, softcapped
from actbench.activations.families.learned_gates import _crossing
from actbench.activations.gate import Factor, gate
from actbench.activations.parameter import Fixed
from actbench.activations.record import Activation, Callables, Kink
from actbench.activations.registry import ACTIVATIONS
from actbench.expression.primitives import density_times, exp_times, exp_times_pair, mills, tail_size
from actbench.expression.primitives.cubic import CUBIC, LINEAR
from actbench.expression.primitives.cubic import END as CUBIC_END
from actbench.expression.primitives.gates import FAR, decay, gate_slope_times, near, sigmoid_times
from actbench.expression.primitives.pairs import constant_pair, product, times, total, two_product

INF = np.inf


def _swish_times(c, x):
    """silu(x) * c: the factor goes in before the exponential, else a subnormal silu(x) has lost its digits."""
    return sigmoid_times(np.where(x < 0.0, near(x), x) * c, (x, 0.0))


def _gelu_times(c, x):
    """gelu(x) * c; next to 0 c goes in first, for half of a subnormal x has lost digits that c would show."""
    size = tail_size(x)
    t = mills(size)
    right, near_0 = x >= 0.0, size < 1.0
    first, last = np.where(near_0, c, t), np.where(near_0, t, c)
    tail = density_times(np.where(right, t, -(size * first * last)), size)
    rest = 1.0 - tail
    return np.where(right, x * np.where(near_0, c, rest) * np.where(near_0, rest, c), tail)


def _relu_times(c, x):
    return np.where(x <= 0.0, 0.0, x) * c


def _sigmoid_slope_times(c, x):
    a = np.absolute(x)
    o = 1.0 + np.exp(-a)
    return exp_times(c / (o * o), -a)


def _swish_slope_times(c, x):
    low = near(x)
    size = np.absolute(low)
    e = np.exp(-size)
    o = 1.0 + e
    return np.where(low >= 0.0, c * (o + low * e), exp_times(c * (o + low), -size)) / (o * o)


def _gelu_slope_times(c, x):
    size = tail_size(x)
    t = mills(size) - size
    right = x >= 0.0
    fall = density_times(np.where(right, t, t * c), size)
    return np.where(right, c * (1.0 - fall), fall)


def _relu_slope_times(c, x):
    return np.where(x > 0.0, c, np.where(x <= 0.0, 0.0, x))


def _cubic_argument(x):
    """|x| and |2u| of gelu_tanh, that in two parts."""
    a = np.minimum(np.absolute(x), CUBIC_END[64])
    bend = product(two_product(a, a), constant_pair(a, CUBIC))
    return a, product(total(constant_pair(a, LINEAR), bend), (a, 0.0 * a))


def _gelu_tanh_times(c, x):
    _, (high, low) = _cubic_argument(x)
    right = x >= 0.0
    inside = np.where(right, x, near(x, CUBIC_END[64])) * c
    return sigmoid_times(inside, (np.where(right, high, -high), np.where(right, low, -low)))


def _gelu_tanh_slope_times(c, x):
    a, (high, low) = _cubic_argument(x)
    e = exp_times_pair(1.0, -high, -low)
    bend, o = a * (float(LINEAR) + 3.0 * float(CUBIC) * (a * a)), 1.0 + e
    return np.where(x >= 0.0, c * (o + bend * e), exp_times_pair(c * (o - bend), -high, -low)) / (o * o)


IDENTITY = Factor(
    row=ACTIVATIONS["identity"], times=lambda c, x: c * x, slope_times=lambda c, x: np.where(x == x, c, x)
)
SIGMOID = Factor(
    row=ACTIVATIONS["sigmoid"], times=lambda c, x: sigmoid_times(c, (x, 0.0)), slope_times=_sigmoid_slope_times
)
SILU = Factor(row=ACTIVATIONS["silu"], times=_swish_times, slope_times=_swish_slope_times)
GELU = Factor(row=ACTIVATIONS["gelu"], times=_gelu_times, slope_times=_gelu_slope_times)
GELU_TANH = Factor(row=ACTIVATIONS["gelu_tanh"], times=_gelu_tanh_times, slope_times=_gelu_tanh_slope_times)
RELU = Factor(row=ACTIVATIONS["relu"], times=_relu_times, slope_times=_relu_slope_times)

gate(
    "glu", SIGMOID, IDENTITY, layout="halves_value_first", aliases=("gated_linear_unit",),
    formula=r"y = b \, \sigma(a), \; x = [b, a]",
    source="Dauphin, Fan, Auli & Grangier 2017, arXiv 1612.08083: the second half gates the first",
    peers={"torch": "torch.nn.functional.glu", "jax": "jax.nn.glu", "keras": "keras.activations.glu"},
)  # fmt: skip
for _name, _first in (("swiglu", SILU), ("geglu", GELU), ("reglu", RELU), ("bilinear", IDENTITY)):
    gate(
        _name, _first, IDENTITY, formula=rf"y = \operatorname{{{_first.row.name}}}(a) \, b, \; x = [a, b]",
        source=f"Shazeer 2020, arXiv 2002.05202: {_first.row.name} of the first half times the second",
    )  # fmt: skip
gate(
    "geglu_tanh", GELU_TANH, IDENTITY, aliases=("gated_gelu", "geglu_approximate"),
    formula=r"y = \operatorname{gelu\_tanh}(a) \, b, \; x = [a, b]",
    source="Gemma 1 to 4 and T5 v1.1 (its gated-gelu is gelu_new); flashinfer's GegluTanh. 3e-4 from geglu at a = 1",
)  # fmt: skip
gate(
    "drelu", RELU, RELU, aliases=("dual_relu", "drelu_glu"),
    formula=r"y = \max(a, 0) \, \max(b, 0), \; x = [a, b]",
    source="Song et al. 2024, Turbo Sparse, arXiv 2406.05955",
)  # fmt: skip

# Parameters and rows of the clamped ones


def _limit(default, doc="where the clamp begins; infinity is none"):
    return Fixed(default=default, doc=doc, valid=lambda v: v >= 1e-3, law="must be 0.001 or more; inf switches it off")


def _alpha(default):
    return Fixed(default=default, doc="steepness of the sigmoid", valid=lambda v: 1e-3 <= v <= 1e3,
                 law="must be in [0.001, 1000]")  # fmt: skip


def _unlisted(name, definition, **facts):
    """A row that is no activation by itself: half of a gate, which declares facts and says a definition."""
    said = Callables(forward=lambda x: x, backward=lambda dy: dy, definition=definition)
    return Activation(name=name, source="", callables=said, **facts)


def _inside(c, x, limit):
    """c within the clamp, bounds included as torch.clamp has it; 0 beyond; NaN where x is."""
    return np.where(np.absolute(x) <= limit, c, np.where(x == x, 0.0, x))


def _clipped(added):
    """clip(x, -L, L) + added."""

    def value(x, limit):
        return near(x, limit) + added if added else near(x, limit)

    def outside(limit):
        return ((-INF, -math.nextafter(limit, INF)), (math.nextafter(limit, INF), INF)) if limit < INF else ()

    return Factor(
        row=_unlisted(
            "clip", lambda x, limit: np.clip(x, -limit, limit) + added if added else np.clip(x, -limit, limit),
            parameters={"limit": _limit(7.0)},
            kinks=lambda limit: {limit: Kink(slope=1.0), -limit: Kink(slope=1.0)} if limit < INF else {},
            flat=outside,
            limits=lambda limit: (added - limit, added + limit),
            slope_limits=lambda limit: (0.0, 0.0) if limit < INF else (1.0, 1.0),
            roots=(-added,) if added else (),
            at_negative_zero=added if added else -0.0,
        ),
        times=lambda c, x, limit: c * value(x, limit),
        slope_times=_inside,
    )  # fmt: skip


def _capped(x, limit):
    return np.where(x > limit, limit, x)


def _top(limit, alpha=1.0):
    return limit / (1.0 + math.exp(-alpha * limit)) if limit < INF else INF


def _rise(limit, alpha=1.0):
    """The slope of x s(alpha x) at the limit."""
    s = 1.0 / (1.0 + math.exp(-alpha * limit))
    return s * (1.0 + alpha * limit * (1.0 - s)) if limit < INF else 1.0


def _steep(x, alpha):
    """alpha x in two parts; a number written into a kernel keeps the digits that float32 lacks."""
    return times(near(x, np.minimum(FAR, 1e6 / np.maximum(alpha, 1e-9))), alpha)


CLIP = _clipped(0.0)
SWISH = Factor(
    row=_unlisted(
        "swish_alpha", lambda x, alpha: x / (1.0 + np.exp(-(alpha * x))), parameters={"alpha": _alpha(1.0)},
        limits=(-0.0, INF), slope_limits=(-0.0, 1.0),
        roots_of_slope=lambda alpha: (-1.2784645427610738 / alpha,),
    ),
    times=lambda c, x, alpha: sigmoid_times(np.where(x < 0.0, near(x), x) * c, _steep(x, alpha)),
    slope_times=lambda c, x, alpha: gate_slope_times(c, _steep(x, alpha)),
)  # fmt: skip
CAPPED_SWISH = Factor(
    row=_unlisted(
        "capped_swish",
        lambda x, limit, alpha: np.minimum(x, limit) / (1.0 + np.exp(-(alpha * np.minimum(x, limit)))),
        parameters={"limit": _limit(7.0), "alpha": _alpha(1.702)},
        kinks=lambda limit, alpha: {limit: Kink(slope=_rise(limit, alpha))} if limit < INF else {},
        flat=lambda limit: ((math.nextafter(limit, INF), INF),) if limit < INF else (),
        limits=lambda limit, alpha: (-0.0, _top(limit, alpha)),
        slope_limits=lambda limit: (-0.0, 0.0 if limit < INF else 1.0),
        roots_of_slope=lambda alpha: (-1.2784645427610738 / alpha,),
    ),
    times=lambda c, x, limit, alpha: SWISH.times(c, _capped(x, limit), alpha),
    slope_times=lambda c, x, limit, alpha: np.where(x > limit, 0.0, SWISH.slope_times(c, _capped(x, limit), alpha)),
)
CAPPED_SILU = Factor(
    row=_unlisted(
        "capped_silu", lambda x, limit: np.minimum(x, limit) / (1.0 + np.exp(-np.minimum(x, limit))),
        parameters={"limit": _limit(10.0)},
        kinks=lambda limit: {limit: Kink(slope=_rise(limit))} if limit < INF else {},
        flat=lambda limit: ((math.nextafter(limit, INF), INF),) if limit < INF else (),
        limits=lambda limit: (-0.0, _top(limit)),
        slope_limits=lambda limit: (-0.0, 0.0 if limit < INF else 1.0),
        roots_of_slope=(-1.2784645427610738,),
    ),
    times=lambda c, x, limit: _swish_times(c, _capped(x, limit)),
    slope_times=lambda c, x, limit: np.where(x > limit, 0.0, _swish_slope_times(c, _capped(x, limit))),
)  # fmt: skip


def _bend(limit):
    """Where silu reaches the limit."""
    return _crossing(lambda x: x / (1.0 + math.exp(-x)) - limit, 0.0, limit + 2.0)


SILU_CAPPED = Factor(
    row=_unlisted(
        "silu_capped", lambda x, limit: np.minimum(x / (1.0 + np.exp(-x)), limit),
        parameters={"limit": _limit(7.0)},
        flat=lambda limit: ((_bend(limit) * (1 + 1e-6), INF),) if limit < INF else (),
        limits=lambda limit: (-0.0, limit),
        slope_limits=lambda limit: (-0.0, 0.0 if limit < INF else 1.0),
        roots_of_slope=(-1.2784645427610738,),
        # silu of which float is the limit depends on the format's last bit: 1 ulp of float32 at 7 is 7e-8 of it
        excluded_slope=lambda limit: ((_bend(limit) * (1 - 1e-6), _bend(limit) * (1 + 1e-6)),) if limit < INF else (),
    ),
    # silu(x) > limit, with the exponential that the other side has anyway: below 0 neither is
    times=lambda c, x, limit: np.where(
        x > limit * (1.0 + exp_times_pair(1.0, *decay((x, 0.0)))), limit * c, _swish_times(c, x)
    ),
    slope_times=lambda c, x, limit: np.where(
        x > limit * (1.0 + np.exp(-np.absolute(near(x)))), 0.0, _swish_slope_times(c, x)
    ),
)  # fmt: skip
SITU = Factor(
    row=_unlisted(
        "situ", lambda x, beta_gate: beta_gate * np.tanh(x / beta_gate) / (1.0 + np.exp(-x)),
        parameters={"beta_gate": _cap(4.0, "cap of the gate")},
        limits=lambda beta_gate: (-0.0, beta_gate),
        slope_limits=(-0.0, 0.0),
        roots_of_slope=lambda beta_gate: ACTIVATIONS["situ"].fact("roots_of_slope", beta=beta_gate),
    ),
    times=lambda c, x, beta_gate: situ_times(c, x, beta_gate),
    slope_times=lambda c, x, beta_gate: situ_slope_times(c, x, beta_gate),
)  # fmt: skip
SOFTCAP = Factor(
    row=_unlisted(
        "softcap", lambda x, beta_value: beta_value * np.tanh(x / beta_value),
        parameters={"beta_value": _cap(25.0, "cap of the value")},
        limits=lambda beta_value: (-beta_value, beta_value),
        slope_limits=(0.0, 0.0),
    ),
    times=lambda c, x, beta_value: c * softcapped(x, beta_value),
    slope_times=lambda c, x, beta_value: softcap_slope_times(c, x, beta_value),
)  # fmt: skip
THRESHOLD = Factor(
    row=_unlisted(
        "fatrelu", lambda x, threshold: np.where(x > threshold, x, 0.0),
        parameters={"threshold": Fixed(default=0.0, doc="up to here the gate is 0; no default was found to be read")},
        kinks=lambda threshold: {threshold: Kink(slope=0.0)},
        flat=lambda threshold: ((-INF, threshold),),
        limits=(0.0, INF), slope_limits=(0.0, 1.0),
        at_negative_zero=lambda threshold: 0.0 if threshold >= 0 else -0.0,
    ),
    times=lambda c, x, threshold: np.where(x <= threshold, 0.0, x) * c,
    slope_times=lambda c, x, threshold: np.where(x > threshold, c, np.where(x == x, 0.0, x)),
)  # fmt: skip

gate(
    "swiglu_beta", SWISH, IDENTITY, parameters={"alpha": _alpha(1.0)}, aliases=("onnx_swiglu", "swiglu_alpha"),
    formula=r"y = a \, \sigma(\alpha a) \, b, \; x = [a, b]", identical_to=("swiglu",),
    source="Shazeer 2020, arXiv 2002.05202, Swish with a factor; ONNX operator SwiGLU, version 28 (two inputs, alpha 1)",
)  # fmt: skip
gate(
    "swiglu_oai", CAPPED_SWISH, _clipped(1.0), layout="interleaved",
    parameters={"limit": _limit(7.0), "alpha": _alpha(1.702)}, aliases=("gpt_oss_swiglu", "swiglu_gpt_oss"),
    formula=r"y = g \, \sigma(\alpha g) (\operatorname{clip}(b, -L, L) + 1), \; g = \min(a, L), \; x = [a_0, b_0, a_1, \ldots]",
    defaults={"minimax_m3": {"layout": "halves"}},
    source="gpt-oss (transformers gpt_oss, openai_privacy_filter), gate in even places; MiniMax-M3 in halves",
)  # fmt: skip
gate(
    "swiglu_clamped", CAPPED_SILU, CLIP, parameters={"limit": _limit(10.0)}, aliases=("clamped_swiglu",),
    formula=r"y = \operatorname{silu}(\min(a, L)) \, \operatorname{clip}(b, -L, L), \; x = [a, b]",
    source="DeepSeek V4 (transformers deepseek_v4, glm5_next, hy_v4); there a limit of 0 or none is no clamp, here inf",
)  # fmt: skip
gate(
    "swiglu_step", SILU_CAPPED, CLIP, parameters={"limit": _limit(7.0)}, aliases=("step_swiglu",),
    formula=r"y = \min(\operatorname{silu}(a), L) \, \operatorname{clip}(b, -L, L), \; x = [a, b]",
    defaults={"step 3.7": {"limit": 16.0}},
    source="Step-3.5 (limit 7) and Step-3.7 (16, by layer): flashinfer#3492, transformers step3p7",
)  # fmt: skip
gate(
    "situ_glu", SITU, SOFTCAP, parameters={**SITU.row.parameters, **SOFTCAP.row.parameters},
    aliases=("softcapped_swiglu",),
    formula=r"y = \beta_1 \tanh(a / \beta_1) \, \sigma(a) \, \beta_2 \tanh(b / \beta_2), \; x = [a, b]",
    source="Kimi K3 report, equation 12 (cudnn-frontend#645); SoftcappedSwiGLU of Inkling 2",
)  # fmt: skip
gate(
    "fatrelu_glu", THRESHOLD, IDENTITY, parameters=THRESHOLD.row.parameters, aliases=("fatrelu_and_mul",),
    formula=r"y = a \, [a > T] \, b, \; x = [a, b]",
    source="the activation kernels of vLLM, fatrelu_and_mul: a threshold and a product",
)  # fmt: skip
