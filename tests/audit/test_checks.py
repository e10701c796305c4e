"""Every check of an audit, in this process: all that is found of each planted fault, and nothing of the correct twins.

test_planted.py audits the same files as a user does; here a change of a check is noticed by the very fault that it is
there for, as `python -m tools.mutants` asks.
"""

from __future__ import annotations

import csv
import importlib.util
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from actbench.audit.child import audited
from actbench.audit.discover import Candidate
from actbench.audit.finding import Finding

HERE = Path(__file__).parent
ASKED = {"target": "", "like": "", "dtypes": ["float32", "float64"], "max_ulp": None, "count": 1000}


def module(name):
    """Loaded anew: some of the planted faults are what a module keeps between calls."""
    spec = importlib.util.spec_from_file_location(f"checked_{name}", HERE / f"{name}.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def found(given, name, **asked):
    """All findings about an object."""
    candidate = Candidate(target=f"planted.py:{name}", name=name, given=partial(lambda it: it, given), explicit=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        said = audited(candidate, ASKED | asked, lambda stage: None)
    assert not said["why_not"]
    return [Finding(**one) for one in said["findings"]]


with (HERE / "found.csv").open(encoding="utf-8") as file:
    ROWS = list(csv.DictReader(file))
PLANTED = list(dict.fromkeys(row["name"] for row in ROWS))
TWINS = [name for name in vars(module("twins")) if not name.startswith("_") and name != "np"]


@pytest.mark.parametrize("name", PLANTED)
def test_all_that_is_found_of_a_planted_fault(name):
    came = found(getattr(module("planted"), name), name)
    got = {(f.kind, f.direction, " ".join([f.dtype, *f.also]), f.level) for f in came}
    assert got == {(r["class"], r["pass"], r["formats"], r["severity"]) for r in ROWS if r["name"] == name}


@pytest.mark.parametrize("name", TWINS)
def test_a_correct_twin_has_no_finding(name):
    dtypes = ["float32", "float64", "float16"]
    assert not [f.sentence() for f in found(getattr(module("twins"), name), name, dtypes=dtypes)]


GATES = module("test_gate_passes")


def gate(**change):
    names = {"np": np}
    exec(GATES.CLASS.format(**(GATES.RIGHT | change)), names)  # a class that is written there
    return found(names["SwigluClamped"](), "SwigluClamped", dtypes=["float32"], count=200)


@pytest.mark.parametrize("fault", GATES.PLANTED)
def test_all_that_is_found_of_a_gate_s_gradients(fault):
    change, part = GATES.PLANTED[fault]
    (one,) = gate(**change)
    assert (one.kind, one.direction, one.level, one.dtype) == ("gate", "backward", "error", "float32")
    assert part in one.detail
    assert one.came != one.exact


def test_a_right_gate_has_no_finding():
    assert not [one.sentence() for one in gate()]


def swiglu(a, b):
    return a / (1 + np.exp(-a)) * b


def test_a_gate_of_two_inputs_is_told_what_it_is_instead():
    (one,) = found(lambda a, b: swiglu(b, a), "swiglu", dtypes=["float32"], count=200)
    assert (one.kind, one.direction, one.level) == ("gate", "forward", "error")
    assert "a = " in one.detail
    assert "swiglu" in one.detail


def test_a_gate_that_loses_a_tail_or_digits_is_no_wrong_one():
    (lost,) = found(lambda a, b: np.where(a < -30, a * 0, swiglu(a, b)), "swiglu", dtypes=["float64"], count=200)
    assert lost.level == "warning"
    assert lost.came == 0
    (rough,) = found(lambda a, b: swiglu(a, b) * (1 + 40 * np.finfo(a.dtype).eps), "swiglu", dtypes=["float64"],
                     count=200)  # fmt: skip
    assert rough.level == "note"
    assert 16 < rough.ulp < 90
    assert not found(lambda a, b: swiglu(a, b) * (1 + 40 * np.finfo(a.dtype).eps), "swiglu", count=200, max_ulp=1e5)
