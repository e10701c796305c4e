"""What asv measured, as a tidy frame: one row a commit, machine, benchmark and combination of parameters."""

from __future__ import annotations

import ast
import itertools
import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actbench.core.errors import ActbenchError

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 2  # of asv's result files since asv 0.4
COLUMNS = (
    "commit", "date", "machine", "environment", "benchmark", "version", "parameters", "value", "low", "high", "unit",
    "status",
)  # fmt: skip
OK, FAILED, SKIPPED = "ok", "failed", "skipped"
UNITS = {"time": "seconds", "timeraw": "seconds", "peakmem": "bytes", "mem": "bytes"}  # by a benchmark's first word


def holds_results(directory: str | os.PathLike[str]) -> bool:
    """Whether a folder looks like asv's results: one folder a machine, with its description."""
    return any(Path(directory).glob("*/machine.json"))


def read_results(directory: str | os.PathLike[str]) -> pd.DataFrame:
    """Everything that asv has stored in a folder of results, nothing left out.

    Parameters
    ----------
    directory
        asv's ``results_dir``, here ``.asv/results``.

    Returns
    -------
    frame
        One row an observation, by date, machine, benchmark and parameters. ``commit`` is the full hash, ``date`` the
        commit's in UTC, ``environment`` asv's name of Python and libraries, ``version`` the benchmark's: values of
        two versions are of two benchmarks. ``parameters`` reads ``name=relu, dtype=float32``. ``value`` is in
        ``unit``: the median for times; ``low`` and ``high`` are asv's 99 % interval for it, NaN where it gives none.
        ``status``: ``ok``; ``failed`` (an error or too long; value NaN); ``skipped`` (does not apply there; NaN).

    Raises
    ------
    ActbenchError
        Where the folder is missing or holds no results, or a file is damaged or of another format.
    """
    import pandas as pd

    folder = Path(directory)
    if not folder.is_dir():
        raise ActbenchError(f"no folder {str(folder)!r}; give asv's results, usually .asv/results")
    known = _json(folder / "benchmarks.json") if (folder / "benchmarks.json").exists() else {}
    files = [file for file in sorted(folder.glob("*/*.json")) if file.name != "machine.json"]
    if not files:
        raise ActbenchError(f"no results of asv in {str(folder)!r}; make some: asv machine --yes && asv run HEAD^!")
    frame = pd.DataFrame([row for file in files for row in _rows(file, known)], columns=list(COLUMNS))
    frame["date"] = pd.to_datetime(frame["date"], unit="ms", utc=True)
    frame = frame.astype({"value": "float64", "low": "float64", "high": "float64"})
    order = ["date", "commit", "machine", "environment", "benchmark"]  # stable: parameters stay in asv's order
    return frame.sort_values(order, kind="stable", ignore_index=True)


def _json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ActbenchError(f"{file} is damaged; delete it and run asv on its commit again") from None
    if not isinstance(found, dict):
        raise ActbenchError(f"{file} is no file of asv's; take it out of the folder")
    return found


def _rows(file: Path, known: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The observations of one file: one commit in one environment on one machine."""
    content = _json(file)
    if content.get("version") != FORMAT:
        raise ActbenchError(f"{file} has format {content.get('version')!r}, not {FORMAT}; run 'asv update'")
    try:
        columns = content["result_columns"]
        place = (content["commit_hash"], content["date"], content["params"]["machine"], content["env_name"])
        for benchmark, row in content["results"].items():
            # asv cuts empty columns off the end of a row
            stored = dict(itertools.zip_longest(columns, row if isinstance(row, list) else [row]))
            described = known.get(benchmark, {})
            unit = described.get("unit") or UNITS.get(benchmark.rpartition(".")[2].partition("_")[0], "")
            version = stored["version"] or described.get("version") or ""  # cut off as well
            combinations = list(itertools.product(*(stored["params"] or [])))
            names = described.get("param_names") or []
            values, lows, highs = (
                _per_combination(stored[column], len(combinations))
                for column in ("result", "stats_ci_99_a", "stats_ci_99_b")
            )
            for combination, value, low, high in zip(combinations, values, lows, highs, strict=True):
                status = FAILED if value is None else SKIPPED if math.isnan(value) else OK
                numbers = (_number(value), _finite(low), _finite(high))
                yield (*place, benchmark, version, _said(names, combination), *numbers, unit, status)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ActbenchError(f"{file} is damaged ({error!r}); delete it and run asv on its commit again") from None


def _per_combination(stored: Any, count: int) -> list[Any]:
    """One entry a combination; asv writes None where all are None."""
    if stored is None:
        return [None] * count
    return stored if isinstance(stored, list) else [stored]


def _said(names: list[str], combination: tuple[str, ...]) -> str:
    """``name=relu, size=4096``; asv stores parameters as their repr."""
    if len(names) != len(combination):
        names = [f"parameter {i + 1}" for i in range(len(combination))]
    return ", ".join(f"{name}={_plain(text)}" for name, text in zip(names, combination, strict=True))


def _plain(text: str) -> str:
    try:
        return str(ast.literal_eval(text))
    except (ValueError, SyntaxError):
        return str(text)


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _finite(value: Any) -> float:
    """An end of an interval; asv says infinite where it had too few samples."""
    return float(value) if value is not None and math.isfinite(value) else math.nan
