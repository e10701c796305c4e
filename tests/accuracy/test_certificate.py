"""Exported kernels: no warning, the promise kept however products are contracted, and a wrong digit is seen."""

import dataclasses
import re
import shutil
import subprocess

import numpy as np
import pytest

import actbench as ab
from actbench.accuracy import exhaustive
from actbench.accuracy.certificate import SHIPPED, Certificate, certificates, code, compiled, kept
from actbench.accuracy.check_program import check_program
from actbench.accuracy.meter import ErrorMeter
from actbench.cli import main
from actbench.kernels.c99 import header
from actbench.kernels.kernel import kernel

COMPILERS = [name for name in ("gcc", "clang") if shutil.which(name)]
pytestmark = pytest.mark.skipif(not COMPILERS, reason="no C compiler")
FLAGS = ("-O2", "-O3 -march=native -ffp-contract=fast", "-O2 -mfma -ffp-contract=off", "-O1 -ffp-contract=off")
FEW = ("silu", "gelu_tanh", "softplus", "leaky_relu", "sine")
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def write(folder, names, spoilt=lambda text: text, second=False):
    """A header and its check program."""
    rows = [ab.get(name) for name in names]
    (folder / "k.h").write_text(spoilt(header(rows, version="0", second=second)))
    (folder / "check.c").write_text(check_program(rows, "k", second=second))


def built(folder, cc, flags):
    """The check program's answer, compiled without a warning: its status and lines."""
    subprocess.run([cc, *STRICT, *flags.split(), "check.c", "-o", "check", "-lm"], cwd=folder, check=True)
    done = subprocess.run([folder / "check"], capture_output=True, text=True)
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize("flags", FLAGS)
@pytest.mark.parametrize("cc", COMPILERS)
def test_a_header_keeps_the_promise_however_products_are_contracted(tmp_path, cc, flags):
    write(tmp_path, FEW)
    status, lines = built(tmp_path, cc, flags)
    assert status == 0, lines
    assert len(lines) == 4 * len(FEW)


def test_second_derivatives_come_if_asked_for(tmp_path):
    names = ("golu", "hardswish")
    write(tmp_path, names, second=True)
    status, lines = built(tmp_path, COMPILERS[0], FLAGS[2])
    assert status == 0, lines
    assert len(lines) == 6 * len(names)
    said = header([ab.get("golu")], version="0", second=True)
    promised = "promised 1 ulp, next to changes of sign 4 epsilon, double inside"
    assert f"/* golu second: {promised}; errors not measured here */" in said


def test_a_wrong_digit_is_seen(tmp_path):
    def spoilt(text):
        return text.replace("0x1.63p-1f", "0x1.6301p-1f", 1)  # the high part of log 2

    assert spoilt(header([ab.get("silu")], version="0")) != header([ab.get("silu")], version="0")
    write(tmp_path, ["silu"], spoilt)
    status, lines = built(tmp_path, COMPILERS[0], "-O2")
    assert status == 1
    assert not lines[0].endswith(" 0 broken")


def test_a_kept_certificate_is_used_again_while_code_and_compiler_are_the_same(tmp_path):
    row, told, keep = ab.get("relu"), [], tmp_path / "k.csv"

    def measured(flags="-O2"):
        told.clear()
        return certificates(row, cc=COMPILERS[0], flags=flags, every=False, told=told.append, keep=keep)

    first = measured()
    keep.write_text(re.sub("actbench_relu_f64,.*\n", "", keep.read_text()))  # stopped on the way
    assert len(told) == 4
    again = measured()
    assert {name: str(line) for name, line in again.items()} == {name: str(line) for name, line in first.items()}
    assert told == ["actbench_relu_f64"]
    assert all("-O1" in str(line) for line in measured("-O1").values())
    assert len(told) == 4
    keep.write_text("neither\nkind\n")
    with pytest.raises(ab.ActbenchError, match="holds no certificates"):
        measured()


def test_a_certificate_of_other_code_is_none(tmp_path, monkeypatch):
    row = ab.get("relu")
    line = "actbench_relu_f32,{},cc -O2,4294967296,0.25,0x1.8p+1,0.5,0\n"
    names = ",".join(Certificate.__dataclass_fields__)
    monkeypatch.setattr("actbench.accuracy.certificate.SHIPPED", tmp_path / "k.csv")
    measured = "worst 0.25 ulp at 0x1.8p+1 of all 2^32 inputs, 0.5 epsilons next to roots, 0 lost (cc -O2)"
    for of, said in ((code(row), measured), (code(ab.get("elu")), "errors not measured here")):
        (tmp_path / "k.csv").write_text(f"{names}\n{line.format(of)}")
        assert main(["export", "relu", "--out", str(tmp_path / "k.h")]) == 0
        assert f"relu forward: {said} */" in (tmp_path / "k.h").read_text()


def test_certificates_that_come_with_the_package_keep_the_promise(tmp_path):
    known = kept(SHIPPED)
    assert sum("_second_" not in name for name in known) == 4 * 120  # every row that can be exported
    for name, line in known.items():
        assert line.holds, name
        assert (line.inputs == 1 << 32) == name.endswith("_f32"), name
    assert main(["export", "gish", "silu", "--out", str(tmp_path / "k.h")]) == 0
    said = [line for line in (tmp_path / "k.h").read_text().splitlines() if "of all 2^32 inputs" in line]
    assert len(said) == 4
    line = known["actbench_gish_backward_f32"]
    assert not dataclasses.replace(line, worst_ulp=16.22).holds
    assert "more than is promised" in str(dataclasses.replace(line, root_zone_eps=1.01))


def test_certificates_say_what_was_measured_and_how():
    row = ab.get("leaky_relu:negative_slope=0.3")
    known = certificates(row, cc=COMPILERS[0], flags="-O2", every=False, second=True)
    assert list(known) == [
        f"actbench_leaky_relu{way}_f{bits}" for way in ("", "_backward", "_second") for bits in (32, 64)
    ]  # fmt: skip
    for line in map(str, known.values()):
        assert re.fullmatch(
            r"worst \d+\.\d\d ulp at \S+ of [\d,]+ sampled inputs(, .* next to roots)?, 0 lost \(.* -O2, .*\)", line
        )
        assert float(line.split()[1]) <= 8
        assert line in header([row], version="0", certificates=known, second=True)


def test_every_float_is_judged_as_the_fused_kernel_is(monkeypatch):
    monkeypatch.setattr(exhaustive, "SHARE", 1 << 22)  # the floats from 2 to 4 take two

    def swept(narrow, direction="forward"):
        sweep = exhaustive._Sweep("silu", direction, narrow)
        for start in (0x40000000, 0x40400000):
            sweep.share(start)
        return sweep

    with compiled(ab.get("silu"), cc=COMPILERS[0], flags="-O2", second=True) as call:
        found = swept(call("forward", "float32"))
        bent = swept(call("second", "float32"), "second")
    assert 0.5 < found.worst <= 8
    assert found.lost == found.special == 0
    assert 0.49 < bent.worst <= 0.51  # in double, rounded once
    assert bent.root_eps < 0.1  # f'' turns at 2.399
    assert bent.lost == bent.special == 0
    good = kernel("silu", dtype="float32")

    def wrong(x, out):
        good(x, out=out)
        out[x == 3.0] += 1.0
        return out

    assert swept(wrong).at == 3.0


@pytest.mark.slow
def test_every_row_can_be_taken_along_without_a_warning(tmp_path):
    rows = [row.name for row in ab.ACTIVATIONS if row.kind == "elementwise" and not row.opaque]
    write(tmp_path, rows)
    for cc in COMPILERS:
        for flags in ("-O2 -ffp-contract=off", "-O3 -march=native -ffp-contract=fast"):
            status, lines = built(tmp_path, cc, flags)
            assert status == 0, [cc, flags, *(line for line in lines if not line.endswith(" 0 broken"))]
            assert len(lines) == 4 * len(rows)


def test_the_verb_writes_two_files_and_refuses_in_one_line(tmp_path, capsys):
    assert main(["export", "relu", "tanh", "--out", str(tmp_path / "mine.h")]) == 0
    assert capsys.readouterr().out.split() == [str(tmp_path / "mine.h"), str(tmp_path / "mine_check.c")]
    (tmp_path / "folder.csv").mkdir()
    for words, said in (
        (["export", "rleu"], "relu"), (["export", "relu", "--out", "mine.c"], "ends in .h"),
        (["export", "relu", "--cc", "gcc"], "--certify"), (["export", "relu", "--certify", "--keep", "here"], ".csv"),
        (["export", "relu", "--certify", "--cc", "tcc-9"], "looked for tcc-9"),
        (["export", "relu", "--certify", "--keep", str(tmp_path / "folder.csv")], "no plain file"),
        (["export", "softmax"], "softmax"),
        (["export", "relu", "--certify", "sampled", "--flags=-nonsense", "--out", str(tmp_path / "n.h")], "refused"),
    ):  # fmt: skip
        assert main(words) == 2, words
        error = capsys.readouterr().err.splitlines()
        assert said in error[-1], words
    assert not (tmp_path / "n.h").exists()


def test_terms_of_a_slope_count_wherever_they_matter(monkeypatch):
    monkeypatch.setattr(exhaustive, "SHARE", exhaustive.BLOCK)
    start = int(np.array(40.8, np.float32).view(np.int32))  # the slope of gcu has a root at 40.865
    sweep = exhaustive._Sweep("gcu", "backward", None)
    sweep.share(start)
    x = np.arange(start, start + exhaustive.BLOCK, dtype=np.int32).view(np.float32)
    found = ErrorMeter("gcu", "backward", "float32", x).measure(sweep.fused(x))
    assert (sweep.worst, sweep.at) == (pytest.approx(found.worst, abs=1e-6), found.at)


def test_what_is_known_of_all_inputs_stays_beside_a_sample():
    from types import SimpleNamespace

    from actbench.cli.export import beside

    whole, sample = SimpleNamespace(inputs=1 << 32), SimpleNamespace(inputs=20_000)
    assert beside(None, sample) is sample
    assert beside(sample, whole) is whole
    assert beside(whole, sample) == f"{whole}; here: {sample}"


def test_no_folder_is_made(tmp_path, capsys):
    assert main(["export", "relu", "--out", str(tmp_path / "none" / "k.h")]) == 2
    assert "no folder" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
