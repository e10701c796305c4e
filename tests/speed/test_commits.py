"""The working tree against a commit: in a small clone that the test makes, so that its history is known."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import actbench
from actbench.cli import main
from actbench.core.errors import ActbenchError
from actbench.speed.commits import Comparison, against, interval
from actbench.speed.commits.checkouts import checkouts

ROOT = Path(actbench.__file__).resolve().parent.parent

BENCHMARKS = """
import actbench

def time_work(name, size):
    actbench.work(name, size)

time_work.params = (("relu", "tanh", "later"), (20_000,))
time_work.param_names = ("name", "size")
"""
WORK = """
def work(name, size):
    if name == "later" and LATER is None:
        raise NotImplementedError("not yet")
    for _ in range(size * SLOW.get(name, 1)):
        pass
"""


def git(place, *words):
    subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *words], cwd=place, check=True)


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A repository with a package of the same name: two commits of equal speed, one slow, one broken."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    place = tmp_path_factory.mktemp("clone")
    git(place, "init", "-q", "-b", "main")
    (place / "actbench").mkdir()
    (place / "benchmarks").mkdir()
    (place / "benchmarks" / "__init__.py").write_text('"""None."""\n')
    (place / "benchmarks" / "toy.py").write_text(BENCHMARKS)

    def commit(tag, text):
        (place / "actbench" / "__init__.py").write_text(text)
        git(place, "add", "-A")
        git(place, "commit", "-q", "-m", tag)
        git(place, "tag", tag)

    commit("first", "SLOW = {}\nLATER = None\n" + WORK)
    commit("slow", "SLOW = {'tanh': 6}\nLATER = 1\n" + WORK)
    commit("broken", "raise RuntimeError('no import')\n")
    commit("last", "SLOW = {}\nLATER = 1\n" + WORK)
    return place


def test_a_slow_down_is_found_and_named(clone):
    found = against("first", head="slow", pairs=3, threshold=1.5, start=clone)
    verdicts = dict(zip(found.frame["parameters"], found.frame["verdict"], strict=True))
    assert verdicts["name=tanh, size=20000"] == "slower"
    assert verdicts["name=later, size=20000"] == "new"
    slow = found.frame.set_index("parameters").loc["name=tanh, size=20000"]
    assert slow["low"] < slow["ratio"] < slow["high"]
    assert slow["low_again"] > 1.5, "a suspicion is measured twice"
    assert found.status == 1


def test_a_speed_up_is_no_failure(clone):
    found = against("slow", head="last", pairs=3, threshold=1.5, names=["tanh"], start=clone)
    assert list(found.frame["verdict"]) == ["faster"]
    assert found.status == 0


@pytest.mark.slow
def test_the_command_says_it_with_its_exit_status(clone, monkeypatch, capsys):
    monkeypatch.chdir(clone)
    (clone / "actbench" / "__init__.py").write_text("SLOW = {'relu': 8}\nLATER = 1\n" + WORK)
    assert main(["bench", "relu", "--against", "last", "--threshold", "1.5"]) == 1
    out = capsys.readouterr().out
    assert "and changes" in out, "the working tree is what is timed"
    assert "slower" in out
    git(clone, "checkout", "-q", "--", "actbench")
    assert main(["bench", "--against", "nowhere"]) == 2
    assert main(["bench", "nobody", "--against", "last"]) == 2
    assert main(["bench", "--against=--output=/tmp/x"]) == 2
    assert main(["bench", "relu", "--against", "broken"]) == 3
    errors = capsys.readouterr().err
    assert "git knows no commit 'nowhere'" in errors
    assert "no benchmark fits 'nobody'" in errors


def test_outside_a_clone_it_says_so(tmp_path):
    with pytest.raises(ActbenchError, match="not in a git clone"):
        against("HEAD", start=tmp_path)


def test_both_sides_have_the_benchmarks_of_today_and_leave_nothing(clone):
    with checkouts("first", "last", start=clone) as (base, head):
        assert (base.path / "benchmarks" / "toy.py").read_text() == BENCHMARKS
        assert len(str(base.path)) == len(str(head.path))
        assert "LATER = None" in (base.path / "actbench" / "__init__.py").read_text()
        folder = base.path.parent
    assert not folder.exists()


def test_the_interval_is_student_s_on_the_log_scale():
    from scipy import stats

    ratios = [1.0, 1.1, 1.05, 0.98, 1.2]
    logs = [math.log(ratio) for ratio in ratios]
    low, high = stats.t.interval(0.95, 4, loc=sum(logs) / 5, scale=stats.sem(logs))
    assert interval(ratios) == pytest.approx((stats.gmean(ratios), math.exp(low), math.exp(high)))


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        (["same", "faster"], 0),
        (["same", "new", "skipped"], 0),
        (["same", "slower", "failed"], 1),
        (["same", "failed"], 3),
        (["same", "unclear", "unclear"], 3),
        (["same", "same", "unclear"], 0),
        (["skipped"], 3),
        ([], 3),
    ],
)
def test_the_exit_status_of_verdicts(verdicts, status):
    frame = pd.DataFrame({"verdict": pd.Series(verdicts, dtype=str)})
    assert Comparison(base="a", head="b", threshold=1.1, frame=frame).status == status


def test_the_frozen_panel_is_in_the_catalogue():
    """A name that is not there would be skipped in silence, on every commit from now on."""
    program = (
        "from benchmarks import imports, panel; imports.need(*panel.PANEL); [imports.find(n) for n in imports.PLACES]"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
