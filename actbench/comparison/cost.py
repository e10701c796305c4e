"""What an arm costs: its passes raced against ReLU's of the same rounds, in one process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from actbench.activations.registry import along, resolve
from actbench.comparison.arms import Arm
from actbench.core.errors import reason_of
from actbench.runs.workers import pinned

SIZE = 2**18  # float32: a megabyte an array, so that arithmetic counts and not the memory bus alone
WIDTH = 4096  # of both inputs of a gate together, in its own layout
ROUNDS, SAMPLE_SECONDS, MOST_SECONDS = 21, 0.001, 6.0
REFERENCE = "relu"
COLUMNS = ("activation", "direction", "as", "time_s", "ratio", "low", "high", "n", "reason", "work")


def raced(arms: Sequence[Arm]) -> list[dict[str, Any]]:
    """Seconds a pass and the ratio to ReLU's of the same rounds, for arms whose code may run in this process.

    Returns
    -------
    One row an arm and direction with `COLUMNS`: above 1, the arm is slower than ReLU. ``as`` says what computed.
    """
    from actbench.speed.inputs import operands
    from actbench.speed.race import race

    rows: list[dict[str, Any]] = []
    with pinned("numba"), np.errstate(all="ignore"):
        for direction in ("forward", "backward"):
            calls: dict[str, Callable[[], object]] = {}
            how: dict[str, str] = {}
            for spec in dict.fromkeys([REFERENCE, *(arm.spec for arm in arms)]):
                arm = next((a for a in arms if a.spec == spec), Arm(asked=spec, spec=spec))
                try:
                    call, how[spec] = _call(arm, direction, operands)
                except Exception as error:  # a kernel that does not compile is a reason
                    rows.append(_row(spec, direction, reason=reason_of(error)))
                    continue
                calls[spec] = call
            found = race(calls, rounds=ROUNDS, target=SAMPLE_SECONDS, most=MOST_SECONDS)
            for spec in calls:
                if spec in found.failed:
                    rows.append(_row(spec, direction, reason=found.failed[spec]))
                    continue
                ratio = found.ratio(spec, REFERENCE)
                # the race gives their time over ours: turned, it is the arm's over ReLU's
                rows.append(
                    _row(spec, direction, how=how[spec], time_s=float(found.median(spec).value),
                         ratio=1 / ratio.value, low=1 / ratio.high, high=1 / ratio.low, n=found.rounds,
                         work=_work(next((a for a in arms if a.spec == spec), None), direction))
                )  # fmt: skip
    wanted = {arm.spec for arm in arms}
    return [row for row in rows if row["activation"] in wanted]


def _work(arm: Arm | None, direction: str) -> str:
    """What one element costs, which is why a fused kernel takes as long as it does; nothing of code that is called."""
    from actbench.activations.latex import census

    if arm is None or arm.called or arm.gate or (row := resolve(arm.spec)).opaque:
        return ""
    return ", ".join(f"{number} {kind}" for kind, number in census(row, direction).items())


def _row(spec: str, direction: str, *, how: str = "", reason: str = "", **numbers: Any) -> dict[str, Any]:
    return {
        **dict.fromkeys(COLUMNS),
        "activation": spec,
        "direction": direction,
        "as": how,
        "reason": reason,
        **numbers,
    }


def _call(arm: Arm, direction: str, operands: Any) -> tuple[Callable[[], object], str]:
    """One pass on float32 arrays: the fused kernel, or somebody else's code as it stands."""
    if arm.called:
        return _called(arm, direction, operands)
    from actbench.kernels.kernel import kernel

    if arm.gate:
        given = operands("normal", "float32", 2 * SIZE, kernel("identity", dtype="float32"))
        x, out = given.x.reshape(-1, WIDTH), given.out.reshape(-1, WIDTH)
        half = np.ascontiguousarray(out[:, : WIDTH // 2])
        fused = kernel(along(arm.spec), direction, dtype="float32")
        if direction == "forward":
            return lambda: fused(x, out=half), "fused gate, as many results"
        arriving = np.ascontiguousarray(given.dy.reshape(-1, WIDTH)[:, : WIDTH // 2])
        return lambda: fused(arriving, x, out=out), "fused gate, both gradients"
    row = resolve(arm.spec)
    saved = direction == "backward" and row.saves == ("y",)
    run = kernel(arm.spec, "backward_from_output" if saved else direction, dtype="float32", at_defaults=True)
    a = operands("normal", "float32", SIZE, kernel(arm.spec, "forward", dtype="float32", at_defaults=True))
    if direction == "forward":
        return lambda: run(a.x, out=a.out), "fused kernel"
    if saved:
        return lambda: run(a.dy, a.y, out=a.out), "fused kernel"
    return lambda: run(a.dy, a.x, out=a.out), "fused kernel"


def _called(arm: Arm, direction: str, operands: Any) -> tuple[Callable[[], object], str]:
    """Somebody else's code as it stands, on NumPy's float32 arrays: what its library copies on the way counts."""
    from actbench.implementations.targets.objects import adapt
    from actbench.implementations.targets.target import load, parse

    made = adapt(load(parse(arm.asked)))
    forward = made.values("forward", "float32")
    a = operands("normal", "float32", SIZE, lambda x: np.asarray(forward(x.copy()), np.float32))
    how = f"{arm.found.get('library', 'its own code')}, called"
    if direction == "forward":
        return lambda: forward(a.x), how
    if made.backward is None:  # what was derived by differences
        backward = resolve(arm.spec).callables.backward
        return lambda: backward(a.dy, a.x), f"{how}, differences"
    own = made.backward
    return lambda: own(a.dy, a.x), how
