"""Many files audited as one: a folder of homework, several targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from actbench.audit.audited import Audited, Report, audit
from actbench.core.errors import ActbenchError
from actbench.implementations.libraries import libraries


def expanded(targets: Sequence[str]) -> list[str]:
    """Targets, with the Python files of a folder in the folder's place, in the order of their names.

    Raises
    ------
    ActbenchError
        For a folder without any.
    """
    found: list[str] = []
    for target in targets:
        if not _is_folder(target):
            found.append(target)
            continue
        inner = [path.relative_to(target) for path in Path(target).rglob("*.py")]
        files = sorted(path for path in inner if not any(part.startswith((".", "__")) for part in path.parts))
        if not files:
            raise ActbenchError(f"no Python file in the folder {target!r}; give FILE.py, or a folder that holds some")
        found += [str(Path(target) / path) for path in files]
    return list(dict.fromkeys(found))


def _is_folder(target: str) -> bool:
    """A folder that is no package: what can be imported is audited as a module."""
    path = Path(target)
    package = (path / "__init__.py").exists() and target.isidentifier()
    return path.is_dir() and not package and target not in libraries()


def audit_all(targets: Sequence[str], *, begun: Callable[[int], Any] = lambda done: None, **options: Any) -> Report:
    """One report on all targets; one that cannot be audited is left out with its reason.

    Parameters
    ----------
    targets
        As `expanded` gives them.
    begun
        Called with how many are done, after each.
    **options
        As for `actbench.audit.audited.audit`.
    """
    subjects: list[Audited] = []
    left_out: list[Audited] = []
    others, seconds = 0, 0.0
    for done, target in enumerate(targets, 1):
        try:
            report = audit(target, **options)
        except ActbenchError as error:
            left_out.append(Audited(target=target, why_not=str(error).removeprefix(f"{target}: ")))
        else:
            subjects += report.subjects
            left_out += report.left_out
            others, seconds = others + report.others, seconds + report.seconds
            if not report.subjects and not report.left_out:
                left_out.append(Audited(target=target, why_not="holds no activation that is known by name or values"))
        begun(done)
    return Report(asked=", ".join(targets), subjects=tuple(subjects), left_out=tuple(left_out), others=others,
                  seconds=seconds)  # fmt: skip
