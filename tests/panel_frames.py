"""Observations as the panel gives them, made up: what comparisons and dossiers are tested on."""

from __future__ import annotations

import numpy as np
import pandas as pd


def panel(shifts, nets=10, seed=5):
    """Observations as the panel gives them: arms that share the networks' luck and differ by a shift."""
    rng = np.random.default_rng(seed)
    rows = []
    for data in ("digits", "spirals"):
        for depth in (3, 10, 20):
            for net in range(nets):
                luck = rng.normal(0.9, 0.02)
                for arm, shift in shifts.items():
                    for rate in (0.1, 0.3):
                        score = luck + shift - 0.05 * (rate == 0.3) + rng.normal(0, 0.001)
                        rows.append({
                            "activation": arm, "data": data, "depth": depth, "width": 64, "norm": "none",
                            "residual": False, "init": "he", "optimiser": "sgd", "rate": rate, "net": net,
                            "train_loss": 0.1, "valid_accuracy": score, "test_accuracy": score, "diverged": False,
                            "dead_end": 0.0, "reason": None,
                        })  # fmt: skip
    return pd.DataFrame(rows)
