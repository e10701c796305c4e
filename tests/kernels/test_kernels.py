"""The fused kernels' wrapper and their cache: any array, and a damaged cache costs time only."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

import actbench as ab
from actbench.core.errors import ActbenchError
from actbench.kernels import cache

X = np.linspace(-3, 3, 64, dtype=np.float32)


def test_out_is_filled_and_returned_and_may_be_the_input():
    k = ab.kernel("silu")
    wanted = k(X)
    out = np.empty_like(X)
    assert k(X, out=out) is out
    np.testing.assert_array_equal(out, wanted)
    same = X.copy()
    np.testing.assert_array_equal(k(same, out=same), wanted)


@pytest.mark.parametrize("shift", [1, 5, -1])
def test_a_partial_overlap_is_copied_first(shift):
    memory = np.arange(80, dtype=np.float32) - 40
    x, out = (memory[:60], memory[shift : 60 + shift]) if shift > 0 else (memory[-shift : 60 - shift], memory[:60])
    wanted = ab.kernel("leaky_relu")(x.copy())
    ab.kernel("leaky_relu")(x, out=out)
    np.testing.assert_array_equal(out, wanted)


def test_out_may_have_any_layout():
    out = np.empty((8, 16), np.float32)[:, ::2]
    x = X.reshape(8, 8)
    ab.kernel("tanh")(x, out=out)
    np.testing.assert_array_equal(out, ab.kernel("tanh")(x))


def test_an_unaligned_array_is_understood():
    raw = np.zeros(64 * 4 + 1, np.uint8)
    x = raw[1:].view(np.float32)
    x[:] = X
    assert not x.flags.aligned
    np.testing.assert_array_equal(ab.kernel("silu")(x), ab.kernel("silu")(X))


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: ab.kernel("relu", dtype="int32"), "float16, float32, float64"),
        (lambda: ab.kernel("silu", "backward_from_output"), "does not keep its output"),
        (lambda: ab.kernel("relu", threads=0), "whole number"),
        (lambda: ab.kernel("relu", "sideways"), "no direction"),
        (lambda: ab.kernel("relu", backend="cuda"), "no backend"),
        (lambda: ab.kernel("prelu", backend="numpy")(X, X, X), "takes x, weight"),
    ],
)
def test_wrong_calls_are_one_clear_line(call, match):
    with pytest.raises(ActbenchError, match=match) as error:
        call()
    assert "\n" not in str(error.value)


def test_parameters_come_at_run_time_as_numbers_or_per_unit():
    x = X.reshape(8, 8)
    per_unit = np.linspace(0.1, 0.9, 8)
    k = ab.kernel("prelu")
    np.testing.assert_allclose(k(x, per_unit.astype(np.float32)), np.where(x > 0, x, per_unit.astype(np.float32) * x))
    bound = ab.kernel("leaky_relu:negative_slope=0.5")
    np.testing.assert_array_equal(bound(np.float32([-2.0])), np.float32([-1.0]))


PROGRAM = """
import sys, warnings
import numpy as np
import actbench as ab
k = ab.kernel("silu")
x = np.linspace(-90, 5, 1000, dtype=np.float32)
wide = x.astype(float)
error = np.abs(k(x) / (wide / (1 + np.exp(-wide))) - 1)[wide > -80].max()
print("right" if error < 1e-6 else "wrong")
"""


def _run(place, before="", **environment):
    done = subprocess.run(
        [sys.executable, "-c", f"{before}\n{PROGRAM}"],
        env={**os.environ, "ACTBENCH_CACHE": str(place), **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done


TEXT = "from numba import njit\n\n@njit('int64(int64)', cache={})\ndef kernel(x):\n    return x + %d\n"
ADDED = 1234567


def _load(place, monkeypatch, added=ADDED):
    """A kernel of one instruction from a cache, as a real one is loaded; numba takes what lies there anew each time."""
    monkeypatch.setenv("ACTBENCH_CACHE", str(place))
    return cache.load((TEXT % added).format)(1) == 1 + added


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Where a process under umask 0 made a cache of two real kernels; numba was told of another."""
    place = tmp_path_factory.mktemp("kept")
    places = {"ACTBENCH_CACHE": str(place / "new" / "below"), "NUMBA_CACHE_DIR": str(place / "numba's")}
    done = _run(places.pop("ACTBENCH_CACHE"), before="import os; os.umask(0)", **places)
    assert done.stdout == "right\n", done.stderr
    return place


@pytest.mark.parametrize("part", ["nbi", "nbc"])
def test_a_damaged_cache_costs_time_only(tmp_path, monkeypatch, part):
    assert _load(tmp_path, monkeypatch)
    (file,) = (tmp_path / "__pycache__").glob(f"k_*.{part}")
    assert len(list((tmp_path / "__pycache__").glob("k_*.nb[ci]"))) == 2  # an index and machine code
    whole = file.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0x55
    other = whole.replace(*(number.to_bytes(4, "little") for number in (ADDED, ADDED + 1)))
    assert (other != whole) == (part == "nbc")  # numba itself would run this without a word
    for damaged in {whole[: len(whole) // 2], b"", bytes(flipped), other} - {whole}:
        file.write_bytes(damaged)
        assert _load(tmp_path, monkeypatch)
        assert file.read_bytes() not in (damaged, b"")


@pytest.mark.slow
def test_real_kernels_of_a_damaged_cache_are_compiled_anew(kept, tmp_path):
    place = tmp_path / "cache"
    shutil.copytree(kept / "new" / "below", place)
    place.chmod(0o700)
    objects = sorted((place / "__pycache__").glob("k_*.nb[ci]"))
    assert len(objects) == 4  # an index and machine code, of the kernel and of the entry
    for file in objects:
        flipped = bytearray(file.read_bytes())
        flipped[len(flipped) // 2] ^= 0x55
        file.write_bytes(flipped)
    done = _run(place)
    assert (done.stdout, done.stderr) == ("right\n", "")


def test_the_cache_is_the_user_s_alone_whatever_the_umask(kept):
    place = kept / "new" / "below" / "__pycache__"
    for part in (place, place.parent, place.parent.parent):
        assert part.stat().st_mode & 0o777 == 0o700
    assert len(list(place.glob("k_*.nb[ci]"))) == 4
    assert not (kept / "numba's").exists()  # what lies there is a pickle too, and nobody seals it


@pytest.mark.skipif(os.name != "posix", reason="modes and owners are POSIX's")
@pytest.mark.parametrize(
    "how", ["group may write", "all may write", "objects are open", "another's", "a link inside", "may be replaced"]
)
def test_a_cache_that_others_may_write_is_not_used(tmp_path, monkeypatch, how):
    place = tmp_path / "cache"
    (place / "__pycache__").mkdir(parents=True)
    if how == "group may write":
        place.chmod(0o770)
    elif how == "all may write":
        place.chmod(0o777)
    elif how == "may be replaced":
        tmp_path.chmod(0o777)
    elif how == "objects are open":
        (place / "__pycache__").chmod(0o777)
    elif how == "a link inside":
        (place / "__pycache__").rmdir()
        (tmp_path / "elsewhere").mkdir()
        (place / "__pycache__").symlink_to(tmp_path / "elsewhere")
    elif os.geteuid() == 0:
        os.chown(place, 12345, 12345)
    else:
        pytest.skip("only root can give a folder away")
    with pytest.warns(UserWarning, match="the kernel cache") as said:
        assert all(
            _load(place, monkeypatch, ADDED + more) for more in (0, 1)
        )  # two kernels, as a row and its entry are
    assert len(said) == 1
    assert not list(place.glob("k_*"))
    assert not [*tmp_path.glob("elsewhere/*")]


@pytest.mark.parametrize(
    "make",
    [
        lambda p: p.mkdir(),
        lambda p: os.mkfifo(p),
        lambda p: p.write_bytes(b"\xff\xfe noise"),
        lambda p: p.symlink_to("/dev/zero"),
    ],
    ids=["a folder", "a pipe", "noise", "a link"],
)
def test_what_lies_in_a_kernel_s_place_is_set_aside(tmp_path, monkeypatch, make):
    assert _load(tmp_path, monkeypatch)
    made = sorted([*tmp_path.glob("k_*"), *tmp_path.glob("__pycache__/k_*.nb[ci]")])
    assert len(made) == 4  # text and seal, index and machine code
    for file in made:
        file.unlink()
        make(file)
    before = signal.signal(signal.SIGALRM, lambda *_: pytest.fail("it reads a pipe, which never ends"))
    signal.alarm(60)
    try:
        assert _load(tmp_path, monkeypatch)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give a file away")
def test_another_user_s_file_is_set_aside(tmp_path):
    """From when the folder was open to others, an index and the seal beside it."""
    for owner, stays in ((12345, False), (os.geteuid(), True)):
        (file := tmp_path / "k_1.sha256").write_text("mine")
        os.chown(file, owner, owner)
        cache._set_aside(file)
        assert file.exists() is stays


def test_a_cache_that_cannot_be_written_costs_time_only(tmp_path):
    (tmp_path / "file").write_text("in the way")
    done = _run(tmp_path / "file" / "below")
    assert done.stdout == "right\n", done.stderr
    assert "cannot be written" in done.stderr


def test_a_disk_that_fills_costs_time_only(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    for name in ("_write", "_import"):
        with monkeypatch.context() as patched:
            patched.setattr(cache, name, full)
            with pytest.warns(UserWarning, match="compiling in memory"):
                assert _load(tmp_path, monkeypatch)
    assert _load(tmp_path, monkeypatch)
    assert not list(tmp_path.glob("*.tmp"))


def test_without_numba_s_compiler_the_error_names_the_remedy(tmp_path):
    done = _run(tmp_path, NUMBA_DISABLE_JIT="1")
    assert "backend='numpy'" in done.stderr


@pytest.mark.slow
def test_another_cpu_gets_another_kernel(kept, tmp_path):
    place = shutil.copytree(kept / "new" / "below", tmp_path / "cache")
    assert _run(place, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="").stdout == "right\n"
    assert len(list(place.glob("k_*.py"))) == 4  # a kernel and the entry, twice


@pytest.mark.parametrize(("name", "instructions", "saved"), [("gelu", 2, 16), ("gelu_tanh", 4, 20)])
def test_a_product_in_two_parts_is_one_instruction_where_the_processor_has_it(monkeypatch, name, instructions, saved):
    from actbench.core.dtypes import Format
    from actbench.kernels import lower
    from actbench.kernels.source import source

    counts = {}
    monkeypatch.setattr(lower, "has_vectors", lambda: False)
    for has in (True, False):
        monkeypatch.setattr(lower, "fuses", lambda has=has: has)
        text = source(ab.get(name), "forward", Format(32))
        counts[has] = (text.count("= fma("), len(text.splitlines()))
    assert counts[True][0] == instructions
    assert counts[False][0] == 0
    assert counts[True][1] < counts[False][1] - saved
