"""What the doctor says of the machine."""

import pytest

from actbench.speed import doctor


@pytest.mark.parametrize(
    ("core", "extensions", "told"),
    [
        ("Haswell", ["X86_V3", "X86_V4"], True), ("Zen", ["X86_V3", "X86_V4"], True), ("Haswell", ["X86_V3"], False),
        ("SkylakeX", ["X86_V3", "X86_V4"], False), ("neoversen1", ["ASIMD"], False),
    ],
)  # fmt: skip
def test_a_blas_that_does_not_know_the_processor_is_named(monkeypatch, core, extensions, told):
    monkeypatch.setattr(doctor.software, "vector_extensions", lambda: extensions)
    finding = doctor._products(core)
    assert core in finding.found
    assert ("OPENBLAS_CORETYPE=SKYLAKEX" in finding.remedy) is told
