"""The table as data: definitions, digits, NumPy alone, networks scaled by it; torch's modules; the card."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import actbench as ab
from actbench import theory
from actbench.cli import main
from actbench.core.errors import ActbenchError
from actbench.core.streams import stream
from actbench.kernels.kernel import kernel
from actbench.theory.table import COLUMNS, SCHEMA, as_csv, as_json

COMMITTED = Path(__file__).parents[2] / "reports" / "theory"
LIKE = ("relu", "gelu", "silu", "tanh", "mish", "sigmoid", "elu", "selu", "softplus", "leaky_relu", "hardtanh",
        "hardswish", "softsign", "erf", "squared_relu", "sine")  # fmt: skip
GATES = {"swiglu": "silu", "geglu": "gelu", "reglu": "relu", "glu": "sigmoid"}


@pytest.fixture(scope="module")
def committed():
    return np.genfromtxt(COMMITTED / "table.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")


def test_the_table_is_what_theory_says_today(committed):
    assert committed.dtype.names == tuple(COLUMNS)
    assert set(committed["name"]) == {row.name for row in ab.ACTIVATIONS if row.kind == "elementwise"} | {
        *theory.gates()
    }
    for row in committed[::9]:
        gains = theory.gains(str(row["name"]))
        for field in ("value", "forward", "slope", "multiplier", "torch"):
            np.testing.assert_allclose(row[field], getattr(gains, field), rtol=6e-12, err_msg=str(row["name"]))
    assert set(committed["name"]) >= {*LIKE, *GATES}
    gelu = committed[committed["name"] == "gelu"][0]
    assert gelu["critical_sigma_w2"] == pytest.approx(theory.critical_point("gelu").sigma_w2, rel=1e-8)
    assert np.isnan(committed[committed["name"] == "squared_relu"][0]["critical_sigma_w2"])


def test_json_says_the_same_with_definitions(committed):
    content = json.loads((COMMITTED / "table.json").read_text())
    assert content["schema"] == SCHEMA
    assert set(content["columns"]) == set(COLUMNS)
    assert as_json(content["rows"]) == (COMMITTED / "table.json").read_text()
    names = [row["name"] for row in content["rows"]]
    assert names == list(committed["name"])
    assert "inf" in as_csv([{**content["rows"][0], "slope": float("inf")}])


def test_numpy_alone_reads_it():
    program = f"""
import sys
import numpy as np
data = np.genfromtxt({str(COMMITTED / "table.csv")!r}, delimiter=",", names=True, dtype=None, encoding="utf-8")
assert abs(data["forward"][data["name"] == "relu"][0] - 2**0.5) < 1e-11
assert not any(name.startswith("actbench") for name in sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("name", [*LIKE, *GATES])
def test_networks_that_are_scaled_by_the_table_have_unit_variance(name, committed):
    row = committed[committed["name"] == name][0]
    rng, width, batch = stream("tests unit variance", name), 512, 1024
    f = GATES.get(name, name)
    forward, backward = (kernel(f, way, dtype="float32", at_defaults=True) for way in ("forward", "backward"))
    sizes = {key: [] for key in ("up", "value", "back", "multiplier")}
    for _ in range(16):
        x = rng.standard_normal((batch, width), dtype=np.float32)
        first, other = rng.standard_normal((2, width, width), dtype=np.float32) / np.float32(width**0.5)
        scaled = np.float32((width / np.square(x).sum(axis=1, keepdims=True)) ** 0.5) * x
        z, a = scaled @ first, scaled @ other
        h = forward(z) * (a if name in GATES else 1)
        # the next weights keep each size in the mean; drawn too, they would only add their noise
        sizes["up"].append(np.square(h * np.float32(row["forward"])).mean(dtype=float))
        sizes["value"].append((h * np.float32(row["value"])).var(dtype=float))
        d = rng.standard_normal((batch, width), dtype=np.float32)
        slope = backward(d, z) * np.float32(row["slope"])
        sizes["back"].append(np.square(slope * (a if name in GATES else 1)).mean(dtype=float))
        if name in GATES:
            sizes["multiplier"].append(np.square(d * forward(z) * np.float32(row["multiplier"])).mean(dtype=float))
    for key, found in sizes.items():
        if found:
            assert np.mean(found) ** 0.5 == pytest.approx(1.0, abs=0.002), key


def test_torch_modules_get_the_exact_gain():
    torch = pytest.importorskip("torch")
    from actbench.torch import gain_

    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(400, 800), torch.nn.SiLU(), torch.nn.Conv2d(64, 32, 3))
    for mode, fans in (("fan_in", (400, 576)), ("fan_out", (800, 288))):
        assert gain_(module, "silu", mode=mode) is module
        gain = theory.gains("silu").forward if mode == "fan_in" else theory.gains("silu").slope
        for layer, fan in zip((module[0], module[2]), fans, strict=True):
            assert float(layer.weight.detach().std()) == pytest.approx(gain / fan**0.5, rel=0.02)
            assert not layer.bias.any()
    assert gain_(torch.nn.Linear(3, 3), torch.nn.functional.mish) is not None
    with pytest.raises(ActbenchError, match="fan_in"):
        gain_(module, "silu", mode="forward")
    with pytest.raises(ActbenchError, match="slope"):
        gain_(module, "step", mode="fan_out")


def test_the_card_says_it_in_words(capsys, tmp_path):
    assert main(["theory", "tanh", "swiglu", "--sigma-b2", "0.05"]) == 0
    text = capsys.readouterr().out
    assert "sigma_w2: 1.76" in text
    assert "torch calculate_gain: 1.66667" in text
    (tmp_path / "mine.py").write_text("import numpy as np\n\n\ndef act(x):\n    return np.maximum(x, 0.1 * x)\n")
    assert main(["theory", f"{tmp_path}/mine.py:act", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["moments at q=1"]["kinks and jumps"] == "0"
    assert main(["theory", "rrelu"]) == 0
    assert "in evaluation, negative_slope=0.229167 E f: 0.307518" in capsys.readouterr().out
    assert main(["theory"]) == 2
    assert "no name" in capsys.readouterr().err
    assert main(["show", "gelu"]) == 0
    assert "forward: 1.53353" in capsys.readouterr().out


def test_what_never_comes_to_rest_is_said_in_words(tmp_path):
    from actbench.cli.theory import card

    file = tmp_path / "bump.py"
    file.write_text("import numpy as np\ndef act(x): return np.maximum(x, 0.0) + 0.25 * np.exp(-x * x)\n")
    found = card(f"{file}:act")["He, sigma_w2=2"]
    assert found == {"comes to rest at q": "never: it grows without end"}
