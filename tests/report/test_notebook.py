"""What Python shows: names, a row's repr and card, plots, the first screen of a report; formulas as MathML."""

from __future__ import annotations

import doctest
import re
from dataclasses import replace
from pathlib import Path
from xml.dom import minidom

import numpy as np
import pytest

import actbench as ab
from actbench.activations.latex import formula, latex
from actbench.activations.registry import ACTIVATIONS, AXIS
from actbench.claims.claim import CLAIMS
from actbench.claims.verdicts import natural
from actbench.core.errors import ActbenchError
from actbench.expression.graph import derivative, record
from actbench.expression.simplify import simplified
from actbench.report.content import content
from actbench.report.mathml import FUNCTIONS, LETTERS, mathml
from actbench.report.reproduction import Report
from actbench.runs.folder import RunFolder


def test_the_package_lists_what_users_use():
    names = dir(ab)
    assert {"get", "kernel", "run", "reproduce", "compare", "plot", "theory", "testing"} <= set(names)
    assert set(names) == {*ab.__all__, "__version__"}
    assert all(hasattr(ab, name) for name in names)


def test_the_help_s_example_runs():
    failed, tried = doctest.testmod(ab)
    assert (failed, tried > 8) == (0, True)


def test_a_row_is_written_as_it_is_called():
    assert repr(ab.get("purlin")) == "identity()"
    assert repr(ab.get("leaky_relu", negative_slope=0.2)) == "leaky_relu(negative_slope=0.2)"
    assert repr(ab.get("softmax")) == "softmax()"
    assert repr(ab.get("swiglu", layout="interleaved")) == "swiglu(layout='interleaved')"


@pytest.mark.parametrize("name", [*ACTIVATIONS.names(), *AXIS.names()])
def test_every_row_shows_its_card(name):
    row = ab.get(name)
    html = row._repr_html_()
    assert f"<code>{row!r}</code>" in html
    assert row.source.split(",")[0].replace("&", "&amp;").replace("'", "&#39;") in html
    minidom.parseString(re.sub(r"&(?!\w+;|#\d+;)", "&amp;", f"<body>{html}</body>"))


@pytest.mark.parametrize("name", ACTIVATIONS.names())
def test_every_formula_is_well_formed_and_says_what_the_latex_says(name):
    definition = record(ab.get(name).callables.definition)
    for text in (formula(ab.get(name)), latex(simplified(derivative(definition)))):
        tree = minidom.parseString(mathml(text))
        shown = " ".join(node.data for node in _texts(tree))
        assert len(tree.getElementsByTagName("mfrac")) == len(re.findall(r"\\[td]?frac", text))
        assert len(tree.getElementsByTagName("msqrt")) == text.count(r"\sqrt")
        assert len(tree.getElementsByTagName("mtable")) == text.count(r"\begin{cases}")
        for word in re.findall(r"\\([A-Za-z]+)", text):
            if word in FUNCTIONS or word in LETTERS:
                assert LETTERS.get(word, word) in shown
        assert sorted(re.findall(r"\d+(?:\.\d+)?", shown)) == sorted(re.findall(r"\d+(?:\.\d+)?", text))


@pytest.mark.parametrize("name", AXIS.names())
def test_formulas_along_an_axis_are_well_formed(name):
    minidom.parseString(mathml(AXIS[name].formula, block=True))


def _texts(node):
    for child in node.childNodes:
        if child.nodeType == child.TEXT_NODE:
            yield child
        yield from _texts(child)


def test_what_no_table_knows_is_an_error_of_one_line():
    for text in (r"\unknown{x}", r"\frac{1}{x", r"\left(x", r"\begin{matrix} x \end{matrix}"):
        with pytest.raises(ActbenchError, match="in the formula") as error:
            mathml(text)
        assert "\n" not in str(error.value)


def test_a_plot_has_f_and_its_slope():
    axes = ab.plot("relu", ab.get("leaky_relu", negative_slope=0.5), x=(-2, 2))
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["relu", "leaky_relu:negative_slope=0.5"]
    f, slope = axes.lines[2], axes.lines[3]
    x = f.get_xdata()
    np.testing.assert_array_equal(f.get_ydata(), np.where(x > 0, x, 0.5 * x))
    np.testing.assert_array_equal(slope.get_ydata(), np.where(x > 0, 1.0, 0.5))
    assert ab.get("relu").plot(ax=axes, slope=False) is axes
    import matplotlib.pyplot as plt

    plt.close(axes.figure)
    for wrong in ({"names": ()}, {"names": ("relu",), "x": (1, 1)}, {"names": ("rleu",)}):
        with pytest.raises(ActbenchError):
            ab.plot(*wrong.pop("names"), **wrong)


def test_figures_leave_a_notebook_s_backend_alone(monkeypatch):
    import matplotlib.pyplot as plt

    from actbench.drawing.style import theme

    monkeypatch.setattr("matplotlib.use", lambda *a, **k: pytest.fail("the backend is the user's"))
    with theme():
        plt.close("all")


def test_a_report_shows_its_first_screen():
    report = ab.reproduce("C07", "C20", progress=False)
    html = report._repr_html_()
    assert html.count("<tr><td>C") == 2
    overall = report.verdicts[report.verdicts["reading"] == "overall"]["verdict"]
    assert all(f">{verdict}</span>" in html for verdict in overall)
    assert "<script" not in html


def test_a_report_says_what_its_page_says_beside_an_answer():
    """The committed run: each claim's n, its verdict as intended where it is another, what changed after looking."""
    from actbench.report.notebook import report
    from actbench.report.phrases import phrases

    folder = RunFolder(Path(__file__).parents[2] / "reports" / "article")
    names = ("verdicts", "estimates", "timing_verdicts", "timing_estimates")
    tables = {name: folder.read_frame(name) for name in names}
    ledger = [claim for claim in CLAIMS if claim.ledger == "article"]
    ledger.sort(key=lambda claim: natural(claim.name))
    run = folder.read_run()
    found = Report(**tables, frames={}, instrument=None, failures={}, claims=tuple(ledger), run=run)
    shown = content(folder, run, phrases("en"), "en")["claims"]
    rows = dict(re.findall(r"<tr><td>(C\w+)</td>(.*?)</tr>", report(found), flags=re.S))
    assert len(rows) == len(shown) == 54
    for claim in shown:
        row = rows[claim["name"]]
        assert ("changed after looking" in row) == claim["changed"]
        assert ("as intended: " in row) == bool(claim["otherwise"])
        assert f"(n = {claim['n']})" in row or not claim["n"]
    assert sum(claim["changed"] for claim in shown) > 5


def test_a_comparison_shows_its_decisions():
    import pandas as pd

    from actbench.comparison.compared import Comparison

    measured = {"activation": "gelu", "measure": "test_accuracy", "value": 0.95, "low": 0.94, "high": 0.96}
    measures = pd.DataFrame([{**measured, "n": 20, "n_unit": "networks"}])
    decisions = pd.DataFrame([{"activation": "gelu", "decision": "undecided", "reason": "a <b> reason"}])
    found = Comparison(arms=(), tables={"measures": measures, "decisions": decisions}, frames={}, failures={})
    html = found._repr_html_()
    assert "quick run" not in html
    assert "Nothing here is final" in replace(found, run={"quick": True})._repr_html_()
    assert "was interrupted" in replace(found, interrupted=True)._repr_html_()
    assert ">undecided</span>" in html
    assert "a &lt;b&gt; reason" in html
    assert "95.0 [94.0, 96.0]" in html


def test_an_error_is_one_line_in_a_notebook():
    with pytest.raises(ab.ActbenchError) as caught:
        ab.get("gleu")
    (line,) = caught.value._render_traceback_()
    assert line.startswith("ActbenchError: no activation named 'gleu'; did you mean")
