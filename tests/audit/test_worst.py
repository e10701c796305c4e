"""How far off is a pass at its worst? Against mpmath, and where nothing is wrong."""

from __future__ import annotations

import math

import numpy as np
from mpmath import mp

from actbench.audit.audited import audit

CODE = """
import numpy as np


def silu(x):
    return (x / (1 + np.exp(-x.astype(np.float64)))).astype(x.dtype)


def tanh(x):
    y = np.tanh(x)
    return np.where(x > 3, y + x.dtype.type(0.125), y).astype(x.dtype)
"""


def test_the_worst_input_and_the_share_are_told(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(CODE)
    report = audit(str(file), dtypes=["float32"], count=500)
    silu, tanh = (next(one.worst[0] for one in report.subjects if one.row == name) for name in ("silu", "tanh"))
    with mp.workprec(200):
        right = mp.tanh(mp.mpf(tanh.at))
        off = abs(mp.mpf(tanh.came) - right)
    assert tanh.at > 3
    assert tanh.exact == float(np.float32(right))
    assert tanh.ulp == float(off / mp.mpf(2) ** -24)
    assert tanh.ulp > 2e6  # an ulp below 1 is 2^-24
    assert math.isclose(tanh.absolute, 0.125, rel_tol=1e-5)
    assert 0 < tanh.beyond < tanh.n
    assert tanh.n > 500
    assert f"% of {tanh.n} inputs beyond 16 ulp; largest absolute error 0.13" in tanh.sentence()
    assert "最大绝对误差" in tanh.sentence("zh")
    assert silu.beyond == 0
    assert silu.ulp <= 0.51
    assert silu.sentence().endswith(f"none of {silu.n} inputs beyond 16 ulp")
