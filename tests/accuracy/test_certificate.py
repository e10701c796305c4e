"""Exported kernels: no warning, the promise kept however products are contracted, and a wrong digit is seen."""

import re
import shutil
import subprocess

import pytest

import actbench as ab
from actbench.accuracy import exhaustive
from actbench.accuracy.certificate import certificates, check_program, compiled
from actbench.cli import main
from actbench.kernels.c99 import header
from actbench.kernels.kernel import kernel

COMPILERS = [name for name in ("gcc", "clang") if shutil.which(name)]
pytestmark = pytest.mark.skipif(not COMPILERS, reason="no C compiler")
FLAGS = ("-O2", "-O3 -march=native -ffp-contract=fast", "-O2 -mfma -ffp-contract=off", "-O1 -ffp-contract=off")
FEW = ("silu", "gelu_tanh", "softplus", "leaky_relu", "sine")
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def built(tmp_path, names, cc, flags, spoilt=lambda text: text):
    """A check program's answer: its status and lines."""
    rows = [ab.get(name) for name in names]
    (tmp_path / "k.h").write_text(spoilt(header(rows, version="0")))
    (tmp_path / "check.c").write_text(check_program(rows, "k"))
    subprocess.run([cc, *STRICT, *flags.split(), "check.c", "-o", "check", "-lm"], cwd=tmp_path, check=True)
    done = subprocess.run([tmp_path / "check"], capture_output=True, text=True)
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize("flags", FLAGS)
@pytest.mark.parametrize("cc", COMPILERS)
def test_a_header_keeps_the_promise_however_products_are_contracted(tmp_path, cc, flags):
    status, lines = built(tmp_path, FEW, cc, flags)
    assert status == 0, lines
    assert len(lines) == 4 * len(FEW)


def test_a_wrong_digit_is_seen(tmp_path):
    def spoilt(text):
        return text.replace("0x1.63p-1f", "0x1.6301p-1f", 1)  # the high part of log 2

    assert spoilt(header([ab.get("silu")], version="0")) != header([ab.get("silu")], version="0")
    status, lines = built(tmp_path, ["silu"], COMPILERS[0], "-O2", spoilt)
    assert status == 1
    assert not lines[0].endswith(" 0 broken")


def test_a_kept_certificate_is_used_again_while_code_and_compiler_are_the_same(tmp_path):
    row, told = ab.get("relu"), []

    def measured(flags="-O2"):
        told.clear()
        return certificates(row, cc=COMPILERS[0], flags=flags, every=False, told=told.append, keep=tmp_path)

    first = measured()
    (tmp_path / "actbench_relu_f64.txt").unlink()  # stopped on the way
    assert len(told) == 4
    assert measured() == first
    assert told == ["actbench_relu_f64"]
    assert all("-O1" in line for line in measured("-O1").values())
    assert len(told) == 4


def test_certificates_say_what_was_measured_and_how():
    row = ab.get("leaky_relu:negative_slope=0.3")
    known = certificates(row, cc=COMPILERS[0], flags="-O2", every=False)
    assert list(known) == [
        f"actbench_leaky_relu{back}_f{bits}" for back in ("", "_backward") for bits in (32, 64)
    ]  # fmt: skip
    for line in known.values():
        assert re.fullmatch(r"worst \d+\.\d\d ulp at \S+ of [\d,]+ sampled inputs, 0 lost \(.* -O2, .*\)", line)
        assert float(line.split()[1]) <= 8
        assert line in header([row], version="0", certificates=known)


def test_every_float_is_judged_as_the_fused_kernel_is(monkeypatch):
    monkeypatch.setattr(exhaustive, "SHARE", 1 << 22)  # the floats from 2 to 4 take two

    def swept(narrow):
        sweep = exhaustive._Sweep("silu", "forward", narrow)
        for start in (0x40000000, 0x40400000):
            sweep.share(start)
        return sweep

    with compiled(ab.get("silu"), cc=COMPILERS[0], flags="-O2") as call:
        found = swept(call("forward", "float32"))
    assert 0.5 < found.worst <= 8
    assert found.lost == found.special == 0
    good = kernel("silu", dtype="float32")

    def wrong(x, out):
        good(x, out=out)
        out[x == 3.0] += 1.0
        return out

    assert swept(wrong).at == 3.0


@pytest.mark.slow
@pytest.mark.parametrize("cc", COMPILERS)
def test_every_row_can_be_taken_along(tmp_path, cc):
    rows = [row.name for row in ab.ACTIVATIONS if row.kind == "elementwise" and not row.opaque]
    status, lines = built(tmp_path, rows, cc, "-O2 -march=native")
    assert status == 0, [line for line in lines if not line.endswith(" 0 broken")]
    assert len(lines) == 4 * len(rows)


def test_the_verb_writes_two_files_and_refuses_in_one_line(tmp_path, capsys):
    assert main(["export", "relu", "tanh", "--out", str(tmp_path / "mine.h")]) == 0
    assert capsys.readouterr().out.split() == [str(tmp_path / "mine.h"), str(tmp_path / "mine_check.c")]
    for words, said in (
        (["export", "rleu"], "relu"), (["export", "relu", "--out", "mine.c"], "ends in .h"),
        (["export", "relu", "--cc", "gcc"], "--certify"), (["export", "softmax"], "softmax"),
        (["export", "relu", "--certify", "sampled", "--flags=-nonsense", "--out", str(tmp_path / "n.h")], "refused"),
    ):  # fmt: skip
        assert main(words) == 2, words
        error = capsys.readouterr().err.splitlines()
        assert said in error[-1], words
    assert not (tmp_path / "n.h").exists()
