"""Laws that every row keeps at any floats whatever, drawn by hypothesis over the registry; and its parameters' laws."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import actbench as ab
from actbench.accuracy.points import ROOT_ZONE
from actbench.activations.parameter import Fixed
from actbench.core.errors import ActbenchError
from actbench.kernels.backends import TOLERANCES

ROWS = {row.name: row for row in ab.ACTIVATIONS}
WHOLE = {"float16": np.uint16, "float32": np.uint32, "float64": np.uint64}
# every bit pattern of a format: subnormals, infinities, quiet and signalling NaN of either sign
IMPLEMENTATION = st.sampled_from(sorted(TOLERANCES))


@st.composite
def floats(draw, dtype, *, finite=False):
    """An array of a few numbers: any bits, and numbers near 0 where most happens."""
    bits = np.dtype(dtype).itemsize * 8
    width = st.floats(-12, 12, width=bits) | st.floats(allow_nan=False, allow_infinity=not finite, width=bits)
    values = np.array(draw(st.lists(width, min_size=1, max_size=24)), dtype)
    if finite:
        return values
    raw = draw(st.lists(st.integers(0, 2**bits - 1), max_size=6))
    return np.concatenate([values, np.array(raw, WHOLE[dtype]).view(dtype)])


@st.composite
def situations(draw, names=tuple(ROWS), *, finite=False):
    """A row, one of its implementations, and an input."""
    backend, dtype = draw(IMPLEMENTATION)
    return ROWS[draw(st.sampled_from(names))], backend, dtype, draw(floats(dtype, finite=finite))


def passes(row, backend, dtype):
    """Forward and backward of one implementation as functions of x alone."""
    up, down = (ab.kernel(row, way, dtype=dtype, backend=backend, at_defaults=True) for way in ("forward", "backward"))
    return up, lambda x: down(np.ones_like(x), x)


def law(examples):
    return settings(max_examples=examples, deadline=None, derandomize=True)


@pytest.mark.slow
@law(150)
@given(situation=situations(), step=st.integers(1, 3), start=st.integers(0, 2), backwards=st.booleans())
def test_each_element_is_alone_at_any_stride_and_position(situation, step, start, backwards):
    row, backend, dtype, x = situation
    strided = x[start::step][::-1] if backwards else x[start::step]
    for run in passes(row, backend, dtype):
        together = run(strided)
        apart = [run(strided[i : i + 1])[0] for i in range(strided.size)]
        alone = np.array(apart, dtype)
        same = (together.view(WHOLE[dtype]) == alone.view(WHOLE[dtype])) | (np.isnan(together) & np.isnan(alone))
        assert same.all(), (row.name, strided[~same])


@law(120)
@given(situation=situations(tuple(name for name, row in ROWS.items() if row.symmetry)))
def test_odd_and_even_to_the_last_bit(situation):
    row, backend, dtype, x = situation
    run, slope = passes(row, backend, dtype)
    sign = np.dtype(dtype).type(-1 if row.symmetry == "odd" else 1)
    with np.errstate(invalid="ignore"):  # -x of a signalling NaN
        mirrored = -x
    np.testing.assert_array_equal(run(mirrored), sign * run(x))
    smooth = ~np.isin(x, [np.dtype(dtype).type(at) for at in row.fact("kinks")])
    np.testing.assert_array_equal(slope(mirrored)[smooth], (-sign * slope(x))[smooth])


@law(120)
@given(situation=situations(tuple(name for name, row in ROWS.items() if row.fact("monotone")), finite=True))
def test_what_is_said_never_to_fall_never_falls(situation):
    row, backend, dtype, x = situation
    run, slope = passes(row, backend, dtype)
    y = run(np.sort(x)).astype(np.float64)
    info = np.finfo(dtype)
    slack = TOLERANCES[backend, dtype][0] * (float(info.eps) * np.abs(y[:-1]) + float(info.smallest_subnormal))
    with np.errstate(invalid="ignore"):  # inf - inf beside an overflow
        rises = (y[1:] >= y[:-1] - slack) | (y[1:] == y[:-1])
    assert rises.all(), row.name
    assert not (slope(x) < 0).any(), row.name


@law(150)
@given(situation=situations())
def test_no_value_leaves_the_bounds(situation):
    row, backend, dtype, x = situation
    low, high = (np.dtype(dtype).type(end) for end in row.fact("bounds"))
    y = passes(row, backend, dtype)[0](x)
    slack = [TOLERANCES[backend, dtype][0] * np.spacing(np.abs(end)) if np.isfinite(end) else 0 for end in (low, high)]
    assert not (y < low - slack[0]).any(), row.name
    assert not (y > high + slack[1]).any(), row.name


@law(150)
@given(situation=situations())
def test_no_warning_no_mutation_and_no_nan_is_swallowed(situation):
    row, backend, dtype, x = situation
    before = x.tobytes()
    with warnings.catch_warnings(), np.errstate(all="warn", under="ignore"):
        warnings.simplefilter("error")
        y, dx = (run(x) for run in passes(row, backend, dtype))
    assert x.tobytes() == before
    assert not np.may_share_memory(x, y)
    assert not np.may_share_memory(x, dx)
    nan = np.isnan(x)
    assert np.isnan(y[nan]).all(), row.name
    assert not row.saves or np.isnan(dx[nan]).all(), row.name


@law(120)
@given(situation=situations(finite=True))
def test_next_to_every_declared_root_the_sign_changes_hands(situation):
    """f keeps one sign between its declared roots and 0, up to what is promised there."""
    row, backend, dtype, x = situation
    roots = sorted({0.0, *row.fact("roots")})
    if row.slope_terms is not None or not np.isfinite(row.fact("limits")).all() or row.name == "sinc":
        return  # a wave crosses 0 for ever
    y = passes(row, backend, dtype)[0](x).astype(np.float64)
    far = np.min([np.abs(x.astype(np.float64) - root) for root in roots], axis=0) > ROOT_ZONE
    for low, high in zip([-math.inf, *roots], [*roots, math.inf], strict=True):
        inside = y[(x > low) & (x < high) & far]
        assert not ((inside > 0).any() and (inside < 0).any()), row.name


def allowed(row, name, value):
    """The row with that parameter, or None where it is refused as it should be."""
    try:
        return row.bind(**{name: value})
    except ActbenchError as error:
        said = str(error)
    assert said.startswith(f"{row.name}: ")
    assert name in said
    assert "\n" not in said
    return None


WITH = [(row, name) for row in ROWS.values() for name, p in row.parameters.items() if isinstance(p, Fixed)]


@pytest.mark.parametrize(("row", "name"), WITH, ids=[f"{row.name}-{name}" for row, name in WITH])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_parameter_takes_nan_or_infinity(row, name, value):
    with pytest.raises(ActbenchError, match=name) as error:
        row.bind(**{name: value})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("row", "name"), WITH, ids=[f"{row.name}-{name}" for row, name in WITH])
def test_a_parameter_is_refused_in_one_line_or_gives_numbers(row, name):
    """0 where it divides, ends that cross, sizes that overflow: refused when given, never a NaN later."""
    x = np.array([-7.0, -0.3, 0.3, 7.0])
    for value in (0.0, -0.0, -1.0, -1e300, 1e-300, 1e-9, 1e9, 1e300):
        bound = allowed(row, name, value)
        if bound is None:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for dtype in ("float64", "float32"):
                y, dx = bound(x.astype(dtype)), bound.backward(np.ones(4, dtype), x.astype(dtype))
                assert not np.isnan([*y, *dx]).any(), (value, dtype)
                bound.gradients(np.ones(4, dtype), x.astype(dtype))
        for fact in (
            "kinks",
            "flat",
            "bounds",
            "limits",
            "slope_limits",
            "at_negative_zero",
            "roots",
            "roots_of_slope",
        ):
            bound.fact(fact)


SAME = [(row, spec) for row in ROWS.values() for spec in row.identical_to]


@pytest.mark.parametrize(("row", "spec"), SAME, ids=[f"{row.name}={spec}" for row, spec in SAME])
def test_what_is_said_to_be_identical_is(row, spec):
    x = np.linspace(-20.0, 20.0, 2001)
    other = ab.get(spec)
    np.testing.assert_allclose(row(x), other(x), rtol=1e-14, atol=1e-15)
    smooth = ~np.isin(x, [*row.fact("kinks"), *other.fact("kinks")])
    one = np.ones_like(x)
    np.testing.assert_allclose(row.backward(one, x)[smooth], other.backward(one, x)[smooth], rtol=1e-14, atol=1e-15)
