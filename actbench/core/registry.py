"""Names to records: aliases, "did you mean", and an error for a name that is defined twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from actbench.core.errors import ActbenchError, unknown


class Named(Protocol):
    """What a registry needs of a record: its canonical name. It may have ``aliases`` too."""

    @property
    def name(self) -> str: ...


Record = TypeVar("Record", bound=Named)


def normal(name: str) -> str:
    """A name as it is matched: case, hyphens and underscores do not count."""
    return name.strip().lower().replace("-", "").replace("_", "")


class Registry(Generic[Record]):
    """An ordered collection of named records of one kind.

    Parameters
    ----------
    kind
        The singular, for messages: ``"activation"``.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._records: dict[str, Record] = {}
        self._names: dict[str, str] = {}
        self._written: dict[str, str] = {}

    def add(self, record: Record) -> Record:
        """Put a record in; a name or alias that is taken is an error."""
        spellings = [record.name, *getattr(record, "aliases", ())]
        for spelling in spellings:
            owner = self._names.get(normal(spelling))
            if owner is not None:
                twice = f"{self.kind} {owner!r} is there already"
                taken = f"{self.kind} name {spelling!r} of {record.name!r} is taken by {owner!r}"
                raise ActbenchError(f"{twice if spelling == record.name == owner else taken}; choose another name")
        if len({normal(spelling) for spelling in spellings}) < len(spellings):
            raise ActbenchError(f"{self.kind} {record.name!r} says one name twice: {', '.join(spellings)}")
        self._records[record.name] = record
        self._names.update({normal(spelling): record.name for spelling in spellings})
        self._written.update({normal(spelling): spelling for spelling in spellings})
        return record

    def replace(self, record: Record) -> None:
        """Put a record where the one of its name is; inside `temporary`, so that the old one comes back."""
        self[record.name]
        self._records[record.name] = record

    def __getitem__(self, name: str) -> Record:
        key = normal(str(name))
        if key not in self._names:
            raise unknown(self.kind, name, self.spellings())
        return self._records[self._names[key]]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and normal(name) in self._names

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records.values())

    def __len__(self) -> int:
        return len(self._records)

    def spellings(self) -> list[str]:
        """Every name and alias, as written."""
        return list(self._written.values())

    def names(self) -> list[str]:
        """Canonical names in the order of definition."""
        return list(self._records)

    @contextmanager
    def temporary(self) -> Iterator[None]:
        """What is added inside the block is gone after it: for tests and for ledgers given on the command line."""
        records, names, written = dict(self._records), dict(self._names), dict(self._written)
        try:
            yield
        finally:
            self._records, self._names, self._written = records, names, written
