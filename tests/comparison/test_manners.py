"""What a comparison says while it runs: who takes no part at once, how far called code has come, what Ctrl-C left."""

from __future__ import annotations

import json
import re
import sys
import time

import numpy as np
import pytest

from actbench.cli import GOES_ON, INTERRUPTED, main
from actbench.cli.compare import summary
from actbench.comparison import compare, compared
from actbench.comparison.elsewhere import _relay
from actbench.core.errors import ActbenchError
from actbench.implementations.targets import examine
from actbench.implementations.targets.examine import contained
from actbench.implementations.targets.target import parse
from actbench.runs.progress import span

TINY = {"parts": ("activity",), "cost": False, "only": {"net": [0, 1]}}


def test_ctrl_c_says_in_one_line_what_is_kept_and_the_numbers_say_that_they_are_few(tmp_path, capsys, monkeypatch):
    measured = compared.measure
    few = {"parts": ["activity"], "only": {"net": [0]}, "progress": False}
    monkeypatch.setattr(compared, "measure", lambda arms, **options: (*measured(arms, **options | few)[:2], True))
    monkeypatch.setattr(compared, "raced", lambda arms: [])
    status = main(["compare", "relu", "tanh", "--quick", "--workers", "1", "--dossier", "--out", str(tmp_path / "run")])
    said = capsys.readouterr()
    assert status == INTERRUPTED == 130
    assert main(["compare", "relu", "tanh", "--quick", "--workers", "1", "--dry-run", "--json"]) == 0
    planned = json.loads(capsys.readouterr().out)
    opening = re.match(r"compare: ([\d,]+) cells, about (.+?), a third .*a quick run, nothing of it is final", said.err)
    assert opening, said.err.splitlines()[0]  # the very first line, before anything takes long
    assert int(opening[1].replace(",", "")) == planned["cells"]
    assert opening[2] == span(planned["seconds"])
    assert "\na quick run: " in said.out
    assert said.err.splitlines()[-1] == GOES_ON
    assert "decide nothing" in said.out
    assert "The run was interrupted" in (tmp_path / "run" / "dossier.html").read_text(encoding="utf-8")


def test_a_list_of_names_is_names(tmp_path, capsys):
    listed = compare(["relu", "tanh"], out=tmp_path / "list", progress=False, **TINY)
    assert [arm.spec for arm in listed.arms] == ["relu", "tanh"]
    assert listed.run["target"] == "relu tanh"
    assert "quick" not in summary(listed)
    assert capsys.readouterr().err == ""
    with pytest.raises(ActbenchError, match="nothing to compare"):
        compare([], out=tmp_path / "none")


def test_who_takes_no_part_is_said_before_the_others_are_measured(tmp_path, capsys, monkeypatch):
    (tmp_path / "bad.py").write_text("def act(x:\n")
    heard = []
    monkeypatch.setattr(
        compared, "measure", lambda arms, **_: (heard.append(capsys.readouterr().err), {}, {}, True)[1:]
    )
    compare("relu", "tanh", f"{tmp_path / 'bad.py'}:act", out=tmp_path / "run", **TINY)
    assert "takes no part" in heard[0]
    assert "SyntaxError" in heard[0]
    with pytest.raises(ActbenchError, match=r"nobody is left to compare with relu; .*SyntaxError"):
        compare("relu", f"{tmp_path / 'bad.py'}:act", out=tmp_path / "other", progress=False, **TINY)


CALLED = "def act(x):\n    y = x.copy()\n    y[y < 0] = 0\n    return y\n"


def test_an_arm_has_a_budget_which_is_said_and_the_others_keep_their_tables(tmp_path, capsys):
    (tmp_path / "mine.py").write_text(CALLED)
    target = f"{tmp_path / 'mine.py'}:act"
    found = compare("relu", target, "tanh", out=tmp_path / "run", budget=0.25, **TINY)
    assert [bool(arm.reason) for arm in found.arms] == [False, True, False]
    assert "within 0.25 s (--budget)" in found.arms[1].reason
    assert "for at most 0.25 s (--budget)" in capsys.readouterr().err
    assert set(found.tables["measures"]["activation"]) == {"relu", "tanh"}
    with pytest.raises(ActbenchError, match="budget -1 is no time"):
        compare("relu", target, out=tmp_path / "other", budget=-1, **TINY)


def test_ctrl_c_while_an_arm_is_measured_elsewhere_keeps_what_the_others_have(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(CALLED)
    there = []

    def stopped(*_):
        there.append((tmp_path / "run" / "measures.csv").read_text())
        raise KeyboardInterrupt

    monkeypatch.setattr(compared, "elsewhere", stopped)
    found = compare("relu", f"{tmp_path / 'mine.py'}:act", out=tmp_path / "run", progress=False, **TINY)
    assert found.interrupted
    assert "not measured yet" in found.arms[1].reason
    assert "relu" in there[0], "tables are on disk before an arm that may take long begins"
    assert (tmp_path / "run" / "measures.csv").read_text() == there[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("folder.py:act", "is a folder"), ("nowhere.py:act", "no file"), ("my.py:", "names no object"),
        (":act", "no file and no module"), ("my.py::act", "no file and no module"),
        ("my.py:a-b", "no name of an object"),
    ],
)  # fmt: skip
def test_a_target_that_cannot_be_meant_has_its_own_line(tmp_path, monkeypatch, text, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "my.py").write_text("act = 3\n")
    with pytest.raises(ActbenchError, match=said) as raised:
        parse(text)
    assert "FILE.py:OBJ" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_progress_of_a_process_of_its_own_is_told_here_and_nothing_else_that_it_prints(tmp_path, capsys):
    log = tmp_path / "log.txt"
    program = (
        "import sys, time\n"
        "print('panel: 0 of 8 cells', flush=True)\nprint('noise: 3 of a kind', flush=True)\n"
        "time.sleep(1.2)\nprint('panel: 8 of 8 cells in 1.2 s', flush=True)\nsys.exit(3)\n"
    )
    assert contained([sys.executable, "-c", program], 60.0, log=log, watch=_relay(log, "my.act")) == 3
    assert capsys.readouterr().err.splitlines() == [
        "my.act, panel: 0 of 8 cells",
        "my.act, panel: 8 of 8 cells in 1.2 s",
    ]


def test_a_watched_process_has_its_limit_too():
    begun = time.monotonic()
    calls = []
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    assert contained(sleep, 0.5, watch=lambda: calls.append(1)) is None
    assert calls
    assert time.monotonic() - begun < 50


def test_the_convention_at_a_tie_is_said_and_is_the_one_that_is_used(tmp_path):
    from actbench.activations.registry import ACTIVATIONS, resolve
    from actbench.comparison.arms import chosen, enter

    bodies = {
        "first": "np.maximum(x, 0.0)",
        "second": "np.maximum(0.0, x)",
        "size": "np.abs(x)",
        "smooth": "np.tanh(x)",
    }
    text = "".join(f"def {name}(x):\n    return {body}\n" for name, body in bodies.items())
    (tmp_path / "ties.py").write_text(f"import numpy as np\n{text}")
    with ACTIVATIONS.temporary():
        arms = chosen([f"{tmp_path / 'ties.py'}:{name}" for name in bodies], tmp_path / "rows", limit=60.0, workers=1)
        enter(arms)
        at = [float(resolve(arm.spec).backward(np.ones(1), np.zeros(1))[0]) for arm in arms]
    assert at == [1.0, 0.0, 1.0, 1.0]
    said = [arm.found["derived"] for arm in arms]
    assert ["first one's slope" in one for one in said] == [True, True, False, False]
    assert ["np.abs has slope 1 at 0" in one for one in said] == [False, False, True, False]


def test_what_is_derived_by_differences_says_its_error_and_its_side_at_a_kink(tmp_path):
    (tmp_path / "called.py").write_text(
        "import math\nimport numpy as np\n"
        "def hard(x):\n    y = x.copy()\n    y[y < 0] *= 0.25\n    return y\n"
        "def soft(x):\n    return np.array([math.atan(v) for v in x.ravel()], x.dtype).reshape(x.shape)\n"
    )
    hard, soft = examine([f"{tmp_path / 'called.py'}:{name}" for name in ("hard", "soft")], tmp_path / "rows")
    assert "complex step" in hard.found["derived"]
    assert "kinks found at 0, where the flatter side's slope is used" in hard.found["derived"]
    assert hard.found["facts"]["kinks"] == [[0.0, pytest.approx(0.25)]]
    assert "estimated relative error" in soft.found["derived"]  # math's functions take no complex number
    assert "no kinks found" in soft.found["derived"]
