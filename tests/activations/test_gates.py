"""Gates: every partial derivative against the oracle, every layout, and what is said of them elsewhere."""

from __future__ import annotations

import json

import numpy as np
import pytest

import actbench as ab
from actbench.accuracy.contract import CHECKS, Subject
from actbench.accuracy.oracle import MP, evaluate
from actbench.activations.layout import LAYOUTS
from actbench.activations.registry import ACTIVATIONS, AXIS, along, resolve
from actbench.expression.graph import record

GATES = [row for row in AXIS if row.views]
NAMES = [row.name for row in GATES]
CHECKED = ("value", "slope", "nothing_lost", "limits", "special_values", "silent")
RNG = np.random.default_rng(5)


@pytest.mark.parametrize(("backend", "dtype"), [("numpy", "float16"), ("numpy", "float64"), ("numba", "float32")])
@pytest.mark.parametrize("gate", GATES, ids=NAMES)
def test_both_partial_derivatives_keep_the_promises_of_rows(gate, backend, dtype):
    """A gate seen along one input is an elementwise row: the same checks, the same ulp."""
    closes = gate.name in ("reglu", "drelu", "fatrelu_glu")  # at a negative input, and then it passes nothing on
    for side, other in (("a", 0.5 if closes else -0.75), ("b", 0.75 if closes else -1.5)):
        row = gate.view(side).bind(**{"b" if side == "a" else "a": other})
        for check in CHECKED:
            finding = CHECKS[check](Subject(row, backend, dtype, 300, 6))
            assert finding.holds, f"{row.spec}: {finding.says}"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("swiglu", 0.3655293), ("swiglu_oai", 1.268694), ("swiglu_clamped", 0.3655293), ("swiglu_step", 0.3655293),
        ("situ_glu", 0.3580520), ("geglu", 0.4206724), ("geglu_tanh", 0.4205960), ("swiglu_beta", 0.3655293),
    ],
)  # fmt: skip
def test_published_values(name, expected):
    assert ab.get(name).of(1.0, 0.5) == pytest.approx(expected, abs=6e-7)


@pytest.mark.parametrize("layout", LAYOUTS.names())
@pytest.mark.parametrize("name", ["swiglu_oai", "glu"])
def test_every_layout_is_the_same_gate(name, layout):
    a, b, dy = RNG.standard_normal((3, 5, 64)).astype(np.float32) * np.float32(4)
    gate = ab.get(name, layout=layout)
    x = gate.layout.join(a, b)
    for back, own in zip(gate.layout.split(x), (a, b), strict=True):
        np.testing.assert_array_equal(back, own)
    np.testing.assert_array_equal(gate(x), ab.get(name).of(a, b))
    np.testing.assert_array_equal(gate.backward(dy, x), gate.layout.join(*gate.partials(dy, a, b)))
    wide = gate(x.astype(np.float64))
    for got, want in ((ab.kernel(gate)(x), wide), (ab.kernel(gate.spec, "backward")(dy, x), gate.backward(dy, x))):
        np.testing.assert_allclose(got, want, rtol=3e-6, atol=2e-6)
    assert along(gate.spec).spec == gate.spec


def test_where_the_inputs_lie():
    first = {"halves": [0, 1], "interleaved": [0, 2], "halves_value_first": [2, 3], "interleaved_value_first": [1, 3]}
    for name, places in first.items():
        assert LAYOUTS[name].split(np.arange(4))[0].tolist() == places
    assert LAYOUTS["blocks"].split(np.arange(128))[1].tolist() == [*range(32, 64), *range(96, 128)]


@pytest.mark.parametrize("gate", GATES, ids=NAMES)
def test_a_kernel_of_two_arrays_is_a_ufunc(gate):
    a, b, dy = RNG.standard_normal((3, 4, 9)).astype(np.float32)
    forward, at_a, at_b = (
        ab.kernel(gate.view(s), way) for s, way in (("a", "forward"), ("a", "backward"), ("b", "backward"))
    )
    assert isinstance(forward, np.ufunc)
    np.testing.assert_allclose(forward(a, b), gate.of(a, b), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(forward(a, b[:1]), gate.of(a, b[:1]), rtol=1e-6, atol=1e-7)
    for got, want in zip((at_a(dy, a, b), at_b(dy, b, a)), gate.partials(dy, a, b), strict=True):
        np.testing.assert_allclose(got, want, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("gate", GATES, ids=NAMES)
def test_the_partial_derivatives_are_those_of_the_definition(gate):
    """Independent of the rules of differentiation: mpmath's difference quotient at 200 bits."""
    graph, values = record(gate.definition), {k: MP.mpf(v) for k, v in gate.values().items()}
    for at in ((0.7, -1.3), (-2.2, 0.4), (9.5, 3.0), (1.5, 12.0)):
        with MP.workprec(200):
            point = {**values, "a": MP.mpf(at[0]), "b": MP.mpf(at[1])}
            exact = [
                MP.diff(lambda v, side=side, point=point: evaluate(graph, {**point, side: v}), point[side])
                for side in ("a", "b")
            ]
        for got, want in zip(gate.partials(1.0, *at), exact, strict=True):
            assert float(got) == pytest.approx(float(want), rel=1e-14, abs=1e-30)


def test_a_clamp_at_its_bound_and_without_one():
    """torch.clamp passes 1 at the bound, 0 beyond; an infinite limit is none."""
    gate = ab.get("swiglu_clamped")
    assert gate.partials(1.0, 2.0, 10.0)[1] == ACTIVATIONS["silu"](2.0)
    assert gate.partials(1.0, 2.0, np.nextafter(10.0, 11.0))[1] == 0.0
    assert gate.partials(1.0, np.nextafter(10.0, 11.0), 2.0)[0] == 0.0
    a, b = RNG.standard_normal((2, 100)) * 40
    off = ab.get("swiglu_clamped", limit=np.inf)
    np.testing.assert_array_equal(off.of(a, b), ab.get("swiglu").of(a, b))
    assert np.isnan(gate.of(np.nan, 1.0))
    assert np.isnan(gate.of(1.0, np.nan))


def test_torch_s_clamped_gate_agrees():
    torch = pytest.importorskip("torch", reason="torch is an optional peer")
    x = torch.tensor(RNG.standard_normal((50, 16)) * 8, requires_grad=True)
    a, b = x[..., ::2].clamp(max=7.0), x[..., 1::2].clamp(-7.0, 7.0)
    y = (b + 1) * (a * torch.sigmoid(1.702 * a))
    y.sum().backward()
    gate = ab.get("swiglu_oai")
    np.testing.assert_allclose(gate(x.detach().numpy()), y.detach().numpy(), rtol=1e-13)
    np.testing.assert_allclose(
        gate.backward(np.ones(y.shape), x.detach().numpy()), x.grad.numpy(), rtol=1e-9, atol=1e-13
    )


def test_gates_are_served_where_rows_are(capsys):
    from actbench.accuracy.vectors import vectors
    from actbench.cli import main

    assert main(["show", "swiglu_oai:limit=5,layout=halves"]) == 0
    said = capsys.readouterr().out
    assert "df/db" in said
    assert "swiglu_oai:limit=5.0,layout=halves" in said
    assert main(["show", "situ_glu.b:a=2"]) == 0
    assert "limit=7" in next(line for line in _listed(capsys) if line.startswith("swiglu_oai"))
    found = vectors("swiglu_clamped.a:b=2", count=40)["vectors"]
    assert any(float.fromhex(v["input"]) == 10.0 for v in found)
    assert ab.testing.check(lambda x: ab.get("swiglu").of(x, np.float32(0.5)), like="swiglu.a:b=0.5", count=100) <= 0.51


def test_run_accuracy_judges_each_kind(tmp_path, capsys, monkeypatch):
    from actbench.cli import main

    monkeypatch.chdir(tmp_path)
    for given, expected in (
        ("drelu fatrelu_glu:threshold=1,layout=blocks --count 300", {"drelu", "fatrelu_glu:threshold=1.0"}),
        ("crelu maxout:layout=interleaved --count 9", {"crelu", "maxout:layout=interleaved"}),
    ):
        words = f"run accuracy --json --out run --dtype float32 --implementation numpy numba --activation {given}"
        assert main([*words.split(), "--workers", "1", "--fresh"]) == 0
        rows = json.loads(capsys.readouterr().out)["rows"]
        assert {row["function"] for row in rows} == expected
        assert all(row["holds"] for row in rows)
    assert main(["run", "accuracy", "--quick", "--dry-run", "--activation", "drelu"]) == 0
    assert "8" in capsys.readouterr().out.splitlines()[1]
    assert main(["run", "accuracy", "--activation", "relu", "swiglu", "softmax"]) == 2
    assert "one kind at a time" in capsys.readouterr().err


def _listed(capsys):
    from actbench.cli import main

    capsys.readouterr()
    assert main(["list"]) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: ab.get("swiglu_oai", layout="thirds"), "no layout named 'thirds'"),
        (lambda: ab.get("swiglu_oai:limit=0"), "limit=0.0, but limit must be"),
        (lambda: ab.get("softmax", layout="halves"), "no two inputs"),
        (lambda: ab.get("swiglu", layout="blocks")(np.ones(32)), "multiple of 64"),
        (lambda: ab.get("softmax").of(1.0, 1.0), "no two inputs"),
        (lambda: resolve("swiglu.c"), "no activation named"),
    ],
)
def test_wrong_requests_are_one_clear_line(call, match):
    with pytest.raises(ab.ActbenchError, match=match) as error:
        call()
    assert "\n" not in str(error.value)


def test_a_gate_is_held_to_exact_values_and_a_lost_clamp_is_found():
    def plain(x):
        a, b = x[..., ::2].astype(np.float64), x[..., 1::2].astype(np.float64)
        return ((b + 1.0) * (a / (1.0 + np.exp(-1.702 * a)))).astype(x.dtype)

    def right(x):
        return plain(np.stack([np.minimum(x[..., ::2], 7), np.clip(x[..., 1::2], -7, 7)], axis=-1).reshape(x.shape))

    with np.errstate(all="ignore"):
        with pytest.raises(AssertionError, match=r"a = .*, b = .*allowed 2 ulp"):
            ab.testing.check(plain, like="swiglu_oai")
        assert ab.testing.check(right, like="swiglu_oai", max_ulp=600, dtype="float64") < 600  # 1.702 a is rounded
    gate = ab.get("swiglu_clamped")
    both = ab.testing.check(lambda dy, a, b: gate.partials(dy, a, b), like="swiglu_clamped", direction="backward")
    assert both <= 1.0
    with pytest.raises(AssertionError, match=r"gives float32\[2\] for float32\[4\]"):
        ab.testing.check(plain, like="softmax")


def test_an_audit_names_the_gate_that_a_twin_is(tmp_path, capsys):
    from actbench.cli import main

    lines = [
        "import numpy as np",
        "def swiglu_clamped(x):",
        "    n = x.shape[-1] // 2",
        "    a, b = x[..., :n], x[..., n:]",
        "    return a / (1 + np.exp(-a)) * b",
        "def swiglu(a, b):",
        "    e = np.exp(-np.abs(a))",
        "    return np.where(a >= 0, a, a * e) / (1 + e) * b",
    ]
    file = tmp_path / "mine.py"
    file.write_text("\n".join(lines))
    assert main(["audit", f"{file}:swiglu_clamped"]) == 1
    said = capsys.readouterr().out
    assert "(swiglu)" in said
    assert "a = " in said
    assert main(["audit", f"{file}:swiglu", "--dtype", "float32"]) == 0


def test_gates_are_measured_at_many_pairs():
    """The experiment finds our promises kept, and an error of 5 ulp that is planted in one gradient."""
    from actbench.accuracy.gates import measured

    frame = ab.run("gate_accuracy", function=["swiglu_clamped"], count=[300], dtype=["float32"])
    assert set(frame["part"]) == {"y", "da", "db"}
    assert frame["holds"].all()
    assert frame["worst_ulp"].max() <= 16
    tiny, large = np.float32(2.0**-149), np.float32(745.25)
    for a in (tiny, -tiny):
        assert ab.kernel("geglu.a", dtype="float32")(a, large) == pytest.approx(float(a) * 372.625, rel=2e-3)
    gate = AXIS["swiglu"]

    def planted(dy, a, b):
        da, db = gate.partials(dy, a, b)
        return da, np.where(a > 3, db * np.float32(1 + 5 * 2.0**-23), db)

    da, db = measured(planted, gate, "float32", "backward", 300)
    assert da.ulp <= 0.5000001
    assert 4 <= db.ulp <= 11
    assert db.a > 3
