"""LiteRT's operators are the functions that rows name them for, and what it lacks is said."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from scipy import special

from actbench.activations.registry import resolve
from actbench.core.errors import ActbenchError
from actbench.implementations.adapters.litert_ import OPERATORS
from actbench.implementations.libraries import implementation

with mock.patch.dict(os.environ), mock.patch.object(sys, "path", [str(Path(__file__).parents[2]), *sys.path]):
    from benchmarks.races import xnnpack

TEXTBOOK = {
    "relu": lambda x: np.maximum(x, 0), "relu6": lambda x: np.clip(x, 0, 6), "hardtanh": lambda x: np.clip(x, -1, 1),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x), "hardswish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "elu": lambda x: np.where(x > 0, x, np.expm1(x)), "exponential": np.exp, "sigmoid": special.expit, "tanh": np.tanh,
    "silu": lambda x: x * special.expit(x), "gelu": lambda x: x * special.ndtr(x),
    "gelu_tanh": lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
}  # fmt: skip


@pytest.mark.parametrize("name", OPERATORS)
def test_an_operator_is_the_function_that_the_row_names(name):
    pytest.importorskip("ai_edge_litert")
    x = np.linspace(-8, 8, 402, dtype=np.float32).reshape(2, -1)
    got = implementation("litert", resolve(name)).values("forward", "float32")(x)
    assert got.shape == x.shape
    assert got.dtype == np.float32
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(got, TEXTBOOK[name](x.astype(np.float64)), rtol=1e-5, atol=2e-6)


def test_what_it_lacks_is_said():
    pytest.importorskip("ai_edge_litert")
    sigmoid = implementation("litert", resolve("sigmoid"))
    for direction, dtype, reason in (("backward", "float32", "no gradients"), ("forward", "float64", "in float64")):
        with pytest.raises(ActbenchError, match=reason):
            sigmoid.values(direction, dtype)
    for spec in ("mish", "elu:alpha=0.5"):
        with pytest.raises(ActbenchError, match="LiteRT"):
            implementation("litert", resolve(spec))
    x = np.float32([-2, 3])
    assert implementation("litert", resolve("leaky_relu:negative_slope=0.5")).forward(x).tolist() == [-1, 3]


def test_the_race_is_summed_up_by_promise(capsys):
    frame = pd.DataFrame(
        {"function": ["tanh", "gelu"], "ratio": [2.0, 0.5], "peer_holds": [True, False]},
    )
    assert xnnpack.summary(frame) == pytest.approx(
        {"five smooth functions": 2, "where it holds the promise": 2, "where it does not": 0.5, "all": 1}
    )
    pytest.importorskip("ai_edge_litert")
    assert xnnpack.main(["tanh", "--size", "12", "--rounds", "5"]) == 0
    out = capsys.readouterr().out
    assert "ratio_without_call" in out
    assert "five smooth functions" in out
