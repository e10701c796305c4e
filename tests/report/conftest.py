"""The article's page as the committed files give it, and a small run, for the tests of pages."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from actbench.cli import main
from actbench.report.page import render
from actbench.runs.folder import RunFolder

ROOT = Path(__file__).parents[2]


class _Pages(dict[str, Path]):
    """By language, each drawn when it is first asked for: two processes that share the tests often need one each."""

    def __init__(self, make: Callable[[str], Path]) -> None:
        self.make = make

    def __missing__(self, lang: str) -> Path:
        self[lang] = self.make(lang)
        return self[lang]


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """The article's page in both languages, rendered from the committed files."""

    def made(lang):
        folder = tmp_path_factory.mktemp(lang) / "article"
        shutil.copytree(ROOT / "reports" / "article", folder)
        return render(RunFolder(folder), lang=lang)

    return _Pages(made)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A small run of an experiment."""
    place = tmp_path_factory.mktemp("plain") / "run"
    words = ["run", "activity", "--activation", "relu", "tanh", "--depth", "3", "--width", "16", "--data", "normal"]
    assert main([*words, "--net", "0:4", "--out", str(place), "--workers", "1"]) == 0
    return place
