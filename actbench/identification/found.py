"""What `identify` says: a row with its numbers, or the nearest ones and where they differ."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from actbench.activations.registry import named

DIGITS = 6


@dataclass(frozen=True, kw_only=True)
class Near:
    """A row beside what was asked about.

    Parameters
    ----------
    spec
        The row, with fitted parameters.
    scale, steep, shift, offset
        a, b, c, d of a f(b x + c) + d.
    distance
        The largest difference over the points that were tried, of the size of the values there.
    apart, body
        The largest difference where most happens, in units of the values, and where that is: what "nearest" means.
    at, came, has
        The input where they are that far apart (of a gate: a and b), what came there, and what the row has; where they
        are not apart there, an input at which they are.
    """

    spec: str
    scale: float = 1.0
    steep: float = 1.0
    shift: float = 0.0
    offset: float = 0.0
    distance: float = 0.0
    apart: float = 0.0
    body: str = "for |x| <= 12"
    at: tuple[float, ...] = ()
    came: float = 0.0
    has: float = 0.0

    @property
    def numbers(self) -> int:
        """How many numbers it takes to say it: the row's parameters, and what it is moved and stretched by."""
        around = (self.scale != 1, self.steep != 1, self.shift != 0, self.offset != 0)
        return len(named(self.spec).parameters) + sum(around)

    @property
    def plain(self) -> bool:
        """Whether it is a f(b x), the row at its defaults."""
        return ":" not in self.spec and self.shift == self.offset == 0

    @property
    def form(self) -> str:
        """In words: ``2 silu(0.5 x + 1)``."""
        inner = "x" if self.steep == 1 else f"{self.steep:.{DIGITS}g} x"
        inner += "" if self.shift == 0 else f" {'+' if self.shift > 0 else '-'} {abs(self.shift):.{DIGITS}g}"
        if (self.scale, self.steep, self.shift, self.offset) == (1.0, 1.0, 0.0, 0.0):
            return self.spec
        outer = "" if self.scale == 1 else f"{self.scale:.{DIGITS}g} "
        end = "" if self.offset == 0 else f" {'+' if self.offset > 0 else '-'} {abs(self.offset):.{DIGITS}g}"
        return f"{outer}{self.spec}({inner}){end}"

    def says(self) -> str:
        """Where it differs, in one line."""
        names = "ab" if len(self.at) == 2 else "x"
        place = ", ".join(f"{name}={value:g}" for name, value in zip(names, self.at, strict=False))
        return (f"{self.form}: at most {self.apart:.2g} apart {self.body}; at {place} it came to {self.came:.7g}, "
                f"the row has {self.has:.7g}")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Identified:
    """What a black box is.

    Parameters
    ----------
    subject
        What was asked about.
    found
        The row that it is, or None: not in the catalogue.
    kind
        ``"elementwise"``, ``"gate"``, ``"axis"``, or ``"unknown"``.
    same
        Other rows that are the same function at these numbers.
    nearest
        The five nearest rows where it is none, plain copies before others up to twice as near, and what separates them.
    remarks
        What else was seen.
    """

    subject: str
    found: Near | None
    kind: str
    same: tuple[str, ...] = ()
    nearest: tuple[Near, ...] = ()
    remarks: tuple[str, ...] = field(default=())

    @property
    def spec(self) -> str:
        """The row's spec, or nothing."""
        return self.found.spec if self.found else ""

    def card(self) -> dict[str, Any]:
        """As fields for people and for JSON."""
        if self.found is None:
            near = [one.says() for one in self.nearest]
            return {"subject": self.subject, "is": "not in the catalogue", "kind": self.kind, "nearest": near,
                    "remarks": list(self.remarks)}  # fmt: skip
        row = named(self.found.spec)
        layout = getattr(row, "layout", None)
        return {
            "subject": self.subject, "is": self.found.form, "kind": self.kind,
            "layout": f"{layout.name}: {layout.summary}" if layout is not None else "",
            "distance": f"{self.found.distance:.2g} of the size of the values, at most, over what was tried",
            "same function": ", ".join(self.same), "also called": ", ".join(row.aliases),
            "in libraries": ", ".join(row.peers.values()), "source": row.source, "remarks": list(self.remarks),
        }  # fmt: skip
