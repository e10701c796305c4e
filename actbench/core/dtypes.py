"""Number formats: one record each, with what arithmetic on its bits needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np

from actbench.core.errors import ActbenchError


@dataclass(frozen=True)
class Format:
    """An IEEE 754 binary format: float32 or float64.

    Parameters
    ----------
    bits
        How many it has.
    vectors
        Whether steps on it are whole vectors of AVX-512: what a kernel meaning may count on.
    near
        Of these, whether the largest number of a vector is known to be of a moderate size.
    """

    bits: int
    vectors: bool = False
    near: bool = False

    @property
    def name(self) -> str:
        return f"float{self.bits}"

    @cached_property
    def mantissa(self) -> int:
        return 23 if self.bits == 32 else 52

    @cached_property
    def bias(self) -> int:
        return 127 if self.bits == 32 else 1023

    @cached_property
    def magic(self) -> float:
        """Adding it rounds to an integer, which then stands in the low mantissa bits."""
        return 1.5 * 2.0**self.mantissa

    @cached_property
    def magic_bits(self) -> int:
        kind, whole = (np.float32, np.int32) if self.bits == 32 else (np.float64, np.int64)
        return int(kind(self.magic).view(whole))

    @cached_property
    def sign(self) -> int:
        """The integer whose only set bit is the sign bit."""
        return -(1 << (self.bits - 1))


SMALL = ("bfloat16", "float8_e4m3fn", "float8_e5m2")  # arrays of which ml_dtypes brings
WHOLE = ("float16", *SMALL)  # formats of which every number is tried
FLOATS = (np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.float64))  # in which rows compute


def info(dtype: Any) -> Any:
    """As `np.finfo`, and of bfloat16 and the two formats of 8 bits too, whose arrays ml_dtypes brings."""
    return _ml_dtypes(str(dtype)).finfo(str(dtype)) if str(dtype) in SMALL else np.finfo(dtype)


def has_infinity(dtype: Any) -> bool:
    """Whether a format has infinities; what is too large for E4M3 (448 is its largest number) is NaN there."""
    return str(dtype) != "float8_e4m3fn"


def _ml_dtypes(name: str) -> Any:
    """The package that tells NumPy what bfloat16 and its kin are."""
    try:
        return import_module("ml_dtypes")
    except ImportError:
        raise ActbenchError(f"{name} needs ml_dtypes; pip install ml_dtypes, or choose another format") from None


def is_float(dtype: Any) -> bool:
    """Whether rows take arrays of a dtype: IEEE's halves, singles and doubles of either byte order, and `SMALL`."""
    return dtype.name in SMALL or dtype.newbyteorder("=") in FLOATS


def narrowed(values: Any, dtype: Any) -> Any:
    """float64 numbers in a format, rounded once: ml_dtypes' own cast to bfloat16 goes by way of float32, and twice."""
    if dtype.name not in SMALL:
        return np.array(values, dtype=dtype, order="C")
    form = info(dtype.name)
    wide = np.asarray(values, np.float64)
    with np.errstate(all="ignore"):
        exponent = np.frexp(wide)[1] - 1
        unit = np.ldexp(1.0, np.maximum(exponent, int(form.minexp)) - int(form.nmant))
        once = np.where(np.isfinite(wide) & (wide != 0), np.rint(wide / unit) * unit, wide)
        return np.array(once, dtype=dtype, order="C")


def every(dtype: str) -> np.ndarray[Any, Any]:
    """All finite numbers of a format of 16 or 8 bits, sorted; -0.0 and 0.0 count as one."""
    with np.errstate(invalid="ignore"):  # signalling NaN among the bits
        x = patterns(dtype)
        found: np.ndarray[Any, Any] = np.unique(x[np.isfinite(x)])
    return found


def patterns(dtype: str) -> np.ndarray[Any, Any]:
    """What every pattern of bits of a format of 16 or 8 bits is."""
    bits = int(info(dtype).bits)
    return np.arange(1 << bits, dtype=f"u{bits // 8}").view(np.dtype(dtype))
