"""What cannot be meant is said at once; an entry point of an installed distribution is found as it is."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from actbench.comparison import compare
from actbench.core.errors import ActbenchError


@pytest.mark.parametrize(
    ("names", "options", "said"),
    [
        (["relu", "nowhere.py:act"], {}, "no file 'nowhere.py'"),
        (["relu", "nowhere.py"], {}, "names no object"),
        (["relu", "gelu"], {"reference": "tanh"}, "takes no part"),
        (["relu", "gelu"], {"limit": 0.0}, "no time"),
        (["relu", "gellu"], {}, "did you mean"),
    ],
)
def test_a_request_that_cannot_be_meant_leaves_no_folder(tmp_path, names, options, said):
    with pytest.raises(ActbenchError, match=said):
        compare(*names, quick=True, out=tmp_path / "run", progress=False, **options)
    assert not (tmp_path / "run").exists()


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
