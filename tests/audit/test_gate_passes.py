"""An audit of a gate holds both of its gradients to exact values: of a class's own backward pass, and of autograd."""

from __future__ import annotations

import pytest

from actbench.audit.audited import audit

CLASS = """
import numpy as np


def parts(x):
    n = x.shape[-1] // 2
    a, b = x[..., :n].astype(np.float64), x[..., n:].astype(np.float64)
    e = np.exp(-np.abs(a))
    s = np.where(a >= 0, 1, e) / (1 + e)
    return a, b, s


class {name}:
    def forward(self, x):
        self.x = x
        a, b, s = parts(x)
        a, s = (np.minimum(a, {limit}), np.minimum(s, 1 / (1 + np.exp(-{limit}))))
        return (a * s * np.clip(b, -{limit}, {limit})).astype(x.dtype)

    def backward(self, dy):
        a, b, s = parts(self.x)
        da = dy * np.clip(b, -{limit}, {limit}) * s * (1 + a * (1 - s)) * ({inside_a})
        db = dy * {value} * ({inside_b})
        return np.concatenate({order}, axis=-1).astype(dy.dtype)
"""
RIGHT = {
    "name": "SwigluClamped", "limit": "10.0", "inside_a": "a <= 10", "inside_b": "np.abs(b) <= 10",
    "value": "np.minimum(a, 10) * np.minimum(s, 1 / (1 + np.exp(-10)))", "order": "[da, db]",
}  # fmt: skip
PLANTED = {
    "a gradient passes the clamp": ({"inside_a": "1.0"}, "da"),
    "the other one passes it too": ({"inside_b": "1.0"}, "db"),
    "a sigmoid is forgotten": ({"value": "np.minimum(a, 10)"}, "db"),
    "gradients are swapped": ({"order": "[db, da]"}, ""),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_of_a_gradient_is_found(tmp_path, fault):
    change, part = PLANTED[fault]
    (one,) = _audited(tmp_path, CLASS.format(**(RIGHT | change)))
    assert one.row == "swiglu_clamped"
    errors = [f for f in one.findings if f.level == "error"]
    assert {(f.kind, f.direction) for f in errors} == {("gate", "backward")}
    assert part in errors[0].detail


def test_a_right_gate_has_no_finding(tmp_path):
    (one,) = _audited(tmp_path, CLASS.format(**RIGHT))
    assert not [f.sentence() for f in one.findings if f.level != "note"]


def test_a_gate_that_is_a_row_of_one_input_is_named(tmp_path):
    (tmp_path / "mine.py").write_text("import numpy as np\n\n\ndef swiglu(x):\n    return x / (1 + np.exp(-x))\n")
    (found,) = audit(f"{tmp_path / 'mine.py'}:swiglu", dtypes=("float32",), count=100).findings
    assert (found.kind, found.level) == ("shape", "error")
    (same,) = audit(str(tmp_path / "mine.py"), dtypes=("float32",), count=100).findings
    assert (same.detail, same.level) == (found.detail, "warning")
    assert found.detail.endswith("it is silu")


def test_a_gradient_of_another_shape_is_one(tmp_path):
    (one,) = _audited(tmp_path, CLASS.format(**(RIGHT | {"order": "[da]"})))
    assert ("shape", "backward") in {(f.kind, f.direction) for f in one.findings}


def test_autograd_s_gradients_are_judged(tmp_path):
    pytest.importorskip("torch", reason="torch is an optional peer")
    text = """
import torch


class Swiglu(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return torch.nn.functional.silu(a) * b

    @staticmethod
    def backward(ctx, dy):
        a, b = ctx.saved_tensors
        s = torch.sigmoid(a)
        return dy * b * s * (1 + a * (1 - s)), dy * a


def swiglu(a, b):
    return Swiglu.apply(a, b)


def swiglu_clamped(a, b):
    return torch.nn.functional.silu(a.clamp(max=10)) * b.clamp(-10, 10)
"""
    found = {one.target.rpartition(":")[2]: one.findings for one in _audited(tmp_path, text)}
    assert [f.detail[:2] for f in found["swiglu"] if f.level == "error"] == ["db"]
    assert not [f for f in found["swiglu_clamped"] if f.level == "error"]


def _audited(folder, text):
    file = folder / "mine.py"
    file.write_text(text, encoding="utf-8")
    return [one for one in audit(str(file), dtypes=("float32",), count=200).subjects if one.row]
