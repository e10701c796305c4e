"""`identify` names functions written in other ways than ours, and twins of public bugs; what is none is said so."""

from __future__ import annotations

import json
import math
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import actbench as ab
from actbench.accuracy.gates import wrong
from actbench.activations.namesakes import NAMESAKES, REDISCOVERIES
from actbench.activations.registry import ACTIVATIONS, AXIS
from actbench.core.errors import ActbenchError
from actbench.expression.graph import argument_names
from actbench.identification import elementwise, identify
from actbench.identification.configs import read
from actbench.implementations.implementation import Implementation


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def silu(x):
    return x * sigmoid(x)


def gelu(x):
    return 0.5 * x * np.vectorize(math.erfc, otypes=[float])(-x / math.sqrt(2))


def gelu_tanh(x):
    return 0.5 * x * (1.0 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def halves(x):
    n = x.shape[-1] // 2
    return x[..., :n], x[..., n:]


def pairs(x):
    return x[..., ::2], x[..., 1::2]


def oai(x, split=pairs, limit=7.0, alpha=1.702):
    a, b = split(x)
    a, b = np.minimum(a, limit), np.clip(b, -limit, limit)
    return (b + 1.0) * (a * sigmoid(alpha * a))


def clamped(x, limit=10.0):
    a, b = halves(x)
    return silu(np.minimum(a, limit)) * np.clip(b, -limit, limit)


ELEMENTWISE = {
    "silu": silu,
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
    "mish": lambda x: x * np.tanh(np.logaddexp(0.0, x)),
    "quick_gelu": lambda x: x * sigmoid(1.702 * x),
    "eanaf": lambda x: x * sigmoid(x - np.log(2.0)),
    "telu": lambda x: x * np.tanh(np.exp(np.minimum(x, 30.0))),
    "golu": lambda x: x * np.exp(-np.exp(-x)),
    "softcap:cap=50.0": lambda x: 50.0 * np.tanh(x / 50.0),
    "leaky_relu:negative_slope=0.07": lambda x: np.maximum(x, 0.07 * x),
    "softplus:beta=2.3": lambda x: np.logaddexp(0.0, 2.3 * x) / 2.3,
    "2 identity(x) + 1": lambda x: 2.0 * x + 1.0,
    "2 silu(0.5 x + 1) - 3": lambda x: 2.0 * silu(0.5 * x + 1.0) - 3.0,
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", ELEMENTWISE)
def test_functions_written_in_other_ways_are_named(form):
    found = identify(ELEMENTWISE[form])
    assert found.found.form == form
    assert found.kind == "elementwise"


@pytest.mark.parametrize(
    ("function", "form"),
    [
        (lambda x: np.tanh(0.7 * x), "tanh(0.7 x)"),
        (lambda x: 1.5 * np.tanh(0.7 * x) + 0.25, "1.5 tanh(0.7 x) + 0.25"),
        (lambda x: sigmoid(0.7 * x), "sigmoid(0.7 x)"),
        (lambda x: np.where(x > 0, 2 * x, 0.02 * x), "2 leaky_relu(x)"),
        (lambda x: np.where(x > 0, x, 0.3 * np.expm1(np.minimum(x, 0))), "elu:alpha=0.3"),
        (lambda x: 2 * silu(x) - 1, "2 silu(x) - 1"),
        (lambda x: ab.get("srelu", a_left=0.75, t_left=0.1)(x), "srelu:a_left=0.75,t_left=0.1"),
    ],
)
def test_of_several_ways_to_say_it_the_one_with_the_fewest_numbers_is_taken(function, form):
    assert identify(function).found.form == form


def test_the_two_gelus_and_mish_and_swish_are_told_apart():
    assert identify(gelu).spec == "gelu"
    assert identify(gelu_tanh).spec == "gelu_tanh"
    assert "silu" not in {identify(ELEMENTWISE["mish"]).spec, *identify(ELEMENTWISE["mish"]).same}


def _settings(row, count):
    """Parameters drawn until the row's law allows them and its places are where most inputs are."""
    rng, made = np.random.default_rng(22), []
    used = argument_names(row.callables.forward)
    while len(made) < count:
        drawn = {
            name: float(p.default + rng.uniform(-1.5, 1.5) * max(abs(p.default), 0.5))
            for name, p in row.parameters.items() if name in used
        }  # fmt: skip
        try:
            row.values(**drawn)
        except ab.ActbenchError:
            continue
        if all(abs(place) < 6 for place in row.fact("kinks", **drawn)):
            made.append(drawn)
    return made


def _moves(row):
    """Whether a parameter of a row is the place of a kink or a jump."""
    return callable(row.kinks) and len({tuple(row.fact("kinks", **setting)) for setting in _settings(row, 2)}) > 1


@pytest.mark.parametrize("row", [row for row in elementwise.rows() if _moves(row)], ids=lambda row: row.name)
def test_a_parameter_that_is_a_place_is_found_in_ten_settings(row):
    for setting in _settings(row, 10):
        bound = row.bind(**setting)
        found = identify(bound.forward)
        assert found.found is not None, bound.spec
        named = ab.get(found.spec)
        assert {row.name, *row.identical_to, "threshold"} & {named.name}, (bound.spec, found)
        for jump in elementwise.ask(bound.forward, "float64").jumps:  # to the last float
            x = np.array([jump.low, jump.high])
            np.testing.assert_allclose(named(x), bound(x), rtol=1e-9, atol=1e-300)


def _hardshrink(x):
    return np.where(np.abs(x) > 0.5, x, 0.0)


@pytest.mark.parametrize(
    ("function", "form"),
    [
        (lambda x: np.where(x > 1.4, x, 0.1), "threshold:threshold=1.4,value=0.1"),
        (lambda x: np.where(x >= 1.4, x, 0.3), "threshold:threshold=1.4,value=0.3"),  # its place as people write it
        (lambda x: np.where(x > 1.4, 1.0, 0.0), "heaviside(x - 1.4)"),
        (lambda x: 2 * _hardshrink(0.5 * x + 1) - 1, "2 hardshrink(0.5 x + 1) - 1"),
        (lambda x: -2 * np.sign(x + 0.3), "-2 sign(x + 0.3)"),
        (lambda x: 3 * np.where(x > 1.7, x, 0.2) + 1, "3 threshold:threshold=1.7,value=0.2(x) + 1"),
        (lambda x: np.where(-x > 1.7, -x, 0.2), "threshold:threshold=1.7,value=0.2(-1 x)"),
        (lambda x: np.where(x > np.float32(1.4), x, np.float32(0.1)).astype("f4"), "threshold:threshold=1.4,value=0.1"),
        (lambda x: np.where(halves(x)[0] > 0.314, halves(x)[0], 0.0) * halves(x)[1], "fatrelu_glu:threshold=0.314"),
        (lambda a, b: b * (b > 0.16) * a, "fatrelu_glu:threshold=0.16,layout=halves_value_first"),
    ],
)
def test_jumps_in_any_place(function, form):
    assert identify(function).found.form == form


def test_what_jumps_elsewhere_is_not_called_by_a_neighbour_s_name():
    for function in (np.floor, np.round, lambda x: np.where(x > 2.37, np.tanh(x), 0.0)):
        assert identify(function).found is None
    # between two points of the grid
    assert identify(lambda x: np.where(np.abs(x) > 0.518, x, 0.0)).spec == "hardshrink:lambd=0.518"


# twins of bugs that were made in public: what they are called, and whether 1,000 standard normal inputs show them at
# the tolerance that numpy.allclose has by default, beside what they should have been
def _right(name, x):
    return ab.get(name)(x)


TWINS = {
    "clamp lost": (lambda x: oai(x, limit=np.inf), "swiglu_oai:limit=inf", "swiglu_oai", False),
    "step for clamped": (
        lambda x: np.minimum(silu(halves(x)[0]), 7.0) * np.clip(halves(x)[1], -7.0, 7.0),
        "swiglu_step", "swiglu_clamped", False,
    ),
    "limit of another model": (lambda x: clamped(x, 7.0), "swiglu_clamped:limit=7.0", "swiglu_clamped", False),
    "interleaved read as halves": (lambda x: oai(x, split=halves), "swiglu_oai:layout=halves", "swiglu_oai", True),
    "halves swapped": (
        lambda x: silu(halves(x)[1]) * halves(x)[0], "swiglu:layout=halves_value_first", "swiglu", True,
    ),
    "alpha hard-wired": (lambda x: oai(x, alpha=1.0), "swiglu_oai:alpha=1.0", "swiglu_oai", True),
    "silu for gelu_tanh": (lambda x: silu(halves(x)[0]) * halves(x)[1], "swiglu", "geglu_tanh", True),
    "tanh for exact GELU": (lambda x: gelu_tanh(halves(x)[0]) * halves(x)[1], "geglu_tanh", "geglu", True),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("bug", TWINS)
def test_twins_of_public_bugs_are_named(bug):
    function, spec, _, _ = TWINS[bug]
    assert identify(function).spec == spec


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("bug", TWINS)
def test_random_normal_inputs_cannot_see_a_clamp(bug):
    function, _, meant, seen = TWINS[bug]
    x = np.random.default_rng(0).standard_normal((1000, 4))
    assert np.allclose(function(x), _right(meant, x)) is not seen


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("bug", TWINS)
def test_the_smallest_input_of_a_twin_shows_it_alone_and_can_be_read(bug):
    function, _, meant, _ = TWINS[bug]
    row = AXIS[meant]
    _, pair = wrong(function, row, "float32", "forward", 16, count=300)
    assert pair.gross
    x = np.array(pair.within or row.layout.join(np.array([pair.a]), np.array([pair.b])))
    assert not np.allclose(function(x), row(x))
    assert bug == "tanh for exact GELU" or len(f"{pair.a}{pair.b}") <= 9, pair
    assert bool(pair.within) is (bug == "interleaved read as halves")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("bug", TWINS)
def test_the_documents_say_of_each_twin_what_is_found(bug):
    function, spec, meant, seen = TWINS[bug]
    _, pair = wrong(function, AXIS[meant], "float32", "forward", 16, count=300)
    at = ", ".join(f"{v:g}" for v in pair.within)
    cells = [bug, f"`{meant}`", f"`{spec}`", "seen" if seen else "not seen",
             f"x = [{at}]" if at else f"a = {pair.a:g}, b = {pair.b:g}"]  # fmt: skip
    page = Path(__file__).parents[2] / "docs" / "porting.md"
    assert f"| {' | '.join(cells)} |" in page.read_text(encoding="utf-8").splitlines()


def test_a_limit_of_0_that_clamps_everything_and_a_gate_that_ignores_its_value():
    found = identify(lambda x: clamped(x, 0.0))
    assert found.found is None
    assert "clamp at 0" in found.remarks[0]
    found = identify(lambda x: silu(halves(x)[0]))
    assert found.spec == "silu"
    assert "no gate" in found.remarks[0]


@pytest.mark.parametrize(
    ("function", "spec"),
    [
        (lambda a, b: silu(a) * b, "swiglu"),
        (lambda a, b: a * silu(b), "swiglu:layout=halves_value_first"),
        (lambda x: silu(pairs(x)[0]) * pairs(x)[1], "swiglu:layout=interleaved"),
        (lambda x: oai(x, limit=5.3, alpha=1.3), "swiglu_oai:alpha=1.3,limit=5.3"),
        (lambda x: sigmoid(halves(x)[1]) * halves(x)[0], "glu"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_gates_in_any_layout_with_any_limit(function, spec):
    assert identify(function).spec == spec


@pytest.mark.filterwarnings("ignore")
def test_a_gate_in_blocks_and_one_that_the_catalogue_lacks():
    found = identify(lambda x: silu(x.reshape(-1, 2, 32)[:, 0]).reshape(-1) * x.reshape(-1, 2, 32)[:, 1].reshape(-1))
    assert found.spec == "swiglu:layout=blocks"
    found = identify(lambda x: ELEMENTWISE["mish"](halves(x)[0]) * halves(x)[1])
    assert (found.spec, found.kind) == ("mish", "gate")
    assert "no gate of the catalogue" in found.remarks[0]


@pytest.mark.filterwarnings("ignore")
def test_a_random_smooth_function_and_gate_are_not_in_the_catalogue():
    rng = np.random.default_rng(3)
    c, w, p = rng.standard_normal(6), rng.uniform(0.3, 2.0, 6), rng.uniform(0.0, 6.0, 6)

    def smooth(x):
        return sum(a * np.tanh(b * x + d) for a, b, d in zip(c, w, p, strict=True))

    for function in (smooth, lambda x: smooth(halves(x)[0]) * np.sin(halves(x)[1])):
        found = identify(function)
        assert found.found is None
        assert len(found.nearest) == 5
        for near in found.nearest:
            assert near.came != near.has  # the input separates them
            assert "the row has" in near.says()


@pytest.mark.parametrize(
    ("function", "parent"),
    [
        (lambda x: x * np.tanh(np.logaddexp(0, 0.8 * x)) + 0.05 * np.sin(x), "mish"),
        (lambda x: 2 * np.tanh(0.6 * x) + 0.03 * np.cos(3 * x), "tanh"),
        (lambda x: 1.5 * x / (1 + np.exp(-0.9 * x)) + 0.04 * np.sin(2 * x), "silu"),
    ],
)
def test_a_scaled_copy_with_a_ripple_has_its_parent_among_the_nearest(function, parent):
    """By a mean over values, which the rise of a gate outweighs, Mish was behind three of four numbers each."""
    found = identify(function)
    assert found.found is None
    own = next(one for one in found.nearest[:2] if one.spec == parent)
    assert own.plain
    assert own.apart < 0.06
    for one in found.nearest:  # what is said agrees with itself, and holds between the points that were tried
        assert one.apart == pytest.approx(abs(one.came - one.has), rel=1e-12)
        assert f"at most {one.apart:.2g} apart for |x| <= 12; at x=" in one.says()
        x = np.linspace(-12, 12, 5001)
        has = one.scale * ab.get(one.spec).forward(one.steep * x + one.shift) + one.offset
        assert np.abs(function(x) - has).max() <= 1.1 * one.apart


@pytest.mark.parametrize("row", [row for row in (*ACTIVATIONS, *AXIS) if row.identical_to], ids=lambda row: row.name)
def test_every_declared_identity_is_found(row):
    for spec in row.identical_to:
        other = ab.get(spec)
        found = identify(other.forward)
        names = {form.partition(":")[0].split("(")[0] for form in (found.spec, *found.same)}
        assert {row.name, spec.partition(":")[0]} & names, found
        assert {row.name, spec.partition(":")[0]} <= names or len(ab.get(row.name).parameters) > 1 or spec != other.name


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("one", REDISCOVERIES, ids=lambda one: one.row)
def test_every_rediscovery_is_found_in_the_other_name_s_formula(one):
    found = identify(one.formula)
    assert one.row in {found.spec, *found.same}


def test_what_a_name_means_is_in_the_catalogue():
    for sake in NAMESAKES:
        assert len(sake.meanings) >= 2
        for row, words in sake.meanings:
            assert words
            assert not row or row in ACTIVATIONS or row in AXIS


def test_functions_along_an_axis():
    def with_sink(x):
        e = np.exp(x)
        return e / (np.exp(0.5) + e.sum(axis=-1, keepdims=True))

    assert identify(with_sink).spec == "softmax_sink:k=0.5"
    assert identify(lambda x: np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)).spec == "softmax"
    assert identify(lambda x: np.where(x >= np.sort(x)[..., -2:][..., :1], x, 0.0)).spec == "topk:k=2.0"


def test_a_class_of_two_tensors_is_a_gate_and_nothing_is_warned_of():
    torch = pytest.importorskip("torch")

    class Gate(torch.nn.Module):
        def forward(self, gate, up):
            return torch.nn.functional.gelu(gate) * up

    assert identify(Gate).spec == "geglu"
    assert identify(Gate()).spec == "geglu"
    assert identify(lambda x: np.minimum(silu(halves(x)[0]), 16.0) * np.clip(halves(x)[1], -16.0, 16.0)).spec == (
        "swiglu_step:limit=16.0"
    )


def test_modules_of_torch():
    torch = pytest.importorskip("torch", reason="torch is an optional peer")
    assert identify(torch.nn.GELU(approximate="tanh")).spec == "gelu_tanh"
    assert identify(torch.nn.functional.hardswish).spec == "hardswish"
    assert identify(torch.nn.GLU()).spec == "glu"
    assert identify(lambda a, b: torch.nn.functional.silu(a) * b).spec == "swiglu"


def test_a_configuration_as_rows():
    config = {
        "model_type": "gpt_oss", "hidden_act": "silu", "swiglu_limit": 7.0, "final_logit_softcapping": 30.0,
        "text_config": {"hidden_activation": "gelu_pytorch_tanh"}, "vision_config": {"hidden_act": "sqrtsoftplus2"},
    }  # fmt: skip
    said = {one.key: one.spec for one in read(config)}
    assert said == {
        "hidden_act": "silu", "final_logit_softcapping": "softcap", "text_config.hidden_activation": "gelu_tanh",
        "vision_config.hidden_act": "", "gate": "swiglu_oai",
    }  # fmt: skip
    assert read({"model_type": "minimax_m3_vl", "swiglu_alpha": 1.5})[0].spec == "swiglu_oai:alpha=1.5,layout=halves"
    off = read({"model_type": "deepseek_v4", "swiglu_limit": 0.0})[0]
    assert off.spec == "swiglu_clamped:limit=inf"
    assert "no clamp" in off.remark


def test_the_command_names_and_says_no(tmp_path, capsys):
    from actbench.cli import main

    file = tmp_path / "mine.py"
    file.write_text(
        "import numpy as np\ndef act(x):\n    return x / (1 + np.exp(-x))\ndef no(x):\n    return np.cos(x) ** 5\n"
    )
    assert main(["identify", f"{file}:act"]) == 0
    assert "silu" in capsys.readouterr().out
    assert main(["identify", f"{file}:no", "--json"]) == 1
    assert "not in the catalogue" in json.loads(capsys.readouterr().out)["is"]
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"hidden_act": "gelu_new"}))
    assert main(["identify", str(config)]) == 0
    assert "gelu_tanh" in capsys.readouterr().out
    assert main(["identify", f"{file}:none"]) == 2


def of_columns(x):
    a, b = np.split(x, 2, axis=1)
    return a / (1 + np.exp(-a)) * b


def of_float32(function, x):
    if x.dtype != np.float32:
        raise TypeError("in float32 alone")
    return function(x)


@pytest.mark.parametrize("function", [of_columns, partial(of_float32, of_columns)])
def test_a_function_that_refuses_a_vector_is_given_a_row(function):
    assert ab.identify(function).found.spec == "swiglu"


def test_a_function_of_tensors_that_refuses_a_vector_is_given_a_row():
    torch = pytest.importorskip("torch", reason="torch is an optional peer")

    def gate(x):
        a, b = x.chunk(2, dim=1)
        return torch.nn.functional.silu(a) * b

    assert ab.identify(gate).found.spec == "swiglu"


def test_a_refusal_names_the_format_that_was_asked():
    with pytest.raises(ActbenchError, match=r"float64: .* in float32 alone; float32: .* no kernel"):
        ab.identify(partial(of_float32, lambda x: exec('raise ValueError("no kernel")')))
    model = Implementation(library="mine", dtypes=("float32",), forward=lambda x: x.reshape(-1)[:3])
    with pytest.raises(ActbenchError) as told:
        ab.identify(model)
    assert "float64" not in str(told.value)
