"""The article's page as the committed files give it, for the tests of pages."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from actbench.report.page import render
from actbench.report.phrases import PHRASES
from actbench.runs.folder import RunFolder

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """The article's page in both languages, rendered from the committed files."""
    made = {}
    for lang in PHRASES:
        folder = tmp_path_factory.mktemp(lang) / "article"
        shutil.copytree(ROOT / "reports" / "article", folder)
        made[lang] = render(RunFolder(folder), lang=lang)
    return made
