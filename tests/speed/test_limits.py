"""The limits of a kernel: its loop is found in its machine code, and what the processor's units take is added up."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from unittest import mock

import pytest

from actbench.kernels.lower import has_vectors

with mock.patch.dict(os.environ), mock.patch.object(sys, "path", [str(Path(__file__).parents[2]), *sys.path]):
    from benchmarks.races import limits


def test_the_busiest_unit_is_the_limit_and_a_spilled_register_is_no_result():
    block = [
        "vmovups\t(%rbx,%r13,4), %zmm1", "vfmadd213ps\t%zmm2, %zmm3, %zmm1", "vmulps\t%zmm1, %zmm1, %zmm4",
        "vaddps\t%zmm1, %zmm2, %zmm5", "vpaddd\t%zmm1, %zmm2, %zmm6", "vmovaps\t%zmm5, 64(%rsp)",
        "vfmadd231ps\t%zmm1, %zmm1, %zmm4", "vmovups\t%zmm4, (%r12,%r13,4)", "vmovups\t%zmm5, 64(%r12,%r13,4)",
        "jl\t.L",
    ]  # fmt: skip
    assert limits.counted(block) == {"instructions": 5.0, "cycles": 1.0}  # two stores of a cycle each
    assert limits.counted([*block[:-2], "vdivps\t%zmm1, %zmm2, %zmm4"])["cycles"] == 2.5  # 3 + 2 halves, one divider


@pytest.mark.skipif(not has_vectors(), reason="a processor without AVX-512")
def test_a_kernel_s_loop_is_found(capsys):
    assert sum(line.startswith("vfmadd") or line.startswith("vfnmadd") or line.startswith("vfmsub")
               for line in limits.loop("exponential")) >= 10  # fmt: skip  # of two vectors
    assert limits.main(["relu", "--size", "10", "--rounds", "5"]) == 0
    out = capsys.readouterr().out
    assert "a cycle takes" in out
    assert "relu" in out
