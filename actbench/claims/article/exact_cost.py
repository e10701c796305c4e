"""What ReLU's rules and its rivals' are made of: primitive operations counted in the rows as they are written."""

from __future__ import annotations

from typing import Any

from actbench.activations.registry import resolve
from actbench.claims.claim import Answer

COSTLY_FORWARD = ("exponential", "logarithm", "divide", "square root", "trigonometric")
COSTLY_BACKWARD = ("exponential", "divide")
RIVALS = ("sigmoid", "tanh")
POINTS = (-30.0, -3.7, -0.2, 0.01, 1.3, 29.0)  # where the slopes from y are held to the derivative
DIGITS = 60


def _said(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in counts.items()) or "nothing"


def _census(direction: str, costly: tuple[str, ...]) -> Answer:
    from actbench.activations.latex import census

    counts = census(resolve("relu"), direction)
    found = {kind: number for kind, number in counts.items() if kind in costly}
    rivals = "; ".join(f"{name}: {_said(census(resolve(name), direction))}" for name in RIVALS)
    n = max(sum(counts.values()), 1)  # a rule of no operation is a case as well
    return Answer(
        holds=not found, value=float(sum(found.values())), n=n, n_unit="operations an element",
        evidence=f"relu {direction}: {_said(counts)}. Rows of the rivals: {rivals}",
    )  # fmt: skip


def forward_census() -> Answer:
    """Whether ReLU's forward rule does without costly operations."""
    return _census("forward", COSTLY_FORWARD)


def backward_census() -> Answer:
    """Whether ReLU's backward rule does without exponentials and divisions."""
    return _census("backward", COSTLY_BACKWARD)


def kept_output_census() -> Answer:
    """Whether sigmoid or tanh need exponentials or divisions on the way back when their output was kept.

    A slope written in y alone is held to the derivative of the definition in mpmath: where it is the derivative, its
    operations are all that is needed, whatever rounding does to them.
    """
    from actbench.accuracy.oracle import MP, Oracle
    from actbench.activations.latex import count
    from actbench.expression.graph import record

    rules: dict[str, Any] = {"sigmoid": lambda dy, y: dy * (y * (1.0 - y)), "tanh": lambda dy, y: dy * (1.0 - y * y)}
    said, needing = [], 0
    for name, rule in rules.items():
        row, counts = Oracle(resolve(name)), count(record(rule))
        with MP.workdps(DIGITS):
            right = all(
                abs(rule(1, row.value(x)) - row.slope(x)) <= abs(row.slope(x)) * MP.mpf(10) ** -20 for x in POINTS
            )
        needing += not right or any(kind in counts for kind in COSTLY_BACKWARD)
        said.append(f"{name} from y: {_said(counts) if right else 'no such rule'}")
    return Answer(
        holds=needing > 0, value=needing / len(rules), n=len(rules), n_unit="functions",
        evidence=f"{'; '.join(said)}; held to the derivative at {len(POINTS)} points to 20 digits. (In floating point "
        "a kept y has lost the tail, which is why this package's own rows pay an exponential.)",
    )  # fmt: skip
