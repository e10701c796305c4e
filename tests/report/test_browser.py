"""Pages as people meet them: a real browser, wide and narrow, light and dark, scripts off, and on paper."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium of the system; without it nobody looks."""
    playwright = pytest.importorskip("playwright.sync_api", reason="pages are not looked at: no playwright here")
    if CHROMIUM is None:
        pytest.skip("pages are not looked at: no chromium here (apt-get install chromium)")
    with playwright.sync_playwright() as tool:
        chromium = tool.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def opened(browser, path, **options):
    """A page, and what it said on the console or asked of the network."""
    page = browser.new_context(**options).new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: said.append(request.url) if request.url.startswith("http") else None)
    page.goto(Path(path).as_uri())
    return page, said


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_scrolls_sideways_or_asks_for_anything(browser, pages, lang, width, scheme):
    page, said = opened(browser, pages[lang], viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert said == []


def test_figure_text_is_eight_pixels_or_more_on_a_telephone(browser, pages):
    page, _ = opened(browser, pages["en"], viewport={"width": 390, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    scales = page.evaluate("[...document.querySelectorAll('figure img')].map(i => i.clientWidth / i.naturalWidth)")
    assert len(scales) >= 15
    assert min(scales) * 8 * 4 / 3 >= 8  # the smallest text of a figure is 8 pt


def test_filters_and_guessing_work_without_scripts(browser, pages):
    page, _ = opened(browser, pages["en"], java_script_enabled=False)
    shown = page.locator(".claim:visible")
    assert shown.count() == 54
    page.locator("label[for=only-refuted]").click()
    assert 0 < shown.count() < 54
    assert page.locator(".claim.refuted:visible").count() == shown.count()
    page.locator("label[for=only-all]").click()
    answer = page.locator("#C10 .answer")
    assert answer.is_visible()
    page.locator("label[for=guess]").click()
    page.locator("#C10 summary").click()
    assert page.locator("#C10 .reading").first.is_visible()


def test_paper_has_every_answer_and_the_evidence(browser, pages, tmp_path):
    if shutil.which("pdftotext") is None:
        pytest.skip("paper is not read: no pdftotext here (apt-get install poppler-utils)")
    page, _ = opened(browser, pages["en"])
    answers = page.locator(".claim .answer").all_inner_texts()
    readings = page.locator(".claim .reading strong").all_text_contents()
    page.pdf(path=str(tmp_path / "page.pdf"))
    text = subprocess.run(["pdftotext", "-raw", tmp_path / "page.pdf", "-"], capture_output=True, text=True).stdout
    plain = "".join(text.split())
    lost = [answer for answer in answers if "".join(answer.split())[:60] not in plain]
    assert len(answers) == 54
    assert not lost
    assert not [name for name in readings if "".join(name.split()) not in plain]


@pytest.mark.parametrize("path", sorted((ROOT / "reports" / "article" / "tables").glob("*.csv")), ids=lambda p: p.stem)
def test_texts_of_a_figure_do_not_overlap(browser, path, pages):
    svg = pages["en"].parent / "figures" / f"{path.stem}.svg"
    page, _ = opened(browser, svg, viewport={"width": 1000, "height": 900})
    boxes = page.evaluate(
        "[...document.querySelectorAll('text')].filter(t => t.textContent.trim()).map(t => {"
        "const b = t.getBoundingClientRect(); return [t.textContent, b.left, b.top, b.right, b.bottom]})"
    )
    clash = [
        (one[0], other[0])
        for i, one in enumerate(boxes) for other in boxes[:i]
        if min(one[3], other[3]) - max(one[1], other[1]) > 1.5 and min(one[4], other[4]) - max(one[2], other[2]) > 3.5
    ]  # fmt: skip
    assert not clash
