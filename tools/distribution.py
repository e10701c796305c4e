"""Is what people install whole? Built, collected, and used from another folder.

``python -m tools.distribution`` builds the source distribution and the wheel (package ``build``), collects the tests of
the first where it was unpacked, installs the second into a fresh environment and uses it from an empty folder: the
catalogue, a page in both languages, C. ``--here`` takes the build backend and the libraries of this environment
instead of fetching them. Exit status 1 where something is missing.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LEAST_TESTS = 1000
ELSEWHERE = "import actbench, sys; sys.exit(not actbench.__file__.startswith(sys.prefix))"
COMMANDS = (  # from an empty folder: data files of the package are read by these
    ("list", "relu"),
    ("show", "gelu"),
    ("vectors", "gelu", "--count", "3"),
    ("export", "relu", "--to", "c"),
    ("reproduce", "C07", "--out", "page"),
    ("report", "page", "--lang", "zh"),
)


def said(words: Sequence[str | Path], place: Path) -> str:
    """What a command prints in a folder; its complaint and an end where it fails."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run([str(word) for word in words], cwd=place, env=clean, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        sys.stderr.write(done.stdout[-2000:] + done.stderr[-4000:])
        raise SystemExit(f"failed: {' '.join(map(str, words))}")
    return done.stdout


def built(place: Path, here: bool) -> tuple[Path, Path]:
    """The source distribution and the wheel."""
    said([sys.executable, "-m", "build", *(["--no-isolation"] if here else []), "--outdir", place, ROOT], ROOT)
    return next(place.glob("*.tar.gz")), next(place.glob("*.whl"))


def collected(archive: Path, place: Path) -> int:
    """How many tests the source distribution has, where it was unpacked."""
    with tarfile.open(archive) as packed:
        packed.extractall(place, filter="data")
    words = [sys.executable, "-m", "pytest", "--collect-only", "-n", "0"]  # -q is the project's own
    return sum("::" in line for line in said(words, next(place.iterdir())).splitlines())


def installed(wheel: Path, place: Path, here: bool) -> Path:
    """A fresh environment with the wheel: its folder of programs."""
    said([sys.executable, "-m", "venv", place], ROOT)
    programs = place / ("Scripts" if os.name == "nt" else "bin")
    said([programs / "python", "-m", "pip", "install", "-q", *(["--no-deps"] if here else []), wheel], place)
    if here:  # a .pth file lends the libraries, and not what is installed beside them as editable
        own = next(place.glob("lib*/**/site-packages"))
        (own / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return programs


def main(words: Sequence[str] | None = None) -> int:
    """Build, collect, install, use."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--here", action="store_true", help="build and run with what this environment has")
    asked = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        archive, wheel = built(place / "dist", asked.here)
        (place / "source").mkdir()
        count = collected(archive, place / "source")
        sys.stdout.write(f"{archive.name}: {count} tests\n")
        if count < LEAST_TESTS:
            return 1
        programs = installed(wheel, place / "environment", asked.here)
        (place / "empty").mkdir()
        said([programs / "python", "-c", ELSEWHERE], place / "empty")
        for command in COMMANDS:
            said([programs / "actbench", *command], place / "empty")
        page = (place / "empty" / "page" / "report-zh.html").read_text(encoding="utf-8")
        sys.stdout.write(f"{wheel.name}: {len(COMMANDS)} commands, a page of {len(page):,} characters\n")
        return 0 if 'lang="zh"' in page else 1


if __name__ == "__main__":
    raise SystemExit(main())
