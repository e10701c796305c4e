"""A folder of homework, or several files, as one report."""

import json

import pytest

from actbench.audit.several import expanded
from actbench.cli import main
from actbench.core.errors import ActbenchError
from actbench.implementations.targets.objects import adapt

RIGHT = "import numpy as np\n\n\ndef relu(x):\n    return np.maximum(x, 0)\n"
WRONG = "import numpy as np\n\n\ndef relu(x):\n    return np.where(x > 0, x, x / 10)\n"
HALF = "class ReLU:\n    def forward(self, x):\n        return x * (x > 0)\n"
SMALL = ("--count", "100", "--dtype", "float32")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "hw" / "late").mkdir(parents=True)
    for name, text in (("a", RIGHT), ("late/b", WRONG), ("c", HALF), ("__init__", "raise SystemExit(7)")):
        (tmp_path / "hw" / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "hw"


def test_a_folder_is_a_table_by_file_and_one_exit_status(folder, capsys):
    assert main(["audit", "hw/", *SMALL]) == 1
    said = capsys.readouterr().out.splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in said if line.startswith("hw/")}
    assert rows["hw/a.py:relu"][:3] == ["0", "0", "0"]
    assert rows["hw/late/b.py:relu"][0] == "1"
    assert "ReLU has no backward" in " ".join(rows["hw/c.py"])
    assert said[-1].startswith("2 audited in")


def test_files_that_are_right_exit_with_0_and_what_is_not_audited_with_2(folder, capsys):
    assert main(["audit", "hw/a.py", "hw/a.py", *SMALL]) == 0
    assert main(["audit", "hw/a.py", "hw/c.py", *SMALL, "--json"]) == 2
    said = capsys.readouterr().out
    (left,) = json.loads(said[said.index("{") :])["left_out"]
    assert left == {"target": "hw/c.py", "reason": "class ReLU has no backward; give it forward and backward"}
    assert main(["audit", "hw/a.py", "hw/c.py", "--golden", "hw/late/b.py:relu"]) == 2
    assert "one reference" in capsys.readouterr().err


def test_a_folder_without_python_says_so(tmp_path):
    with pytest.raises(ActbenchError, match="no Python file in the folder"):
        expanded([str(tmp_path)])


def test_a_backward_pass_that_wants_x_is_told_to_keep_it():
    class ReLU:
        def forward(self, x):
            return x * (x > 0)

        def backward(self, dout, x):
            return dout * (x > 0)

    with pytest.raises(ActbenchError, match=r"keep x in forward, as self\.x = x"):
        adapt(ReLU)
