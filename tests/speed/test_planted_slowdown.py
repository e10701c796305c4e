"""A kernel that was made slower is found: a clone of this repository, a branch that the test makes, the real kernel."""

from __future__ import annotations

import os
import runpy
import shutil
from pathlib import Path
from unittest import mock

import pytest

import actbench
from actbench.speed.commits import against

ROOT = Path(actbench.__file__).resolve().parent.parent


@pytest.mark.slow
def test_a_planted_slow_down_of_one_kernel_is_found_and_its_neighbour_is_not(tmp_path):
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not in a git clone")
    with mock.patch.dict(os.environ):  # benchmarks/ asks for one thread, which numba would refuse later in this process
        program = runpy.run_path(str(ROOT / "benchmarks" / "races" / "planted.py"))
    place = tmp_path / "clone"
    program["plant"](ROOT, place, "relu", 4.0)
    for file in (place / "benchmarks").glob("*.py"):  # the other benchmarks take seconds to import
        if file.name not in ("__init__.py", "imports.py", "panel.py", "kernels.py"):
            file.unlink()
    panel = place / "benchmarks" / "panel.py"
    panel.write_text(panel.read_text().replace("SIZES = (2**12, 2**20)", "SIZES = (2**16,)"))
    branch = program["BRANCH"]
    found = against(f"{branch}~1", head=branch, names=["relu", "identity"], pairs=3, threshold=2.0, start=place)
    verdicts = found.frame.assign(relu=found.frame["parameters"].str.startswith("name=relu"))
    assert len(verdicts) == 8
    assert set(verdicts.loc[verdicts["relu"], "verdict"]) == {"slower"}
    assert "slower" not in set(verdicts.loc[~verdicts["relu"], "verdict"])
    assert found.status == 1
