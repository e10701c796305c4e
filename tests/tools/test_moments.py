"""The command that holds moments to exact ones: right rows pass, a wrong number is named."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from actbench.theory import moments
from tools import moments as tool


@pytest.mark.parametrize("name", ["softsign", "leaky_relu", "smu"])
def test_rows_agree_with_the_oracle(name):
    for q in (1e-4, 30.0):
        assert max(tool.errors(name, q).values()) < tool.TOLERANCE


def test_a_wrong_moment_is_named(monkeypatch, capsys):
    def wrong(name, q):
        found = moments(name, q)
        return SimpleNamespace(**vars(found) | {"second": found.second * (1 + 1e-9)})

    monkeypatch.setattr(tool, "LENGTHS", (1.0,))
    assert tool.main(["relu"]) == 0
    monkeypatch.setattr(tool, "moments", wrong)
    assert tool.main(["relu"]) == 1
    assert "relu at q=1: off by 1e-09" in capsys.readouterr().out


def test_every_row_with_one_integral_is_asked():
    assert {"gelu", "relu", "mish", "sine"} <= set(tool.names())
    assert "rrelu" not in tool.names()
