"""What is measured of one arm: theory, accuracy, gradients and activity by depth, and the training panel."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actbench.activations.registry import resolve
from actbench.comparison.arms import Arm, is_gate, rows_of
from actbench.core.errors import ActbenchError
from actbench.kernels.backends import FUSED, REFERENCE
from actbench.runs.cells import Cell
from actbench.runs.estimate import titles
from actbench.runs.experiment import EXPERIMENTS, Experiment
from actbench.runs.progress import stages
from actbench.runs.workers import Workers
from actbench.statistics.differences import networks_to_decide

if TYPE_CHECKING:
    import pandas as pd

# in the order in which they run: what is quick comes first
PARTS = ("accuracy", "activity", "gradient_flow", "panel", "learning", "torch_panel", "transformer")
TORCH = ("torch_panel", "transformer")  # left out where torch is not installed
NO_START = "no critical point"
LIKE = "relu"  # whose cells of a grid every arm takes
POINTS = 20_000  # of the accuracy experiment; its own pages take more


def _accuracy(cells: Iterable[Cell], quick: bool) -> list[Cell]:
    kept = [c for c in cells if c["implementation"] in (REFERENCE, FUSED) and (c["dtype"] == "float32" or not quick)]
    return [{**c, "count": POINTS} for c in kept]


def _activity(cells: Iterable[Cell], quick: bool) -> list[Cell]:
    return [c for c in cells if (c["data"], c["init"], c["bias"]) == ("normal", "he", "zero")]


def _flow(cells: Iterable[Cell], quick: bool) -> list[Cell]:
    return [c for c in cells if c["init"] in ("he", "critical") and c["width"] == 256]


CHOICES: dict[str, Callable[[Iterable[Cell], bool], list[Cell]]] = {
    "accuracy": _accuracy, "activity": _activity, "gradient_flow": _flow,
    **dict.fromkeys(("panel", "learning", *TORCH), lambda cells, quick: list(cells)),
}  # fmt: skip


def cells(experiment: Experiment, spec: str, quick: bool, networks: int = 0) -> list[Cell]:
    """The cells of an experiment that every arm takes: ReLU's, with the arm in its place.

    A quick run takes its own networks, or so many of the full grid's where those could not decide.
    A gate has those of the transformer alone. Gradients at a critical start are not asked of an arm that has none; the
    table of the theory says so, and the panel's cells are rows with that reason.
    """
    if is_gate(spec):
        if experiment.name != "transformer":
            return []
    elif experiment.name == "panel" and quick:
        nets = range(max(networks, len(experiment.quick["net"])))
        experiment = replace(experiment, quick={**experiment.quick, "net": nets})
    whole = [cell for cell in experiment.cells(quick=quick) if cell["activation"] == LIKE]
    kept = CHOICES[experiment.name](whole, quick)
    if experiment.name == "gradient_flow" and not _starts(spec):
        kept = [cell for cell in kept if cell["init"] != "critical"]
    return [{**cell, "activation": spec} for cell in kept]


def _starts(spec: str) -> bool:
    """Whether there is a critical start."""
    from actbench.theory import critical_point

    try:
        return critical_point(spec) is not None
    except ActbenchError:
        return False


def planned(names: Sequence[str], quick: bool, reference: str | None = None) -> list[tuple[Experiment, list[Cell]]]:
    """What a comparison of so many arms will run: ReLU's cells for each. A name that cannot take part is an error."""
    import actbench.experiments  # noqa: F401  fills the registry
    from actbench.networks.torch_ import why_not

    parts = [EXPERIMENTS[part] for part in PARTS if part not in TORCH or not why_not()]
    specs = [row if is_gate(row) else LIKE for row in dict.fromkeys(rows_of(names, reference))]
    networks = networks_to_decide(max(1, 2 * (specs.count(LIKE) - 1)))
    found = [(each, [cell for spec in specs for cell in cells(each, spec, quick, networks)]) for each in parts]
    return [(each, wanted) for each, wanted in found if wanted]


def measure(
    arms: Sequence[Arm], *, parts: Sequence[str], quick: bool, seed: int, workers: Workers, store: Path | None,
    progress: bool, only: dict[str, Sequence[Any]] | None = None, networks: int = 0,
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame], bool]:  # fmt: skip
    """Run the parts for arms whose code may run in this process and its workers.

    Parameters
    ----------
    arms
        Rows of the catalogue together, each plug-in alone: its module is part of its cells' keys.
    parts
        Of `PARTS`.
    only
        Levels of factors that are kept, for tests.
    networks
        How many it takes to decide, which a quick panel has at least.

    Returns
    -------
    frames, failures, interrupted
        Experiment to observations of all arms, and to the cells that failed.
    """
    import pandas as pd

    import actbench.experiments  # noqa: F401  fills the registry
    from actbench.networks.torch_ import why_not
    from actbench.runs.runner import run

    frames: dict[str, list[Any]] = {}
    failures: dict[str, list[Any]] = {}
    groups = [[arm for arm in arms if not arm.module], *([arm] for arm in arms if arm.module)]
    interrupted = False
    asked = [part for part in parts if part not in TORCH or not why_not()]
    planned = []
    # a group's parts one after the other: its workers have its modules and are used again
    for group, part in product(filter(None, groups), asked):
        if part == "accuracy" and any(arm.called for arm in group):
            continue  # nothing exact to hold it to
        wanted = [c for arm in group for c in cells(EXPERIMENTS[part], arm.spec, quick, networks)]
        for factor, levels in (only or {}).items():
            wanted = [c for c in wanted if c.get(factor, levels[0]) in levels]
        if wanted:
            planned.append((EXPERIMENTS[part], wanted, group[0].modules))
    with stages(titles([each[:2] for each in planned]), show=progress):
        for experiment, wanted, modules in planned:
            found = run(experiment, wanted, seed=seed, workers=workers, store=store, progress=progress, modules=modules)
            frames.setdefault(experiment.name, []).append(found.frame)
            if len(found.failures):
                failures.setdefault(experiment.name, []).append(found.failures)
            interrupted = found.interrupted
            if interrupted:
                break
    together = {part: pd.concat(found, ignore_index=True) for part, found in frames.items()}
    return together, {part: pd.concat(found, ignore_index=True) for part, found in failures.items()}, interrupted


def theory(spec: str) -> dict[str, Any]:
    """What Gaussian theory says of a wide network of this arm; a reason where it says nothing or not all.

    Returns
    -------
    gain (1 / sqrt E f'^2), He's chi_1 and q* (sigma_w2 = 2), and the critical sigma_w2 and sigma_b2 that its networks
    get, with whether their length is stable.
    """
    import numpy as np

    from actbench.theory import critical_point, fixed_point, moments
    from actbench.theory.dense import Doubtful, doubt

    row: dict[str, Any] = {
        "activation": spec,
        "formula": formula(spec),
        "slope": slope_formula(spec),
        "kept_bytes": kept_bytes(spec),
        "reason": "",
    }
    with np.errstate(all="ignore"):  # exp's moments are infinite: a reason, no warning
        try:
            at, point, none = moments(spec), None, NO_START
            try:
                point = critical_point(spec)
            except Doubtful as error:
                none = str(error)
        except (ActbenchError, ArithmeticError, ValueError) as error:
            return {**row, "reason": str(error)[:200]}
        try:
            he = fixed_point(spec, 2.0)
            row |= {"he_q": he.q, "he_chi_1": he.chi_1, "reason": doubt(spec, 1.0) or doubt(spec, he.q)}
        except (ActbenchError, ArithmeticError, ValueError) as error:  # lengths run to where it is not defined
            row["reason"] = str(error)[:200]
    if point is None:
        row["reason"] = none
    else:
        row |= {"critical_sigma_w2": point.sigma_w2, "critical_sigma_b2": point.sigma_b2,
                "critical_stable": point.stable}  # fmt: skip
    gain = 1 / math.sqrt(at.d_second) if at.d_second > 0 else math.nan
    return {**row, "mean": at.mean, "second": at.second, "gain": gain}


def curves(spec: str) -> list[dict[str, Any]]:
    """The function and the slope that is used, for a picture: x, f and its slope from -5 to 5."""
    import numpy as np

    row = resolve(spec)
    x = np.linspace(-5, 5, 201)
    with np.errstate(all="ignore"):
        y, slope = row.forward(x), row.backward(np.ones_like(x), x)
    return [{"activation": spec, "x": float(a), "f": float(b), "slope": float(c)} for a, b, c in
            zip(x, y, slope, strict=True)]  # fmt: skip


def kept_bytes(spec: str) -> int:
    """Bytes that float32 training keeps for one element between the passes: 4 for each array of x and y."""
    row = resolve(spec)
    return 4 if row.opaque else 4 * len(row.saves)


def slope_formula(spec: str) -> str:
    """The slope in LaTeX, as it is derived; nothing for code that is only called."""
    from actbench.activations.latex import latex, slope

    row = resolve(spec)
    return "" if row.opaque else latex(slope(row))


def formula(spec: str) -> str:
    """The formula in LaTeX, or nothing for code that is only called."""
    from actbench.activations.latex import formula as typeset

    row = resolve(spec)
    return "" if row.opaque else typeset(row)
