"""Does ``actbench bench --against`` find a kernel that was made slower?

``python -m benchmarks.races.planted silu --by 0.5`` in a clone: it clones that once more into a temporary folder, makes
a branch there in which every call of this one kernel does half of its work a second time, and compares it with HEAD.
All benchmarks run, so that what is flagged beside the planted kernel is counted too.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from actbench.speed.commits import PAIRS, THRESHOLD, against
from actbench.speed.commits.checkouts import repository
from benchmarks.panel import PANEL

BRANCH = "slower"
# The end of actbench/kernels/kernel.py in the branch: the first part of the array once, and then all of it as before.
PLANTED = """

_as_before = kernel


def kernel(name, *words, **options):
    run = _as_before(name, *words, **options)
    if name != {name!r}:
        return run

    def slower(*arrays, out=None, **values):
        part = int({by!r} * arrays[0].size)
        for _ in range(part // arrays[0].size):
            run(*arrays, out=out, **values)
        part %= arrays[0].size
        if part:
            run(*(a[:part] for a in arrays), out=out if out is None else out[:part], **values)
        return run(*arrays, out=out, **values)

    return slower
"""


def plant(root: Path, place: Path, name: str, by: float) -> None:
    """A clone of a repository at HEAD, with the branch."""

    def git(*words: str) -> None:
        # S603, S607: git from the path, words of ours
        subprocess.run(["git", "-C", str(place), *words], check=True, capture_output=True)  # noqa: S603, S607

    place.mkdir(parents=True)
    git("clone", "-q", str(root), ".")
    git("checkout", "-q", "-b", BRANCH)
    with (place / "actbench" / "kernels" / "kernel.py").open("a", encoding="utf-8") as file:
        file.write(PLANTED.format(name=name, by=by))
    git("-c", "user.name=planted", "-c", "user.email=planted@example.org", "commit", "-q", "-a", "-m", "Slower")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what became of every case of the kernel; 1 where one of them was not found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=PANEL, help="whose kernels are made slower, forward and backward")
    parser.add_argument("--by", type=float, default=0.5, help="how much more work a call does (default %(default)g)")
    parser.add_argument("--threshold", type=float, default=THRESHOLD)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--benchmark", default="", metavar="REGEX", help="only these (default: all)")
    parser.add_argument("--only", action="store_true", help="only cases of this activation")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    root = repository(Path.cwd())
    with tempfile.TemporaryDirectory(prefix="actbench-planted-") as folder:
        place = Path(folder, "clone")
        plant(root, place, options.name, options.by)
        frame = against(
            f"{BRANCH}~1", head=BRANCH, threshold=options.threshold, pairs=options.pairs, start=place,
            names=[options.name] if options.only else [], benchmarks=options.benchmark, seed=options.seed,
        ).frame  # fmt: skip
    ours = (frame["benchmark"] == "kernels.time_kernel") & frame["parameters"].str.startswith(f"name={options.name},")
    for row in frame[ours].itertuples():
        print(f"   {row.parameters}: {row.ratio:.2f} [{row.low:.2f}, {row.high:.2f}], then {row.ratio_again:.2f} "
              f"[{row.low_again:.2f}, {row.high_again:.2f}]: {row.verdict}")  # fmt: skip
    slower = frame["verdict"] == "slower"
    found, others = int((slower & ours).sum()), int((slower & ~ours).sum())
    print(f"{found} of {int(ours.sum())} planted cases found at threshold {options.threshold:g}; "
          f"{others} of {int((~ours).sum())} other cases called slower")  # fmt: skip
    return int(found < ours.sum() or not ours.any())


if __name__ == "__main__":
    raise SystemExit(main())
