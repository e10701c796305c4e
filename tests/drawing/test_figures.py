"""Every figure: drawn from any legal part of its experiment's grid, small, and the same bytes for the same numbers."""

from __future__ import annotations

import ast
import contextlib
import itertools
import math
import re
import warnings
from pathlib import Path

import matplotlib.colors
import matplotlib.pyplot as plt
import matplotlib.text
import numpy as np
import pandas as pd
import pytest

import actbench.experiments
from actbench.comparison.figures import FIGURES as COMPARISON
from actbench.drawing import parts, style
from actbench.drawing.figure import NothingToDrawError
from actbench.drawing.words import WORDS
from actbench.report.page import all_figures
from actbench.runs.experiment import EXPERIMENTS
from actbench.statistics.frames import settle, spread
from actbench.statistics.tuning import tuned

SPECS = {spec.name: spec for spec in all_figures() if spec.claims}
TABLES = Path(__file__).parents[2] / "reports" / "article" / "tables"
COMMITTED = [name for name in SPECS if (TABLES / f"{name}.csv").exists()]


def observed(name, *, quick=False, nets=3, lost=0, levels=None):
    """Made-up observations: every cell of the first few networks, every ``lost``-th one diverged, at given levels."""
    experiment = EXPERIMENTS[name]
    cells = [cell for cell in experiment.cells(quick=quick) if cell.get(experiment.batch or "", 0) < nets]
    for factor, level in (levels or {}).items():
        seen = {str(sorted(changed.items())): changed for changed in ({**cell, factor: level} for cell in cells)}
        cells = list(seen.values())
    rng = np.random.default_rng(0)
    rows = []
    inner = [{}]
    if "layer" in experiment.columns:
        inner = [{"layer": layer} for layer in range(1, 4)]
    elif name == "neuron":
        inner = [{"current": current} for current in (0.5, 1.25, 2.0)]
    elif name == "pass_cost":
        passes = ("relu", "sigmoid", "tanh")
        inner = [{"library": "actbench", "pass": each, "round": k} for each in passes for k in range(4)]
    for number, cell in enumerate(cells):
        for more in inner:
            row = dict(cell) | {column: float(rng.uniform(0.1, 0.9)) for column in experiment.columns}
            row |= {"diverged": False} | more
            if lost and number % lost == 0:
                fixed = {"diverged", *more}
                row |= {column: math.nan for column in experiment.columns if column not in fixed}
                row["diverged"] = True
            rows.append(row)
    return pd.DataFrame(rows)


def one_level_each(name):
    """The article's grid with one factor held at one of its levels, or at one that it does not have."""
    strange = {"activation": "gelu", "init": "orthogonal", "depth": 7, "width": 5, "optimiser": "adam",
               "data": "normal", "rate": 0.07, "noise": 0.5, "epochs": 3, "norm": "layer_before"}  # fmt: skip
    experiment = EXPERIMENTS[name]
    for factor in experiment.factors:
        if factor != experiment.batch:
            levels = sorted({part[factor][0] for part in experiment.grid}, key=str)
            yield from ({factor: level} for level in levels)
            if factor in strange and factor != "size":
                yield {factor: strange[factor]}


CROWDED = {"features": "made-up observations have eight data sets in a panel, real ones four",
           "neuron": "labels stand at values, and made-up ones are alike"}  # fmt: skip


def clashes(figure):
    """Pairs of texts that lie over one another by more than a pixel and a half of 120 an inch."""
    figure.set_dpi(120)
    with style.theme():
        figure.draw_without_rendering()
    ticks = {tick.label1: low <= tick.get_loc() <= high
             for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)
             for low, high in [sorted(axis.get_view_interval())]
             for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]}  # fmt: skip
    others = {tick.label2 for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)
              for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]}  # fmt: skip
    seen = [text for text in figure.findobj(matplotlib.text.Text) if text.get_visible() and text.get_text().strip()
            and text not in others and ticks.get(text, True)]  # fmt: skip
    boxes = [(text.get_text(), text.get_window_extent()) for text in seen]
    return [
        (one, other)
        for i, (one, a) in enumerate(boxes) for other, b in boxes[:i]
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 1.5 and min(a.y1, b.y1) - max(a.y0, b.y0) > 3.5
    ]  # fmt: skip


@pytest.fixture(autouse=True)
def _loud():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
    plt.close("all")


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("options", [{}, {"quick": True}, {"lost": 5}], ids=str)
def test_a_figure_is_drawn_from_the_grid_its_quick_part_and_with_losses(name, options, tmp_path):
    spec = SPECS[name]
    table = spec.table(observed(spec.experiment, **options))
    assert len(table)
    known = table.dropna(subset=["low", "high"])
    assert (known["low"] <= known["high"]).all()
    picture = spec.picture(table)
    assert name in CROWDED or not clashes(picture)
    style.save(picture, tmp_path / name)  # raises where it is too large for a page
    assert (tmp_path / f"{name}.svg").stat().st_size > 2_000


@pytest.mark.slow
@pytest.mark.parametrize("name", SPECS)
def test_any_legal_level_gives_a_picture_or_the_line_that_there_is_none(name):
    spec = SPECS[name]
    for levels in one_level_each(spec.experiment):
        with contextlib.suppress(NothingToDrawError):
            spec.picture(spec.table(observed(spec.experiment, quick=True, nets=2, levels=levels)))
        plt.close("all")


@pytest.mark.parametrize("name", SPECS)
def test_without_a_finite_number_there_is_nothing_to_draw(name):
    spec = SPECS[name]
    frame = observed(spec.experiment, quick=True, nets=2, lost=1)
    if name in ("convergence", "dead-units", "orientation"):  # that all networks diverged is what they show
        frame = frame[:0]
    table = spec.table(frame)
    with pytest.raises(NothingToDrawError, match=f"figure {name}: nothing to draw"):
        spec.picture(table)


@pytest.mark.parametrize("name", COMMITTED)
def test_the_same_numbers_give_the_same_bytes_without_a_date(name, tmp_path):
    spec = SPECS[name]
    for place in ("one", "other"):
        style.save(spec.picture(pd.read_csv(TABLES / f"{name}.csv")), tmp_path / place)
    svg = (tmp_path / "one.svg").read_bytes()
    assert svg == (tmp_path / "other.svg").read_bytes()
    assert b"<dc:date>" not in svg
    assert b"<text" in svg
    assert len(svg) < style.SVG_LIMIT


@pytest.mark.parametrize("name", SPECS)
def test_a_figure_has_words_in_both_languages(name, tmp_path):
    spec = SPECS[name]
    assert spec.claims
    for text in (spec.title, spec.caption):
        assert set(text) == {"en", "zh"}
        assert text["en"].isascii()
    held = name in COMMITTED
    table = pd.read_csv(TABLES / f"{name}.csv") if held else spec.table(observed(spec.experiment, quick=True))
    style.save(spec.picture(table), tmp_path / "zh", words=WORDS["zh"])
    texts = re.findall(r"<text[^>]*>([^<]+)</text>", (tmp_path / "zh.svg").read_text(encoding="utf-8"))
    assert not [text for text in texts if len(re.findall(r"[A-Za-z]{2,}", text)) > 6 and ", " not in text]
    untold = {t for t in texts if re.search(r"[a-z]{3,} [a-z]{3,}", t)}
    assert not untold


@pytest.mark.parametrize(
    ("label", "said"),
    [("critical difference 1.48", "临界差 1.48"), ("slope -0.089", "斜率 -0.089"), ("layer", "层"),
     ("relu 2.5", "relu 2.5"),
     ("ns an element (log scale)", "每个元素的纳秒数（对数刻度）")],
)  # fmt: skip
def test_a_label_keeps_its_number_in_another_language(label, said):
    svg = f'<svg><text x="1">{label}</text></svg>'.encode()
    assert style._translated(svg, WORDS["zh"]).decode() == f'<svg><text x="1">{said}</text></svg>'


def test_drawing_computes_nothing():
    """No quantile, mean, bootstrap or interval in what draws; the table functions have them from `statistics`."""
    folders = Path(actbench.experiments.__file__).parent
    files = [*folders.glob("*/figures.py"), Path(parts.__file__)]
    for path in files:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in [f for f in tree.body if isinstance(f, ast.FunctionDef) and not f.name.endswith("table")]:
            names = {node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute)}
            asked = {"quantile", "std", "sem", "bootstrap", "interval", "median"} & names
            assert not asked, f"{path.parent.name}.{function.name} computes {asked}"


def test_ends_are_drawn_where_the_table_says():
    _, (axis,) = parts.panels(1)
    table = pd.DataFrame(
        {"at": ["a", "b"], "who": ["x", "x"], "mean": [1.0, 2.0], "low": [0.5, 1.9], "high": [1.25, 4]}
    )
    parts.points(axis, table, "at", "who", names={"a": "A", "b": "B"}, hues={"x": "#0072B2"})
    segments = [
        segment for group in axis.collections if hasattr(group, "get_segments") for segment in group.get_segments()
    ]
    assert [segment.tolist() for segment in segments] == [[[0, 0.5], [0, 1.25]], [[1, 1.9], [1, 4.0]]]
    dots = axis.collections[-1].get_offsets().tolist()
    assert dots == [[0, 1.0], [1, 2.0]]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["A", "B"]


def test_a_band_keeps_the_tables_ends():
    _, (axis,) = parts.panels(1)
    table = pd.DataFrame({"layer": [2, 1], "who": "x", "mean": [1.0, 2.0], "low": [0.5, 1.0], "high": [3.0, 2.5]})
    parts.lines(axis, table, "layer", "who", hues={"x": "#0072B2"})
    corners = {tuple(corner) for corner in axis.collections[0].get_paths()[0].vertices.tolist()}
    assert {(1, 1.0), (1, 2.5), (2, 0.5), (2, 3.0)} <= corners
    assert matplotlib.colors.to_hex(axis.lines[0].get_color()) == "#0072b2"


def test_a_log_scale_of_nothing_positive_stays_linear():
    _, (axis,) = parts.panels(1)
    axis.plot([0, 1], [-1, -2])
    axis.set_ylim(-2, 0)
    parts.logarithmic(axis, "y")
    assert axis.get_yscale() == "linear"


def test_arms_have_colours_of_their_own():
    hues = style.palette(["relu", "gelu", "silu", "mish", "tanh"])
    assert len(set(hues.values())) == 5
    assert hues["relu"] == style.FIXED["relu"]


def test_spread_says_how_networks_differ_and_leaves_out_what_has_no_number():
    frame = pd.DataFrame({"arm": ["a"] * 21 + ["b"], "x": [*range(21), math.nan]})
    table = spread(frame, ["arm"], "x")
    assert table["arm"].tolist() == ["a"]
    assert (table[["mean", "median", "low", "high", "networks"]].iloc[0] == [10, 10, 1, 19, 21]).all()


def test_one_level_is_settled_on_and_never_averaged_over():
    frame = pd.DataFrame({"depth": [5, 10, 30], "x": range(3)})
    assert settle(frame, depth=10)["x"].tolist() == [1]
    assert settle(frame, depth=7, width=3)["x"].tolist() == [2]


def test_the_tuned_arm_is_the_one_with_the_best_validation_accuracy():
    frame = pd.DataFrame(
        {
            "arm": ["a", "a", "b", "b"],
            "rate": [0.1, 0.3, 0.1, 0.3],
            "valid_accuracy": [0.5, 0.9, 0.8, None],
            "x": range(4),
            "net": 0,
        }
    )
    assert tuned(frame, ["arm"])["x"].tolist() == [1, 2]


def test_times_are_bars_with_their_ends_and_shares_of_the_copy(tmp_path):
    cells = [(a, d) for a in ("relu", "tanh") for d in ("forward", "backward")]
    who = {"actbench": (1, 0.9), "torch": (2, 0.5), "copy": (math.nan, 1.0)}
    frame = pd.DataFrame(
        [
            {
                "activation": a,
                "direction": d,
                "dtype": "float32",
                "size": 4096,
                "inputs": "normal",
                "implementation": name,
                "layout": "contiguous",
                "rank": rank,
                "copy_share": share,
                "time_s": 1e-6 / share,
                "low_s": 0.9e-6 / share,
                "high_s": 1.2e-6 / share,
                "holds": name != "torch",
                "samples_s": "",
                "places": "",
                "warnings": "",
            }
            for a, d in cells
            for name, (rank, share) in who.items()
        ]
    )
    for spec in all_figures():
        if spec.experiment == "throughput":
            style.save(spec.picture(spec.table(frame)), tmp_path / spec.name)
            text = (tmp_path / f"{spec.name}.svg").read_text(encoding="utf-8")
            assert ("torch *" in text) == spec.name.startswith("bars")
            assert ">copy<" not in text


def test_a_short_log_scale_names_ticks_that_do_not_collide():
    with style.theme():
        figure, (axis,) = parts.panels(1)
        axis.plot([0.03, 0.1, 0.55], [0.0, 0.1, 0.2])
        parts.logarithmic(axis, "x")
        figure.draw_without_rendering()
        boxes = [t.get_window_extent() for t in axis.get_xticklabels(which="both") if t.get_text() and t.get_visible()]
    plt.close(figure)
    assert len(boxes) >= 3
    assert all(one.x1 < other.x0 for one, other in itertools.pairwise(boxes))


def test_a_legend_names_only_what_is_drawn():
    with style.theme():
        figure, (axis,) = parts.panels(1)
        axis.plot([1, 2], [1, 2], color="#0072B2")
        parts.legend(figure, {"relu": "#0072B2", "absent": "#D55E00"})
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    plt.close(figure)
    assert names == ["relu"]


def test_no_file_of_settings_changes_a_figure(tmp_path):
    """A matplotlibrc in the current folder may be a stranger's: what it says of TeX would run LaTeX."""
    saved = []
    for settings in ({}, {"text.usetex": True, "lines.linewidth": 9, "font.size": 40, "figure.figsize": (1, 1)}):
        with plt.rc_context(settings):
            table = pd.DataFrame({"x": [0.0, 1.0], "y": [1.0, 2.0]})
            with style.theme():
                figure, axes = parts.panels(1)
                axes[0].plot(table["x"], table["y"])
            saved.append(style.save(figure, tmp_path / "x").uri)
    assert saved[0] == saved[1]


def test_figures_format_no_measured_number_by_themselves():
    """Digits follow the interval, as in sentences: `core.numerals.numbers` alone decides how many there are."""
    home = Path(actbench.experiments.__file__).parents[1]
    files = [*home.glob("experiments/*/figures.py"), home / "comparison" / "figures.py", home / "drawing" / "parts.py"]
    assert len(files) > 10
    texts = {file: file.read_text(encoding="utf-8") for file in files}
    formats = {file.parent.name: re.findall(r":,?\.\d[feg]\}", text) for file, text in texts.items()}
    assert not {name: found for name, found in formats.items() if found}
    table = pd.DataFrame({"activation": ["relu", "tanh"], "mean_rank": [1.25, 1.75], "groups": [""] * 2})
    ranks = next(figure for figure in COMPARISON if figure.name == "ranks")
    figure = ranks.draw({"ranks": table.assign(critical_difference=0.61803)}, style.palette(["relu", "tanh"]), "")
    said = {text.get_text() for text in figure.findobj(matplotlib.text.Text)}
    plt.close(figure)
    assert {"relu 1.25", "critical difference 0.618"} <= said
