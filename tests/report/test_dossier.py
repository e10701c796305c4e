"""The page of a comparison: everything in one file, names escaped, LaTeX that compiles in principle."""

from __future__ import annotations

import doctest
import math
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from panel_frames import panel

from actbench.activations.latex import formula
from actbench.activations.registry import ACTIVATIONS, AXIS
from actbench.cli import main
from actbench.comparison.arms import Arm
from actbench.comparison.compared import Comparison, save
from actbench.comparison.tables import tables
from actbench.core import numerals
from actbench.core.errors import ActbenchError
from actbench.report import bibliography
from actbench.report.bibliography import ARXIV, entries
from actbench.report.dossier import _ours, measures, render
from actbench.runs.folder import RunFolder

NO_AUTHOR = re.compile(r"Stronger normalization-free transformers 2025, arXiv [\d.]+|; Gemma 2, arXiv [\d.]+")
MACHINE = {"processor": "a processor", "cores": 2, "system": "a system"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return compared(tmp_path_factory.mktemp("run"), "my.act_1")


@pytest.fixture(scope="module")
def page(folder):
    """Its page, drawn once."""
    return render(folder)


def compared(path, own, **said):
    """The files of a comparison that nobody measured, one function of a name of one's own."""
    specs = ["relu", "gelu", own]
    frame = panel(dict(zip(specs, (0.0, 0.0, 0.02), strict=True)))
    x = np.linspace(-5, 5, 21)
    curves = pd.concat([pd.DataFrame({"activation": s, "x": x, "f": x, "slope": 1.0 + 0 * x}) for s in specs])
    rows = [
        {"activation": s, "direction": d, "as": "fused kernel", "time_s": 1e-4, "ratio": r, "low": r, "high": r, "n": 9,
         "reason": ""}
        for s, r in zip(specs, (1.0, 2.0, 3.0), strict=True) for d in ("forward", "backward")
    ]  # fmt: skip
    theory = pd.DataFrame([
        {"activation": s, "formula": r"\max(x, 0)", "kept_bytes": 4, "mean": 0.4, "second": 0.5, "gain": 1.4,
         "slope": "1", "he_q": 1.0, "he_chi_1": 1.0, "critical_sigma_w2": 2.0, "reason": ""}
        for s in specs
    ])  # fmt: skip
    frames = {"panel": frame, "curves": curves, "cost": pd.DataFrame(rows), "theory": theory}
    arms = [Arm(asked=s, spec=s) for s in specs[:2]]
    arms.append(Arm(asked="my.py:act_1", spec=specs[2], found={
        "kind": "numpy", "traced": True, "derived": "the slope", "disagrees": 0.5, "disagrees_at": 1.0,
        "remarks": ["<b>odd</b>"], "facts": {"kinks": [[0.0, 1.0]]},
    }))  # fmt: skip
    arms.append(Arm(asked="bad.py:act", spec="bad.act", reason="raises <script>"))
    run = {
        "command": "compare", "target": "t", "schema": 1, "seed": 0, "quick": True, "reference": "relu",
        "finished": None, "started": "now", "machine": MACHINE, "versions": {"python": "3"}, "commit": None,
    } | said  # fmt: skip
    result = Comparison(arms=tuple(arms), tables=tables(arms[:3], frames, "relu"), frames=frames, failures={}, run=run)
    place = RunFolder(path)
    save(result, place)
    return place


def test_the_page_holds_every_part_escaped_and_nothing_from_outside(page):
    page = page.read_text(encoding="utf-8")
    assert "not a checkout" in page  # whole, where there is no commit to cite
    for part in ("Decision", "Who is compared", "Numbers side by side", "The training panel", "The protocol"):
        assert part in page
    assert "raises &lt;script&gt;" in page
    assert "<b>odd</b>" not in page
    assert not re.search(r'(src|href)="(?!data[:/]|#|(figures|latex|timings)/|[a-z_]+\.(csv|json))', page)
    assert page.count("<math") >= 4  # f and f' of two rows; f of what was traced
    assert "<th>" not in page
    assert page.count("<img") == 5  # without gradients and activity, which this run has not
    assert len(page) < 2_000_000


def test_the_checklist_says_no_where_it_is_no(folder):
    from actbench.report.checklist import checklist

    run = folder.read_run()
    frames = {name: folder.read_frame(name) for name in ("scores", "comparisons", "decisions")}
    frames["panel"] = folder.read_frame("data/panel")
    found = {line["law"]: line["holds"] for line in checklist(frames, folder.read_json("arms"), run)}
    assert found["Same data, shapes and starts for every arm"] is True
    assert found["Same tuning budget for every arm"] is True
    assert found["The full grid was run"] is False
    assert found["Everybody who was asked for took part"] is False
    assert found["Every slope agrees with differences of its function"] is False
    frames["panel"] = frames["panel"].drop(index=0)  # one arm misses one network at one step size
    again = {line["law"]: line["holds"] for line in checklist(frames, folder.read_json("arms"), run)}
    assert again["Same data, shapes and starts for every arm"] is False


def test_latex_tables_have_equal_columns_and_escaped_names(page):
    latex = page.parent / "latex"
    for name in ("decisions", "measures", "settings", "theory"):
        text = (latex / f"{name}.tex").read_text()
        assert "A quick run, not final." in text
        text = re.sub(r"\\begin\{cases\}.*?\\end\{cases\}", "", text)  # which has columns of its own
        rows = [line for line in text.splitlines() if line.endswith(r"\\")]
        assert len({len(re.findall(r"(?<!\\)&", row)) for row in rows}) == 1, name
        assert r"my.act\_1" in text
        for part in (r"\toprule", r"\caption{", rf"\label{{tab:actbench-{name}}}", r"\end{table}"):
            assert part in text
        assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
    bib = (latex / "sources.bib").read_text()
    assert bib.count("@misc{") == 5  # four works of relu's, one of gelu's
    assert "author = {{Nair} and {Hinton}},\n  year = {2010}" in bib
    assert "@misc{hendrycks2016,\n  author = {{Hendrycks} and {Gimpel}}" in bib
    theory = (latex / "theory.tex").read_text()
    assert r"gelu & $\frac" in theory or r"gelu & $" in theory
    assert r"my.act\_1 & $\max(x, 0)$ & $1$" in theory
    assert "Provisional: 10 networks" in (latex / "decisions.tex").read_text()


def test_formulas_of_a_stranger_s_files_are_ours_or_none():
    for text in (r"\input{/etc/passwd}", r"\write18{x}", r"\frac{x}{2}^^5c", "a } b", "x $ y", r"x \\ y"):
        assert _ours(text) == ""
    for name in ACTIVATIONS.names():
        assert _ours(formula(ACTIVATIONS[name])), name


@pytest.mark.parametrize("name", [*ACTIVATIONS.names(), *AXIS.names()])
def test_every_work_that_a_source_names_is_an_entry_with_author_and_year(name):
    source = (ACTIVATIONS if name in ACTIVATIONS else AXIS)[name].source
    (first, *others) = [entries({name: source})] * 2
    assert first == others[0]
    years = [work["year"] for work in first if work["authors"]]
    assert sorted(years) == sorted(re.findall(r"[\w.] ((?:1[6-9]|20)\d\d)(?![\d.])", NO_AUTHOR.sub("", source)))
    assert [work["arxiv"] for work in first if work["arxiv"]] == ARXIV.findall(NO_AUTHOR.sub("", source))
    assert len({work["key"] for work in first}) == len(first)
    assert all(re.fullmatch(r"[a-z0-9-]+", work["key"]) for work in first)
    assert all(work["source"] for work in first if not work["authors"])


@pytest.mark.parametrize("module", [bibliography, numerals])
def test_the_examples_of_numbers_and_works_run(module):
    failed, tried = doctest.testmod(module)
    assert (failed, tried > 0) == (0, True)


def test_a_work_that_two_sources_name_is_one_entry():
    found = entries({"gelu": "Ma & Li 2016, arXiv 1606.08415", "silu": "Ma & Li 2016; Ma & Li 2017", "b": "Ma 2016"})
    assert [(work["key"], work["functions"], work["arxiv"]) for work in found] == [
        ("ma2016", ["gelu", "silu"], "1606.08415"), ("ma2017", ["silu"], ""), ("ma2016b", ["b"], ""),
    ]  # fmt: skip


def test_a_stranger_s_names_are_text_in_every_format(tmp_path, capsys):
    """One name with everything that HTML, LaTeX, BibTeX, mathtext and templates take for their own."""
    evil = "my.\\input{/etc/passwd}\\write18{touch x} $\\frac$ % & # _ ^^5c } <script>1</script> << 7*7 >> {{ 7 }}\x1b["
    run = {"started": evil, "versions": {"python": evil}, "commit": {"commit": evil}, "reference": "relu", "seed": evil}
    folder = compared(tmp_path, evil, machine=dict.fromkeys(MACHINE, evil), **run)
    assert main(["report", str(folder.path)]) == 0
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "\x1b" not in said
    page = (tmp_path / "dossier.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;1" in page
    assert "<script>1" not in page
    for file in (tmp_path / "latex").iterdir():
        text = file.read_text(encoding="utf-8")
        bare = re.sub(r"\\(?:text[a-z]+\{\}|[_%&#${}])", "", text)
        forbidden = r"\\(input|write)|\x1b" if file.name == "theory.tex" else r"\\(input|write|frac)|\^|\x1b"
        assert not re.search(forbidden, bare), file.name
        assert text.count("{") == text.count("}"), file.name
        assert r"\textbackslash{}input" in text or r"\textbackslash{}" in text, file.name


def test_a_stranger_s_comparison_is_a_page_or_a_line(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("actbench.report.dossier.FIGURES", ())  # each costs itself alone: the next test
    for name in (
        "arms.json",
        "data/panel.csv",
        "data/theory.csv",
        "measures.csv",
        "medians.csv",
        "ranks.csv",
        "run.json",
    ):
        for content in (
            "",
            "[[]]",
            '{"command": "compare"}',
            "activation,measure\nrelu,1\n",
            "\0",
            "[" * 10**5,
            "frog\n0",
        ):
            shutil.copytree(folder.path, tmp_path / "theirs")
            (tmp_path / "theirs" / name).write_text(content)
            status = main(["report", str(tmp_path / "theirs")])
            said = capsys.readouterr().err
            assert status in (0, 2), (name, content)
            assert said.count("\n") == (status == 2), (name, content)
            assert said == "" or said.startswith("actbench: "), (name, content)
            shutil.rmtree(tmp_path / "theirs")


def test_a_figure_that_cannot_be_drawn_costs_itself_alone(folder, monkeypatch, tmp_path, capsys):
    from actbench.comparison.figures import ComparisonFigure

    shutil.copytree(folder.path, tmp_path / "own")
    monkeypatch.setattr(ComparisonFigure, "picture", lambda *_: 1 / 0)
    page = render(RunFolder(tmp_path / "own")).read_text(encoding="utf-8")
    assert page.count("ZeroDivisionError") == page.count("<figure") > 3
    assert "is not drawn (ZeroDivisionError" in capsys.readouterr().err


def test_a_page_needs_a_comparison(tmp_path):
    folder = RunFolder(tmp_path)
    folder.write_run({"command": "run"})
    with pytest.raises(ActbenchError, match="holds no comparison"):
        render(folder)


def test_numbers_have_the_digits_that_their_intervals_tell_apart():
    columns = ["activation", "measure", "value", "low", "high", "n", "n_unit"]
    rows = [("relu", "test_accuracy", 0.96717, 0.93771, 0.97567, 20063.0, "networks"),
            ("relu", "kept_bytes", 4.0, math.nan, math.nan, math.nan, "")]  # fmt: skip
    found = [row["cells"] for row in measures(pd.DataFrame(rows, columns=columns))["rows"]]
    assert found == [[{"value": "96.7", "interval": "[93.8, 97.6]", "note": "", "n": "20,063"}],
                     [{"value": "4", "interval": "", "note": "", "n": ""}]]  # fmt: skip


def test_an_empty_cell_says_why_it_is_empty():
    columns = ["activation", "measure", "value", "low", "high", "n", "n_unit"]
    rows = [(arm, "gradient_factor critical", value, math.nan, math.nan, 4.0, "networks")
            for arm, value in (("relu", 1.0), ("gelu", math.nan))]  # fmt: skip
    rows += [(arm, "kept_bytes", 4.0, *[math.nan] * 3, "") for arm in ("bump", "elsewhere")]
    rows += [("relu", "transformer", 3.5, *[math.nan] * 3, ""), ("gelu", "transformer", 3.4, *[math.nan] * 3, ""),
             ("gelu", "transformer difference", -0.1, *[math.nan] * 3, "")]  # fmt: skip
    theory = pd.DataFrame([("relu", 2.0), ("bump", math.nan)], columns=["activation", "critical_sigma_w2"])
    found = measures(pd.DataFrame(rows, columns=columns), theory)["rows"]
    told = {row["name"]: [cell["value"] for cell in row["cells"]] for row in found}
    assert told["the same, each at its critical point"] == ["1", "no number", "no critical point", "not measured"]
    assert told["the same, less the reference's"] == ["the reference", "-0.1", "not measured", "not measured"]


def test_the_worked_example_s_page_is_what_its_files_say():
    import importlib.util
    from pathlib import Path

    file = Path(__file__).resolve().parents[2] / "reports" / "compare.py"
    spec = importlib.util.spec_from_file_location("example", file)
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    if not (example.HOME / "README.md").exists():
        pytest.skip("not measured yet")
    assert (example.HOME / "README.md").read_text(encoding="utf-8") == example.page()
