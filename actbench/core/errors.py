"""The one exception of the package: what was asked, what is known, what to do, in one line."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable

LISTED = ("activation", "experiment", "claim", "backend")  # what `actbench list` shows


class ActbenchError(Exception):
    """A request that cannot be met; its text is one line that a person can act on."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in a notebook: the line, and not thirty of ours above it."""
        return [f"{type(self).__name__}: {self}"]


class NotMeasured(ActbenchError):
    """A question that a run has no observations for: not tested, which is neither yes nor no."""


def reason_of(error: BaseException) -> str:
    """Somebody else's exception as a reason: its kind and the first line of its text."""
    return f"{type(error).__name__}: {text_of(error)}".split("\n")[0][:200].rstrip(": ")


def text_of(error: BaseException) -> str:
    """The text of somebody else's exception; empty where its own ``__str__`` raises."""
    try:
        return str(error)
    except Exception:
        return ""


def unknown(kind: str, asked: object, known: Iterable[str]) -> ActbenchError:
    """The error for a name that nothing answers to: the nearest names first, else all of them.

    Parameters
    ----------
    kind
        What was looked for, in the singular: ``"activation"``.
    asked
        The name as the user wrote it.
    known
        Every name that would have been understood.
    """
    names = sorted(set(known))
    asked_plainly = unicodedata.normalize("NFKC", str(asked)).lower()  # full-width letters are letters
    near = difflib.get_close_matches(asked_plainly, names, n=3, cutoff=0.6)
    if near:
        hint = "did you mean " + " or ".join(repr(name) for name in near) + "?"
    else:
        shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
        hint = f"known: {shown or 'none'}"
    see = f"; see 'actbench list {kind}s'" if kind in LISTED else ""
    return ActbenchError(f"no {kind} named {str(asked)!r}; {hint}{see}")
