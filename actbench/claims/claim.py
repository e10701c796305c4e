"""The record of one claim: what it says, how it may be read, and what would have to be measured for it to hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from actbench.core.errors import ActbenchError, unknown
from actbench.core.registry import Registry
from actbench.statistics.expectation import Expectation

Level = Literal["literal", "charitable"]
LEVELS = {"literal": "as written", "charitable": "as intended"}  # what people read
Kind = Literal["experiment", "exact", "literature", "opinion"]
Outcome = Literal["supported", "refuted", "conditional", "inconclusive", "opinion", "not tested"]
MISSING = ("nan", "na", "null", "none", "n/a")  # names that a verdicts.csv would lose
Quantifier = Literal["universal", "existential", "each"]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an exact computation found.

    Parameters
    ----------
    holds
        Whether the reading is true of every case.
    value
        The share of cases in which it holds, or the quantity that decides.
    n, n_unit
        How many cases were decided, and what one is.
    evidence
        One sentence with the numbers, such as the smallest counterexample.
    """

    holds: bool
    value: float
    n: int
    n_unit: str
    evidence: str

    def __post_init__(self) -> None:
        if str(self.holds) not in ("True", "False"):  # NumPy's own booleans are none of Python's
            raise ActbenchError(f"holds is True or False, not {self.holds!r}")
        if not self.n > 0:
            raise ActbenchError(f"n counts the cases that were decided: of {self.n} nothing is true or false")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One way to understand a claim, and what decides it.

    Parameters
    ----------
    name
        Short and lower case: ``"units"``.
    level
        ``"literal"`` for the wording, ``"charitable"`` for the best that could be meant.
    kind
        What decides it; the fields below belong to one kind each, so that it need be said only where none of them
        is given.
    says
        The reading in one sentence, where it differs from the claim's statement.
    experiment, effect, settings, expected
        Experiment: the experiment's name; ``frame -> Estimate``, or several under the name of their setting; and
        the region or equivalence that the estimate must meet. Without effect the reading is not tested yet.
    quantifier
        What is said of several settings. ``"universal"``: it holds in all of them, so that one counterexample refutes
        it. ``"existential"``: there is one in which it holds. ``"each"``: it is asked of each by itself, and
        supported in some and refuted in others makes it conditional.
    grid
        Factor to levels, where the reading asks for others than those of its experiment's grid, or for few of them:
        these cells alone are run for it. Factors not named keep the levels of the grid's first part.
    compute
        Exact: ``() -> Answer``.
    verdict, source
        Literature and opinion: the judgement and the works that it rests on.
    conditions
        What the verdict depends on, where it is known beforehand.
    unit
        What the number is counted in, ``"share of units"``: the label of its axis.
    beside
        Judged and shown, but no part of the overall verdict: a way of asking that is known to err to one side.
    """

    name: str
    level: Level
    kind: Kind = ""  # type: ignore[assignment]  # what the fields say
    says: str = ""
    experiment: str = ""
    effect: Callable[[Any], Any] | None = None
    settings: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    expected: Expectation | None = None
    quantifier: Quantifier = "each"
    grid: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    compute: Callable[[], Answer] | None = None
    verdict: Outcome | None = None
    source: str = ""
    conditions: str = ""
    unit: str = ""
    beside: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", self.kind or self._kind())
        for field_name, known in (("level", Level), ("kind", Kind), ("quantifier", Quantifier)):
            if getattr(self, field_name) not in get_args(known):
                raise unknown(field_name, getattr(self, field_name), get_args(known))
        wrong = ""
        if not isinstance(self.expected, Expectation | None):
            wrong = f"expected is a Region or an Equivalence, not {type(self.expected).__name__}"
        elif self.name.lower() in MISSING:
            wrong = f"pandas, R and spreadsheets read {', '.join(MISSING)} as a missing value; give it another name"
        elif self.kind == "experiment" and (not self.experiment or self.expected is None):
            wrong = "an experimental reading names its experiment and its expectation"
        elif self.kind != "experiment" and (
            self.experiment or self.effect or self.settings or self.expected or self.grid
        ):
            wrong = "experiment, grid, effect, settings and expected belong to kind='experiment'"
        elif self.effect is not None and self.settings:
            wrong = "give either one effect or several settings"
        elif (self.compute is not None) and self.kind != "exact":
            wrong = "compute belongs to kind='exact'"
        elif self.kind == "literature" and (self.verdict is None or not self.source):
            wrong = "a literature reading has a verdict and its source"
        elif self.kind == "opinion" and self.verdict not in (None, "opinion"):
            wrong = "an opinion is judged 'opinion'"
        if wrong:
            raise ActbenchError(f"reading {self.name!r}: {wrong}")

    def _kind(self) -> Kind:
        if self.experiment or self.effect or self.settings or self.grid or self.expected is not None:
            return "experiment"
        if self.compute is None and not self.source:
            raise ActbenchError(f"reading {self.name!r}: nothing decides it; give an experiment, what to compute, a "
                                "source, or kind='opinion'")  # fmt: skip
        return "literature" if self.compute is None else "exact"

    @property
    def effects(self) -> Mapping[str, Callable[[Any], Any]]:
        """Setting to effect; a reading with a single effect has the one setting ``""``."""
        return {"": self.effect} if self.effect is not None else self.settings

    @property
    def observations(self) -> str:
        """The name of what it is judged by: the experiment's grid, or what claims have asked for beside it."""
        return f"{self.experiment}.asked" if self.grid else self.experiment


@dataclass(frozen=True, kw_only=True)
class Said:
    """A claim's answer in one sentence, behind the word for its verdict.

    ``{reading}`` and ``{reading/setting}`` stand for the number that was found, ``{reading#n}`` for the cases behind
    it; a format may follow, ``{reading|.0%}``.

    Parameters
    ----------
    verdict
        The overall verdict that it was written for; ``""`` where it says what holds under any.
    en, zh
        The sentence.
    """

    verdict: Outcome | Literal[""]
    en: str
    zh: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """A reading that was changed, or added, after its claim had been judged; the page shows it.

    Parameters
    ----------
    on
        The day, ``"2026-11-28"``.
    reading
        Whose.
    was, now
        What was asked before, and what is asked since.
    why
        The reason.
    after_looking
        Whether results were known by then.
    """

    on: str
    reading: str
    was: str
    now: str
    why: str
    after_looking: bool = True


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One sentence of a text, with the readings by which it is judged.

    Parameters
    ----------
    name
        The id.
    statement
        Language to the claim in our own words.
    readings
        At least one; names differ.
    section
        Where in the text it stands.
    ledger
        Which text: ``"article"``.
    contradicts
        Claims of the same text that cannot hold together with this one: id to the reason, by language. A pair is
        named by one of the two.
    note
        A remark that belongs beside the verdict.
    history
        What was changed after the claim was first judged.
    answer
        The sentence that answers it; without one a page makes its own from the numbers.
    """

    name: str
    statement: Mapping[str, str]
    readings: tuple[Reading, ...]
    section: str = ""
    ledger: str = "article"
    contradicts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    note: str = ""
    history: tuple[Change, ...] = ()
    answer: Said | None = None

    def __post_init__(self) -> None:
        names = [reading.name for reading in self.readings]
        if not names or len(set(names)) < len(names):
            raise ActbenchError(f"{self.name}: a claim has readings, each with a name of its own; got {names}")
        if {"overall", "overall charitable"} & set(names):
            raise ActbenchError(f"{self.name}: 'overall' is the roll-up's name, not a reading's")
        if all(reading.beside for reading in self.readings):
            raise ActbenchError(f"{self.name}: one reading at least must decide; all of them are beside")
        if not self.statement.get("en"):
            raise ActbenchError(f"{self.name}: a statement in 'en' is needed")
        for change in self.history:
            if change.reading not in names:
                raise ActbenchError(f"{self.name}: its history names the reading {change.reading!r}; known: {names}")
        for other, why in self.contradicts.items():
            if not why.get("en") or other == self.name:
                raise ActbenchError(f"{self.name}: what contradicts it is another claim, with the reason in 'en'")


CLAIMS: Registry[Claim] = Registry("claim")


def claim(name: str, *, statement: Mapping[str, str], readings: Sequence[Reading], **declared: Any) -> Claim:
    """Enter a claim: its statement in our own words and the readings by which it is judged.

    Parameters
    ----------
    name
        Its id, ``"C10"``.
    statement
        Language to text: ``{"en": ..., "zh": ...}``.
    readings
        One or more `actbench.claims.claim.Reading`.
    **declared
        The other fields of `actbench.claims.claim.Claim`.
    """
    return CLAIMS.add(Claim(name=name, statement=dict(statement), readings=tuple(readings), **declared))
