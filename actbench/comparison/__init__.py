"""`compare`: activations side by side on the same networks, with intervals, ranks, and a decision with its reason."""

from __future__ import annotations

from actbench.comparison.compared import Comparison as Comparison
from actbench.comparison.compared import compare as compare
