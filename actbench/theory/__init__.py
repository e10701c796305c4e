"""What Gaussian theory says about a wide network: moments of a row, its length map, its edge of chaos."""

from actbench.theory.gaussian import Moments as Moments
from actbench.theory.gaussian import moments as moments
from actbench.theory.meanfield import CriticalPoint as CriticalPoint
from actbench.theory.meanfield import FixedPoint as FixedPoint
from actbench.theory.meanfield import critical_point as critical_point
from actbench.theory.meanfield import critical_points as critical_points
from actbench.theory.meanfield import fixed_point as fixed_point
from actbench.theory.meanfield import gradient_factor as gradient_factor
from actbench.theory.meanfield import half_stable_point as half_stable_point
from actbench.theory.meanfield import lengths as lengths
