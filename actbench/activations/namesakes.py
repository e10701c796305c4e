"""Functions that were found more than once, and names that mean more than one thing: facts, each proved by a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Rediscovery:
    """One function under several names.

    Parameters
    ----------
    row
        Its name here; of a gate too.
    says
        Who called it what, or what it is of another function.
    formula
        The other name's own formula, as code of one array (a gate's: of two); `identify` must find the row in it.
    """

    row: str
    says: str
    formula: Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class Namesake:
    """One name with several meanings: ``(row or nothing, what it is there)`` each."""

    name: str
    meanings: tuple[tuple[str, str], ...]


def _sigmoid(x: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-x))


def _softplus(x: Any) -> Any:
    return np.logaddexp(0.0, x)


REDISCOVERIES = (
    Rediscovery(
        row="telu", says="TanhExp (Liu & Di 2020) and TeLU (Fernandez & Mali 2024): x tanh(e^x)",
        formula=lambda x: x * (1.0 - 2.0 / (np.exp(2.0 * np.exp(np.minimum(x, 5.0))) + 1.0)),
    ),
    Rediscovery(
        row="golu", says="ExpExpish (in the survey of Kunc & Kléma 2024) and GoLU (Das et al. 2025): x exp(-e^-x)",
        formula=lambda x: x / np.exp(np.exp(-x)),
    ),
    Rediscovery(
        row="gelu_tanh", says="SiELU: x sigmoid(2 sqrt(2 / pi) (x + 0.044715 x^3)) is GELU's tanh form",
        formula=lambda x: x * _sigmoid(2.0 * np.sqrt(2.0 / np.pi) * (x + 0.044715 * x * x * x)),
    ),
    Rediscovery(
        row="quick_gelu", says="QuickGELU is Swish with beta 1.702, and SiLU(1.702 x) / 1.702",
        formula=lambda x: 1.702 * x * _sigmoid(1.702 * x) / 1.702,
    ),
    Rediscovery(
        row="eanaf", says="EANAF is x tanh(softplus(x) / 2), and x sigmoid(x - log 2)",
        formula=lambda x: x * np.tanh(0.5 * _softplus(x)),
    ),
    Rediscovery(
        row="silu", says="SiL (2016), SiLU (2017), Swish-1 (2017): x sigmoid(x), and x (1 + tanh(x / 2)) / 2",
        formula=lambda x: 0.5 * x * (1.0 + np.tanh(0.5 * x)),
    ),
    Rediscovery(
        row="sigmoid", says="The slope of softplus, and (1 + tanh(x / 2)) / 2",
        formula=lambda x: 0.5 + 0.5 * np.tanh(0.5 * x),
    ),
    Rediscovery(
        row="tanh", says="The slope of log cosh, and 2 sigmoid(2 x) - 1",
        formula=lambda x: 2.0 * _sigmoid(2.0 * x) - 1.0,
    ),
    Rediscovery(
        row="sparse_sigmoid", says="The slope of sparse_plus: the hard sigmoid clip((x + 1) / 2, 0, 1)",
        formula=lambda x: np.clip(0.5 * (x + 1.0), 0.0, 1.0),
    ),
    Rediscovery(
        row="calu", says="xATLU (2024) with its range at the start is CaLU: x (arctan(x) + pi / 2) / pi",
        formula=lambda x: x * (np.arctan(x) + 0.5 * np.pi) / np.pi,
    ),
    Rediscovery(
        row="situ_glu", says="SiTU-GLU (Kimi K3) and SoftcappedSwiGLU (Inkling 2)",
        formula=lambda a, b: 4.0 * np.tanh(a / 4.0) * _sigmoid(a) * 25.0 * np.tanh(b / 25.0),
    ),
    Rediscovery(
        row="swiglu", says="ONNX's SwiGLU (version 28) with alpha 1, and SiLU-and-mul of serving libraries",
        formula=lambda a, b: a * _sigmoid(a) * b,
    ),
)  # fmt: skip
NAMESAKES = (
    Namesake(name="FReLU", meanings=(
        ("frelu", "flexible ReLU, relu(x) + b: Qiu 2018"),
        ("", "funnel ReLU, the maximum of x and a convolution: Ma 2020; a layer, for it looks at neighbours"),
    )),
    Namesake(name="SReLU", meanings=(
        ("srelu", "S-shaped ReLU, four learned numbers: Jin 2015"),
        ("shifted_relu", "shifted ReLU, max(-1, x): Clevert 2015"),
    )),
    Namesake(name="DELU", meanings=(
        ("delu", "SiLU on one side, an exponential on the other: Pishchik 2023"),
        ("", "others: two-parameter ELUs of other papers; sources disagree, so none is a row"),
    )),
    Namesake(name="TeLU", meanings=(
        ("telu", "x tanh(e^x): Fernandez & Mali 2024"),
        ("", "tanh exponential linear unit: an ELU whose exponential is a tanh; no source was at hand"),
    )),
    Namesake(name="AGLU", meanings=(
        ("aglu", "x (lambda e^(-kappa x) + 1)^(-1 / lambda): Alexandridis et al. 2024"),
        ("apa", "a module of this name in Ultralytics, which lacks the factor x: the gate alone"),
    )),
    Namesake(name="GELU", meanings=(
        ("gelu", "x Phi(x): the default of torch and keras"),
        ("gelu_tanh", "its tanh form: jax's default, and gelu_new, gelu_fast, gelu_pytorch_tanh of transformers"),
        ("quick_gelu", "x sigmoid(1.702 x): gelu of CLIP's code"),
    )),
    Namesake(name="SwiGLU", meanings=(
        ("swiglu", "silu(a) b: Shazeer 2020"),
        ("swiglu_oai", "with a clamp, alpha 1.702 and b + 1, interleaved: gpt-oss"),
        ("swiglu_clamped", "clamped at 10 before SiLU: DeepSeek V4"),
        ("swiglu_step", "clamped at 7 after SiLU: Step-3.5"),
    )),
    Namesake(name="GEGLU", meanings=(
        ("geglu", "of the exact GELU: Shazeer 2020"),
        ("geglu_tanh", "of its tanh form: Gemma, T5 v1.1"),
    )),
    Namesake(name="hard sigmoid", meanings=(
        ("hardsigmoid", "relu6(x + 3) / 6: torch, keras 3, jax"),
        ("hardsigmoid_onnx", "clip(0.2 x + 0.5, 0, 1): ONNX"),
        ("sparse_sigmoid", "clip((x + 1) / 2, 0, 1): Courbariaux 2015"),
    )),
)  # fmt: skip
