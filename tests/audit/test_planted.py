"""Planted faults are found, each with the right class and the smallest input; correct twins have none."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import mpmath
import numpy as np
import pytest

from actbench.audit.audited import audit
from actbench.audit.finding import KINDS

mp = mpmath.mp.clone()
mp.prec = 300
ALLOWED = 16
HERE = Path(__file__).parent


def loaded(name):
    spec = importlib.util.spec_from_file_location(f"audit_{name}", HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PLANTED, TWINS = loaded("planted"), loaded("twins")


def sigma(x):
    return 1 / (1 + mp.exp(-x))


def slope_of_silu(x):
    return sigma(x) + x * sigma(x) * sigma(-x)


# Written here anew: what is exact of a row, and of its slope.
EXACT = {
    ("relu", "forward"): lambda x: max(x, mp.mpf(0)),
    ("relu6", "forward"): lambda x: min(max(x, mp.mpf(0)), mp.mpf(6)),
    ("silu", "forward"): lambda x: x * sigma(x),
    ("silu", "backward"): slope_of_silu,
    ("selu", "forward"): lambda x: (
        mp.mpf(np.float32(1.0507009873554805).item())
        * (x if x > 0 else mp.mpf(np.float32(1.6732632423543772).item()) * mp.expm1(x))
    ),
    ("hardswish", "forward"): lambda x: x * min(max(x + 3, mp.mpf(0)), mp.mpf(6)) / 6,
    ("tanh", "forward"): mp.tanh,
    ("tanh", "backward"): lambda x: mp.sech(x) ** 2,
    ("tanhshrink", "forward"): lambda x: x - mp.tanh(x),
    ("sigmoid", "forward"): sigma,
    ("sigmoid", "backward"): lambda x: sigma(x) * sigma(-x),
    ("softplus", "forward"): lambda x: mp.log1p(mp.exp(x)),
    ("gelu", "forward"): lambda x: x * mp.ncdf(x),
    ("softsign", "forward"): lambda x: x / (1 + abs(x)),
    ("mish", "forward"): lambda x: x * mp.tanh(mp.log1p(mp.exp(x))),
    ("hardsigmoid", "forward"): lambda x: min(max(x + 3, mp.mpf(0)), mp.mpf(6)) / 6,
    ("leaky_relu", "forward"): lambda x: x if x > 0 else x * mp.mpf(0.01),
    ("leaky_relu", "backward"): lambda x: mp.mpf(1) if x > 0 else mp.mpf(np.float32(0.01).item()),
}


def error(finding, at, came):
    """In ulp, counted here."""
    right = EXACT[finding.row, finding.direction](mp.mpf(at))
    form = np.finfo(finding.dtype)
    exponent = int(mp.floor(mp.log(abs(right), 2))) if right else int(form.minexp)
    return float(abs(mp.mpf(came) - right) / mp.ldexp(1, max(exponent, int(form.minexp)) - form.nmant))


def answer(name, finding, at):
    """What the planted function gives at one number, among as many alike as a vector loop takes."""
    given, x = getattr(PLANTED, name), np.full(64, at, finding.dtype)
    with np.errstate(all="ignore"):
        if isinstance(given, type):
            layer = given()
            y = layer.forward(x)
            return float((layer.backward(np.ones_like(x)) if finding.direction == "backward" else y)[0])
        if name == "sigmoid_derivative":
            x = np.float32(1 / (1 + np.exp(-x.astype(np.float64))))
        return float(given(x)[0])


@pytest.fixture(scope="module")
def planted():
    report = audit(str(HERE / "planted.py"), dtypes=("float32", "float64"), count=1000)
    return {one.target.rpartition(":")[2]: one for one in report.subjects}


def test_there_are_at_least_forty_over_all_classes():
    assert len(PLANTED.EXPECTED) >= 40
    assert len({kind for kind, _, _ in PLANTED.EXPECTED.values()}) >= 25
    assert len([name for name in vars(TWINS) if not name.startswith("_") and name != "np"]) >= 40


@pytest.mark.parametrize("name", PLANTED.EXPECTED)
def test_a_planted_fault_is_found_at_the_smallest_input(planted, name):
    kind, direction, where = PLANTED.EXPECTED[name]
    found = next((f for f in planted[name].findings if (f.kind, f.direction) == (kind, direction)), None)
    assert found is not None, [f.sentence() for f in planted[name].findings]
    assert found.level == PLANTED.LEVELS.get(name, KINDS[kind].severity)
    if where is None:
        assert found.at is None
        assert found.detail
        return
    if isinstance(where, float):
        assert math.isnan(found.at) if math.isnan(where) else abs(found.at) == abs(np.dtype(found.dtype).type(where))
        return
    kind_of = np.dtype(found.dtype).type
    before = float(np.nextafter(kind_of(found.at), kind_of(0)))
    if where.startswith("next after"):
        assert abs(found.at) == float(np.nextafter(kind_of(where.split()[-1]), kind_of(np.inf)))
    elif where == "first":
        assert error(found, found.at, answer(name, found, found.at)) > ALLOWED
        assert error(found, before, answer(name, found, before)) <= ALLOWED + 1e-5
    elif where == "overflows":
        assert not math.isfinite(answer(name, found, found.at))
        assert math.isfinite(answer(name, found, before))
    elif where == "zero":
        assert answer(name, found, found.at) == 0
        assert answer(name, found, before) != 0
    elif where == "wrong":
        assert error(found, found.at, found.came) > ALLOWED
    elif where == "cut":
        assert 0.5 < error(found, found.at, found.came) < 1
        assert abs(found.came) < abs(EXACT["silu", "forward"](mp.mpf(found.at)))
    elif where == "falls":
        assert answer(name, found, before) > found.came == answer(name, found, found.at)
    else:
        assert where == "array"
        assert found.came != found.exact
        assert found.detail


def test_no_twin_has_a_finding():
    report = audit(str(HERE / "twins.py"), dtypes=("float32", "float64", "float16"), count=1000)
    wrong = {one.target.rpartition(":")[2]: [f.sentence() for f in one.findings] for one in report.subjects}
    assert not {name: said for name, said in wrong.items() if said}
    assert not report.left_out
    assert report.others == 0
    assert len(wrong) >= 40


IN_FLOAT64 = {
    "tanh_by_a_fraction": np.tanh,
    "relu6_that_ends_at_five": lambda x: np.clip(x, 0, 6),
    "sigmoid_clipped_at_ten": lambda x: 1 / (1 + np.exp(-x)),
    "hardswish_shifted": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "silu_is_linear_beyond_three": lambda x: x / (1 + np.exp(-x)),
    "tanhshrink_by_subtraction": lambda x: np.where(np.abs(x) < 0.02, x**3 / 3 - 2 * x**5 / 15, x - np.tanh(x)),
}


def test_in_float16_the_smallest_input_is_the_first_of_all():
    report = audit(str(HERE / "planted.py"), dtypes=("float16",))
    found = {one.target.rpartition(":")[2]: one.findings for one in report.subjects}
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    x = every[np.isfinite(every)]
    for name, exact in IN_FLOAT64.items():
        with np.errstate(all="ignore"):
            right, got = exact(x.astype(np.float64)), getattr(PLANTED, name)(x).astype(np.float64)
        place = np.ldexp(1.0, np.maximum(np.frexp(right)[1] - 1, -14) - 10)
        first = np.abs(x[np.abs(got - right) > 8 * place]).min()
        wrong = [f for f in found[name] if f.kind in ("value", "lost", "digits", "subnormal")]
        assert min(abs(f.at) for f in wrong) == first, name
        assert {f.dtype for f in wrong} == {"float16"}
