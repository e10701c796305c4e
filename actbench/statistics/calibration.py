"""The method under its own test: samples of which the truth is known, and how often a test says otherwise.

Claims, comparisons and races call this with their own tests; the answer is a share with its exact interval.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from actbench.statistics.shares import Share

Sample = TypeVar("Sample")


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How often a test said yes.

    Parameters
    ----------
    share
        Of the samples, with its interval.
    nominal
        What it should be at most; None for a power, the more the better.
    """

    share: Share
    nominal: float | None

    @property
    def kept(self) -> bool:
        """Whether the samples are compatible with a rate of at most the nominal one."""
        return self.nominal is None or not self.share.n or self.share.interval()[0] <= self.nominal


def calibration(
    samples: Sequence[Sample], tests: Mapping[str, tuple[Callable[[Sample], bool], float | None]], n_unit: str
) -> dict[str, Rate]:
    """Apply tests to samples in which the truth is known.

    Parameters
    ----------
    samples
        Such as the paired differences of two arms that are equal in law, a sample a comparison.
    tests
        Name to a test that says yes or no of a sample, and its nominal rate.
    n_unit
        What a sample is.
    """
    return {
        name: Rate(share=Share.count([says(sample) for sample in samples], n_unit), nominal=nominal)
        for name, (says, nominal) in tests.items()
    }
