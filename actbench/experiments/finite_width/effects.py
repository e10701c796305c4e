"""Effects of the experiment `finite_width`: mean and variance of ln of the squared norm, less or over what laws say."""

from __future__ import annotations

from typing import Any

from actbench.statistics.estimates import Effect, Estimate
from actbench.statistics.frames import select

LAWS = ("exact", "leading")


def squares(values: Any) -> Any:
    """One number a network whose mean is the unbiased variance."""
    return (values - values.mean()) ** 2 * (len(values) / (len(values) - 1))


def over_law(moment: str, law: str, *, width: int, depth: int) -> Effect:
    """The mean or variance of ReLU's log-norm, a part of the exact law's (1: as it says) or of its leading order's.

    Dead networks have no log-norm; the law is that of the others, so they are no loss.
    """

    def effect(frame: Any) -> Estimate:
        from actbench.theory import relu_log_norm

        chosen = select(frame, activation="relu", init="he", width=width, depth=depth)
        logs = chosen["log_norm"].dropna().astype(float)
        said = relu_log_norm(width, depth)
        expected = getattr(said, moment if law == "exact" else f"leading_{moment}")
        values = logs if moment == "mean" else squares(logs)
        dead = int(chosen["dead"].sum())
        return Estimate.of(list(values / expected), note=f"{dead} networks are dead" if dead else "")

    return effect
