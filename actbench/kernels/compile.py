"""A kernel's text as machine code: a C function of addresses."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from actbench.activations.registry import resolve
from actbench.core.dtypes import Format
from actbench.core.errors import ActbenchError
from actbench.kernels import cache
from actbench.kernels.source import source


def compiling() -> None:
    """Raise where numba is switched off."""
    import numba

    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined, unused-ignore]
        raise ActbenchError("numba is switched off (NUMBA_DISABLE_JIT=1); unset it or ask for backend='numpy'")


def in_format(dtype: Any) -> np.dtype[Any]:
    """The dtype of a fused loop, if there are loops in it."""
    kind: np.dtype[Any] = np.dtype(dtype)
    if kind not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ActbenchError(f"these kernels come in float32 and float64, not {kind}; use backend='numpy'")
    return kind


@lru_cache(maxsize=512)
def machine(text: str) -> Any:
    """What numba makes of a kernel's text, which is the same for all values of its parameters."""
    compiling()
    return cache.load(lambda keep: text if keep else text.replace("cache=True", "cache=False"))


@lru_cache(maxsize=512)
def compiled(spec: str, direction: str, bits: int, saved: bool, arrays: tuple[str, ...]) -> Any:
    """The machine code of one variant of a row of the catalogue; see `actbench.kernels.source.source`."""
    return machine(source(resolve(spec.partition(":")[0]), direction, Format(bits), saved=saved, arrays=arrays))


@lru_cache(maxsize=8)
def native(name: str) -> int:
    """The address of what a file of this folder defines as ``kernel``, compiled."""
    text = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    return int(cache.load(lambda keep: text.replace("cache=True", f"cache={keep}")).address)  # type: ignore[attr-defined]
