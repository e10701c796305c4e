"""Targets that are no Python: symbols of a compiled library, dumps of a device, ONNX models."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from functools import partial

import numpy as np
import pytest

from actbench.activations.registry import along
from actbench.audit.audited import audit
from actbench.audit.discover import Candidate
from actbench.audit.gates import gate_findings
from actbench.cli import main
from actbench.core.errors import ActbenchError
from actbench.identification.blackbox import BlackBox
from actbench.implementations.targets.target import load, parse

C = r"""
#include <math.h>
#include <stddef.h>
void relu_f32(const float *x, float *y, size_t n) { for (size_t i = 0; i < n; i++) y[i] = x[i] <= 0 ? 0 : x[i]; }
void tanh_f64(const double *x, double *y, size_t n) { for (size_t i = 0; i < n; i++) y[i] = tanh(x[i]); }
void tanh_slope(const double *dy, const double *x, double *dx, size_t n) {
    for (size_t i = 0; i < n; i++) { double q = exp(-2 * fabs(x[i])); dx[i] = dy[i] * 4 * q / ((1 + q) * (1 + q)); } }
void relu_blocks_of_eight(const float *x, float *y, size_t n) {
    for (size_t i = 0; i < n / 8 * 8; i++) y[i] = x[i] <= 0 ? 0 : x[i];
    for (size_t i = n / 8 * 8; i < n; i++) y[i] = x[i]; }
void relu_beyond(const float *x, float *y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = x[i] <= 0 ? 0 : x[i];
    if (n) y[n] = 0; }
void silu_aliased(const float *x, float *y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = (float)(1 / (1 + exp(-(double)x[i])));
    for (size_t i = 0; i < n; i++) y[i] = x[i] * y[i]; }
void gelu_crash(const float *x, float *y, size_t n) {
    for (size_t i = 0; i < n; i++) { y[i] = (float)(x[i] * 0.5 * erfc(-x[i] * 0.70710678118654752)); }
    if (n == 77) *(volatile int *)8 = 1; }
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    cc = shutil.which("gcc") or shutil.which("cc")
    if cc is None:
        pytest.skip("no C compiler")
    place = tmp_path_factory.mktemp("library")
    (place / "k.c").write_text(C, encoding="utf-8")
    subprocess.run([cc, "-O2", "-fPIC", "-shared", "-o", place / "libk.so", place / "k.c", "-lm"], check=True)
    return place / "libk.so"


def kinds(target, **options):
    return {f.kind: f for f in audit(target, count=200, **options).findings}


def test_right_symbols_have_no_finding(library):
    assert not kinds(f"{library}:relu_f32")
    assert not kinds(f'{library}:tanh_f64(backward="tanh_slope")')


def test_faults_of_kernels_in_c_are_found(library):
    remainder = kinds(f"{library}:relu_blocks_of_eight")["length"]
    assert remainder.detail == "n = 1"
    assert remainder.came == remainder.at < 0 == remainder.exact
    assert "writes beyond" in kinds(f"{library}:relu_beyond")["raises"].detail
    found = kinds(f"{library}:silu_aliased")
    assert found["in place"].detail == "x and y are one array"
    assert found["limit"].at == -math.inf


def test_a_crash_is_a_finding_and_says_where(library):
    found = kinds(f"{library}:gelu_crash")
    assert set(found) == {"crash"}
    assert found["crash"].detail == "ends its process (SIGSEGV) (arrays)"


def test_what_a_library_lacks_is_one_line(library):
    with pytest.raises(ActbenchError, match="no symbol 'missing'"):
        load(parse(f"{library}:missing"))
    with pytest.raises(ActbenchError, match="names no object"):
        parse(str(library))
    with pytest.raises(ActbenchError, match="no option 'color'"):
        load(parse(f'{library}:relu_f32(color="red")'))
    forward = load(parse(f'{library}:relu_f32(order="xyn")')).values("forward", "float32")
    assert forward(np.array([[-1.0, 2.0]], np.float32)).tolist() == [[0.0, 2.0]]


X = np.concatenate([np.linspace(-8, 8, 321), [np.nan, np.inf, -np.inf, -0.0]])


def dumped(place, kind, x, y):
    """A file as a device's owner would write it."""
    file = place / f"gelu.{kind}"
    if kind == "npz":
        np.savez(file, x=x, y=y)
    elif kind == "csv":
        lines = [f"{float(a).hex()},{float(b)!r}" for a, b in zip(x, y, strict=True)]
        file.write_text("Input,Output\n" + "\n".join(lines) + "\n", encoding="utf-8")
    else:
        name = {"float32": "F32", "float16": "F16", "bfloat16": "BF16"}[x.dtype.name]
        size = x.nbytes
        head = {"x": {"dtype": name, "shape": [x.size], "data_offsets": [0, size]},
                "y": {"dtype": name, "shape": [x.size], "data_offsets": [size, 2 * size]},
                "__metadata__": {"device": "unknown"}}  # fmt: skip
        text = json.dumps(head).encode()
        file.write_bytes(len(text).to_bytes(8, "little") + text + x.tobytes() + y.tobytes())
    return file


def gelu(x):
    return np.array([v * 0.5 * math.erfc(-v / math.sqrt(2)) if abs(v) < 100 else max(v, 0.0) for v in x.astype(float)])


@pytest.mark.parametrize("kind", ["npz", "csv", "safetensors"])
def test_a_dump_is_judged_at_its_own_inputs(tmp_path, kind):
    x = X.astype(np.float32)
    right = gelu(x).astype(np.float32)
    assert not kinds(str(dumped(tmp_path, kind, x, right)))
    wrong = np.where(x >= 2.5, right + np.float32(0.125), right)
    found = kinds(str(dumped(tmp_path, kind, x, wrong)))
    assert set(found) == {"value"}
    assert (found["value"].at, found["value"].dtype) == (2.5, "float32")


def test_a_dump_of_bfloat16_has_its_own_places(tmp_path):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    x = X.astype(ml_dtypes.bfloat16)
    right = gelu(x).astype(ml_dtypes.bfloat16)
    assert not kinds(str(dumped(tmp_path, "safetensors", x, right)))
    bits = right.view(np.uint16).copy()
    bits[-20:-4] += 9  # nine places of eight bits
    found = kinds(str(dumped(tmp_path, "safetensors", x, bits.view(ml_dtypes.bfloat16))))
    assert set(found) == {"value"}
    assert found["value"].dtype == "bfloat16"
    assert 8 < found["value"].ulp < 10


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [("a.csv", b"x,y\n1,\xff\n", "cannot be read as csv"), ("b.csv", b"a,b\n1,2\n", "it needs x"),
     ("c.csv", b"x,y\n1,2,3\n", "cannot be read"), ("d.npz", b"no zip", "cannot be read as npz"),
     ("e.safetensors", b"\xff" * 20, "cannot be read as safetensors"), ("f.csv", b"", "cannot be read as csv"),
     ("g.so", b"no ELF", "no library that can be loaded")],
)  # fmt: skip
def test_a_damaged_file_is_one_line(tmp_path, name, content, why):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ActbenchError, match=why) as caught:
        load(parse(str(tmp_path / name) + (":f" if name.endswith(".so") else "")))
    assert "\n" not in str(caught.value)


def test_a_dump_too_large_is_refused(tmp_path):
    file = tmp_path / "silu.npz"
    with file.open("wb") as handle:
        handle.truncate(2**31)  # no byte of it is written
    with pytest.raises(ActbenchError, match="2,147,483,648 bytes"):
        load(parse(str(file)))


def test_an_onnx_file_is_an_implementation(tmp_path):
    helper = pytest.importorskip("onnx.helper")
    pytest.importorskip("onnxruntime")
    for name, shape in (("free", ["n"]), ("fixed", [2, 3])):
        ports = [helper.make_tensor_value_info(port, 1, shape) for port in ("x", "y")]
        graph = helper.make_graph([helper.make_node("Sigmoid", ["x"], ["y"])], "g", ports[:1], ports[1:])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
        file = tmp_path / f"sigmoid_{name}.onnx"
        file.write_bytes(model.SerializeToString())
        (one,) = audit(str(file), count=200).subjects
        assert (one.row, one.dtypes) == ("sigmoid", ("float32",))


HALVES = [("Split", ["x"], ["a", "b"], {"axis": -1, "num_outputs": 2})]
PAIRED = [("Slice", ["x", f"from_{at}", "far", "last", "two"], [name], {}) for at, name in ((0, "a"), (1, "b"))]
PRODUCT = [("Sigmoid", ["a"], ["s"], {}), ("Mul", ["a", "s"], ["h"], {}), ("Mul", ["h", "b"], ["y"], {})]


def gate_model(file, shape, nodes, dtype="float32"):
    """SwiGLU of one array, as converters write it."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    helper, kind = onnx.helper, onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    half = [n // 2 if isinstance(n, int) and i == len(shape) - 1 else n for i, n in enumerate(shape)]
    ports = [helper.make_tensor_value_info("x", kind, shape), helper.make_tensor_value_info("y", kind, half)]
    if ports[1].type.tensor_type.shape.dim[-1].dim_param:
        ports[1].type.tensor_type.shape.dim[-1].dim_param = "half"
    numbers = {"from_0": 0, "from_1": 1, "far": 2**62, "last": -1, "two": 2}
    held = [onnx.numpy_helper.from_array(np.array([value], np.int64), name) for name, value in numbers.items()]
    made = [helper.make_node(*node[:3], **node[3]) for node in (*nodes, *PRODUCT)]
    graph = helper.make_graph(made, "g", ports[:1], ports[1:], held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    file.write_bytes(model.SerializeToString())
    return file


SHAPES = [["m"], ["b", "n", "m"], ["n", 16], [4, 16], [3, "m"]]


@pytest.mark.parametrize(("shape", "dtype"), [
    *((["n", "m"], dtype) for dtype in ("float64", "float16")), *((shape, "float32") for shape in SHAPES),
])  # fmt: skip
def test_a_gate_that_halves_its_last_axis_is_judged_in_its_own_format(tmp_path, shape, dtype):
    for nodes, layout in ((HALVES, "halves"), (PAIRED, "interleaved")):
        given = load(parse(str(gate_model(tmp_path / f"{layout}.onnx", shape, nodes, dtype))))
        box = BlackBox(given)
        assert (box.kind, box.dtype, box.layouts()[0].name) == ("halved", dtype, layout)
        candidate = Candidate(target="g", name="g", given=partial(lambda it: it, given))
        for like in ("halves", "interleaved"):
            row = along(f"swiglu:layout={like}")
            came, formats = gate_findings(candidate, row, {"dtypes": ["float32"], "max_ulp": 1e7, "count": 64})
            assert formats == [dtype]
            assert {f.dtype for f in came} <= {dtype}
            assert any("(swiglu" in f.detail for f in came) is (like != layout), [f.sentence() for f in came]


def test_a_gate_s_file_is_found_by_its_name(tmp_path):
    (one,) = audit(str(gate_model(tmp_path / "swiglu.onnx", ["n", "m"], HALVES)), count=100).subjects
    assert (one.row, one.dtypes) == ("swiglu", ("float32",))
    assert {f.kind for f in one.findings} <= {"gate"}


def test_files_that_are_no_sound_models_are_said_to_be_so(tmp_path):
    helper = pytest.importorskip("onnx.helper")
    pytest.importorskip("onnxruntime")
    ports = [helper.make_tensor_value_info(port, 1, ["n"]) for port in ("x", "y")]
    graph = helper.make_graph([helper.make_node("NoSuch", ["x"], ["y"])], "g", ports[:1], ports[1:])
    unknown = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10).SerializeToString()
    for name, content, said in (("cut", unknown[:40], "is no ONNX model"), ("empty", b"", "is no ONNX model"),
                                ("unknown", unknown, "onnx.checker.check_model says where")):  # fmt: skip
        (tmp_path / f"{name}.onnx").write_bytes(content)
        assert said in kinds(str(tmp_path / f"{name}.onnx"))["raises"].detail


OBJECTS = """
import numpy as np

class LeakyReLU:
    def __init__(self, alpha=0.01):
        self.alpha = alpha
    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha * x)
    def backward(self, dy):
        return np.where(self.x > 0, dy, self.alpha * dy)

class Mask(LeakyReLU):
    def forward(self, x):
        self.x = x
        return x * (x > 0)
    def backward(self, dy):
        return self.x > 0

act = LeakyReLU(0.3)
mask = Mask()

def step(x):
    return 0 if x < 0 else x

first = np.vectorize(step)
right = np.vectorize(step, otypes=[float])
"""


def test_an_object_is_held_to_its_class_and_its_own_numbers(tmp_path):
    (tmp_path / "o.py").write_text(OBJECTS, encoding="utf-8")
    report = audit(f"{tmp_path / 'o.py'}:act", dtypes=("float32",), count=200)
    (one,) = report.subjects
    assert one.row == "leaky_relu:negative_slope=0.3"
    assert [(f.kind, f.level) for f in one.findings] == [("defaults", "note")]
    assert one.findings[0].detail.startswith("negative_slope = 0.3")


def test_a_first_element_that_decides_the_type_is_told(tmp_path):
    (tmp_path / "o.py").write_text(OBJECTS, encoding="utf-8")
    found = kinds(f"{tmp_path / 'o.py'}:first")
    assert "otypes=[float]" in found["raises"].detail
    assert "raises" not in kinds(f"{tmp_path / 'o.py'}:right", dtypes=("float64",))


def test_a_mask_as_a_slope_is_no_slope(tmp_path, capsys):
    (tmp_path / "o.py").write_text(OBJECTS, encoding="utf-8")
    assert kinds(f"{tmp_path / 'o.py'}:mask", like="relu", dtypes=("float32",))["linear"].came == 1.0
    assert main(["show", f"{tmp_path / 'o.py'}:mask"]) == 0
    assert "not linear in dy" in " ".join(capsys.readouterr().out.split())
