"""Would the tests notice? Mutation testing of the modules that judge: every small change of them must fail a test.

``python -m tools.mutants [MODULE...]`` (default: all named below; ``pip install cosmic-ray`` first) works on a copy of
the committed tree, so that the working tree stays as it is, runs a module's own tests on every mutant, prints the
share killed and every survivor as a diff, and writes the module's row in reports/mutants. A survivor is mended by a
test, or explained in EQUIVALENT and not counted. A module takes minutes; of a large one ``--sample N --seed S`` tries
N drawn mutants, and the table says so, with Clopper & Pearson's interval of the share of all.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import importlib.util
import io
import random
import re
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from scipy.stats import binomtest

from tools.survivors import Survivors

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "reports" / "mutants"
ENOUGH = 0.9  # of a module's mutants
CLAIMS, STATISTICS, EXPERIMENTS = "tests/claims", "tests/statistics", "tests/experiments"
CHECKS = " ".join(f"tests/audit/test_{name}.py" for name in ("checks", "thresholds", "classes", "one_cause"))
# Effects; none of bifurcation's, which is one line that no operator changes.
AT_BIRTH = ["activity", "born_dead", "expressivity", "finite_width", "jacobian_spectrum", "signal_propagation"]
OF_ARMS = ["neuron", "pass_cost", "retraining", "selectivity", "subgradient"]
# module to the tests that must notice
TESTS = {
    "actbench/claims/judge.py": f"{CLAIMS}/test_told.py {CLAIMS}/test_judge.py {CLAIMS}/test_family.py",
    "actbench/claims/rollup.py": f"{CLAIMS}/test_told.py {CLAIMS}/test_judge.py {CLAIMS}/test_verdicts.py",
    "actbench/claims/verdicts.py": f"{CLAIMS}/test_verdicts.py {CLAIMS}/test_judge.py {CLAIMS}/test_family.py",
    "actbench/claims/family.py": f"{CLAIMS}/test_family.py",
    "actbench/claims/rehearsal.py": f"{CLAIMS}/test_rehearsed.py",
    "actbench/claims/registration.py": f"{CLAIMS}/test_register.py",
    "actbench/statistics/estimates.py": f"{STATISTICS}/test_estimates.py {CLAIMS}/test_judge.py",
    "actbench/statistics/shares.py": f"{STATISTICS}/test_shares.py",
    "actbench/statistics/power.py": f"{STATISTICS}/test_power.py",
    "actbench/statistics/tuning.py": f"{STATISTICS}/test_tuning.py",
    "actbench/statistics/differences.py": f"{STATISTICS}/test_differences.py",
    "actbench/statistics/calibration.py": f"{STATISTICS}/test_calibration.py",
    "actbench/statistics/frames.py": f"{STATISTICS}/test_frames.py",
    "actbench/statistics/divergence.py": f"{STATISTICS}/test_divergence.py",
    "actbench/statistics/ranking.py": f"{STATISTICS}/test_ranking.py",
    "actbench/experiments/gradient_flow/effects.py": f"{EXPERIMENTS}/test_effects.py",
    "actbench/experiments/training/effects.py": f"{EXPERIMENTS}/test_effects.py",
    "actbench/experiments/convergence/effects.py": f"{EXPERIMENTS}/test_effects.py",
    "actbench/experiments/features/effects.py": f"{EXPERIMENTS}/test_effects.py",
    "actbench/experiments/overfitting/effects.py": f"{EXPERIMENTS}/test_effects.py",
    "actbench/experiments/orientation/effects.py": f"{EXPERIMENTS}/test_effects.py",
    **{f"actbench/experiments/{name}/effects.py": f"{EXPERIMENTS}/test_effects_at_birth.py" for name in AT_BIRTH},
    **{f"actbench/experiments/{name}/effects.py": f"{EXPERIMENTS}/test_effects_of_arms.py" for name in OF_ARMS},
    "actbench/audit/values.py": CHECKS,
    "actbench/audit/laws.py": CHECKS,
    "actbench/audit/arrays.py": CHECKS,
    "actbench/audit/gates.py": CHECKS,
}
VERDICTS, FRAMES = "actbench/claims/verdicts.py", "actbench/statistics/frames.py"
JUDGE, ROLLUP = "actbench/claims/judge.py", "actbench/claims/rollup.py"
REGISTER, REHEARSAL = "actbench/claims/registration.py", "actbench/claims/rehearsal.py"
FLOW = "actbench/experiments/gradient_flow/effects.py"
ACTIVITY, RANKING = "actbench/experiments/activity/effects.py", "actbench/statistics/ranking.py"
FAMILY, TUNING = "actbench/claims/family.py", "actbench/statistics/tuning.py"
POWER, DIFFERENCES = "actbench/statistics/power.py", "actbench/statistics/differences.py"
ESTIMATES = "actbench/statistics/estimates.py"
LAWS, GATES = "actbench/audit/laws.py", "actbench/audit/gates.py"
ARRAYS, VALUES = "actbench/audit/arrays.py", "actbench/audit/values.py"
# Survivors that nothing can tell from the original: the module ("" for every one), a pattern of the mutant, the reason.
EQUIVALENT: tuple[tuple[str, str, str], ...] = (
    ("", r"^\+if not TYPE_CHECKING", "what is imported for annotations alone"),
    ("", r"^[-+]@dataclass", "frozen and kw_only guard the author alone; a subclass without fields inherits the rest"),
    ("", r"^\+.* if .* <= \"(charitable|conditional|inconclusive|each)\"", "no other word of its kind is before it"),
    (JUDGE, r"^\+.* 1 % EQUIVALENCE_LEVEL", "1 % x is 1 - x for levels between 1/2 and 1"),
    (JUDGE, r"^\+.*all\(v.level <= \"charitable\"", "no other level is before it"),
    (JUDGE, r"^\+.*v.level >= \"literal\"", "no other level is after it"),
    (JUDGE, r"^\+.*reading.kind <= \"exact\"", "no other kind is before it"),
    (REHEARSAL, r"^\+.*error.args\[ ?-1\]", "a KeyError of a column has one argument"),
    (JUDGE, r"^\+.*frame.copy\(deep=", "pandas copies when something is written, deep or not"),
    (ESTIMATES, r"^\+.*if end is not self.value else end", "where they are equal both ways give the end"),
    (ROLLUP, r"^\+.*part.verdict <= \"not tested\" and", "with an open setting these roll up as inconclusive already"),
    (ROLLUP, r"^\+.*outcome is leans", "a verdict's word is one object"),
    (ROLLUP, r"^\+.* is not UNRUN", "that word is one object"),
    (ROLLUP, r"^\+.*len\(counts\) != 1", "a reading has a setting at least"),
    (ROLLUP, r"^\+.*len\(kinds\) <= 1", "none at all has returned before"),
    (JUDGE, r"^\+    stands = .* >= ", "a wider interval is decided alike or not at all, and i is before r and s"),
    ("", r"^\+.*(p.verdict is kind| is UNRUN|\) is meets)", "a verdict's word is one object"),
    (ROLLUP, r"^\+.*verdict.verdict > \"conditional\"", "no other word is before it"),
    (JUDGE, r"^\+    family: int = 0", "none shares as much as one"),
    (JUDGE, r"^\+.*needed == MOST", "it is that at most"),
    (
        JUDGE,
        r"^\+        return False, units",
        "one value has no interval, so that nothing is decided whatever this says",
    ),
    ("", r"^\+.*strict=False", "what is zipped has one length; strict is there for whoever changes that"),
    ("", r"^\+(def |    )(.*[(,] )?/,", "arguments by position or by name alone: a matter of the caller's text"),
    (JUDGE, r"^\+.*len\(.*\) != 1", "of none there is nothing to tell"),
    (REGISTER, r"^\+    same = .*line.expected [<>]= ", "where one differs the line before has returned"),
    (REGISTER, r"^\+.*same == last", "lines that are equal in all are one line"),
    (REGISTER, r"^\+.*covers <= EVERYTHING", "of the two words it is the first"),
    (REGISTER, r"^\+.*claim.name is key", "a key is made of the claim's own name"),
    (REHEARSAL, r"^\+    each = len\(frame\) / ", "rows are as many times the cells, and 6.0 rows make the same cells"),
    (REHEARSAL, r"^\+    rng = .*default_rng\( ?1\)", "one made-up number is as good as another"),
    ("", r"^\+.*\.iloc\[ ?-?1\]", "the rows of one setting have one level of each factor"),
    (FLOW, r"^\+.*logs\[0\] >= math.inf", "nothing is beyond infinity"),
    (FLOW, r"^\+.*math.isnan\(logs\[ -1\]\)", "what is no number gives none, asked or not"),
    (FLOW, r"^\+.*if v != 0", "a root of a mean square is 0 or more"),
    (ACTIVITY, r"^\+.*(\[measure\]|value) <= 0", "a share or a mean square is 0 or more"),
    (ACTIVITY, r"^\+        shortened = .*sort=False", "a sum has no order"),
    (RANKING, r"^\+.*each\[:, 1 (\^|>>) i\]", "of the two columns it is the other one either way"),
    (RANKING, r"^\+.*each\[:, i\] > each", "the test is two-sided: wins and losses may change places"),
    (RANKING, r"^\+.* if first [-^|] other else", "as many wins as losses have p = 1, whether there are any or none"),
    (RANKING, r"^\+.*any\(set\(group\) < set", "no two groups begin with the same arm, so that none are equal"),
    (RANKING, r"^\+.*critical or j (<=|is) i", "j counts from i up, and small numbers are one object"),
    (RANKING, r"^\+.*if (settings|len\(group\)) != 1", "no setting leaves none out; a group has an arm at least"),
    (RANKING, r"^\+.*if len\(arms\) != 1 else", "there is one arm at least"),
    ("", r"^\+.* if (law <= \"exact|moment <= \"mean)\"", "no other law or moment is before it"),
    ("", r"^\+.*\[\"layer\"\] >= first\) \*", "of booleans the product is the conjunction"),
    ("", r"^\+.*size.bit_length\(\) \^ 1", "both sizes have an odd number of bits"),
    ("", r"^[-+]@lru_cache\(maxsize", "how many results are remembered changes none"),
    ("actbench/statistics/divergence.py", r"^\+.*if found.value >= 0 else", "no difference at all has returned before"),
    (FRAMES, r"^\+.*max\(\) != 1", "of some rows every factor has a level at least"),
    (FRAMES, r"^\+.*frame\[-bad\]", "of a boolean series the negative is the complement"),
    (TUNING, r"^\+.*len\(rates\) (<=|!=) 1", "there is one step size at least"),
    (TUNING, r"^\+        arms = .*sort=False", "arms weigh the same in any order"),
    (TUNING, r"^\+.*else frame.assign\(edge=True", "a column without rows says nothing"),
    (TUNING, r"^\+.*\{rates\[ -1\]:g\}, best validation accuracy\"", "there is one step size"),
    ("", r"^\+        stuck = .*STALLED\) \+ ", "of booleans the sum is the disjunction"),
    ("", r"^\+        for depth, runs in .*sort=False", "a slope's points have no order"),
    ("", r"^\+        penalised = .*\) \* ", "of booleans the product is the conjunction"),
    ("", r"^\+.*if what >= \"diverges\"", "the other of the two words is before it"),
    (VERDICTS, r"^\+.*rests_on_time\(r.experiment\)\} \^ ", "no reading may have a roll-up's name"),
    (VERDICTS, r"^\+        nothing = verdict.verdict [<>]=", "what has no unit and lost none is not tested"),
    (VERDICTS, r"^\+.*verdict.kind >= \"roll-up", "no other kind is after it"),
    (VERDICTS, r"^\+    split = .*\) != 1", "a claim has a reading at least"),
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
    (ESTIMATES, r"^\+.*(self.n (>=|!=) 0 and len|self.n > -1 and len|\)\) <= 1$)", "of no values none are alike"),
    (ESTIMATES, r"^\+.*1 % level", "1 % x is 1 - x for levels between 1/2 and 1"),
    (ESTIMATES, r"^\+.*self.n < 1 or self.agree", "one value agrees with itself"),
    (ESTIMATES, r"^\+.*vectorized=False", "the same numbers, later"),
    (
        ESTIMATES,
        r"^\+.*set\(self.values\) <= \{least",
        "values that agree have returned before",
    ),
    (DIFFERENCES, r"^\+.*2<<d.size", "every sign twice: the same share"),
    (DIFFERENCES, r"^\+.*found.value >= 0", "a mean of 0 has p = 1"),
    (DIFFERENCES, r"^\+.*range\( ?1, 100\)", "one network has p = 1"),
    (POWER, r"^\+.*while low != high", "they meet from below and never pass"),
    (POWER, r"^\+.*low, high = ?1, MOST", "one unit has no interval, so that it is never enough"),
    (FAMILY, r"^\+.*ignore_index=False", "no row is found by its label"),
    (TUNING, r"^\+.*(where\(-frame|frame\[-odd\])", "of boolean series the negative is the complement"),
    (TUNING, r"^\+    odd = .* (!=|<|>=) 1$", "the halves change places, or stay: each is tuned by the other"),
    (TUNING, r"^\+    odd = .* == 0$", "the halves change places"),
    (FAMILY, r"^\+.* or len\(table\)", "every table of estimates has the column"),
    ("", r"^\+.*np\.isfinite\([^()]*\) \* ", "of booleans the product is the conjunction"),
    (
        LAWS,
        r"^\+.*isfinite\(before\) [|+*] ",
        "laws are asked of right values: none is infinite and lower than the next",
    ),
    (LAWS, r"^\+.*bits (<=? 16|== 1[57]):", "of 16 bits all numbers are tried: narrowing finds the same one"),
    (LAWS, r"^\+.*symmetry >= \"odd\"", "no other symmetry is after it"),
    (LAWS, r"^\+.*(np.full\( 6[35], at|np.full\(64, at, dtype\)\)\[ -?1\])", "all of them are alike"),
    (LAWS, r"^\+.*dtype\)\[ -1\]\)", "there is one"),
    (LAWS, r"^\+.*x\[:- 2\]", "the topmost pair is never the one nearest to 0"),
    (GATES, r"^\+.*direction (<= \"backward\"|>= \"forward\")", "no other pass is beyond it"),
    (GATES, r"^\+.*box.kind >= \"two\"", "no other kind is after it"),
    (GATES, r"^\+.*(<= SMALL|tiny < abs|>= MANY)", "no pair that is tried lies on the limit itself"),
    (GATES, r"^\+.*len\(pair.within\) < LONGEST|^\+LONGEST = [79]", "the arrays that are shown hold 4 numbers or 128"),
    ("", r"^\+.*reshape\((- 2|~1)\)", "NumPy takes every negative length for the one that it finds"),
    (ARRAYS, r"^\+.*np.full\( [68], |linspace\( ?(49|51)\.|50.0, (89|91)\.|90.0, 3[02]\)", "any other inputs will do"),
    (ARRAYS, r"^\+(LENGTHS|FEW) = \(", "one length more or less of two hundred, or of eleven: as good a choice"),
    (ARRAYS, r"^\+.*reshape\( ?0, +[24]\)", "an empty array of another shape"),
    (ARRAYS, r"^\+.*x.itemsize [|^] 1, ", "their product is even"),
    (ARRAYS, r"^\+.*counter\(\) % begun", "less than twice as much"),
    (ARRAYS, r"^\+.*>= SLOW", "no call takes that to the last digit of the clock"),
    (ARRAYS, r"^\+.*detail (<=|is) AGAIN", "the other one of the two details is after it; it is one object"),
    (ARRAYS, r"^\+.*dtype is not wanted", "NumPy's own dtypes are one object each"),
    (VALUES, r"^\+.*low > 0.5 - 1e-6|\(off < 1e-[56]\)", "no error lies on the limit itself"),
    (VALUES, r"^\+.*(representable [+]|rest [+] lost|special \* \(got|0.01\) \* ~|counts \* \()", "booleans' & and |"),
    (VALUES, r"^\+.*direction (>= .second|<= .backward)", "no other pass is beyond it"),
    (VALUES, r"^\+.*value \^ digits", "a point is in one class"),
    (VALUES, r"^\+.*abs\(finding.at or 1.0\) > HUGE", "neither 0 nor 1 is that large"),
    (VALUES, r"^\+.*np.abs\(meter.x\) < [79].0", "as good a choice"),
    (
        VALUES,
        r"^\+.*(low - slack < came|\(off >= eps \* np|short <= -slack|short >= WHOLE)",
        "no error lies on the limit itself",
    ),
    (VALUES, r"^\+.*found\[.subnormal.\] \* \(", "of booleans the product is the conjunction"),
    (ARRAYS, r"^\+.*usual.size >= wanted.size", "a plain array of as many elements gives no more"),
    (
        VALUES,
        r"^\+.*(not found and dtype < \"float64|dtype >= \"float64\" )",
        "every other format is before it, and none after it",
    ),
    (
        VALUES,
        r"^\+.*( (zero|rest|lost|wrong|body|counts) \* |[(](mask|value) \* |\) \* ~(kinked|meter)|lost\) \* far|"
        r"(special|near|kinked|zero|, off\)|normal) \* [~(_])",
        "of booleans the product is the conjunction",
    ),
    (
        VALUES,
        r"^\+.*(\(x < low\) [+^] |\(x >= tiny\) [+] |\(x == 0\) [+] |\(got != 0\) [+] |flushed [+] |value [+] digits|"
        r"\] [+] (found|wrong)|-1e-6\) [+^] )",
        "of booleans the sum is the disjunction; a number lies on one side alone",
    ),
    (VALUES, r"^\+.*(mask|~meter.near|, off\)) // [~_]", "of booleans too, but for a warning that is not shown there"),
    (VALUES, r"^\+.*(bits != 16:|direction >= \"forward)", "formats of 8 bits are not audited; there is no third pass"),
    (VALUES, r"^\+.*yard, -1.0, np", "an error is small or it is not"),
    (VALUES, r"^\+.*if \(x (!=|<=) abs\(at\)\).any|\[: 5\].astype", "there always is one; four are looked at"),
    (VALUES, r"^\+.*BETWEEN [|^] 2", "1000 has no bit of 2"),
    (VALUES, r"^\+ROUNDS, BETWEEN = [245], |^\+NARROW = |linspace\(-6.0, [57]|linspace\(- ?[57]", "as good a choice"),
    (
        VALUES,
        r"^\+.*(mixed = .*(\[ [02].0, -2.0|- [13].0, 0.5|, (1|-0).5, 3.0|0.5, [24].0)|full\(x.size, (\+|- )[02].0)",
        "any other numbers of both signs will do",
    ),
    (VALUES, r"^\+.*nearest.append\(.* or -?1.0\)", "no second derivative is tried at 0"),
    (VALUES, r"^\+.*first\(closer, .* or -?1.0\)", "points nearer to 0 are not 0"),
    (VALUES, r"^\+.*np.full\( 6[35], at|settle\( ?-1, came", "all of them are alike"),
    (
        VALUES,
        r"^\+.*(short|counts\]) <= -1e-6|np.abs\(off\) >= 1e-6|ulp >= allowed",
        "no error lies on the limit itself",
    ),
    (VALUES, r"^\+.*(right\) < subject.allowed|short >= 0.5|>= NARROW)", "no error lies on the limit itself"),
    (VALUES, r"^\+.*!= abs\(at\)\], ?both|symmetry >= \"odd\"", "none is beyond it"),
    (VALUES, r"^\+.*((finding.kind|direction) is \"|if kind is not \")", "a word of the code is one object"),
    (VALUES, r"^\+.*bits (<=? 16|== 1[57]) or whole", "of 16 bits all numbers are tried: narrowing finds the same one"),
    (VALUES, r"^\+.*aside = .*max\( ?2.0", "beside a kink the slope is the same a little farther out"),
    (GATES, r"^\+.*np.full\(LENGTH, -?[01].5", "any other numbers will do"),
    (VALUES, r"^\+.*kind >= \"value", "no other class is after it"),
    (VALUES, r"^\+.*kind <= \"digits", "no other class is before it"),
    (VALUES, r"^\+.*\] \^ (found|wrong)", "a point is in one class"),
    (VALUES, r"^\+.*got\[3\] <= 0", "what is negative has its sign"),
    (VALUES, r"^\+.*exact=\+0.0, \*\*about|^\+TWICE = |np.full\(x.size, - 2.0\)|0.5, 2.0\]\)", "as good a choice"),
    (VALUES, r"^\+.*astype\(meter.dtype\)\[ -1\]|dtype, x\[: 2\]", "all of them are alike"),
    (GATES, r"^\+                break", "the pass of another shape is the last"),
    (GATES, r"^\+.*(raw|pull)\(.*\[ -1\]", "there is one row"),
)


@dataclass(frozen=True)
class Mutant:
    """One small change: what was done, where it begins, and the whole text with it."""

    operator: str
    line: int
    text: str
    diff: str


def mutants(source: str) -> Iterator[Mutant]:
    """Every change that cosmic-ray's operators make; what changes annotations alone is none, for nothing reads them.

    Statement by statement: to parse the whole for each of hundreds of mutants takes a minute.
    """
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator, operator_names

    before = source.splitlines()
    parts = [child.get_code() for child in get_ast(source).children]
    nodes = [list(ast_nodes(get_ast(part))) for part in parts]
    meant = [_without_annotations(part) for part in parts]
    for name in operator_names():
        if (operator := get_operator(name)).arguments():
            continue
        for number, part in enumerate(parts):
            for occurrence in range(sum(len(list(operator().mutation_positions(node))) for node in nodes[number])):
                changed = mutate_code(part, operator(), occurrence)
                if _without_annotations(changed) == meant[number]:
                    continue
                text = "".join([*parts[:number], changed, *parts[number + 1 :]])
                lines = list(difflib.unified_diff(before, text.splitlines(), lineterm="", n=1))
                line = next(i for i, (a, b) in enumerate(zip(before, text.splitlines(), strict=False), 1) if a != b)
                yield Mutant(name.removeprefix("core/"), line, text, "\n".join(lines[3:]))


def _without_annotations(source: str) -> str:
    """What a module does, as text; what is no Python differs from everything."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return source
    for node in ast.walk(tree):
        for field in ("annotation", "returns"):
            if getattr(node, field, None) is not None:
                setattr(node, field, ast.Constant(None))
    return ast.dump(tree)


def drawn(every: Sequence[Mutant], count: int, seed: int) -> list[Mutant]:
    """So many of them in the order of the module, all where there are no more; 0 is all."""
    if not 0 < count < len(every):
        return list(every)
    return [every[i] for i in sorted(random.Random(seed).sample(range(len(every)), count))]  # noqa: S311


def measure(module: str, tree: Path, count: int = 0, seed: int = 0) -> dict[str, object]:
    """The row of one module: how many mutants, how many killed, how many explained; the others printed."""
    source = (tree / module).read_text(encoding="utf-8")
    known = [(re.compile(pattern, re.MULTILINE), why) for where, pattern, why in EQUIVALENT if where in ("", module)]
    made = list(mutants(source))
    every = drawn(made, count, seed)
    asked = [mutant for mutant in every if not any(pattern.search(mutant.diff) for pattern, _ in known)]
    alive = Survivors(tree, module, TESTS[module].split()).of(asked)
    explained, killed = len(every) - len(asked), len(asked) - len(alive)
    print(f"{module}: {killed} of {len(asked)} mutants killed, {explained} equivalent ones apart")
    for mutant in alive:
        print(f"{module}:{mutant.line} {mutant.operator}\n{mutant.diff}\n")
    return {"module": module, "measured": f"{datetime.now(UTC):%Y-%m-%d}", "mutants": len(every), "killed": killed,
            "equivalent": explained, "alive": len(alive), "of": len(made),
            "seed": str(seed) if len(every) < len(made) else "all"}  # fmt: skip


def page(table: pd.DataFrame) -> str:
    """The table for people, and the modules that nobody has measured."""
    lines = [
        "# Would the tests notice?",
        "",
        "Every small change of a module that judges must fail one of its tests; written by `python -m tools.mutants`. "
        "Equivalent mutants, which nothing can tell from the original, are explained in the tool and not counted. "
        "Of some modules a seeded sample is tried, which has a 95 % interval (Clopper & Pearson).",
        "",
        "| module | mutants | killed | equivalent | alive | share killed | measured |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in table.itertuples():
        tried, share, interval = str(row.mutants), f"{row.killed / max(1, row.mutants - row.equivalent):.1%}", ""
        if row.of > row.mutants:
            ends = binomtest(row.killed, row.killed + row.alive).proportion_ci(0.95, "exact")
            tried, interval = f"{row.mutants} of {row.of}, seed {row.seed}", f" [{ends.low:.1%}, {ends.high:.1%}]"
        lines.append(f"| {row.module} | {tried} | {row.killed} | {row.equivalent} | {row.alive} | {share}{interval} | "
                     f"{row.measured} |")  # fmt: skip
    left = [module for module in TESTS if module not in set(table["module"])]
    return "\n".join([*lines, *(["", f"Not measured yet: {', '.join(left)}."] if left else []), ""])


def record(rows: Sequence[dict[str, object]], folder: Path) -> None:
    """The rows of these modules in the committed table, in the order of the list above; the others stay."""
    file = folder / "killed.csv"
    old = [pd.read_csv(file, dtype={"seed": str})] if file.is_file() else []
    table = pd.concat([*old, pd.DataFrame(rows)]).drop_duplicates("module", keep="last")
    table = table[table["module"].isin(TESTS)].sort_values("module", key=lambda names: names.map(list(TESTS).index))
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(file, index=False, lineterminator="\n")
    (folder / "README.md").write_text(page(table), encoding="utf-8")


def main(words: Sequence[str] | None = None) -> int:
    """Mutate, test, report; exit status 1 where a module's tests notice too little."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", help=f"of: {', '.join(TESTS)}")
    parser.add_argument("--out", type=Path, default=TARGET, help="folder (default reports/mutants)")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="try N drawn mutants of each module")
    parser.add_argument("--seed", type=int, default=1, help="of the draw (default 1)")
    asked = parser.parse_args(words)
    odd = [module for module in asked.modules if module not in TESTS]
    if odd:
        parser.error(f"no tests are named for {odd[0]}; known: {', '.join(TESTS)}")
    if importlib.util.find_spec("cosmic_ray") is None:
        parser.error("cosmic-ray is not installed: pip install cosmic-ray")
    short = []
    for module in asked.modules or TESTS:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            words = ["git", "-C", str(ROOT), "archive", "HEAD"]
            archive = subprocess.run(words, capture_output=True, check=True).stdout  # noqa: S603
            with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
                tar.extractall(folder, filter="data")
            row = measure(module, Path(folder), asked.sample, asked.seed)
        record([row], asked.out)
        print(f"{time.monotonic() - began:.0f} s", flush=True)
        if int(row["alive"]) > (1 - ENOUGH) * (int(row["mutants"]) - int(row["equivalent"])):
            short.append(module)
    if short:
        print(f"under {ENOUGH:.0%}: {', '.join(short)}")
    return 1 if short else 0


if __name__ == "__main__":
    raise SystemExit(main())
