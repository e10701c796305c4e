"""What can be expected of an estimate: what nothing or everything meets is refused where it is written."""

from __future__ import annotations

import math
import re

import pytest

from actbench.core.errors import ActbenchError
from actbench.statistics.expectation import Equivalence, Region

SAID = {"words": "some", "reason": "a test"}


@pytest.mark.parametrize(("low", "high", "said"), [
    (0.6, 0.4, "0.6 to 0.4 is empty"), (0.4, 0.4, "0.4 to 0.4 is empty"), (math.nan, 1.0, "nan to 1.0 is empty"),
    (0.0, math.nan, "0.0 to nan is empty"), (-math.inf, math.inf, "a region without an end is met by whatever"),
])  # fmt: skip
def test_a_region_of_nothing_or_of_everything_is_refused(low, high, said):
    with pytest.raises(ActbenchError, match=re.escape(said)):
        Region(low=low, high=high, **SAID)


@pytest.mark.parametrize(("about", "margin"), [
    (1.0, 0.0), (1.0, -0.1), (1.0, math.nan), (1.0, math.inf), (math.nan, 0.1), (math.inf, 0.1),
])  # fmt: skip
def test_a_margin_of_nothing_or_of_everything_is_refused(about, margin):
    with pytest.raises(ActbenchError, match="both are finite, the margin positive"):
        Equivalence(about=about, margin=margin, **SAID)


def test_one_end_is_enough():
    assert Region(low=0.5, **SAID).high == math.inf
    assert Region(high=0.5, **SAID).low == -math.inf
    assert Equivalence(margin=0.5, **SAID).about == 0.0
