"""The regions that claims are judged by, each with its reason, fixed before anything was measured."""

from __future__ import annotations

from actbench.statistics.expectation import Equivalence, Region

HALVES = Region(
    low=-1.05, high=-0.95, words="halves with every layer",
    reason="halving is a slope of -1 in log2; 5 % of it is more than any rounding of the claim's wording",
)  # fmt: skip
FLAT = Region(low=-0.05, high=0.05, words="flat", reason="less than 3.5 % change a layer in log2")
VANISHES = Region(high=0.95, words="vanishes", reason="a factor below 0.95 a layer leaves under 22 % after 30 layers")
STEADY_GRADIENT = Region(low=0.98, high=1.02, words="steady", reason="within a factor of 2 over 30 layers")
EXPLODES = Region(low=1.05, words="explodes", reason="a factor above 1.05 a layer makes over 4 times after 30 layers")
MANY_ZEROS = Region(low=0.2, words="many zeros", reason="one unit in five silent is more than chance rounding makes")
BRAIN_LIKE = Region(high=0.05, words="brain-like", reason="the claim's own 1 to 4 % with a margin of one point")
SAME_ACCURACY = Equivalence(margin=0.01, words="same accuracy", reason="one point of accuracy is what users notice")
BETTER_ACCURACY = Region(low=0.01, words="better by a point", reason="one point of accuracy is what users notice")
BETTER_AUC = Region(low=0.02, words="better by 0.02 AUC", reason="0.02 AUC is one pair in fifty ranked right instead")
STEADY_RATE = Region(
    low=0.8, high=1.25, words="steady rate",
    reason="the second half's rate of log-loss within a quarter of the first half's",
)  # fmt: skip
EASILY_DIES = Region(low=0.05, words="easily dies", reason="one unit in twenty beyond those dead at birth")
FOR_EVER = Region(high=0.05, words="for ever", reason="fewer than one in twenty of the ever-dead revived")
STALLS = Region(
    low=0.9, words="stalls", reason="at least nine networks in ten end above 0.95 ln(classes) at every rate"
)
CHEAPER = Region(low=1.2, words="cheaper", reason="a fifth faster is above what timing noise makes")
