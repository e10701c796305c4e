"""``actbench theory``: gains, fixed points, critical point and depth scales of any function; the table of all."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from actbench.cli.card import lines
from actbench.cli.options import add_json, as_json, refuse_idle
from actbench.core.errors import ActbenchError

DESCRIPTION = """\
What Gaussian theory says about wide networks of a function: z = W h + b, weights of variance sigma_w2 / fan_in.

  actbench theory gelu                   a card: moments, gains, fixed points, depth scales, shape
  actbench theory my.py:act swiglu       a function of your own; a gate
  actbench theory gelu --figure          its phase diagram, networks beside theory: SVG, PNG, and the numbers as CSV
  actbench theory --table --out DIR      all rows as table.json and table.csv
"""


def add(verbs: Any) -> None:
    """Enter the verb."""
    parser = verbs.add_parser(
        "theory", help="gains, fixed points, edge of chaos, depth scales", description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("names", nargs="*", metavar="NAME|TARGET", help="rows, gates, and functions of your own")
    parser.add_argument("--q", type=float, default=1.0, help="variance of the input of moments and gains (default 1)")
    parser.add_argument("--sigma-b2", type=float, metavar="V", help="variance of a bias, of the critical point")
    parser.add_argument(
        "--figure",
        action="store_true",
        help="also draw the phase diagram of each: 160 networks, a minute for a function of your own",
    )
    parser.add_argument("--table", action="store_true", help="write the table of the whole catalogue")
    parser.add_argument("--out", metavar="DIR", default="actbench-out/theory", help="where files go (%(default)s)")
    add_json(parser, bare="a list, an entry a name")
    parser.set_defaults(call=call)


def call(args: argparse.Namespace) -> int:
    """Print cards, or write the table or figures."""
    if not args.names and not args.table:
        raise ActbenchError("no name; give one, as in 'actbench theory gelu', or --table for the whole catalogue")
    if args.figure and args.table:
        raise ActbenchError("--figure is of named functions, --table of the whole catalogue; give one of them")
    if not (args.table or args.figure):
        refuse_idle(args, ("out",), "for --table and --figure, which write files; a card is printed")
    if not args.names:
        refuse_idle(args, ("json", "q", "sigma_b2"), "of named functions, not of --table")
    if args.table:
        from actbench.theory.table import write

        print("\n".join(map(str, write(Path(args.out)))))
    if args.figure:
        _draw(args.names, Path(args.out))
    cards = [card(name, args.q, args.sigma_b2) for name in args.names]
    if args.json and cards:
        print(as_json(cards))
    elif cards:
        print("\n\n".join(map(lines, cards)))
    return 0


def _draw(names: list[str], out: Path) -> None:
    """The phase diagram of each name; prints where it lies."""
    from actbench.activations.registry import AXIS, resolve
    from actbench.core.files import write_text
    from actbench.drawing.style import save
    from actbench.experiments.gradient_flow.phase import measured, phase_figure, phase_table

    if not names:
        raise ActbenchError("--figure draws named functions; give one, as in 'actbench theory gelu --figure'")
    for name in names:
        if name in AXIS:
            raise ActbenchError(f"{name} has two inputs or mixes a vector: no phase diagram; name an elementwise row")
        shown, table = resolve(name).name, phase_table(name, measured(name))
        path = out / f"phase-{shown}"
        save(phase_figure(shown, table), path)
        text = write_text(path.with_name(f"{path.name}.csv"), table.to_csv(index=False))
        print(f"{path}.svg", f"{path}.png", text, sep="\n")


def card(name: str, q: float = 1.0, sigma_b2: float | None = None) -> dict[str, Any]:
    """Everything that theory says about one function, as numbers in words."""
    from actbench import theory
    from actbench.activations.registry import AXIS
    from actbench.theory.dense import doubt

    found: dict[str, Any] = {"name": name, f"gains at q={q:g}": _gains(name, q)}
    if name in AXIS:
        return found
    at, shape = theory.moments(name, q), theory.shape(name)
    found[f"moments at q={q:g}"] = _moments(at) | ({"kinks and jumps": _list(at.kinks)} if at.kinks else {})
    if why := doubt(name, q):
        found |= {"not to be believed": why}
    for values, still in _evaluated(name).items():
        found[f"in evaluation, {values}"] = _moments(theory.moments(still, q))
    found["critical point"] = _critical(name, sigma_b2)
    from actbench.experiments.gradient_flow.phase import STANDARD

    for init, sigma_w2 in STANDARD.items():
        rest = theory.fixed_point(name, sigma_w2)
        words = {"chi_1": "chi_1 (squared gradient a layer)", "slope": "dq'/dq", "c": "resting correlation"}
        lengths = {words.get(field, field): getattr(rest, field) for field in ("chi_1", "slope", "xi_q", "xi_c", "c")}
        doubted = {"not to be believed": why} if (why := doubt(name, rest.q)) else {}
        found[f"{init}, sigma_w2={sigma_w2:.3g}"] = (
            {"comes to rest at q": "never: it grows without end" if math.isinf(rest.q) else _number(rest.q)}
            | {field: _number(value) for field, value in lengths.items() if not math.isnan(value)}
            | doubted
        )
    found["largest slope"] = _number(shape.lipschitz)
    found |= {field: _list(getattr(shape, field)) for field in ("extrema", "inflections")}
    found |= {f"{kind} on": [f"[{_list(part)}]" for part in getattr(shape, kind)] for kind in ("convex", "concave")}
    return found


def _moments(at: Any) -> dict[str, str]:
    names = {"mean": "E f", "second": "E f^2", "d_mean": "E f'", "d_second": "E f'^2", "d_fourth": "E f'^4",
             "growth": "d E f^2 / dq"}  # fmt: skip
    numbers = {text: _number(getattr(at, field)) for field, text in names.items()}
    return numbers | {"estimated relative error": f"{at.error:.1g}"}


def _evaluated(name: str) -> dict[str, str]:
    """Sampled parameters at their midpoints, and the row that has them there; none where nothing is sampled."""
    from actbench.activations.parameter import Sampled
    from actbench.theory.subject import row_of, spec_of

    row = row_of(spec_of(name))
    values = row.values()
    drawn = {
        key: values[key]
        for key, parameter in row.parameters.items()
        if isinstance(parameter, Sampled) and values[parameter.low] < values[parameter.high]
    }
    return {", ".join(f"{key}={value:.6g}" for key, value in drawn.items()): row.bind(**drawn).spec} if drawn else {}


def block(name: str) -> dict[str, Any]:
    """What the identity card of a function shows of its theory; a function that has none says why."""
    try:
        found: dict[str, Any] = {"gains": _gains(name, 1.0)}
    except ActbenchError as error:
        return {"gains": f"none: {error}"}
    try:
        return found | {"critical point": _critical(name)}
    except ActbenchError as error:
        return found | {"critical point": f"none: {error}"}


def _gains(name: str, q: float) -> dict[str, str]:
    from actbench.theory import gains

    return _numbers(gains(name, q), torch="torch calculate_gain")


def _critical(name: str, sigma_b2: float | None = None) -> dict[str, str] | str:
    from actbench.theory import critical_point
    from actbench.theory.dense import Doubtful

    try:
        point = critical_point(name, sigma_b2)
    except Doubtful as error:
        return f"none: {error}"
    return "none" if point is None else _numbers(point)


def _numbers(record: Any, **words: str) -> dict[str, str]:
    values = {words.get(field, field): value for field, value in vars(record).items()}
    return {field: _number(value) for field, value in values.items() if not math.isnan(value)}


def _number(value: float) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{0 if abs(value) < 1e-14 else value:.6g}"  # an odd function's mean, but for rounding


def _list(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.6g}" for value in values)
