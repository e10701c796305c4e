"""One fault is one finding: where every input of a region is wrong, people are told the region."""

import numpy as np
import pytest

from actbench.audit.audited import audit
from actbench.audit.finding import one_fault
from actbench.audit.region import region, words
from actbench.cli import main

CLASS = """
import numpy as np

class LeakyReLU:
    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, 0.01 * x).astype(x.dtype)

    def backward(self, dout):
        return {}
"""


def made(tmp_path, backward):
    file = tmp_path / "work.py"
    file.write_text(CLASS.format(backward), encoding="utf-8")
    return str(file)


def test_a_slope_that_is_missing_on_one_side_is_one_finding(tmp_path, capsys):
    file = made(tmp_path, "dout * (self.x > 0)")
    assert main(["audit", file, "--count", "200", "--dtype", "float32", "float64", "float16"]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "wrong at every negative input: at x = -1 it gives 0, 0.01 is right" in said
    assert "1 error, 0 warnings, 0 notes" in said
    assert "(also float64, float16)" in said
    assert main(["audit", file, "--count", "200", "--dtype", "float32", "--lang", "zh"]) == 1
    assert "在每个负输入处都有错：在 x = -1 处返回 0，应为 0.01" in "".join(capsys.readouterr().out.split("\n"))


def test_machines_keep_each_finding_and_its_region(tmp_path):
    (one,) = audit(made(tmp_path, "dout * (self.x > 0)"), dtypes=("float32",), count=200).subjects
    assert {"value", "kink", "limit"} <= {f.kind for f in one.findings}
    (told,) = one_fault(one.findings)
    assert told.data()["region"] == ["-inf", "0.0"]
    assert told.example == (-1.0, 0.0, float(np.float32(0.01)))


def test_a_gradient_that_does_not_use_what_arrives(tmp_path):
    slope = "np.where(self.x > 0, 1.0, 0.01).astype(self.x.dtype)"
    (one,) = audit(made(tmp_path, slope), dtypes=("float32",), count=200).subjects
    linear = next(f for f in one.findings if f.kind == "linear")
    assert "dy is not used at all" in linear.sentence()
    assert "完全没有用到 dy" in linear.sentence("zh")


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        (lambda x: x < 0, (-np.inf, 0.0)), (lambda x: x > 0, (0.0, np.inf)), (lambda x: x > -9, (-np.inf, np.inf)),
        (lambda x: x > 3, (3.0, np.inf)), (lambda x: x > 2, None), (lambda x: (x < 0) & (x != -4), None),
        (lambda x: x < -7, None),
    ],
)  # fmt: skip
def test_a_region_is_wrong_throughout_and_nothing_else_is(wrong, found):
    x = np.linspace(-8, 8, 65)
    assert region(x, wrong(x), np.ones_like(x), 1e-300, (3.0,)) == found
    if found:
        assert words(*found, "en").startswith("every")
