"""Is this code slower than that of another commit? Both are timed in turns on one machine, and every suspicion twice.

asv's own `continuous` builds an environment for each commit and times one after the other; a machine that slows down
between the two is then a slower commit: identical code was reported at factors from 0.60 to 1.33. Here both run at the
same time under the same libraries, so that what differs is the code. asv's files say what is timed, for both uses.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actbench.core.errors import ActbenchError
from actbench.speed.commits.checkouts import checkouts
from actbench.speed.commits.pairs import Case, NotMeasured, Samples, cases, measure
from actbench.statistics.estimates import Estimate

if TYPE_CHECKING:
    import pandas as pd

THRESHOLD = 1.1
PAIRS = 5
LEVEL = 0.95
SAME_OR_FASTER, SLOWER, NOT_MEASURED = 0, 1, 3
COLUMNS = (
    "benchmark", "parameters", "base_seconds", "head_seconds", "ratio", "low", "high", "n", "ratio_again", "low_again",
    "high_again", "verdict", "reason",
)  # fmt: skip

__all__ = ["NOT_MEASURED", "PAIRS", "SAME_OR_FASTER", "SLOWER", "THRESHOLD", "Comparison", "NotMeasured", "against"]

Follow = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What was found.

    Parameters
    ----------
    base, head
        Names of the two states.
    threshold
        The factor from which on a case is slower.
    frame
        One row a case: seconds a call on both sides (medians), ``ratio`` head over base (geometric mean over pairs
        of processes) with its 95 % interval, the same of the second measurement where there was one, ``n`` pairs.
        ``verdict``: ``slower`` (both intervals above the threshold), ``faster`` (both below its inverse), ``same``
        (not slower: the interval ends below the threshold), ``unclear`` (it lies on both sides of it, or the second
        did not confirm the first), ``new``, ``skipped``, ``failed`` with its ``reason``.
    """

    base: str
    head: str
    threshold: float
    frame: pd.DataFrame

    def count(self, verdict: str) -> int:
        """How many cases have a verdict."""
        return int((self.frame["verdict"] == verdict).sum())

    @property
    def status(self) -> int:
        """0 same or faster; 1 slower; 3 could not measure: a case failed, there was none, or most are unclear."""
        measured = sum(self.count(verdict) for verdict in ("same", "faster", "unclear"))
        if self.count("slower"):
            return SLOWER
        if self.count("failed") or not measured or self.count("unclear") > measured / 2:
            return NOT_MEASURED
        return SAME_OR_FASTER


@contextmanager
def _silent(title: str, total: int) -> Iterator[Callable[[int], None]]:
    yield lambda count: None


def against(
    ref: str,
    *,
    head: str | None = None,
    threshold: float = THRESHOLD,
    names: Sequence[str] = (),
    benchmarks: str = "",
    pairs: int = PAIRS,
    seed: int = 0,
    start: Path | None = None,
    follow: Follow = _silent,
) -> Comparison:
    """Time the working tree against a commit.

    Parameters
    ----------
    ref
        What it is compared with: anything that git resolves to a commit.
    head
        Another commit in place of the working tree.
    threshold
        A case counts as slower where its interval lies above this factor twice; as faster below its inverse.
    names
        Only cases with one of these among their parameters; all without.
    benchmarks
        Only benchmarks whose name, as ``kernels.time_kernel``, holds this regular expression.
    pairs
        How many pairs of processes a measurement takes; each is one unit of the interval.
    seed
        Of the order of turns.
    start
        A folder in the repository; by default the current one.
    follow
        Called with a title and a total; a context manager that yields what is called at every step.

    Raises
    ------
    ActbenchError
        Outside a clone, for an unknown reference or a choice that leaves no case; its kind `NotMeasured` where a
        state cannot be imported, or processes keep dying.
    """
    import pandas as pd

    if not (math.isfinite(threshold) and threshold > 1):
        raise ActbenchError(f"threshold {threshold!r} is no factor above 1; give 1.1 for a tenth slower")
    if pairs < 3:
        raise ActbenchError(f"{pairs} pairs of processes give no interval; give 3 or more")
    with checkouts(ref, head, start=start) as (old, new):
        chosen = _chosen(cases(new), names, benchmarks)
        with follow(f"against {ref}", len(chosen) * pairs) as advance:
            first = measure(old, new, chosen, pairs=pairs, advance=advance, seed=seed)
        suspects = [case for case, samples in first.items() if _side(samples, threshold) in ("slower", "faster")]
        second: dict[Case, Samples] = {}
        if suspects:
            with follow("once more", len(suspects) * pairs) as advance:
                second = measure(old, new, suspects, pairs=pairs, advance=advance, seed=seed + 1)
        rows = [_row(case, samples, second.get(case), threshold) for case, samples in first.items()]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return Comparison(base=old.name, head=new.name, threshold=threshold, frame=frame)


def _chosen(known: Sequence[Case], names: Sequence[str], benchmarks: str) -> list[Case]:
    try:
        pattern = re.compile(benchmarks)
    except re.error as error:
        raise ActbenchError(f"{benchmarks!r} is no regular expression ({error}); give a part of a name") from None
    found = [
        case for case in known
        if pattern.search(case.benchmark) and (not names or {*names} & {str(v) for v in case.values})
    ]  # fmt: skip
    if not found:
        asked = " and ".join(filter(None, (", ".join(names), benchmarks)))
        raise ActbenchError(
            f"no benchmark fits {asked!r}; known: {', '.join(sorted({case.benchmark for case in known}))}, "
            "with the activations of benchmarks/panel.py"
        )
    return found


def interval(ratios: Sequence[float]) -> tuple[float, float, float]:
    """The geometric mean of ratios of independent pairs, and Student's interval on the log scale."""
    estimate = Estimate.of([math.log(ratio) for ratio in ratios], n_unit="pairs of processes")
    low, high = estimate.interval(LEVEL)
    return math.exp(estimate.value), math.exp(low), math.exp(high)


def _side(samples: Samples, threshold: float) -> str:
    """Where the interval of one measurement lies."""
    if samples.status != "measured":
        return samples.status
    _, low, high = interval(samples.ratios)
    if low > threshold:
        return "slower"
    if high < 1 / threshold:
        return "faster"
    return "same" if high <= threshold else "unclear"


def _row(case: Case, first: Samples, second: Samples | None, threshold: float) -> tuple[Any, ...]:
    """A case's row of `Comparison.frame`."""
    nothing = (math.nan,) * 3
    verdict = _side(first, threshold)
    if second is not None:
        again = _side(second, threshold)
        verdict = verdict if again in (verdict, "failed") else "unclear"
        if again == "failed":
            verdict, first = "failed", second
    measured = bool(first.ratios)
    seconds = [sorted(times)[len(times) // 2] if measured else math.nan for times in (first.base, first.head)]
    once = interval(first.ratios) if len(first.ratios) > 1 else nothing
    twice = interval(second.ratios) if second is not None and len(second.ratios) > 1 else nothing
    return (
        case.benchmark, case.parameters, *seconds, *once, len(first.ratios), *twice, verdict, first.reason,
    )  # fmt: skip
