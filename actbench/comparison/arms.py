"""Who is compared: rows of the catalogue, and plug-ins that were examined; each with the module that enters it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actbench.activations.registry import AXIS, along, canonical, resolve
from actbench.core.errors import ActbenchError
from actbench.implementations.targets import examine, is_target
from actbench.implementations.targets.target import parse
from actbench.networks.torch_ import why_not
from actbench.runs.workers import Workers

OF_GATES = (
    "a gate of two inputs: it is raced, and the small transformer has a block for it, W2 gate(W x, V x), beside "
    "W2 (f(W x) * V x) of elementwise arms; networks of one input a unit, their theory and their curves have none"
)


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One activation in a comparison.

    Parameters
    ----------
    asked
        As the user wrote it.
    spec
        What cells carry.
    module
        The generated module that enters a plug-in's row; empty for a row of the catalogue.
    reason
        Why it takes no part; empty where it does.
    found
        What the examination of a plug-in said.
    """

    asked: str
    spec: str
    module: str = ""
    reason: str = ""
    found: dict[str, Any] = field(default_factory=dict)

    @property
    def called(self) -> bool:
        """Whether somebody else's code runs: then in processes of its own alone."""
        return bool(self.module) and not self.found.get("traced")

    @property
    def gate(self) -> bool:
        """Whether it is a gate of two inputs: then it has a block in the transformer, and in no other network."""
        return is_gate(self.spec)

    @property
    def modules(self) -> tuple[str, ...]:
        """What a process loads to know the arm."""
        return (self.module,) if self.module else ()


def chosen(asked: Sequence[str], folder: Path, *, limit: float, workers: Workers) -> list[Arm]:
    """The arms that were asked for, in order, each once.

    Raises
    ------
    ActbenchError
        For a name that nothing answers to, in a plug-in's module too. A plug-in that cannot be compared is no error
        but an arm with a reason.
    """
    targets = [text for text in asked if is_target(text)]
    rows = {text: row_of(text) for text in asked if text not in targets}
    answers = iter(examine(list(dict.fromkeys(targets)), folder, limit=limit,
                           workers=workers if isinstance(workers, int) else 1))  # fmt: skip
    plugins = {answer.target: answer for answer in answers}
    if wrong := [f"{text}: {plugins[text].reason}" for text in plugins if plugins[text].request]:
        raise ActbenchError("; ".join(wrong))
    found: dict[str, Arm] = {}
    for text in asked:
        if text in rows:
            found_here = {"remarks": [OF_GATES]} if is_gate(text) else {}
            arm = Arm(asked=text, spec=rows[text], found=found_here)
        else:
            answer = plugins[text]
            arm = Arm(asked=text, spec=answer.name, module=answer.module, reason=answer.reason, found=answer.found)
        found.setdefault(text if arm.reason else arm.spec, arm)
    return list(found.values())


def row_of(text: str) -> str:
    """The spec of a row of the catalogue; a plug-in's target as it is.

    Raises
    ------
    ActbenchError
        For a name that nothing answers to, a file that is not there or a text without an object, a function along an
        axis, or a gate without torch: what is wrong is said at once, and not after a comparison of the others.
    """
    if is_target(text):
        parse(text)
        return text
    if text.partition(":")[0] not in AXIS:
        return canonical(text)
    function = along(text)
    if not function.views:
        raise ActbenchError(f"{text} acts along an axis; compared are elementwise activations, and gates of two inputs")
    if reason := why_not():
        raise ActbenchError(f"{text} is a gate of two inputs, which the transformer alone has a block for; {reason}")
    return function.spec


def rows_of(asked: Sequence[str], reference: str | None = None) -> list[str]:
    """The specs of all that were asked for; the errors are those of `row_of`, and that the reference takes no part."""
    known = [row_of(text) for text in asked]
    if reference is not None and reference not in asked and row_of(reference) not in known:
        raise ActbenchError(f"--reference {reference!r} takes no part; known: {', '.join(asked)}")
    return known


def is_gate(text: str) -> bool:
    """Whether a name or spec is of a gate of two inputs."""
    name = text.partition(":")[0]
    return name in AXIS and bool(AXIS[name].views)


def enter(arms: Sequence[Arm]) -> None:
    """Enter the rows of plug-ins in this process: generated text alone is run."""
    import runpy

    for arm in arms:
        if arm.module and not arm.reason:
            runpy.run_path(arm.module)
            resolve(arm.spec)
