"""CONTRIBUTING's recipes, followed as printed in a copy of the tree: one file each, one command, green tests."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PRINTED = re.findall(
    r"```python\n# (\S+)\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), flags=re.S
)
COMMAND = "python reports/refresh.py"
# what is generated, and who notices that it was forgotten
NOTICED = {
    "tests/accuracy/test_exact_values.py::test_the_file_holds_every_row_and_no_other": "exact values",
    "tests/report/test_catalogue.py::test_every_row_has_its_page_and_no_page_is_left_over": "pages",
    "tests/claims/test_registration.py::"
    "test_everything_that_is_asked_is_registered_and_has_not_changed": "expectations",
}
# what asks every activation, experiment, claim, peer and primitive, or every file
ASKED = (
    "hinge or overlap or O1 or sklearn or sech or README or test_registration or test_claims or test_every_row or "
    "test_the_file_holds or (test_architecture and not start_up)"
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The tree with every recipe's file in its place, and how a command is run there."""
    tree = tmp_path_factory.mktemp("recipes") / "actbench"
    left_out = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "actbench-out")
    shutil.copytree(ROOT, tree, ignore=left_out)
    for name, text in PRINTED:
        file = tree / name
        file.parent.mkdir(exist_ok=True)
        assert not file.exists(), "a recipe adds a file"
        file.write_text(text, encoding="utf-8")

    def run(*words):
        environment = {**os.environ, "PYTHONPATH": str(tree)}
        for name in [name for name in environment if name.startswith("PYTEST_")]:
            del environment[name]
        return subprocess.run([sys.executable, *words], cwd=tree, env=environment, capture_output=True, text=True)

    return run


def test_a_recipe_is_one_file():
    assert [Path(name).relative_to("actbench").parts[0] for name, _ in PRINTED] == [
        "activations", "experiments", "claims", "implementations", "expression",
    ]  # fmt: skip


@pytest.mark.slow
def test_recipes_work_as_printed(copy):
    forgotten = copy("-m", "pytest", "-n", "0", "-p", "no:cacheprovider", *NOTICED)
    assert forgotten.stdout.count(f"run {COMMAND}") >= len(NOTICED), forgotten.stdout[-4000:]
    assert f"{len(NOTICED)} failed" in forgotten.stdout

    refreshed = copy(*COMMAND.split()[1:])
    assert refreshed.returncode == 0, refreshed.stderr

    green = copy("-m", "pytest", "-n", "0", "-p", "no:cacheprovider", "-m", "not slow", "-k", ASKED)
    assert green.returncode == 0, green.stdout[-4000:]

    for words, shown in (
        (["show", "hinge"], "where it was proposed"),
        (["run", "accuracy", "--activation", "relu", "--implementation", "sklearn", "--count", "200"], "sklearn"),
        (["reproduce", "O1", "--quick"], "refuted"),
    ):
        done = copy("-m", "actbench", *words)
        assert done.returncode == 0, done.stderr
        assert shown in done.stdout, done.stdout
