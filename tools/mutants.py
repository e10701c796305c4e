"""Would the tests notice? Mutation testing of the modules that judge: every small change of them must fail a test.

``python -m tools.mutants [MODULE...]`` (default: all named below; ``pip install cosmic-ray`` first) works on a copy of
the committed tree, so that the working tree stays as it is, runs each module's own tests on every mutant, and prints
the share killed and every survivor as a diff. A survivor is mended by a test, or explained in EQUIVALENT and
not counted. A module takes minutes to an hour.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENOUGH = 0.9  # of a module's mutants
SECONDS = 120.0  # a mutant may loop for ever
CLAIMS, STATISTICS = "tests/claims", "tests/statistics"
# module to the tests that must notice
TESTS = {
    "actbench/claims/judge.py": f"{CLAIMS}/test_judge.py {CLAIMS}/test_family.py",
    "actbench/claims/verdicts.py": f"{CLAIMS}/test_judge.py {CLAIMS}/test_family.py {CLAIMS}/test_planted_ledger.py",
    "actbench/claims/family.py": f"{CLAIMS}/test_family.py",
    "actbench/claims/rehearsal.py": f"{CLAIMS}/test_rehearsal.py",
    "actbench/claims/registration.py": f"{CLAIMS}/test_registration.py",
    "actbench/statistics/estimates.py": f"{STATISTICS}/test_estimates.py {CLAIMS}/test_judge.py",
    "actbench/statistics/shares.py": f"{STATISTICS}/test_shares.py",
    "actbench/statistics/power.py": f"{STATISTICS}/test_power.py",
    "actbench/statistics/tuning.py": f"{STATISTICS}/test_tuning.py",
    "actbench/statistics/differences.py": f"{STATISTICS}/test_differences.py",
    "actbench/statistics/calibration.py": f"{STATISTICS}/test_calibration.py",
    "actbench/statistics/frames.py": f"{STATISTICS}/test_estimates.py {CLAIMS}/test_rehearsal.py",
    "actbench/experiments/gradient_flow/effects.py": "tests/experiments/test_experiments.py",
    "actbench/experiments/training/effects.py": "tests/experiments/test_experiments.py",
    "actbench/experiments/convergence/effects.py": "tests/experiments/test_convergence.py",
    "actbench/experiments/features/effects.py": "tests/experiments/test_features.py",
    "actbench/experiments/overfitting/effects.py": "tests/experiments/test_overfitting.py",
    "actbench/experiments/orientation/effects.py": "tests/experiments/test_orientation.py",
}
FAMILY = "actbench/claims/family.py"
# Survivors that nothing can tell from the original: the module ("" for every one), a pattern of the mutant, the reason.
EQUIVALENT: tuple[tuple[str, str, str], ...] = (
    ("", r"BitOr_", "a type in an annotation is never evaluated"),
    ("", r"^\+if not TYPE_CHECKING", "what is imported for annotations alone"),
    ("", r"^[-+]@dataclass", "frozen and kw_only guard the author alone; a subclass without fields inherits the rest"),
    (FAMILY, r"^\+.* = 1 % decided", "1 % x is 1 - x for levels between 1/2 and 1"),
    (FAMILY, r"^\+.*isin\(DECIDED\) \* ", "of booleans the product is the conjunction"),
    (
        FAMILY,
        r"^\+.*\[\"family_verdict\"\] >= ",
        "at the family's level a verdict is the same or inconclusive, i before r and s",
    ),
    (FAMILY, r"^\+.*> EQUIVALENCE_LEVEL", "every other level is 0.95 or more"),
    (FAMILY, r"^\+.*judged_low\"\] != ", "what is decided has ends in order"),
    (FAMILY, r"^\+.*-kept", "of booleans the negative is the complement"),
    (FAMILY, r"^\+.*ignore_index=False", "no row is found by its label"),
    (FAMILY, r"^\+.* or len\(table\)", "every table of estimates has the column"),
)


def mutants(module: str, tree: Path) -> tuple[int, list[str]]:
    """How many mutants of a module there were, and the diffs of the survivors."""
    config, session = tree / "mutants.toml", tree / "mutants.sqlite"
    session.unlink(missing_ok=True)
    config.write_text(
        f'[cosmic-ray]\nmodule-path = "{module}"\ntimeout = {SECONDS}\nexcluded-modules = []\n'
        f'test-command = "{sys.executable} -m pytest -x -q -n 0 -p no:cacheprovider {TESTS[module]}"\n'
        '[cosmic-ray.distributor]\nname = "local"\n',
        encoding="utf-8",
    )

    def ray(*words: str) -> str:
        here = {**os.environ, "PYTHONPATH": str(tree)}
        done = subprocess.run([*words], cwd=tree, env=here, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            raise SystemExit(f"{' '.join(words)} failed: {(done.stderr or done.stdout).strip()[-500:]}")
        return done.stdout

    ray("cosmic-ray", "baseline", config.name)
    ray("cosmic-ray", "init", config.name, session.name)
    ray("cosmic-ray", "exec", config.name, session.name)
    said = ray("cr-report", "--show-diff", "--surviving-only", session.name).split("============")
    total = next(int(line.split()[2]) for line in said[-1].splitlines() if line.startswith("total jobs"))
    return total, [part.strip() for part in said[:-1]]


def main(words: Sequence[str] | None = None) -> int:
    """Mutate, test, report; exit status 1 where a module's tests notice too little."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", help=f"of: {', '.join(TESTS)}")
    asked = parser.parse_args(words)
    odd = [module for module in asked.modules if module not in TESTS]
    if odd:
        parser.error(f"no tests are named for {odd[0]}; known: {', '.join(TESTS)}")
    if shutil.which("cosmic-ray") is None:
        parser.error("cosmic-ray is not installed: pip install cosmic-ray")
    short = []
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        archive = ["git", "-C", str(ROOT), "archive", "HEAD"]
        whole = subprocess.run(archive, capture_output=True, check=True).stdout  # noqa: S603
        subprocess.run(["tar", "x", "-C", folder], input=whole, check=True)  # noqa: S603, S607
        for module in asked.modules or TESTS:
            total, survivors = mutants(module, tree)
            known = {part: why for where, part, why in EQUIVALENT if where in ("", module)}
            alive = [diff for diff in survivors if not any(re.search(part, diff, re.MULTILINE) for part in known)]
            total -= len(survivors) - len(alive)
            killed = 1 - len(alive) / total if total else 1.0
            print(f"{module}: {total - len(alive)} of {total} mutants killed ({killed:.0%}), equivalent ones apart")
            print("\n".join(alive))
            if killed < ENOUGH:
                short.append(module)
    if short:
        print(f"under {ENOUGH:.0%}: {', '.join(short)}")
    return 1 if short else 0


if __name__ == "__main__":
    raise SystemExit(main())
