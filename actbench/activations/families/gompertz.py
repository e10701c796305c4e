"""Distribution functions of extreme values: exp(-exp(-x)) and its mirror image."""

from __future__ import annotations

import numpy as np

from actbench.activations.define import define
from actbench.activations.shapes import SIGMOID
from actbench.expression.primitives import exp_exp_times, exp_times
from actbench.expression.primitives.gates import tail


def _loglog(x):
    return np.where(x >= 0.0, np.exp(-np.exp(-np.absolute(x))), exp_exp_times(1.0, np.minimum(x, 0.0)))


def _loglog_slope(x):
    c, e = tail(x)
    left = exp_exp_times(np.exp(np.minimum(-c, 8.0)), np.minimum(c, 0.0))
    return np.where(c >= 0.0, exp_times(np.exp(-e), -np.absolute(c)), left)


def _cloglog(x):
    c, e = tail(x)
    left = exp_times(-np.expm1(-e) / e, -np.absolute(c))
    return np.where(x >= 0.0, 1.0 - exp_exp_times(1.0, np.minimum(-x, 0.0)), left)


define(
    "loglog",
    aliases=("gompertz",),
    forward=_loglog,
    backward=lambda dy, x: dy * _loglog_slope(x),
    definition=lambda x: np.exp(-np.exp(-x)),
    **SIGMOID,
    at_negative_zero=0.36787944117144233,
    source="Gomes & Ludermir 2008, Complementary log-log and probit: activation functions implemented in neural networks",
)
define(
    "cloglog",
    aliases=("complementary_log_log",),
    forward=_cloglog,
    backward=lambda dy, x: dy * _loglog_slope(-x),
    definition=lambda x: -np.expm1(-np.exp(x)),
    **SIGMOID,
    at_negative_zero=0.6321205588285577,
    source="Gomes & Ludermir 2008, Complementary log-log and probit: activation functions implemented in neural networks",
)
