"""How long ReLU's passes and its rivals' take in each library, all raced against each other in one process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from actbench.kernels.backends import FUSED
from actbench.runs.experiment import experiment
from actbench.runs.factors import array_size, one_of
from actbench.speed.inputs import INPUTS

ROUNDS = 41
SAMPLE_SECONDS = 0.0005
MOST_SECONDS = 6.0  # for the rounds of one cell, on a machine much slower than ours
PASSES: dict[str, Any] = {"direction": ["forward", "backward"], "dtype": ["float32", "float64"], "size": [2**12, 2**20]}


@experiment(
    grid=[{**PASSES, "inputs": ["normal"]}, {**PASSES, "direction": ["backward"], "inputs": ["sorted"]}],
    quick={"dtype": ["float32"], "inputs": ["normal"]},
    columns={
        "library": "what computed, with one thread",
        "pass": "the function; 'relu masked' and 'relu multiplied' overwrite dy in place, all others write elsewhere",
        "round": "number of the round: times of one round are pairs",
        "time_s": "seconds a call",
        "calls": "calls in the sample",
        "reason": "why a library took no part",
    },
    checks={"dtype": one_of(("float32", "float64")), "size": array_size, "inputs": one_of(INPUTS)},
    backend=FUSED,
    exclusive=True,
)  # fmt: skip
def pass_cost(*, direction: str, dtype: str, size: int, inputs: str) -> Iterator[dict[str, Any]]:
    """Is ReLU's pass cheaper than sigmoid's and tanh's?"""
    from actbench.activations.registry import resolve
    from actbench.implementations.forms import BACKWARD, FORWARD, IN_PLACE, lined_up
    from actbench.speed.inputs import operands
    from actbench.speed.race import race
    from actbench.speed.threads import environment, pinned

    passes = FORWARD if direction == "forward" else (*BACKWARD, *IN_PLACE)
    arrays = {name: operands(inputs, dtype, size, resolve(name.split()[0]).forward) for name in passes}
    with environment(1), lined_up(direction, arrays) as (calls, absent), pinned(1):
        found = race(
            {" ".join(key): call for key, call in calls.items()},
            rounds=ROUNDS, target=SAMPLE_SECONDS, most=MOST_SECONDS,
        )  # fmt: skip
    for library, name in calls:
        key = f"{library} {name}"
        for number, seconds in enumerate(found.seconds.get(key, ())):
            yield {"library": library, "pass": name, "round": number, "time_s": float(seconds),
                   "calls": found.calls[key]}  # fmt: skip
        if key in found.failed:
            yield {"library": library, "pass": name, "reason": found.failed[key]}
    for library, reason in absent.items():
        yield {"library": library, "reason": reason}
