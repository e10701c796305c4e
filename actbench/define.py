"""The three verbs that fill the collections: `define` an activation, an `experiment`, a `claim`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from actbench.errors import ActbenchError
from actbench.expression import record
from actbench.records.activation import Activation, Said, asked
from actbench.records.claim import Claim, Reading
from actbench.records.experiment import Experiment
from actbench.registry import ACTIVATIONS, CLAIMS, EXPERIMENTS
from actbench.words import OURS


def define(
    name: str,
    *,
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    definition: Callable[..., Any] | None = None,
    **declared: Any,
) -> Activation:
    """Define an activation; this is all that a new one needs.

    Parameters
    ----------
    name
        The canonical name: torch.nn.functional's where it has one.
    forward
        ``lambda x, **parameters: y`` in NumPy and words of the vocabulary.
    backward
        ``lambda dy, <any of x, y>, **parameters: dx``, the vector-Jacobian product. Its signature says what must be
        kept between the passes.
    definition
        The textbook formula, which the exact oracle speaks; may be left out where forward is that formula.
    **declared
        The other fields of `actbench.records.activation.Activation`; ``source`` is required.

    Raises
    ------
    ActbenchError
        Where the row cannot be recorded, asks for a name that it does not declare, repeats a name, or uses one of
        our words in forward without giving a definition.
    """
    graph = record(forward)
    ours = sorted({step.op for step in graph if step.op in OURS})
    if definition is None and ours:
        raise ActbenchError(f"{name}: forward uses {', '.join(ours)}; give the textbook formula as definition=")
    record(backward)
    record(definition or forward)
    said = Said(forward=forward, backward=backward, definition=definition or forward)
    return ACTIVATIONS.add(Activation(name=name, said=said, **declared))


def experiment(
    *,
    grid: Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Sequence[Any]]],
    columns: Mapping[str, str],
    quick: Mapping[str, Sequence[Any]] | None = None,
    batch: str | None = None,
    version: int = 1,
    **declared: Any,
) -> Callable[[Callable[..., Any]], Experiment]:
    """Make a generator function an experiment; its signature lists the factors, its docstring asks the question.

    Parameters
    ----------
    grid
        Factor to levels, or a list of such mappings: a union of products. Every factor stands in each.
    columns
        Every measure that the function yields, with its meaning and unit.
    quick
        The levels that the sub-grid keeps of some factors: the same cells, fewer of them.
    batch
        The factor whose levels come in blocks of 8 as a tuple; the function then yields that factor in each row.
    version
        Raised when the measurement itself changes, so that stored cells are not reused.
    **declared
        The other fields of `actbench.records.experiment.Experiment`.
    """

    def enter(function: Callable[..., Any]) -> Experiment:
        grids = (grid,) if isinstance(grid, Mapping) else tuple(grid)
        question = inspect.cleandoc(function.__doc__ or "").split("\n")[0]
        return EXPERIMENTS.add(
            Experiment(
                name=function.__name__, question=question, function=function, factors=asked(function),
                grid=grids, quick=dict(quick or {}), columns=dict(columns), batch=batch, version=version, **declared,
            )
        )  # fmt: skip

    return enter


def claim(name: str, *, statement: Mapping[str, str], readings: Sequence[Reading], **declared: Any) -> Claim:
    """Enter a claim: its statement in our own words and the readings by which it is judged.

    Parameters
    ----------
    name
        Its id, ``"C10"``.
    statement
        Language to text: ``{"en": ..., "zh": ...}``.
    readings
        One or more `actbench.records.claim.Reading`.
    **declared
        The other fields of `actbench.records.claim.Claim`.
    """
    return CLAIMS.add(Claim(name=name, statement=dict(statement), readings=tuple(readings), **declared))
