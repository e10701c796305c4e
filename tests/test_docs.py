"""The documents say what is so: commands and code in them work, and what they show is what the files hold."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import actbench.claims.ledgers
import actbench.experiments  # noqa: F401  both fill their registries
from actbench.report.readme import digest, of_code, refreshed

ROOT = Path(__file__).resolve().parent.parent
ARTICLE = ROOT / "reports" / "article"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_there_are_exactly_two_commands_to_set_up():
    commands = re.findall(r"^python3 -m venv .*$", README, flags=re.M)
    assert len(commands) == 2
    assert commands[0].endswith("actbench reproduce --quick")
    assert commands[1].endswith("pytest")
    assert "'.[test]'" in commands[1]


def test_the_readme_s_python_runs(capsys):
    from actbench.claims.claim import CLAIMS

    with CLAIMS.temporary():
        for block in re.findall(r"```python\n(.*?)```", README, flags=re.S):
            exec(compile(block, "README.md", "exec"), {})
    assert "supported" in capsys.readouterr().out


def test_the_readme_s_claim_is_judged(tmp_path, monkeypatch):
    from actbench.claims.claim import CLAIMS
    from actbench.claims.verdicts import chosen, judged
    from actbench.experiments.run import run

    block = next(b for b in re.findall(r"```python\n(.*?)```", README, flags=re.S) if "ab.claim(" in b)
    (tmp_path / "my_claims.py").write_text(block, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with CLAIMS.temporary():
        claims = chosen(["my_claims.py"])
        frame = run("activity", activation=["relu"], depth=[4], width=[32], net=range(8))
        verdicts = judged(claims, {"activity": frame}, rehearsal=True).verdicts
    assert verdicts.set_index("reading")["verdict"]["units"] == "refuted"  # half of them are


COMMANDS = [re.split(r"  +", line)[0] for line in re.findall(r"^actbench .*$", README, flags=re.M)]
AT_ONCE = ("list", "show", "vectors", "theory", "identify", "export")  # these answer in seconds, so they are run
MEASURE = ("run", "reproduce", "compare", "bench")  # long ones: asked what they would do


def tried(command):
    """Run a command of the documents; a long one says what it would do, others are parsed to the last word."""
    from actbench.claims.claim import CLAIMS
    from actbench.cli import main, parser

    words = shlex.split(command.partition(" > ")[0])[1:]
    asked, left = parser().parse_known_args(words)
    assert asked.verb == words[0]
    assert not left or words[0] == "run", left  # the factors of an experiment
    if words[0] in AT_ONCE and "torch" not in command and "--certify" not in words:
        assert main(words) in ((0, 1) if words[0] == "identify" else (0,)), command  # 1: it is not in the catalogue
    elif words[0] in MEASURE and not {"--false-alarms", "--against", "--scheduler"} & {*words}:
        with CLAIMS.temporary():
            assert main([*words, *([] if "--dry-run" in words else ["--dry-run"])]) == 0, command


def files(folder):
    """What the commands of the documents name: one's own function, and claims."""
    gate = "\n\ndef swiglu(a, b):\n    return a / (1 + np.exp(-a)) * b\n"
    texts = {"my.py": blocks(DOCS / "start" / "researcher.md", "python")[0] + gate,
             "my_claims.py": blocks(DOCS / "recipes.md", "python")[0],
             "config.json": '{"hidden_act": "silu", "swiglu_limit": 7.0}'}  # fmt: skip
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_readme_is_understood(command, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files(tmp_path)
    tried(command)


def test_the_readme_shows_what_the_article_s_report_holds():
    if not ARTICLE.exists():
        pytest.skip("no report yet")
    assert refreshed(README, digest(ARTICLE)) == README, "run python reports/refresh.py"


def test_the_readme_shows_how_far_off_code_was_measured():
    assert "ulp forward" in of_code(ROOT / "reports" / "accuracy")
    assert refreshed(README, of_code(ROOT / "reports" / "accuracy"), "accuracy") == README, (
        "run python reports/refresh.py"
    )


def test_every_folder_of_reports_is_in_their_index():
    named = set(re.findall(r"\]\((\w+)/README\.md\)", (ROOT / "reports" / "README.md").read_text(encoding="utf-8")))
    assert named == {file.parent.name for file in (ROOT / "reports").glob("*/README.md")}


def test_the_committed_report_names_every_claim():
    import pandas as pd

    from actbench.claims.claim import CLAIMS

    verdicts = pd.read_csv(ARTICLE / "verdicts.csv")
    assert set(verdicts["claim"]) == {claim.name for claim in CLAIMS if claim.ledger == "article"}
    assert not verdicts["rehearsal"].any(), "a rehearsal is not for committing"
    assert (ARTICLE / "README.md").exists()
    assert (ARTICLE / "report.html").stat().st_size < 2_000_000


@pytest.mark.parametrize("page", sorted((ROOT / "reports").glob("*/*.html")), ids=lambda page: page.parent.name)
def test_a_committed_page_links_to_committed_files(page):
    links = re.findall(r'href="(?!#|https?:)([^"]+)"', page.read_text(encoding="utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()], "run python reports/refresh.py with --run"


DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), *DOCS.glob("start/*.md")])
PAGES = [
    page
    for page in PAGES
    if page.name not in ("example.src.md", "results.md", "example.md", "gallery.md", "cli.md", "api.md", "claims.md")
]


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *PAGES], ids=lambda page: page.stem)
def test_links_of_a_page_work_where_its_source_is_read(page):
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.S)
    assert "[](" not in text  # no words where the site is not built
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "//" not in link]
    made = [page.parent / name for name in ("claims.md", "results.md", "gallery.md", "cli.md", "api.md")]
    assert not [link for link in links if link and (not (page.parent / link).exists() or page.parent / link in made)]


def blocks(page, *kinds):
    return re.findall(rf"^```(?:{'|'.join(kinds)})\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.S | re.M)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_python_of_every_page_runs(page, tmp_path, monkeypatch):
    import matplotlib.pyplot as plt

    from actbench.claims.claim import CLAIMS

    monkeypatch.chdir(tmp_path)
    with CLAIMS.temporary():
        for block in blocks(page, "python"):
            exec(compile(block, page.name, "exec"), {"__name__": "__main__"})
    plt.close("all")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_every_page_is_understood(page, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files(tmp_path)
    commands = [re.split(r"  +", line)[0].strip() for block in blocks(page, "sh", "") for line in block.splitlines()]
    for command in commands:
        if command.startswith("actbench "):
            tried(command)


def test_generated_pages_hold_every_row_verb_and_claim(tmp_path, monkeypatch):
    import json
    import shutil

    from actbench.activations.registry import ACTIVATIONS
    from actbench.claims.claim import CLAIMS
    from actbench.cli import VERBS, parser

    monkeypatch.syspath_prepend(str(DOCS))
    import generate

    shutil.copy(DOCS / "example.src.md", tmp_path)
    generate.write(tmp_path)
    text = {name: (tmp_path / name).read_text(encoding="utf-8") for name in generate.MADE if name.endswith("md")}
    shown = [file.stem for file in (ROOT / "reports" / "catalogue").glob("*.svg")]
    assert set(shown) <= set(ACTIVATIONS.names())
    assert all(f"reports/catalogue/{name}.html" in text["gallery.md"] for name in shown)
    verbs = parser()._subparsers._group_actions[0].choices
    assert len(verbs) == len(VERBS)
    assert all(f"## actbench {verb}\n" in text["cli.md"] for verb in verbs)
    assert all(f"| {claim.name} |" in text["claims.md"] for claim in CLAIMS if claim.ledger == "article")
    notebook = json.loads((tmp_path / "example.ipynb").read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(code) == text["example.md"].count("```python")
    assert sum(bool(cell["outputs"]) for cell in code) >= len(code) - 1
    assert "silu forward in float32" in text["example.md"]  # the naive one fails, with its smallest input
