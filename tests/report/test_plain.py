"""A page for every plain run, drawn again from its files; no path of the machine in what is handed on."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from actbench.cli import main
from actbench.report.chinese import chinese
from actbench.report.phrases import phrases
from actbench.report.plain import INNER, UNITS, ranges, summarised
from actbench.runs.experiment import EXPERIMENTS
from actbench.runs.folder import RunFolder

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_of_a_run_is_made_and_drawn_again(folder, lang, capsys):
    assert main(["report", str(folder), "--lang", lang]) == 0
    place = folder / {"en": "report.html", "zh": "report-zh.html"}[lang]  # beside the page of the run's own language
    assert capsys.readouterr().out.strip() == str(place)
    page = place.read_text(encoding="utf-8")
    assert f'lang="{lang}"' in page
    assert chinese(EXPERIMENTS["activity"].question, phrases(lang)) in page
    assert 'href="data/activity.csv"' in page
    assert "<img" in page
    assert "<script" not in page
    assert "`" not in page
    commit = json.loads((folder / "run.json").read_text())["commit"]  # the one to cite; None outside a checkout
    assert commit is None or commit["commit"][:12] in page


def test_the_page_of_a_race_is_made(tmp_path, capsys):
    words = ["bench", "relu", "--quick", "--size", "64", "--rounds", "5", "--peers", "numpy"]
    assert main([*words, "--out", str(tmp_path / "race")]) == 0
    page = (tmp_path / "race" / "report.html").read_text(encoding="utf-8")
    assert page.count(">numpy<") == 2  # forward and backward
    assert 'href="timings/throughput.csv"' in page


def test_what_a_stranger_may_write_into_a_run_is_a_line_or_text(folder, tmp_path, capsys):
    place = tmp_path / "theirs"
    shutil.copytree(folder, place)
    run = json.loads((place / "run.json").read_text())
    (place / "run.json").write_text(json.dumps({**run, "started": "\ud800<script>"}))
    assert main(["report", str(place)]) == 0
    page = (place / "report.html").read_text(encoding="utf-8")
    assert "\\ud800&lt;script&gt;" in page
    shutil.copytree(ROOT / "reports" / "article", tmp_path / "cut", ignore=shutil.ignore_patterns("figures", "data"))
    RunFolder(tmp_path / "cut").write_frame(
        "verdicts", (whole := RunFolder(tmp_path / "cut").read_frame("verdicts"))[whole["reading"] != "overall"]
    )
    capsys.readouterr()
    assert main(["report", str(tmp_path / "cut")]) == 2
    said = capsys.readouterr().err
    assert "do not belong together (KeyError: 'overall')" in said
    assert said.count("\n") == 1


def test_means_over_networks_are_student_s(folder):
    from scipy import stats

    frame = RunFolder(folder).read_frame("data/activity")
    table = summarised(EXPERIMENTS["activity"], frame)
    row = table[(table["activation"] == "relu") & (table["layer"] == 2)].iloc[0]
    own = frame[(frame["activation"] == "relu") & (frame["layer"] == 2)]["active_fraction"]
    low, high = stats.t.interval(0.95, len(own) - 1, own.mean(), stats.sem(own))
    told = np.array(
        [float(x) for x in row["active_fraction"].replace("[", "").replace("]", "").replace(",", "").split()]
    )
    assert row["n"] == 4
    assert np.abs(told - [own.mean(), low, high]).max() <= 0.5 * 10 ** math.floor(math.log10(high - low))
    assert len(table) == 6  # two functions, three layers


def test_a_page_of_more_settings_than_it_can_show_says_how_many(folder, tmp_path, capsys):
    """As many as a sweep of thousands of functions has: means are taken of those shown, no figure is begun."""
    place = tmp_path / "large"
    shutil.copytree(folder, place)
    frame = RunFolder(place).read_frame("data/activity")
    small = frame[frame["activation"] == "relu"]
    many = [small.assign(activation=f"leaky_relu:negative_slope={k / 1000}") for k in range(1, 701)]
    RunFolder(place).write_frame("data/activity", pd.concat(many))
    assert main(["report", str(place)]) == 0
    assert "2,100 points are more than the 2,000 that a figure can show" in capsys.readouterr().err
    page = (place / "report.html").read_text(encoding="utf-8")
    assert "negative_slope=0.001" in page
    assert "negative_slope=0.7" not in page
    assert "1900" in page  # 700 functions of three layers, less the 200 that are shown
    assert len(pd.read_csv(place / "tables" / "activity-panel.csv")) == 2100
    first = summarised(EXPERIMENTS["activity"], pd.concat(many[:2]))
    whole = summarised(EXPERIMENTS["activity"], pd.concat(many))
    assert whole.head(6).equals(first)


def test_an_implementation_is_a_row(tmp_path, capsys):
    words = ["run", "accuracy", "--activation", "relu", "tanh", "--direction", "forward", "--dtype", "float32"]
    assert main([*words, "--implementation", "numpy", "--count", "100", "--out", str(tmp_path / "run")]) == 0
    shown = capsys.readouterr().out
    assert [line.split()[:2] for line in shown.splitlines() if " numpy " in f" {line} "] == [
        ["relu", "numpy"], ["tanh", "numpy"]
    ]  # fmt: skip


def test_a_folder_without_observations_says_what_helps(folder, tmp_path, capsys):
    (tmp_path / "run.json").write_text((folder / "run.json").read_text())
    assert main(["report", str(tmp_path)]) == 2
    assert "give the same command again" in capsys.readouterr().err


def test_what_is_traced_of_a_plug_in_names_no_folder_of_the_machine(tmp_path):
    from actbench.implementations.targets.examine import examine

    (tmp_path / "mine.py").write_text("import numpy as np\ndef act(x):\n    return np.maximum(x, 0.0)\n")
    answer = examine([f"{tmp_path / 'mine.py'}:act"], tmp_path / "out")[0]
    text = Path(answer.module).read_text(encoding="utf-8")
    assert "mine.py:act, sha256" in text
    assert str(tmp_path) not in text


def test_a_reading_has_no_name_that_a_csv_would_lose():
    from actbench.claims.claim import MISSING, Reading
    from actbench.core.errors import ActbenchError

    for name in MISSING:
        with pytest.raises(ActbenchError, match="missing value"):
            Reading(name=name, level="literal", kind="exact")


def test_an_interval_stays_where_values_can_be():
    from actbench.statistics.estimates import Estimate

    estimate = Estimate.of([-0.9, -0.1, 0.2, 0.1], bounds=(-1.0, 1.0))
    assert Estimate.of(estimate.values).interval()[0] < -0.9
    low, high = Estimate.of([-1.0, -1.0, 0.2, 0.1], bounds=(-1.0, 1.0)).interval()
    assert low == -1.0
    assert high <= 1.0


SIGNED = {
    "convergence.first_rate", "convergence.second_rate", "distribution.mean_over_sd", "distribution.skewness",
    "finite_width.log_norm", "gradient_flow.grad_log_norm", "jacobian_spectrum.theory_mean",
    "jacobian_spectrum.theory_spread", "retraining.top_low", "retraining.top_end", "retraining.first_low",
    "signal_propagation.mean", "signal_propagation.grad_log_norm",
}  # fmt: skip


def test_what_cannot_be_negative_has_no_interval_below_0():
    """Every measure that means are taken of has a range by its meaning, or is one of those with a sign."""
    free = {
        f"{experiment.name}.{column}"
        for experiment in EXPERIMENTS if experiment.batch in UNITS
        for column, (low, _) in ranges(experiment).items()
        if low == -math.inf and column not in (*INNER, "reason")
    }  # fmt: skip
    assert free == SIGNED
    words = EXPERIMENTS["signal_propagation"]
    frame = pd.DataFrame({**{name: ["a"] * 3 for name in words.factors}, "net": [0, 1, 2], "layer": 1,
                          "q": [0.01, 0.02, 3.0], "mean": [-0.1, 0.1, 3.0], "c": [0.9, 1.0, 0.6]})  # fmt: skip
    row = summarised(words, frame).iloc[0]
    assert row["q"] == "1.0 [0.0, 5.3]"  # t's own interval begins at -3.3
    assert row["mean"].startswith("1.0 [-3")
    assert row["c"].endswith(", 1.00]")


def test_who_took_no_part_is_said_once_and_a_vector_in_four_digits():
    words = EXPERIMENTS["axis_accuracy"]
    frame = pd.DataFrame({**dict.fromkeys(words.factors, "a"), "implementation": ["numpy", "keras", "keras"],
                          "worst_ulp": [1.0, math.nan, math.nan], "at": ["0.12345678 -1.0", math.nan, math.nan],
                          "reason": [None, "keras is not installed", "keras is not installed"]})  # fmt: skip
    table = summarised(words, frame)
    assert list(table["at"]) == ["0.1235 -1"]
    assert table.attrs["silent"] == "keras is not installed"
    assert len(summarised(words, frame[1:])) == 2  # where nobody has a number, the reasons are the table


def test_the_source_distribution_takes_what_its_tests_read():
    import tomllib

    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    taken = told["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    for name in ("tests", "reports", "tools", "benchmarks", "CITATION.cff", "CONTRIBUTING.md", ".ci"):
        assert name in taken, name
    assert "https:" not in (ROOT / "asv.conf.json").read_text(encoding="utf-8")
