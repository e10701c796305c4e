"""What cannot be meant is said at once; an entry point of an installed distribution is found as it is."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import actbench.experiments  # noqa: F401  fills the registry
from actbench.cli.compare import DESCRIPTION
from actbench.comparison import compare, compared
from actbench.comparison.models import MODELS, NOT_YOURS
from actbench.core.errors import ActbenchError
from actbench.runs.experiment import EXPERIMENTS


@pytest.mark.parametrize(
    ("names", "options", "said"),
    [
        (["relu", "nowhere.py:act"], {}, "no file 'nowhere.py'"),
        (["relu", "nowhere.py"], {}, "names no object"),
        (["relu", "gelu"], {"reference": "tanh"}, "takes no part"),
        (["relu", "gelu"], {"limit": 0.0}, "no time"),
        (["relu", "gellu"], {}, "did you mean"),
        (["relu", "gelu", "mine.py:actt"], {}, "mine.py:actt: no object named 'actt'.*did you mean 'act'"),
        (["relu", "gelu", "nowhere_at_all.part:act"], {}, "nowhere_at_all.part:act: .*No module named"),
    ],
)
def test_a_request_that_cannot_be_meant_leaves_no_folder(tmp_path, monkeypatch, names, options, said):
    """Two arms beside it could be compared: what is misspelt is said before they are, also within a file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(compared, "measure", lambda *_, **__: pytest.fail("something was measured"))
    (tmp_path / "mine.py").write_text("def act(x):\n    return 0.5 * x\n")
    with pytest.raises(ActbenchError, match=said):
        compare(*names, quick=True, out=tmp_path / "run", progress=False, **options)
    assert not (tmp_path / "run").exists()


def test_what_is_trained_is_said_as_the_grids_have_it():
    trained = [EXPERIMENTS[part] for part in ("panel", "learning", "torch_panel")]
    cells = [cell for each in trained for cell in each.cells()]
    quick = {cell["data"] for each in trained for cell in each.cells(quick=True)}
    assert all(data in MODELS for data in {cell["data"] for cell in cells})
    assert f"quick: {' and '.join(sorted(quick))}" in MODELS
    depths = sorted({cell["depth"] for cell in EXPERIMENTS["panel"].cells()})
    assert f"{depths[0]} to {depths[-1]} layers" in MODELS
    said = " ".join(DESCRIPTION.split())
    assert MODELS in said
    assert NOT_YOURS[1:] in said


def test_an_entry_point_of_an_installed_distribution_is_a_target(tmp_path):
    """A real .dist-info on the path, read by importlib.metadata in a process of its own; nothing is stubbed."""
    (tmp_path / "bumpy.py").write_text("import numpy as np\n\ndef act(x):\n    return x + 0.5 * np.tanh(x)\n")
    info = tmp_path / "bumpy-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bumpy\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[actbench.activations]\nbump = bumpy:act\n")
    program = (
        "from pathlib import Path\n"
        "from actbench.implementations.targets import examine, is_target\n"
        "assert is_target('bump') and not is_target('relu')\n"
        f"(found,) = examine(['bump'], Path({str(tmp_path / 'modules')!r}))\n"
        "assert not found.reason, found.reason\n"
        "assert found.traced and found.name == 'bumpy.act', found\n"
    )
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
