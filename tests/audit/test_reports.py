"""What an audit of a small file says, and how: on a terminal, as JSON, JUnit, SARIF, a page; exit status, baseline."""

from __future__ import annotations

import json
import math
import os
import re
from pathlib import Path
from xml.etree import ElementTree

import mpmath
import numpy as np
import pytest

from actbench.audit.audited import audit
from actbench.audit.finding import KINDS, SEVERITIES
from actbench.audit.recognise import row_named
from actbench.cli import main

HOMEWORK = '''
import numpy as np

def softplus(x):
    return np.log(1 + np.exp(x))

class SiLU:
    """Right forward; its backward pass forgets a term."""
    def forward(self, x):
        self.x, self.s = x, np.where(x < 0, np.exp(-np.abs(x)), 1) / (1 + np.exp(-np.abs(x)))
        return np.maximum(x, -1e30) * self.s
    def backward(self, dout):
        return dout * self.s

def relu(x):
    return np.maximum(x, 0)

def leaky_relu(x, negative_slope=0.3):
    return np.where(x > 0, x, negative_slope * x)

def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))

def load(path):
    return open(path)
'''


@pytest.fixture(scope="module")
def homework(tmp_path_factory):
    place = tmp_path_factory.mktemp("homework <b>") / "work.py"
    place.write_text(HOMEWORK, encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def report(homework):
    return audit(str(homework), dtypes=("float32", "float64"), count=500)


def of(report, name):
    return next(one for one in report.subjects if one.target.endswith(f":{name}"))


def test_what_a_file_holds_is_recognised_and_told_apart(report):
    rows = {one.target.rpartition(":")[2]: one.row for one in report.subjects}
    assert rows == {"softplus": "softplus", "SiLU": "silu", "relu": "relu",
                    "leaky_relu": "leaky_relu:negative_slope=0.3", "gelu": "gelu_tanh"}  # fmt: skip
    assert report.others == 1
    assert not of(report, "relu").findings
    (other,) = of(report, "leaky_relu").findings
    assert (other.kind, other.level) == ("defaults", "note")
    assert "by default 0.01" in other.sentence()
    name = next(f for f in of(report, "gelu").findings if f.kind == "name")
    assert "is called gelu and computes gelu_tanh" in name.sentence()


def test_the_smallest_input_of_an_overflow_is_the_first_one(report):
    found = next(f for f in of(report, "softplus").findings if f.kind == "overflow")
    one_less = np.nextafter(np.float32(found.at), np.float32(0))
    with np.errstate(over="ignore"):
        assert np.isinf(np.exp(np.float32(found.at)))
        assert np.isfinite(np.exp(one_less))
    assert found.exact == float(np.float32(mpmath.log1p(mpmath.exp(found.at))))
    assert math.isinf(found.came)


def test_a_backward_that_forgets_a_term_is_found_with_numbers(report):
    found = next(f for f in of(report, "SiLU").findings if (f.kind, f.direction) == ("value", "backward"))
    s = 1 / (1 + mpmath.exp(-mpmath.mpf(found.at)))
    assert found.level == "error"
    assert found.exact == pytest.approx(float(s + found.at * s * (1 - s)), rel=1e-6)
    assert found.came == pytest.approx(float(s), rel=1e-6)


def test_both_languages_and_json_have_every_number(report):
    for finding in report.findings:
        data = finding.data()
        assert set(data["sentence"]) == {"en", "zh"}
        assert re.search("[\u4e00-\u9fff]", data["sentence"]["zh"])
        if finding.at is not None:
            assert float(data["at"]["decimal"]) == float.fromhex(data["at"]["hex"]) == finding.at
        assert finding.level in SEVERITIES
        assert finding.promise


def test_every_file_and_the_exit_status(homework, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(homework.parent)
    files = {kind: tmp_path / f"a.{kind}" for kind in ("html", "junit", "sarif")}
    options = ["audit", "work.py", "--dtype", "float32", "--count", "200"]
    assert main([*options, "--json", *(word for k, f in files.items() for word in (f"--{k}", str(f)))]) == 1
    text = capsys.readouterr().out
    data = json.loads(text)
    assert data["schema"] == "actbench-audit-1"
    log = json.loads(files["sarif"].read_text(encoding="utf-8"))
    _sarif(log)
    _by_the_schema(log)
    suite = ElementTree.parse(files["junit"]).getroot()
    count = sum(len(one["findings"]) for one in data["subjects"])
    assert suite.get("failures") == str(count) == str(len(suite.findall("testcase/failure")))
    page = files["html"].read_text(encoding="utf-8")
    assert "0x1.62e43p+6" in page
    assert "http" not in page.replace("http-equiv", "")
    known = tmp_path / "known.json"
    known.write_text(text, encoding="utf-8")
    assert main([*options, "--baseline", str(known)]) == 0
    assert f"{count} of them known" in capsys.readouterr().out
    assert main([*options, "--fail-on", "never", "--lang", "zh"]) == 0
    assert "正确值" in capsys.readouterr().out
    assert main([*options, "--baseline", str(files["html"])]) == 2


def _sarif(log):
    """What SARIF 2.1.0 demands of a log, a run, a rule and a result; its objects have no properties of one's own."""
    assert log.keys() == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "actbench"
    assert len({rule["id"] for rule in driver["rules"]}) == len(driver["rules"])
    assert run.keys() <= {"tool", "results", "columnKind"}
    assert driver.keys() <= {"name", "version", "rules", "informationUri"}
    for rule in driver["rules"]:
        assert rule.keys() <= {"id", "name", "shortDescription", "defaultConfiguration", "help"}
        assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
    for result in run["results"]:
        assert result.keys() <= {
            "ruleId", "ruleIndex", "level", "message", "partialFingerprints", "properties", "baselineState",
            "locations",
        }  # fmt: skip
        assert all(isinstance(value, str) for value in result["partialFingerprints"].values())
        assert result["locations"][0].keys() <= {"logicalLocations", "physicalLocation"}
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["message"]["text"]
        assert result["baselineState"] in ("new", "unchanged", "updated", "absent")
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "work.py"
        assert place["region"]["startLine"] >= 1
    softplus = next(r for r in run["results"] if ":softplus" in r["message"]["text"])
    assert softplus["locations"][0]["physicalLocation"]["region"]["startLine"] == 4


def _by_the_schema(log):
    """By SARIF's own schema: SARIF_SCHEMA=sarif-schema-2.1.0.json, from docs.oasis-open.org/sarif/sarif/v2.1.0."""
    if file := os.environ.get("SARIF_SCHEMA"):
        jsonschema = pytest.importorskip("jsonschema")
        schema = json.loads(Path(file).read_text(encoding="utf-8"))
        kind = jsonschema.validators.validator_for(schema)
        found = list(kind(schema, format_checker=jsonschema.FormatChecker()).iter_errors(log))
        assert not found, [(list(error.path), error.message) for error in found]


def test_a_reference_is_judged_too(homework, tmp_path):
    mine = tmp_path / "mine.py"
    mine.write_text("import numpy as np\n\ndef softplus(x):\n    return np.logaddexp(0, x)\n", encoding="utf-8")
    found = audit(f"{mine}:softplus", golden=f"{homework}:softplus", dtypes=("float32",), count=200)
    own, reference = found.subjects
    assert not own.findings
    assert reference.golden
    assert {f.kind for f in reference.findings} == {"reference"}
    assert any(f.at == pytest.approx(88.7228394) and f.exact == f.at for f in reference.findings)


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("ReLU", ("relu", False)), ("my_gelu", ("gelu", False)), ("GELUTanh", ("gelu_tanh", False)),
        ("AReLU", ("arelu", False)), ("HardSwishLayer", ("hardswish", False)), ("dtanh", ("", False)),
        ("sigmoid_derivative", ("sigmoid", True)), ("d_tanh", ("tanh", True)), ("linear_map", ("", False)),
        ("softmax", ("softmax", False)), ("stable_softplus_forward", ("softplus", False)), ("train", ("", False)),
    ],
)  # fmt: skip
def test_names_speak_of_rows(name, row):
    assert row_named(name) == row


def test_every_class_of_findings_has_both_sentences():
    for kind in KINDS.values():
        fields = [set(re.findall(r"{(\w+)}", text)) for text in (kind.en, kind.zh)]
        assert fields[0] == fields[1]
        assert kind.severity in SEVERITIES


NUMBERS = """
import math

def sigmoid(x):
    return 1 / (1 + math.exp(-x))

def relu(x):
    if x > 0:
        return x
    return 0.0 if x <= 0 else x
"""


def test_functions_of_one_number_are_called_for_each(tmp_path):
    (tmp_path / "numbers.py").write_text(NUMBERS, encoding="utf-8")
    sigmoid, relu = audit(str(tmp_path / "numbers.py"), count=200).subjects
    assert sigmoid.dtypes == relu.dtypes == ("float64",)
    assert not relu.findings
    (found,) = sigmoid.findings
    assert (found.kind, found.at) == ("overflow", pytest.approx(-709.7827128933841))
    with pytest.raises(OverflowError):
        math.exp(-found.at)
    assert math.isfinite(math.exp(np.nextafter(-found.at, 0)))


TORCH = """
import torch

class F(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.tanh(x)
    @staticmethod
    def backward(ctx, dy):
        y = torch.tanh(ctx.saved_tensors[0]).detach()
        return dy * (1 - y * y)

def tanh_once(x):
    return F.apply(x)

def tanh_twice(x):
    return torch.tanh(x)
"""


def test_a_second_derivative_that_autograd_loses_is_found(tmp_path):
    pytest.importorskip("torch")
    (tmp_path / "twice.py").write_text(TORCH, encoding="utf-8")
    report = audit(str(tmp_path / "twice.py"), dtypes=("float64",), count=100)
    found = {one.target.rpartition(":")[2]: [f for f in one.findings if f.kind == "second derivative"]
             for one in report.subjects}  # fmt: skip
    assert not found["tanh_twice"]
    (lost,) = found["tanh_once"]
    assert lost.came == 0
    assert lost.exact == pytest.approx(float(mpmath.diff(mpmath.tanh, lost.at, 2)), rel=1e-9)


JAX = """
import jax

@jax.custom_jvp
def softplus(x):
    return jax.numpy.logaddexp(x, 0.0)

@softplus.defjvp
def _(primals, tangents):
    return softplus(*primals), jax.lax.stop_gradient(jax.nn.sigmoid(*primals)) * tangents[0]

def softsign(x):
    return x / (1 + jax.numpy.abs(x))
"""


def test_a_second_derivative_that_jax_loses_is_found(tmp_path):
    pytest.importorskip("jax")
    (tmp_path / "twice.py").write_text(JAX, encoding="utf-8")
    report = audit(str(tmp_path / "twice.py"), dtypes=("float64",), count=100)
    found = {one.row: {f.kind: f for f in one.findings if f.direction == "second"} for one in report.subjects}
    assert "second derivative" not in found["softsign"]
    lost = found["softplus"]["second derivative"]
    assert lost.came == 0
    s = 1 / (1 + mpmath.exp(-mpmath.mpf(lost.at)))
    assert lost.exact == pytest.approx(float(s * (1 - s)), rel=1e-12)
    assert lost.promise == "softplus: 256 ulp by NumPy, 256 ulp compiled"


def test_digits_of_a_second_derivative_count_in_ulp(tmp_path):
    """Autograd's of mish is NaN where the exponential inside overflows, which no 41 points would show."""
    pytest.importorskip("torch")
    text = "import torch\n\n\ndef mish(x):\n    return x * torch.tanh(torch.nn.functional.softplus(x))\n"
    (tmp_path / "mine.py").write_text(text, encoding="utf-8")
    (one,) = audit(str(tmp_path / "mine.py"), dtypes=("float32",), count=100).subjects
    found = {f.kind: f for f in one.findings if f.direction == "second"}
    assert found
    assert all(f.ulp > 16 for f in found.values())


NAMES = """
import numpy as np

class SineReLU:
    def forward(self, x):
        return np.where(x > 0, x, 0.2 * (np.sin(x) - np.cos(x)))
    def backward(self, dy):
        return dy

class FastGELU:
    def forward(self, x):
        return 0.5 * x * (1 + np.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))
    def backward(self, dy):
        return dy

def noisy_relu(x):
    return np.maximum(x, 0) + np.random.default_rng().normal(size=x.shape).astype(x.dtype)

def unnamed(x):
    return np.maximum(x, 0)
"""


def test_a_name_that_contains_another_is_not_that_one(tmp_path):
    (tmp_path / "names.py").write_text(NAMES, encoding="utf-8")
    report = audit(str(tmp_path / "names.py"), dtypes=("float32",), count=100)
    rows = {one.target.rpartition(":")[2]: one.row for one in report.subjects}
    assert rows == {"FastGELU": "gelu_tanh", "noisy_relu": "relu", "unnamed": "relu"}
    assert [one.near != "" for one in report.left_out] == [True]
    assert report.others == 0
    noisy = {f.kind for f in of(report, "noisy_relu").findings}
    assert "state" in noisy
    assert not noisy & {"length", "layout", "neighbours", "alignment"}


def test_a_module_is_measured_in_the_format_of_its_weights(tmp_path):
    pytest.importorskip("torch")
    code = """
import torch

class LeakyReLU(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.negative_slope = torch.nn.Parameter(torch.tensor(0.01))
    def forward(self, x):
        return torch.where(x > 0, x, self.negative_slope * x)
"""
    (tmp_path / "module.py").write_text(code, encoding="utf-8")
    (one,) = audit(str(tmp_path / "module.py"), count=100).subjects
    assert (one.row, one.findings) == ("leaky_relu", ())
    assert "float64" not in one.dtypes


def test_a_function_of_another_s_parameter_has_other_defaults(tmp_path):
    """Swish(beta=1.25), as a zoo has it, is no wrong silu."""
    file = tmp_path / "mine.py"
    file.write_text("import numpy as np\n\ndef Swish(x):\n    return x / (1 + np.exp(-1.25 * x))\n\n\n"
                    "def prelu(x):\n    return np.where(x > 0, x, 0.1 * x)\n", encoding="utf-8")  # fmt: skip
    found = {
        one.row: {f.kind for f in one.findings} for one in audit(str(file), dtypes=("float32",), count=100).subjects
    }
    assert "defaults" in found["swish_beta:beta=1.25"]
    assert not {"value", "second derivative"} & found["swish_beta:beta=1.25"]
    assert found["prelu:weight=0.1"] == {"defaults"}


def test_a_package_of_modules_is_audited_module_by_module(tmp_path, monkeypatch):
    (tmp_path / "a_zoo").mkdir()
    for name, text in (("__init__", ""), ("broken", "import no_such_module"), ("relu", RELU), ("tanh", TANH)):
        (tmp_path / "a_zoo" / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    found = audit("a_zoo", dtypes=("float32",), count=100)
    broken, *others = found.subjects
    assert [(one.target, one.row) for one in others] == [("a_zoo.relu:ReLU", "relu"), ("a_zoo.tanh:Tanh", "tanh")]
    assert [(f.kind, "no_such_module" in f.sentence()) for f in broken.findings] == [("raises", True)]


RELU = "import numpy as np\n\ndef ReLU(x):\n    return np.maximum(x, 0)\n"
TANH = "from a_zoo.relu import ReLU\nimport numpy as np\n\ndef Tanh(x):\n    return np.tanh(x)\n"
