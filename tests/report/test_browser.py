"""Pages as people meet them: a real browser, wide and narrow, light and dark, and on paper.

Chromium of the system is asked by its command line alone: a copy of the page gets a probe that writes what it measures
into the page, and the browser prints the page. Scripts are the probe's; the pages have none.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="pages are not looked at: no chromium here (apt-get install chromium)"),
]
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--enable-logging=stderr", "--allow-file-access-from-files", "--window-size=1500,1000",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
PAGES = ("en", "zh", "dossier", "run", "bench", "audit", "performance")
SITE = Path(os.environ["ACTBENCH_SITE"]) if "ACTBENCH_SITE" in os.environ else None
OF_THE_SITE = {"start": "index.html", "catalogue": "reports/catalogue/gelu.html", "gallery": "gallery.html",
               "answers": "claims.html", "results": "results.html", "literature": "literature/report.html"}  # fmt: skip
WIDTHS = (390, 1440)
OWN = re.compile(r'(?<=class=")s(?=\d)|(?<=\.)s(?=\d+\{)')  # a figure's classes, which others on a page have too
FAULTY = """import numpy as np


def act(x):
    return np.where(x > 3.0, 1.0, np.tanh(x))
"""
DARK = ("--force-dark-mode", "--blink-settings=preferredColorScheme=0")
PROBE = """
const open = document.querySelectorAll('details'); open.forEach(d => d.open = true);
const box = e => { const b = e.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; };
const seen = e => e.getClientRects().length > 0 && getComputedStyle(e).visibility === 'visible';
const count = s => [...document.querySelectorAll(s)].filter(seen).length;
const found = {
  width: innerWidth, scroll: document.documentElement.scrollWidth,
  dark: matchMedia('(prefers-color-scheme: dark)').matches,
  scales: [...document.querySelectorAll('figure img')].map(i => i.clientWidth / i.naturalWidth),
  broken: [...document.querySelectorAll('a[href^="#"]')].map(a => a.getAttribute('href').slice(1))
    .filter(id => id && !document.getElementById(decodeURIComponent(id))),
  texts: [...document.querySelectorAll('svg')].map(s => [...s.querySelectorAll('text')]
    .filter(t => t.textContent.trim()).map(t => [t.textContent, ...box(t)])),
  small: Math.min(...[...document.querySelectorAll('svg text')].map(t => parseFloat(getComputedStyle(t).fontSize)
    * t.getScreenCTM().a)),
  heads: [...document.querySelectorAll('h2')].map(h => h.textContent),
  maths: [...document.querySelectorAll('math')].map(m => box(m)[2] - box(m)[0]),
  requests: performance.getEntriesByType('resource').map(r => r.name).filter(n => /^https?:/.test(n)),
  claims: count('.claim'),
};
const only = document.getElementById('only-refuted');
if (only) { only.checked = true; found.refuted = count('.claim'); found.wrong = count('.claim:not(.refuted)');
  document.getElementById('only-all').checked = true; }
const guess = document.getElementById('guess');
if (guess) { open.forEach(d => d.open = false); guess.checked = true;
  const secret = '.claim .answer, .claim .tag, .condition, .findings, .verdicts, .pairs .tag, #numbers + details';
  found.leaks = [...document.querySelectorAll(secret)].filter(e => seen(e) && e.checkVisibility()).length;
  const answer = document.querySelector('.claim .answer'), evidence = answer.parentElement.querySelector('details');
  evidence.open = true; found.clear = seen(answer) && seen(evidence); guess.checked = false; }
const pre = document.createElement('pre'); pre.id = 'probe'; pre.textContent = JSON.stringify(found);
document.body.appendChild(pre);
"""


# A window has a least width of 500 px, a frame has none: all pages are looked at in frames of one.
FRAME = """<iframe src="{src}" width="{width}" height="900" style="border:0;color-scheme: light dark" onload="
const pre = document.createElement('pre'); pre.className = 'probe'; pre.id = '{name}'; document.body.appendChild(pre);
pre.textContent = this.contentDocument.getElementById('probe').textContent"></iframe>"""


def browse(tmp_path, page, *flags):
    """Run Chromium on a page: what it prints, and what it had to say."""
    data = tmp_path / f"profile-{len(list(tmp_path.iterdir()))}"
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={data}", *flags, Path(page).resolve().as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=True)
    said = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    return done.stdout, said


def probed(tmp_path, pages, *, widths=WIDTHS, dark=False):
    """What the probe measures on each page at each width: (name, width) to that; a copy lies beside each page."""
    frames = []
    for name, page in pages.items():
        copy = page.with_name(f"{page.stem}.probe.html")
        text = page.read_text(encoding="utf-8")
        copy.write_text(text.replace("</body>", f"<script>{PROBE}</script></body>"), encoding="utf-8")
        for width in widths:
            frames.append(FRAME.format(src=copy.resolve().as_uri(), width=width, name=f"{name} {width}"))
    start = '<!doctype html><html style="color-scheme: light dark"><meta charset=utf-8><body>'
    (tmp_path / "frames.html").write_text(f"{start}{''.join(frames)}</body></html>", encoding="utf-8")
    shown, said = browse(tmp_path, tmp_path / "frames.html", *(DARK if dark else ()), "--dump-dom")
    assert said == []
    measured = re.findall(r'<pre class="probe" id="(\w+) (\d+)">(.*?)</pre>', shown, flags=re.S)
    assert len(measured) == len(frames)
    return {(name, int(width)): json.loads(html.unescape(text)) for name, width, text in measured}


@pytest.fixture(scope="module")
def looked_at(pages, tmp_path_factory):
    """Every kind of page: the article's in both languages, a comparison's, runs', an audit's, a history's."""
    from actbench.cli import main
    from actbench.report.commits import render_commits
    from actbench.report.dossier import render
    from actbench.runs.folder import RunFolder

    place = tmp_path_factory.mktemp("looked")
    # without the figures whose observations are too large to be committed, and which cannot be drawn again
    shutil.copytree(ROOT / "reports" / "compare", place / "compare", ignore=shutil.ignore_patterns("figures"))
    folder = RunFolder(place / "compare")
    folder.write_run({**folder.read_run(), "command": "compare", "reference": "relu", "quick": True})
    words = ["run", "activity", "--activation", "relu", "tanh", "--depth", "4", "--width", "16", "--net", "0:4"]
    assert main([*words, "--out", str(place / "run"), "--workers", "1"]) == 0
    words = ["bench", "relu", "--quick", "--size", "4096", "--rounds", "5", "--peers", "numpy"]
    assert main([*words, "--out", str(place / "bench")]) == 0
    (place / "faulty.py").write_text(FAULTY)
    audit = place / "audit.html"
    assert main(["audit", f"{place / 'faulty.py'}:act", "--like", "tanh", "--html", str(audit)]) == 1
    return {"en": pages["en"], "zh": pages["zh"], "dossier": render(folder), "run": place / "run" / "report.html",
            "bench": place / "bench" / "report.html", "audit": audit,
            "performance": render_commits(ROOT / "tests" / "data" / "asv", place / "performance")}  # fmt: skip


@pytest.fixture(scope="module")
def measured(looked_at, tmp_path_factory):
    """What is measured on all pages: dark or not, to name and width, to that."""
    return {dark: probed(tmp_path_factory.mktemp("measured"), looked_at, dark=dark) for dark in (False, True)}


@pytest.fixture(scope="module")
def measured_site(tmp_path_factory):
    """The same on pages of the built site, where ``ACTBENCH_SITE`` says where it lies (.ci/run builds it first)."""
    if SITE is None:
        pytest.skip("the site is not built: ACTBENCH_SITE says where it lies")
    pages = {name: SITE / path for name, path in OF_THE_SITE.items()}
    return {dark: probed(tmp_path_factory.mktemp("site"), pages, dark=dark) for dark in (False, True)}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_and_asks_for_nothing(measured, name, width, dark):
    fits(measured[dark][name, width], name, width, dark)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", OF_THE_SITE)
def test_a_page_of_the_site_fits_and_asks_for_nothing(measured_site, name, width, dark):
    fits(measured_site[dark][name, width], name, width, dark)


def fits(found, name, width, dark):
    """What is asked of every page, whoever made it."""
    assert (found["width"], found["dark"]) == (width, dark)
    assert found["scroll"] <= width
    assert found["requests"] == found["broken"] == []
    assert found["scales"] or name in ("audit", *OF_THE_SITE)
    assert min(found["scales"], default=1.0) * 8 * 4 / 3 >= 8  # the smallest text of a figure is 8 pt
    assert found["small"] is None or found["small"] >= 8
    assert not [clash for texts in found["texts"] for clash in clashes(texts)]
    assert all(0 < wide < width for wide in found["maths"])
    assert name != "dossier" or found["maths"]


def test_filters_and_guessing_work_by_style_alone(looked_at, measured):
    assert "<script" not in looked_at["en"].read_text(encoding="utf-8")
    found = measured[False]["en", 1440]
    assert found["claims"] == 54
    assert 0 < found["refuted"] < 54
    assert found["wrong"] == 0
    assert found["leaks"] == 0  # no colour, no list of conditions, no table, and not the filter by verdicts
    assert found["clear"]


def clashes(boxes):
    """Pairs of texts that lie over one another: a text and the ends of its box each."""
    return [
        (one[0], other[0])
        for i, one in enumerate(boxes) for other in boxes[:i]
        if min(one[3], other[3]) - max(one[1], other[1]) > 1.5 and min(one[4], other[4]) - max(one[2], other[2]) > 3.5
    ]  # fmt: skip


def test_texts_of_a_figure_do_not_overlap(looked_at, tmp_path):
    """All figures of each page, each in its own place."""
    figures = {name: sorted((page.parent / "figures").glob("*.svg")) for name, page in looked_at.items()}
    together = {name: tmp_path / f"{name}.html" for name, files in figures.items() if files and name in PAGES}
    for name, page in together.items():
        shown = [OWN.sub(f"f{i}s", path.read_text(encoding="utf-8")) for i, path in enumerate(figures[name])]
        page.write_text(f"<body>{''.join(svg[svg.index('<svg') :] for svg in shown)}</body>", encoding="utf-8")
    for (name, _), found in probed(tmp_path, together, widths=[1440]).items():
        assert len(found["texts"]) == len(figures[name])
        each = zip(figures[name], found["texts"], strict=True)
        assert not {path.name: pairs for path, boxes in each if (pairs := clashes(boxes))}
        assert all(len(boxes) > 3 for boxes in found["texts"])
    assert set(PAGES) - set(together) == {"audit"}


@pytest.mark.parametrize("name", PAGES)
def test_every_figure_is_at_hand_as_svg_and_pdf(looked_at, name):
    page = looked_at[name]
    links = re.findall(r'href="((?:figures|tables|data|timings)/[^"]+|[a-z]+\.csv)"', page.read_text(encoding="utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]
    drawn = {
        f"figures/{path.name}"
        for suffix in ("svg", "pdf")
        for path in page.parent.glob(f"figures/*.{suffix}")
        if path.stem.endswith("-zh") == page.stem.endswith("-zh")
    }  # each language has its own
    assert drawn == {link for link in links if link.startswith("figures/")}


def paper(tmp_path, page):
    """What a printed page says, without its spaces."""
    if shutil.which("pdftotext") is None:
        pytest.skip("paper is not read: no pdftotext here (apt-get install poppler-utils)")
    browse(tmp_path, page, f"--print-to-pdf={tmp_path / 'page.pdf'}", "--no-pdf-header-footer")
    raw = subprocess.run(["pdftotext", "-raw", tmp_path / "page.pdf", "-"], capture_output=True, text=True).stdout
    return "".join(raw.split())


def plain(part):
    """A part of a page as it is printed, without its spaces."""
    return "".join(html.unescape(re.sub(r"<[^>]+>", "", part)).split())


@pytest.mark.parametrize("name", ["en", "zh"])
def test_paper_has_every_answer_and_the_evidence(looked_at, tmp_path, name):
    text = looked_at[name].read_text(encoding="utf-8")
    printed = paper(tmp_path, looked_at[name])
    answers = [plain(part) for part in re.findall(r'<p class="answer">(.*?)</p>', text, flags=re.S)]
    readings = [plain(part) for part in re.findall(r'<div class="reading[^>]*>\s*<p><strong>(.*?)</strong>', text)]
    assert len(answers) == 54
    counts = [plain(part) for part in re.findall(r'<label class="[^>]*>(.*?)</label>', text)]
    assert counts
    assert not [count for count in counts if count not in printed]
    words = subprocess.run(["pdftotext", "-bbox", tmp_path / "page.pdf", "-"], capture_output=True, text=True).stdout
    wide = float(re.search(r'<page width="([\d.]+)"', words)[1])
    assert max(float(end) for end in re.findall(r'xMax="([\d.]+)"', words)) <= wide  # the last column is not cut off
    assert not [answer for answer in answers if answer[:30] not in printed]
    assert readings
    assert not [reading for reading in readings if reading not in printed]


def test_paper_has_what_is_filtered(looked_at, tmp_path):
    text = looked_at["en"].read_text(encoding="utf-8")
    chosen = tmp_path / "refuted.html"
    chosen.write_text(text.replace('id="only-refuted"', 'id="only-refuted" checked'), encoding="utf-8")
    printed = paper(tmp_path, chosen)
    claims = re.findall(r'<article class="claim of ([\w-]+)".*?<p class="answer">(.*?)</p>', text, flags=re.S)
    there = [verdict for verdict, answer in claims if plain(answer) in printed]
    assert there == [verdict for verdict, _ in claims if verdict == "refuted"]
    assert len(claims) > len(there) > 0
    assert "aswritten,experiment" in printed  # with their evidence


def test_a_summary_on_paper_is_two_pages_of_answers(looked_at, tmp_path):
    text = looked_at["en"].read_text(encoding="utf-8")
    brief = tmp_path / "brief.html"
    brief.write_text(text.replace('id="brief"', 'id="brief" checked'), encoding="utf-8")
    printed = paper(tmp_path, brief)
    answers = [plain(part) for part in re.findall(r'<p class="answer">(.*?)</p>', text, flags=re.S)]
    assert len(answers) == 54
    assert not [answer for answer in answers if answer[:30] not in printed]
    assert "aswritten,experiment" not in printed
    told = subprocess.run(["pdfinfo", tmp_path / "page.pdf"], capture_output=True, text=True).stdout
    assert re.search(r"Pages: +2\n", told)


@pytest.mark.parametrize("name", ["dossier", "run", "bench", "audit", "performance"])
def test_paper_has_every_part(looked_at, tmp_path, name):
    printed = paper(tmp_path, looked_at[name])
    heads = re.findall(r"<h[12][^>]*>(.*?)</h[12]>", looked_at[name].read_text(encoding="utf-8"), flags=re.S)
    assert heads
    assert not [head for head in map(plain, heads) if head not in printed]
