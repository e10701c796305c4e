"""Two states of this repository side by side in a temporary folder, each with the same benchmarks."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from actbench.core.errors import ActbenchError

BENCHMARKS = "benchmarks"


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """One state of the code.

    Parameters
    ----------
    name
        What a person calls it: the reference with its commit, or the working tree.
    path
        A folder that holds the packages ``actbench`` and ``benchmarks`` and nothing else.
    """

    name: str
    path: Path


@contextmanager
def checkouts(base: str, head: str | None = None, *, start: Path | None = None) -> Iterator[tuple[Checkout, Checkout]]:
    """The code of a reference, and that of another or of the working tree; both folders go when the block ends.

    Parameters
    ----------
    base, head
        Anything that git resolves to a commit; without ``head`` the working tree as it stands, changes included.
    start
        A folder inside the repository; by default the current one.

    Raises
    ------
    ActbenchError
        Outside a clone of this project, or where git does not know a reference.
    """
    root = repository(start or Path.cwd())
    with tempfile.TemporaryDirectory(prefix="actbench-against-") as folder:
        # names of equal length: the environment's size moves the stack, and with it small times
        places = Path(folder, "base"), Path(folder, "head")
        pair = tuple(_exported(root, ref, place) for ref, place in zip((base, head), places, strict=True))
        for one in pair:
            # both with the benchmarks of today, so that the same work is timed
            shutil.copytree(root / BENCHMARKS, one.path / BENCHMARKS, ignore=shutil.ignore_patterns("__pycache__"))
        yield pair[0], pair[1]


def repository(start: Path) -> Path:
    """The top of the clone that a folder lies in."""
    try:
        found = _git(start, "rev-parse", "--show-toplevel").decode().strip()
    except (OSError, subprocess.CalledProcessError):
        found = ""
    root = Path(found)
    if not found or not (root / "actbench" / "__init__.py").exists() or not (root / BENCHMARKS).is_dir():
        raise ActbenchError(f"{str(start)!r} is not in a git clone of actbench; go into one: two commits are compared")
    return root


def _exported(root: Path, ref: str | None, place: Path) -> Checkout:
    place.mkdir()
    if ref is None:
        shutil.copytree(root / "actbench", place / "actbench", ignore=shutil.ignore_patterns("__pycache__"))
        commit = _git(root, "rev-parse", "--short", "HEAD").decode().strip()
        changed = bool(_git(root, "status", "--porcelain", "--", "actbench").strip())
        return Checkout(name=f"the working tree ({commit}{' and changes' if changed else ''})", path=place)
    try:
        commit = _git(root, "rev-parse", "--verify", "--quiet", "--short", f"{ref}^{{commit}}").decode().strip()
    except subprocess.CalledProcessError:
        raise ActbenchError(f"git knows no commit {ref!r}; give a branch, a tag or a hash, such as HEAD~1") from None
    try:
        archive = _git(root, "archive", "--format=tar", commit, "actbench")
    except subprocess.CalledProcessError:
        raise ActbenchError(f"commit {commit} has no folder 'actbench'; give a later one") from None
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(place, filter="data")
    return Checkout(name=ref if ref == commit else f"{ref} ({commit})", path=place)


def _git(place: Path, *words: str) -> bytes:
    # S603, S607: git from the path, words of ours; a reference stands after --verify, or was resolved to a hash
    done = subprocess.run(["git", "-C", str(place), *words], capture_output=True, check=True)  # noqa: S603, S607
    return done.stdout
