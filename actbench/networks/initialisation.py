"""Random weights and biases: unit draws named by content, and the laws that initialisations put on them.

Weights have variance sigma_w2 / fan_in: he has sigma_w2 = 2, lecun 1, glorot 2 fan_in / (fan_in + fan_out), which is
1 at equal widths, torch_default 1/3, orthogonal the square of its gain, critical what `actbench.theory` finds, and
sigma_w2=1.5,sigma_b2=0.05 says it itself.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from actbench.core.errors import ActbenchError, unknown
from actbench.core.streams import stream

Law = Literal["normal", "uniform", "orthogonal"]


def _zero(fan_in: int) -> float:
    return 0.0


@dataclass(frozen=True, kw_only=True)
class Initialisation:
    """How weights, and the biases that belong to them, are drawn.

    Parameters
    ----------
    deviation
        ``(fan_in, fan_out)`` to the standard deviation of one weight.
    law
        ``"normal"``, ``"uniform"``, or ``"orthogonal"`` (Haar; the deviation times sqrt(fan_in) is then the gain).
    bias_deviation
        ``fan_in`` to the standard deviation of one bias of the initialisation's own; same law, except that
        orthogonal has none.
    """

    deviation: Callable[[int, int], float]
    law: Law = "normal"
    bias_deviation: Callable[[int], float] = _zero

    def sigma_w2(self, fan_in: int, fan_out: int) -> float:
        """fan_in times the variance of one weight."""
        return fan_in * self.deviation(fan_in, fan_out) ** 2


# What takes no number. orthogonal and critical are made by `initialisation`, for they may carry one.
_PLAIN: Mapping[str, Initialisation] = MappingProxyType(
    {
        "he": Initialisation(deviation=lambda fan_in, fan_out: math.sqrt(2 / fan_in)),
        "lecun": Initialisation(deviation=lambda fan_in, fan_out: math.sqrt(1 / fan_in)),
        "glorot": Initialisation(deviation=lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out))),
        # torch.nn.Linear.reset_parameters: weights and biases alike from U(-1/sqrt(fan_in), 1/sqrt(fan_in))
        "torch_default": Initialisation(
            deviation=lambda fan_in, fan_out: math.sqrt(1 / (3 * fan_in)),
            law="uniform",
            bias_deviation=lambda fan_in: math.sqrt(1 / (3 * fan_in)),
        ),
    }
)

# Name to what it draws, for lists and checks.
INITIALISATIONS: Mapping[str, str] = MappingProxyType(
    {
        "he": "normal, sigma_w2 = 2 (He et al. 2015)",
        "lecun": "normal, sigma_w2 = 1 (LeCun et al. 1998)",
        "glorot": "normal, sigma_w2 = 2 fan_in / (fan_in + fan_out) (Glorot & Bengio 2010)",
        "torch_default": "uniform on +-1/sqrt(fan_in), weights and biases: sigma_w2 = 1/3",
        "orthogonal": "orthogonal times a gain, orthogonal:1.4142 (Saxe et al. 2014); the gain is 1 unless given",
        "critical": "normal at the activation's edge of chaos for a sigma_b2, critical:0.05; 0 unless "
        "given, or for GELU and its like where that of their half-stable point",
        "sigma_w2=1.5": "normal, any sigma_w2 from 0 on; sigma_w2=1.5,sigma_b2=0.05 with normal biases",
    }
)


def initialisation(init: str, activation: str | None = None) -> Initialisation:
    """The initialisation that a level names.

    Parameters
    ----------
    init
        ``he``, ``lecun``, ``glorot``, ``torch_default``, ``orthogonal[:GAIN]``, ``critical[:SIGMA_B2]`` or
        ``sigma_w2=V[,sigma_b2=V]``.
    activation
        The row's spec; ``critical`` asks for it.

    Raises
    ------
    ActbenchError
        For an unknown level, a number that is none, or an activation that has no critical point there.
    """
    name, colon, text = str(init).partition(":")
    if name.startswith("sigma_w2="):
        return _gaussian(*_variances(str(init)))
    if name not in INITIALISATIONS:
        raise unknown("initialisation", init, INITIALISATIONS)
    if name in _PLAIN:
        if colon:
            raise ActbenchError(f"initialisation {init!r}: {name} takes no number; write {name!r}")
        return _PLAIN[name]
    if name == "orthogonal":
        gain = _number(text, init, 0) if colon else 1.0
        # max: the longer side of a matrix that is not square holds the variance down
        return Initialisation(
            deviation=lambda fan_in, fan_out: gain / math.sqrt(max(fan_in, fan_out)), law="orthogonal"
        )
    asked = _number(text, init, 0) if colon else None
    if activation is None:
        raise ActbenchError("initialisation 'critical' depends on the activation; name one")
    from actbench.theory import critical_point

    point = critical_point(activation, asked)
    if point is None:
        raise ActbenchError(f"{activation} has no critical point at sigma_b2 = {asked or 0:g}; choose another sigma_b2")
    return _gaussian(point.sigma_w2, point.sigma_b2)


def _gaussian(sigma_w2: float, sigma_b2: float) -> Initialisation:
    """Normal weights and biases of these variances (of weights times fan_in)."""
    return Initialisation(
        deviation=lambda fan_in, fan_out: math.sqrt(sigma_w2 / fan_in),
        bias_deviation=lambda fan_in: math.sqrt(sigma_b2),
    )


def _variances(level: str) -> tuple[float, float]:
    """sigma_w2 and sigma_b2 of ``sigma_w2=1.5,sigma_b2=0.05``."""
    weight, comma, bias = level.removeprefix("sigma_w2=").partition(",sigma_b2=")
    try:
        found = float(weight), float(bias) if comma else 0.0
    except ValueError:
        found = math.nan, math.nan
    if not all(0 <= number < math.inf for number in found):
        raise ActbenchError(f"cannot read {level!r}; write sigma_w2=V or sigma_w2=V,sigma_b2=V, finite, from 0 on")
    return found


def init_level(value: Any) -> str:
    """A level of the factor ``init``, checked except for what depends on the activation.

    Raises
    ------
    ActbenchError
        As `initialisation`.
    """
    text = str(value)
    if text.partition(":")[0] == "critical":
        _number(text.partition(":")[2] or "0", text, 0)
    else:
        initialisation(text)
    return text


def weights(
    net: int,
    depth: int,
    width: int,
    layer: int,
    fan_in: int,
    init: str,
    dtype: Any,
    *,
    fan_out: int | None = None,
    activation: str | None = None,
) -> NDArray[Any]:
    """One layer's weights, shape ``(fan_in, fan_out)``, ``fan_out`` being ``width`` unless given.

    The unit draws depend on the network's number and shape alone, so every activation and initialisation sees the
    same ones, scaled (normal), taken through the normal distribution function (uniform), or made orthogonal:
    comparisons between them are paired.
    """
    law = initialisation(init, activation)
    columns = width if fan_out is None else fan_out
    unit = stream("weights", net, depth, width, layer).standard_normal((fan_in, columns), dtype=np.float32)
    scale = np.dtype(dtype).type(law.deviation(fan_in, columns))
    if law.law == "uniform":
        return _uniform(unit).astype(dtype) * scale  # type: ignore[no-any-return]
    if law.law == "orthogonal":
        gain = law.deviation(fan_in, columns) * math.sqrt(max(fan_in, columns))
        return (gain * _orthogonal(unit.astype(np.float64))).astype(dtype)
    scaled: NDArray[Any] = unit.astype(dtype, copy=False) * scale
    return scaled


def biases(
    net: int,
    depth: int,
    width: int,
    layer: int,
    fan_in: int,
    init: str,
    bias: str,
    dtype: Any,
    *,
    fan_out: int | None = None,
    activation: str | None = None,
) -> NDArray[Any]:
    """One layer's biases, shape ``(fan_out,)``: a level that `bias_level` understands."""
    columns = width if fan_out is None else fan_out
    kind, number = bias_level(bias)
    law: Law = "normal"
    if kind == "own":
        whole = initialisation(init, activation)
        law, number = whole.law, whole.bias_deviation(fan_in)
    if kind in ("zero", "constant") or number == 0.0:
        return np.full(columns, number, dtype)
    unit = stream("biases", net, depth, width, layer).standard_normal(columns, dtype=np.float32)
    drawn = _uniform(unit) if law == "uniform" else unit
    return drawn.astype(dtype) * np.dtype(dtype).type(number)  # type: ignore[no-any-return]


def _uniform(unit: NDArray[Any]) -> NDArray[Any]:
    """Uniform numbers of unit variance from normal ones, in the same order."""
    from scipy.special import ndtr

    found: NDArray[Any] = math.sqrt(3) * (2 * ndtr(unit.astype(np.float64)) - 1)
    return found


def _orthogonal(unit: NDArray[Any]) -> NDArray[Any]:
    """Orthonormal columns (or rows, where those are fewer), Haar distributed (Mezzadri 2007: the signs of R count)."""
    tall = unit if unit.shape[0] >= unit.shape[1] else unit.T
    q, r = np.linalg.qr(tall)
    q *= np.sign(np.diagonal(r))
    return q if tall is unit else q.T


def bias_level(bias: str) -> tuple[str, float]:
    """The kind and number that a bias level names: ``own``, ``zero``, ``constant:-0.1``, ``normal:0.05``.

    ``own`` is what belongs to the initialisation: torch_default's uniform, critical's of variance sigma_b2, else 0.

    Raises
    ------
    ActbenchError
        For anything else.
    """
    kind, _, text = str(bias).partition(":")
    if bias in ("own", "zero"):
        return bias, 0.0
    if kind in ("constant", "normal"):
        number = _number(text, bias)
        if kind == "constant" or number >= 0:
            return kind, number
    raise ActbenchError(f"no bias named {bias!r}; known: own, zero, constant:NUMBER, normal:DEVIATION")


def _number(text: str, level: str, low: float = -sys.float_info.max) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not low <= number < math.inf:
        raise ActbenchError(f"cannot read {level!r}; write name:NUMBER with a finite number{' from 0 on' * (low == 0)}")
    return number
