"""The shape of the package: the arrow, light start-up, one place for each new thing, and what no file may hold."""

from __future__ import annotations

import ast
import graphlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import actbench

PACKAGE = Path(actbench.__file__).parent
ROOT = PACKAGE.parent
MODULES = sorted(PACKAGE.rglob("*.py"))

# The arrow: what stands later may import what stands earlier, never the other way round.
ARROW = (
    "core", "expression", "activations", "kernels", "implementations", "identification", "statistics",
    "accuracy", "testing", "speed", "theory", "torch", "networks", "runs", "drawing", "experiments",
    "claims", "comparison", "audit", "report", "cli", "__main__",
)  # fmt: skip


def component(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """The components that a module imports anywhere in its text."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = (
                [f"{node.module}.{alias.name}" for alias in node.names] if node.module == "actbench" else [node.module]
            )
        found |= {name.split(".")[1] for name in names if name.startswith("actbench.")}
    return found


def test_every_component_has_its_place_on_the_arrow():
    assert {component(path) for path in MODULES} - {"__init__"} == set(ARROW)


@pytest.mark.parametrize(
    "path", [p for p in MODULES if component(p) != "__init__"], ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_imports_point_backwards_along_the_arrow(path):
    place = ARROW.index(component(path))
    forward = {name for name in imported(path) if name in ARROW and ARROW.index(name) > place}
    assert not forward, f"{path.name} imports {sorted(forward)}, which stand after it"


def test_no_two_modules_need_each_other():
    names = {
        ".".join(("actbench", *path.relative_to(PACKAGE).with_suffix("").parts)): path
        for path in MODULES
        if path.name != "__init__.py"
    }
    needs = {
        name: {
            asked
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
            for asked in (node.module, f"{node.module}.{alias.name}")
            if asked in names
        }
        for name, path in names.items()
    }
    graphlib.TopologicalSorter(needs).prepare()  # a circle is an error that names it


def test_the_arrow_stands_in_contributing():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for name in ARROW[:-1]:
        assert f"`{name}`" in text, f"{name} is not in CONTRIBUTING.md"


HEAVY = ("pandas", "seaborn", "matplotlib", "numba", "sklearn", "scipy", "joblib", "torch", "jax", "mpmath", "rich")


@pytest.mark.parametrize(
    "words",
    [
        None,
        ["--help"],
        ["reproduce", "--help"],
        ["list"],
        ["list", "experiments"],
        ["list", "claims"],
        ["list", "peers"],
    ],
    ids=str,
)
def test_start_up_is_light(words):
    program = f"""
import json, sys
import actbench
if {words!r} is not None:
    from actbench.cli import main
    try:
        main({words!r})
    except SystemExit:
        pass
print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_file_has_one_subject_and_fewer_than_400_lines(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 400
    assert ast.get_docstring(ast.parse(text)), "the first line of a file says what it is"
    assert path.stem not in {"utils", "helpers", "misc", "base", "manager", "common"}


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.split("\n") if name]


def test_no_tracked_file_names_a_registry_host_or_a_path_of_some_machine():
    pattern = re.compile(r"pypi\.org|pythonhosted|registry\.npmjs|deb\.debian|/home/\w+/|/root/|/work/")
    found = []
    for path in tracked():
        if path.suffix in {".png", ".svg", ".pdf", ".html"} or path == Path(__file__):
            continue
        found += [
            f"{path.name}: {m.group()}" for m in pattern.finditer(path.read_text(encoding="utf-8", errors="ignore"))
        ]
    assert not found


def test_no_lock_file_is_tracked():
    assert not [path for path in tracked() if path.name == "uv.lock" or path.name.startswith("pylock")]


def test_only_the_command_line_prints():
    for path in MODULES:
        if component(path) == "cli":
            continue
        calls = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)]
        assert not [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"], path
