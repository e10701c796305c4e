"""How far off is a pass at its worst, and at how many of the inputs that were tried?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from actbench.accuracy.meter import ErrorMeter, exact, rounded
from actbench.audit.chinese import PASSES, spaced
from actbench.audit.finding import plain_hex, shown
from actbench.audit.subject import Array, unit_roundoff

SENTENCES = {
    "en": ("{where}: worst error {error} at {at}: {came} for {exact}",
           "{share} of {n:,} inputs beyond {allowed:g} ulp",
           "none of {n:,} inputs beyond {allowed:g} ulp",
           "largest absolute error {absolute:.2g} at {absolute_at}", "; "),
    "zh": ("{where}：最大误差 {error}，在 {at} 处：得 {came}，应为 {exact}",
           "{n:,} 个输入中 {share} 超出 {allowed:g} ulp",
           "{n:,} 个输入均未超出 {allowed:g} ulp", "最大绝对误差 {absolute:.2g}，在 {absolute_at} 处", "；"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Worst:
    """The worst of one pass in one format.

    Parameters
    ----------
    direction, dtype
        The pass and the format.
    n, beyond, allowed
        Inputs tried, kinks aside; how many of them are off by more; the error in ulp from which on it is a finding.
    at, came, exact, ulp
        Where it is worst, what came, the exact value rounded once, and the error in ulp of the exact value; infinite
        where no number came, or where a root has its tolerance in epsilons and not in ulp.
    absolute, absolute_at
        The largest absolute error where numbers came, and where.
    """

    direction: str
    dtype: str
    n: int
    beyond: int
    allowed: float
    at: float
    came: float
    exact: float
    ulp: float
    absolute: float
    absolute_at: float

    def sentence(self, lang: str = "en") -> str:
        """In one sentence."""
        worst, share, none, absolute, joint = SENTENCES[lang]
        no_number = {"en": "without bound", "zh": "无限大"}[lang]
        per_cent = 100 * self.beyond / self.n
        pass_ = PASSES[self.direction] if lang == "zh" else self.direction
        words: dict[str, Any] = {
            "where": f"{pass_} {self.dtype}", "error": f"{self.ulp:.3g} ulp" if np.isfinite(self.ulp) else no_number,
            "at": self._place(self.at), "came": shown(self.came, self.dtype), "exact": shown(self.exact, self.dtype),
            "share": f"{per_cent:.2g} %" if per_cent < 99.5 else f"{per_cent:.4g} %", "n": self.n,
            "allowed": self.allowed, "absolute": self.absolute, "absolute_at": self._place(self.absolute_at),
        }  # fmt: skip
        parts = [worst, share if self.beyond else none, *([absolute] * bool(self.beyond and self.absolute))]
        said = joint.join(part.format(**words) for part in parts)
        return spaced(said) if lang == "zh" else said

    def _place(self, at: float) -> str:
        return f"x = {shown(at, self.dtype)} ({plain_hex(at)})"


def worst_of(meter: ErrorMeter, got: Array, allowed: float, kinked: Array) -> Worst | None:
    """The worst of what came at a meter's points; next to roots an error counts where it is no matter of epsilons."""
    counts = ~kinked
    if not counts.any():
        return None
    with np.errstate(all="ignore"):
        off = np.abs(got.astype(np.float64) - meter.yard)
    error = np.where(meter.special(got), np.inf, np.nan_to_num(meter.errors(got), nan=0.0, posinf=np.inf))
    small = meter.near & (off <= allowed * unit_roundoff(meter.dtype))
    error = np.where(kinked, -1.0, np.where(small, 0.0, error))
    order = np.lexsort((np.abs(meter.x.astype(np.float64)), -error))
    i = int(order[0])
    finite = np.where(counts & np.isfinite(off), off, -1.0)
    most, at = int(np.argmax(finite)), float(meter.x[i])
    return Worst(
        direction=meter.direction, dtype=meter.dtype, n=int(counts.sum()), beyond=int((error > allowed).sum()),
        allowed=allowed, at=at, came=float(got[i]), exact=rounded(exact(meter.spec, meter.direction, at), meter.dtype),
        ulp=meter.settle(i, float(got[i])), absolute=float(max(finite[most], 0.0)), absolute_at=float(meter.x[most]),
    )  # fmt: skip
