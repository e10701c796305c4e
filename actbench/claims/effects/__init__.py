"""Effects: functions from an experiment's frame to the estimate that a reading is judged by; one file an experiment."""

from __future__ import annotations

from actbench.claims.effects.activity import slope_per_layer as slope_per_layer
from actbench.claims.effects.frames import select as select
