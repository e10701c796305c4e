"""Which function is this? A black box's values, a gate in any layout, or a model's configuration, as rows."""

from __future__ import annotations

from actbench.identification.found import Identified as Identified
from actbench.identification.identified import identify as identify
