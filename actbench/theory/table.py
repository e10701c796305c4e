"""Every row's and gate's gains and critical point as data: a JSON file with definitions, a CSV for NumPy alone."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actbench.activations.registry import ACTIVATIONS, AXIS
from actbench.core.files import write_bytes
from actbench.theory.gains import gains, gates, product_moments
from actbench.theory.gaussian import moments
from actbench.theory.meanfield import critical_point

SCHEMA = 1  # a column may be added under the same number, never renamed, removed or given another meaning
ABOUT = (
    "For f of z ~ N(0, 1), learned parameters at their defaults, sampled ones averaged over their law. A gate is "
    "f(a) g(b), a and b independent. Weights have variance sigma_w2 / fan_in, biases sigma_b2. CSV: nan where there is "
    "none, inf where the slope is 0 everywhere; JSON: null for both."
)

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of the table: what it is, its unit, and how many significant digits are written."""

    definition: str
    unit: str = "1"
    digits: int = 12


COLUMNS = {
    "name": Column(definition="canonical name in the catalogue", unit="text"),
    "kind": Column(definition="elementwise or gate", unit="text"),
    "value": Column(definition="1 / std f(z): the output times this has variance 1"),
    "forward": Column(definition="1 / sqrt(E f(z)^2): weights of variance forward^2 / fan_in keep E z^2 = 1"),
    "slope": Column(
        definition="1 / sqrt(E f'(z)^2): weights of variance slope^2 / fan_out keep the gradient; gate: at a"
    ),
    "multiplier": Column(definition="gate: 1 / sqrt(E f(a)^2 E g'(b)^2), keeps the gradient that arrives at b"),
    "torch": Column(definition="torch.nn.init.calculate_gain, where it knows the name"),
    "mean": Column(definition="E f(z)"),
    "critical_sigma_w2": Column(definition="sigma_w2 where sigma_w2 E f'^2 = 1 at a resting length", digits=9),
    "critical_sigma_b2": Column(definition="sigma_b2 there: 0, or the half-stable point's where 0 repels", digits=9),
    "critical_q": Column(definition="the resting length q there; 1 stands for every length", unit="variance", digits=9),
    "critical_stable": Column(definition="1 where a small error in q dies out there, 0 where it does not", unit="flag"),
}


def table() -> list[Row]:
    """One row a function, elementwise ones first, by name, then gates; None where there is no number."""
    names = sorted(row.name for row in ACTIVATIONS if row.kind == "elementwise")
    return [_row(name) for name in [*names, *sorted(gates())]]


def _row(name: str) -> Row:
    found, row = gains(name), dict.fromkeys(COLUMNS) | {"name": name, "kind": "gate" if name in AXIS else "elementwise"}
    row |= {field: getattr(found, field) for field in ("value", "forward", "slope", "multiplier", "torch")}
    if name in AXIS:
        mean, second, *_ = product_moments(name)
        row["mean"] = mean if abs(mean) > 1e-14 * math.sqrt(second) else 0.0
    else:
        at = moments(name)
        row["mean"] = at.mean if abs(at.mean) > 1e-14 * math.sqrt(at.second) else 0.0
        point = critical_point(name)
        if point is not None:
            row |= {f"critical_{field}": getattr(point, field) for field in ("sigma_w2", "sigma_b2", "q")}
            row["critical_stable"] = float(point.stable)
    return {field: _rounded(value, COLUMNS[field].digits) for field, value in row.items()}


def _rounded(value: Any, digits: int) -> Any:
    if not isinstance(value, float):
        return value
    return None if math.isnan(value) else float(f"{value:.{digits}g}")


def as_csv(rows: list[Row]) -> str:
    """The rows under one line of names: ``numpy.genfromtxt(path, delimiter=",", names=True, dtype=None)`` reads it."""
    lines = [",".join("nan" if value is None else _text(value) for value in row.values()) for row in rows]
    return "\n".join([",".join(COLUMNS), *lines, ""])


def _text(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.12g}"


def as_json(rows: list[Row]) -> str:
    """Schema, definitions and units, and the rows; JSON has no inf, which is null."""
    finite = [{k: None if isinstance(v, float) and math.isinf(v) else v for k, v in row.items()} for row in rows]
    columns = {name: {"definition": c.definition, "unit": c.unit, "digits": c.digits} for name, c in COLUMNS.items()}
    content = {"schema": SCHEMA, "about": ABOUT, "columns": columns, "rows": finite}
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def write(folder: Path) -> list[Path]:
    """``table.json`` and ``table.csv`` in a folder."""
    rows = table()
    texts = {"table.json": as_json(rows), "table.csv": as_csv(rows)}
    return [write_bytes(folder / name, text.encode()) for name, text in texts.items()]
