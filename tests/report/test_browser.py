"""Pages as people meet them: a real browser, wide and narrow, light and dark, and on paper.

Chromium of the system is asked by its command line alone: a copy of the page gets a probe that writes what it measures
into the page, and the browser prints the page. Scripts are the probe's; the pages have none.
"""

from __future__ import annotations

import html
import json
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
    .filter(id => !document.getElementById(decodeURIComponent(id))),
  texts: [...document.querySelectorAll('svg text')].filter(t => t.textContent.trim())
    .map(t => [t.textContent, ...box(t)]),
  maths: [...document.querySelectorAll('math')].map(m => box(m)[2] - box(m)[0]),
  requests: performance.getEntriesByType('resource').map(r => r.name).filter(n => /^https?:/.test(n)),
  claims: count('.claim'),
};
const only = document.getElementById('only-refuted');
if (only) { only.checked = true; found.refuted = count('.claim'); found.wrong = count('.claim:not(.refuted)');
  document.getElementById('only-all').checked = true; }
const guess = document.getElementById('guess');
if (guess) { open.forEach(d => d.open = false); guess.checked = true;
  const answer = document.querySelector('.claim .answer'); found.blurred = getComputedStyle(answer).filter;
  answer.parentElement.querySelector('details').open = true; found.clear = getComputedStyle(answer).filter; }
const pre = document.createElement('pre'); pre.id = 'probe'; pre.textContent = JSON.stringify(found);
document.body.appendChild(pre);
"""


# A window has a least width of 500 px, a frame has none.
FRAME = """<!doctype html><html style="color-scheme: light dark"><meta charset=utf-8><body>
<iframe src="{src}" width="{width}" height="900" style="border:0;color-scheme: light dark" onload="
const pre = document.createElement('pre'); pre.id = 'probe'; document.body.appendChild(pre);
pre.textContent = this.contentDocument.getElementById('probe').textContent"></iframe></body></html>"""


def browse(tmp_path, page, *flags):
    """Run Chromium on a page: what it prints, and what it had to say."""
    data = tmp_path / f"profile-{len(list(tmp_path.iterdir()))}"
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={data}", *flags, Path(page).resolve().as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    said = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    return done.stdout, said


def probed(tmp_path, page, *, width=1440, dark=False):
    """What the probe measures on a page."""
    text = page.read_text(encoding="utf-8")
    copy = tmp_path / f"{page.stem}-{width}.html"
    if page.suffix == ".svg":
        text = f"<!doctype html><meta charset=utf-8><body>{text[text.index('<svg') :]}</body>"
    copy.write_text(text.replace("</body>", f"<script>{PROBE}</script></body>"), encoding="utf-8")
    frame = tmp_path / f"frame-{page.stem}-{width}.html"
    frame.write_text(FRAME.format(src=copy.name, width=width), encoding="utf-8")
    shown, said = browse(tmp_path, frame, *(DARK if dark else ()), "--dump-dom")
    found = json.loads(html.unescape(re.search(r'<pre id="probe">(.*?)</pre>', shown, flags=re.S)[1]))
    assert said == []
    return found


@pytest.fixture(scope="module")
def looked_at(pages, tmp_path_factory):
    """Every kind of page: the article's in both languages, a comparison's, a plain run's."""
    from actbench.cli import main
    from actbench.report.dossier import render
    from actbench.runs.folder import RunFolder

    place = tmp_path_factory.mktemp("looked")
    shutil.copytree(ROOT / "reports" / "compare", place / "compare")
    folder = RunFolder(place / "compare")
    folder.write_run({**folder.read_run(), "command": "compare", "reference": "relu", "quick": True})
    words = ["run", "activity", "--activation", "relu", "tanh", "--depth", "4", "--width", "16", "--net", "0:4"]
    assert main([*words, "--out", str(place / "run"), "--workers", "1"]) == 0
    return {"en": pages["en"], "zh": pages["zh"], "dossier": render(folder), "run": place / "run" / "report.html"}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("name", ["en", "zh", "dossier", "run"])
def test_a_page_fits_and_asks_for_nothing(looked_at, tmp_path, name, width, dark):
    found = probed(tmp_path, looked_at[name], width=width, dark=dark)
    assert (found["width"], found["dark"]) == (width, dark)
    assert found["scroll"] <= width
    assert found["requests"] == found["broken"] == []
    assert found["scales"]
    assert min(found["scales"]) * 8 * 4 / 3 >= 8  # the smallest text of a figure is 8 pt
    assert all(0 < wide < width for wide in found["maths"])
    assert name != "dossier" or found["maths"]


def test_filters_and_guessing_work_by_style_alone(looked_at, tmp_path):
    text = looked_at["en"].read_text(encoding="utf-8")
    assert "<script" not in text
    found = probed(tmp_path, looked_at["en"])
    assert found["claims"] == 54
    assert 0 < found["refuted"] < 54
    assert found["wrong"] == 0
    assert "blur" in found["blurred"]
    assert found["clear"] == "none"


@pytest.mark.parametrize("name", ["en", "zh"])
def test_paper_has_every_answer_and_the_evidence(looked_at, tmp_path, name):
    if shutil.which("pdftotext") is None:
        pytest.skip("paper is not read: no pdftotext here (apt-get install poppler-utils)")
    text = looked_at[name].read_text(encoding="utf-8")
    browse(tmp_path, looked_at[name], f"--print-to-pdf={tmp_path / 'page.pdf'}", "--no-pdf-header-footer")
    raw = subprocess.run(["pdftotext", "-raw", tmp_path / "page.pdf", "-"], capture_output=True, text=True).stdout
    printed = "".join(raw.split())

    def plain(part):
        return "".join(html.unescape(re.sub(r"<[^>]+>", "", part)).split())

    answers = [plain(part) for part in re.findall(r'<p class="answer">(.*?)</p>', text, flags=re.S)]
    readings = [plain(part) for part in re.findall(r'<div class="reading[^>]*>\s*<p><strong>(.*?)</strong>', text)]
    assert len(answers) == 54
    assert not [answer for answer in answers if answer[:30] not in printed]
    assert readings
    assert not [reading for reading in readings if reading not in printed]


@pytest.mark.parametrize("path", sorted((ROOT / "reports" / "article" / "tables").glob("*.csv")), ids=lambda p: p.stem)
def test_texts_of_a_figure_do_not_overlap(looked_at, path, tmp_path):
    boxes = probed(tmp_path, looked_at["en"].parent / "figures" / f"{path.stem}.svg")["texts"]
    clash = [
        (one[0], other[0])
        for i, one in enumerate(boxes) for other in boxes[:i]
        if min(one[3], other[3]) - max(one[1], other[1]) > 1.5 and min(one[4], other[4]) - max(one[2], other[2]) > 3.5
    ]  # fmt: skip
    assert len(boxes) > 3
    assert not clash
