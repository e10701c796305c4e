"""A page that is handed on alone says what made it, what lay beside it, and where to read on."""

from __future__ import annotations

import doctest
import json
import re
import shlex

import pytest

from actbench.cli import main
from actbench.core import numerals
from actbench.report import foot
from actbench.report.phrases import PHRASES
from actbench.runs.folder import RunFolder


@pytest.mark.parametrize("module", [foot, numerals])
def test_the_examples_are_so(module):
    failed, tried = doctest.testmod(module)
    assert failed == 0 < tried


def footer(page):
    """The foot of a page: what it says, its links, and the command that it names first."""
    (said,) = re.findall(r"<footer.*?</footer>", page.read_text(encoding="utf-8"), flags=re.S)
    return said, re.findall(r'href="([^"]*)"', said), re.search(r"<code>(actbench [^<]*)</code>", said)[1]


@pytest.mark.parametrize("lang", PHRASES)
def test_a_page_of_claims_names_its_files_and_what_made_it(pages, lang):
    said, links, command = footer(pages[lang])
    assert {"verdicts.csv", "tables/", "figures/", "run.json"} <= set(links)
    assert all((pages[lang].parent / link).exists() for link in links)
    assert all(f">{link}</a>" in said for link in links)  # as text too, for who has the page alone
    assert command == "actbench reproduce article"
    assert "<code>actbench report DIR</code>" in said
    assert re.search(r"actbench \d+\.\d+", said)
    assert "<code>docs</code>" in said


def test_the_command_of_a_run_s_page_asks_for_the_same_cells(folder, tmp_path, capsys, monkeypatch):
    command = footer(folder / "report.html")[2]
    asked = ["run", "activity", "--activation", "relu", "tanh", "--depth", "3", "--width", "16", "--data", "normal"]
    assert shlex.split(command)[1:] == [*asked, "--net", "0:4"]
    monkeypatch.chdir(tmp_path)
    assert main([*shlex.split(command)[1:], "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cells"] == 8


@pytest.mark.parametrize(
    ("run", "command"),
    [
        ({"command": "bench", "target": "throughput", "quick": True, "asked": ["relu", "--size", "2^10"]},
         "actbench bench relu --size '2^10' --quick"),
        ({"command": "reproduce", "target": "C10", "lang": "zh"}, "actbench reproduce C10 --lang zh"),
        ({"command": "compare", "target": "relu gelu", "seed": 3, "asked": ["--reference", "gelu"]},
         "actbench compare relu gelu --reference gelu --seed 3"),
        ({}, ""),
    ],
)  # fmt: skip
def test_a_command_is_read_from_a_run_s_record(run, command):
    assert foot.command(run) == command


def test_a_copy_without_observations_has_no_link_to_them(folder, tmp_path):
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert '<a href="data/">' in page
    (tmp_path / "report.html").write_text(foot.without_observations(page), encoding="utf-8")
    assert "data/" not in footer(tmp_path / "report.html")[0]
    assert "tables/" in footer(tmp_path / "report.html")[1]
    assert RunFolder(folder).read_run()["asked"]
