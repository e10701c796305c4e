"""Exported headers in a stranger's program: C99 and C++17, several headers and files, every warning an error."""

import shutil
import subprocess

import numpy as np
import pytest

import actbench as ab
from actbench.accuracy.certificate import compiled
from actbench.kernels.c99 import header

COMPILERS = [name for name in ("gcc", "clang") if shutil.which(name)]
pytestmark = pytest.mark.skipif(not COMPILERS, reason="no C compiler")
WARNED = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Werror"]
# both headers bring silu, and each has what the other lacks
HEADERS = {"a.h": ("silu", "gelu"), "b.h": ("tanh", "silu"), "one.h": ("silu",)}
MAIN = """\
#include "a.h"
#include "b.h"
#include "a.h"
#include "one.h"
#include <stdio.h>
#define N 100003
static float x[N], y[N], dy[N];
void elsewhere(size_t count, const float *from, float *to);
int main(void)
{
    int wrong = 0;
    actbench_silu_f32_n(0, NULL, NULL);
    for (int i = 0; i < N; i++) { x[i] = (float)(i - N / 2) / 4096.0f; dy[i] = 0.5f; }
    elsewhere(N - 1, x + 1, y + 1); /* aligned as a float is, no better */
    for (int i = 1; i < N; i++) wrong += y[i] != actbench_gelu_f32(x[i]);
    actbench_tanh_backward_f32_n(N, dy, x, dy); /* over dy, then over x */
    for (int i = 0; i < N; i++) wrong += dy[i] != actbench_tanh_backward_f32(0.5f, x[i]);
    for (int i = 0; i < N; i++) y[i] = x[i];
    actbench_silu_f32_n(N, x, x);
    for (int i = 0; i < N; i++) wrong += x[i] != actbench_silu_f32(y[i]);
    printf("%d\\n", wrong);
    return 0;
}
"""
OTHER = """\
#include "b.h"
#include "a.h"
void elsewhere(size_t count, const float *from, float *to);
void elsewhere(size_t count, const float *from, float *to) { actbench_gelu_f32_n(count, from, to); }
"""


def answer(folder, command):
    """What a compiler says, or an empty text where it is content."""
    return subprocess.run(command, cwd=folder, capture_output=True, text=True).stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("stranger")
    for name, rows in HEADERS.items():
        (made / name).write_text(header([ab.get(row) for row in rows], version="0", second=name == "b.h"))
    for suffix in ("c", "cpp"):
        (made / f"main.{suffix}").write_text(MAIN)
        (made / f"other.{suffix}").write_text(OTHER)
    return made


@pytest.mark.parametrize("cc", COMPILERS)
@pytest.mark.parametrize(("suffix", "standard"), [("c", "c99"), ("cpp", "c++17")])
def test_headers_that_share_a_function_meet_in_one_program(folder, cc, suffix, standard):
    compiler = cc if suffix == "c" else {"gcc": "g++", "clang": "clang++"}[cc]
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler}")
    files, program = [f"main.{suffix}", f"other.{suffix}"], f"{cc}-{suffix}"
    assert answer(folder, [compiler, f"-std={standard}", "-O2", *WARNED, *files, "-o", program, "-lm"]) == ""
    assert subprocess.run([folder / program], capture_output=True, text=True).stdout == "0\n"


@pytest.mark.parametrize("cc", COMPILERS)
def test_what_is_in_fast_math_is_refused(folder, cc):
    parts = ["-ffast-math", "-Ofast", "-ffinite-math-only"]
    parts += ["-funsafe-math-optimizations", "-freciprocal-math"] if cc == "gcc" else []  # clang says of these nothing
    for flag in parts:
        assert "compile without -ffast-math" in answer(folder, [cc, flag, "-fsyntax-only", "main.c"]), flag
    assert answer(folder, [cc, "-O3", "-fno-math-errno", "-fno-trapping-math", "-fsyntax-only", "main.c"]) == ""


def test_compilers_that_contract_nothing_make_the_same_bits():
    x = np.concatenate([np.linspace(-12, 12, 40_001), np.geomspace(1e-40, 3e38, 9_999)]).astype(np.float32)
    for name in ("silu", "colu", "softplus"):
        found = []
        for cc in COMPILERS:
            for flags in ("-std=c99 -O3", "-std=c99 -O1"):
                with compiled(ab.get(name), cc=cc, flags=flags) as call:
                    found.append(call("backward", "float32")(np.ones_like(x), x).view(np.int32))
        assert all((bits == found[0]).all() for bits in found), name
