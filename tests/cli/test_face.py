"""Commands as people meet them: what will it take, how far is it, where did it go, and nothing cut in a pipe."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import time

import pytest

from actbench.cli import main, parser
from actbench.core.errors import ActbenchError
from actbench.runs.estimate import BEGINNING, COMPILING, START
from actbench.runs.progress import follow, stages


@pytest.mark.parametrize(
    "words",
    [["run", "activity", "--depth", "3", "--net", "0:4"], ["reproduce", "C10"], ["compare", "relu", "gelu", "--quick"],
     ["bench", "relu", "--quick"], ["show", "relu", "--dossier", "--quick"]],
    ids=lambda words: words[0],
)  # fmt: skip
def test_a_dry_run_says_cells_and_time_and_does_nothing(words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([*words, "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"^in all +[\d,]+ +[\d.]+ (s|min)", shown, flags=re.M)
    assert main([*words, "--dry-run", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["cells"] == sum(stage["cells"] for stage in told["stages"]) > 0
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_counts_compiling_where_nothing_is_compiled_yet(capsys, tmp_path, monkeypatch):
    words = ["run", "convergence", "--activation", "relu", "tanh", "--net", "0:2", "--workers", "1", "--dry-run"]
    told = []
    for place in ("cold", "warm"):
        monkeypatch.setenv("ACTBENCH_CACHE", str(tmp_path / place))
        if place == "warm":
            (tmp_path / "warm").mkdir()
            (tmp_path / "warm" / "k_0.py").touch()
        assert main([*words, "--json"]) == 0
        told.append(json.loads(capsys.readouterr().out))
        assert told[-1]["stages"][-1]["experiment"] == BEGINNING
    cold, warm = (each["seconds"] for each in told)
    assert cold - warm == pytest.approx(2 * COMPILING)
    assert warm > START
    assert not (tmp_path / "cold").exists()


@pytest.mark.parametrize("words", ["relu nope", "relu softmax_sink", "relu gelu --reference tanh", "relu no.py:act"])
def test_a_dry_run_of_compare_refuses_what_a_run_would(words, capsys):
    assert main(["compare", *words.split(), "--dry-run"]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_a_dry_run_counts_the_cells_that_a_run_computes(capsys, tmp_path):
    words = ["run", "activity", "--activation", "relu", "--depth", "2", "--width", "8", "--net", "0:3", "--json"]
    assert main([*words, "--dry-run"]) == 0
    planned = json.loads(capsys.readouterr().out)["cells"]
    assert main([*words, "--out", str(tmp_path / "run"), "--workers", "1"]) == 0
    said = capsys.readouterr()
    assert f"{planned} of {planned} cells" in said.err
    told = json.loads(said.out)
    assert told["run"]["machine"]["processor"]
    assert told["run"]["versions"]["numpy"]
    assert len(told["rows"]) == planned * 2  # layers


def test_lists_are_sorted_filtered_and_whole_in_a_pipe(capsys):
    from actbench.activations.registry import ACTIVATIONS

    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    names = [line.split()[0] for line in lines]
    assert names == sorted(names, key=lambda name: name.replace("_", ""))
    assert not [line for line in lines if line.endswith("...")]
    assert all(any(row.source in line for line in lines) for row in ACTIVATIONS)
    assert main(["list", "Leaky-ReLU", "--json"]) == 0
    assert {row["name"] for row in json.loads(capsys.readouterr().out)} >= {"leaky_relu", "rrelu"}
    assert main(["list", "claims", "sparse"]) == 0
    assert "C32" in capsys.readouterr().out
    assert main(["list", "experiments", "--sort", "cells", "--json"]) == 0
    cells = [row["cells"] for row in json.loads(capsys.readouterr().out)]
    assert cells == sorted(cells)
    for wrong in (["list", "nonsense"], ["list", "--sort", "colour"]):
        assert main(wrong) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_stages_are_one_count_with_the_time_left_of_all():
    pipe = io.StringIO()
    with stages([("one", 10.0), ("two", 30.0)], file=pipe):
        with follow("one", 4, file=pipe) as advance:
            advance(4)
        with follow("other", 1, file=pipe) as advance:  # not of the plan
            advance(1)
        with follow("two", 4, done=2, file=pipe) as advance:
            advance(2)
    lines = pipe.getvalue().splitlines()
    assert lines[0] == "1/2 one: 0 of 4 cells"
    assert lines[2] == "other: 0 of 1 cells"
    assert lines[4] == "2/2 two: 2 of 4 cells, 2 of them from the store"


def test_a_long_cell_is_not_silent(monkeypatch):
    monkeypatch.setattr("actbench.runs.progress.LEAST_SECONDS", 0.2)
    pipe = io.StringIO()
    with stages([("slow", 1.0), ("later", 1.0)], file=pipe), follow("slow", 2, file=pipe) as advance:
        advance(1)
        time.sleep(1.3)
    assert re.search(r"^1/2 slow: 1 of 2 cells in [\d.]+ s; all 25%, about [\d.]+ s left$", pipe.getvalue(), flags=re.M)


def test_stages_on_a_terminal_are_two_bars():
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    with stages([("one", 1.0), ("two", 3.0)], file=terminal):
        for name in ("one", "two"):
            with follow(name, 3, file=terminal) as advance:
                advance(3)
    shown = terminal.getvalue()
    assert "all" in shown
    assert "left" in shown


def test_bench_ends_with_one_sentence_and_says_absent_peers_once():
    import pandas as pd

    from actbench.cli.bench import shown
    from actbench.experiments.throughput.question import COLUMNS, FACTORS
    from actbench.implementations.adapters import libmvec_, litert_, onnxruntime_
    from actbench.report import races
    from actbench.report.phrases import phrases
    from actbench.report.races import summary

    fixed = dict.fromkeys(COLUMNS) | {
        "reason": "",
        "note": "",
        "copy_share": 0.5,
        "gb_per_s": 1.0,
        "bytes_moved": 8.0,
        "worst_ulp": 1.0,
        "holds": True,
    }
    cell = dict.fromkeys(FACTORS, 1) | {"dtype": "float32", "inputs": "normal", "layout": "contiguous", "device": "cpu"}
    rows = []
    for name, theirs in (("relu", 2.0), ("gelu", 0.5)):
        for who, time_s, rank, ratio in (("actbench", 1.0, 1, None), ("torch", theirs, 2, theirs),
                                         ("numpy", 8.0, 3, 8.0), ("copy", 0.1, None, 0.1)):  # fmt: skip
            ratios = dict.fromkeys(("ratio", "ratio_low", "ratio_high"), ratio)
            times = dict.fromkeys(("time_s", "low_s", "high_s"), time_s)
            rows.append({**fixed, **cell, "activation": name, "implementation": who, "rank": rank, **times, **ratios})
        rows.append({**fixed, **cell, "activation": name, "implementation": "jax", "reason": "jax is not installed"})
        rows += [{**fixed, **cell, "activation": name, "implementation": each.__name__, "reason": each.NO_GRADIENTS}
                 for each in (onnxruntime_, litert_, libmvec_)]  # fmt: skip
    frame = pd.DataFrame(rows)
    assert summary(frame, phrases("en")) == (
        "ours is fastest in 1 of 2 races; the best rivals (geometric means): torch takes 1.00 times as long in 2; "
        "not installed: jax; forward alone: "
        + ", ".join(sorted(each.__name__ for each in (onnxruntime_, litert_, libmvec_)))
    )
    assert "not installed" not in shown(frame)
    assert "gradients" not in shown(frame) + races.silent(frame)
    page = races.shown(frame)
    assert list(page.columns) == ["activation", "rank", "implementation", *races.SHOWN]
    assert page["time"].tolist()[:3] == ["100 ms [100 ms, 100 ms]", "1 s [1 s, 1 s]", "2 s [2 s, 2 s]"]
    assert page["ratio"].tolist()[1:3] == ["", "2.00 [2.00, 2.00]"]
    assert (
        summary(frame, phrases("zh"))
        .split("；仅有前向")[0]
        .endswith("torch 在 2 场中所用时间为我们的 1.00 倍；未安装：jax")
    )
    assert races.silent(frame.assign(reason="has none", time_s=None)).startswith("actbench: has none; torch")


def test_completion_offers_verbs_options_and_names(capsys):
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    verbs = parser()._subparsers._group_actions[0].choices
    for verb in verbs:
        assert re.search(rf"^ +{verb}\)", script, flags=re.M)
    if shutil.which("bash"):
        ask = 'COMP_WORDS=(actbench {}); COMP_CWORD={}; _actbench; echo "${{COMPREPLY[@]}}"'
        for words, at, expected in (("rep", 1, {"reproduce", "report"}), ("compare gel", 2, {"gelu", "gelu_tanh"}),
                                    ("run --d", 2, {"--dry-run", "--depth"})):  # fmt: skip
            done = subprocess.run(["bash", "-c", script + ask.format(words, at)], capture_output=True, text=True)
            assert expected <= set(done.stdout.split())


ZPTY = """zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "autoload -Uz compinit; compinit -u -D; source $1; PS1='RE''ADY '"
zpty -r -m shell out '*READY *'
zpty -w -n shell $2$'\\t'
zpty -r -m shell out "*$3*"
"""  # types the line into a shell of its own and reads until what is expected stands there
FISH = "source $argv[2]; complete -C $argv[3] | string match -e -- $argv[4]"


@pytest.mark.parametrize(("shell", "bare", "script"), [("zsh", "-f", ZPTY), ("fish", "-N", FISH)])
def test_zsh_and_fish_complete_what_is_typed(shell, bare, script, tmp_path, capsys):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    assert main(["completion", shell]) == 0
    file = tmp_path / f"actbench.{shell}"
    file.write_text(capsys.readouterr().out)
    for line, expected in (("actbench rep", "reproduce"), ("actbench run activity --de", "--depth"),
                           ("actbench compare gelu_", "gelu_tanh"), ("actbench completion f", "fish")):  # fmt: skip
        command = [shell, bare, "-c", script, shell, str(file), line, expected]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, (line, done.stdout, done.stderr)


def test_a_plan_knows_every_experiment():
    import actbench.experiments  # noqa: F401
    from actbench.runs.estimate import SECONDS, seconds
    from actbench.runs.experiment import EXPERIMENTS

    assert set(SECONDS) <= set(EXPERIMENTS.names())
    assert seconds(EXPERIMENTS["pass_cost"], 10, 4) == seconds(EXPERIMENTS["pass_cost"], 10, 1)
    assert seconds(EXPERIMENTS["panel"], 10, 2) == seconds(EXPERIMENTS["panel"], 10, 1) / 2
    with pytest.raises(ActbenchError):
        EXPERIMENTS["nonsense"]


def test_json_of_a_machine_says_which(monkeypatch, capsys):
    monkeypatch.setattr("actbench.speed.doctor.examine", lambda pairs: ())
    assert main(["doctor", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["findings"] == []
    assert {"processor", "cores"} <= set(told["machine"])
    assert "numpy" in told["versions"]


@pytest.mark.parametrize("spec", [3, None, 0.5])
def test_what_is_no_name_is_refused_by_its_parameter(spec):
    import actbench as ab

    with pytest.raises(ActbenchError, match=f"spec={spec} cannot be used; give a name"):
        ab.get(spec)


def test_a_card_says_what_names_of_ours_stand_for(capsys):
    assert main(["show", "gelu_tanh"]) == 0
    assert "tanh_cubic(x): \\sqrt{2 / \\pi} \\, (x + 0.044715 \\, x^3)" in capsys.readouterr().out


def test_a_claim_of_one_s_own_file_is_shown_and_no_other_file_is_run_for_it(tmp_path, capsys):
    (tmp_path / "mine.py").write_text(
        "import actbench as ab\n\n\ndef counted():\n"
        "    return ab.Answer(holds=True, value=1.0, n=2, n_unit='inputs')\n\n\n"
        "ab.claim('Q1', ledger='own', statement={'en': 'Two are two.'}, readings=["
        "ab.Reading(name='all', level='literal', compute=counted)])\n",
        encoding="utf-8",
    )
    (tmp_path / "act.py").write_text("raise RuntimeError('claim Q1')\n", encoding="utf-8")
    from actbench.claims.claim import CLAIMS

    before = CLAIMS.names()
    assert main(["show", f"{tmp_path / 'mine.py'}:Q1"]) == 0
    assert "Two are two." in capsys.readouterr().out
    assert CLAIMS.names() == before
    assert main(["show", f"{tmp_path / 'mine.py'}:Q2"]) == 2
    assert "no object named 'Q2'; known: counted" in capsys.readouterr().err
    assert main(["show", f"{tmp_path / 'act.py'}:Q1"]) == 2
    assert "raises RuntimeError" in capsys.readouterr().err
