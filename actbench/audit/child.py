"""The process in which somebody's code is audited: ``python -m actbench.audit.child REQUEST ANSWERS``.

Every answer is a line of JSON: what was found there, what is begun, what came of it. The process may die at any time;
the one that started it then goes on behind the subject that was begun last.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from actbench.activations.registry import ACTIVATIONS, AXIS, resolve
from actbench.audit import arrays, laws, values
from actbench.audit.discover import Candidate, candidates
from actbench.audit.finding import Finding
from actbench.audit.gates import gate_findings, gate_of
from actbench.audit.left import awaited, running
from actbench.audit.recognise import Recognised, as_slope, first_of, of_numbers, recognise, row_named
from actbench.audit.steady import Steady
from actbench.audit.subject import ALLOWED, DTYPES, Subject
from actbench.audit.worst import Worst
from actbench.core.errors import ActbenchError
from actbench.implementations.adapters.torch_ import as_it_is
from actbench.implementations.implementation import Absent, Implementation
from actbench.implementations.libraries import implementation
from actbench.implementations.targets.child import limit_memory
from actbench.implementations.targets.examine import die_with_parent
from actbench.implementations.targets.foreign import is_foreign
from actbench.implementations.targets.objects import adapt, in_words
from actbench.implementations.targets.target import is_request

Told = Callable[[dict[str, Any]], None]


def main(words: list[str]) -> None:
    """Audit what the request names."""
    request, answers = words
    die_with_parent()
    limit_memory()
    warnings.simplefilter("ignore")
    asked: dict[str, Any] = json.loads(Path(request).read_text(encoding="utf-8"))
    Path(request).unlink()  # with the word that marks our answers
    handle, own, word = os.open(answers, os.O_WRONLY | os.O_APPEND), os.getpid(), asked.pop("word")

    def tell(said: dict[str, Any]) -> None:
        if os.getpid() != own:  # a copy that the code forked and let return
            os._exit(0)
        os.write(handle, (json.dumps({**said, "word": word}) + "\n").encode())

    serve(asked, tell)


def serve(asked: dict[str, Any], tell: Told) -> None:
    """Find the candidates, and audit those behind the first ``skip``."""
    try:
        found = candidates(asked["target"])
    except (Exception, SystemExit) as error:  # somebody's module may raise whatever it likes
        tell({"refused": in_words(error)})
        return
    tell({"found": [candidate.target for candidate in found]})
    for number, candidate in enumerate(found):
        if number < asked["skip"]:
            continue
        tell({"begun": number})
        before = running()
        try:
            with np.errstate(), warnings.catch_warnings():  # what it changes there is not the next one's fault
                said = audited(candidate, asked, lambda stage: tell({"stage": stage}))
        except (Exception, SystemExit) as error:
            if _is_request(error, candidate):
                tell({"refused": f"{error}; install it" if isinstance(error, ModuleNotFoundError) else str(error)})
                return
            said = _refused(candidate, in_words(error))
        # of what is left out those are told whose whole name is a row's
        named = candidate.name if candidate.name in ACTIVATIONS or candidate.name in AXIS else ""
        answer = {"named": named, "line": candidate.line(), **said}
        left = running() - before
        if left:  # what may end this process as well as any call
            tell({"almost": number, **answer})
        tell({"done": number, "left": awaited(left), **answer})
    tell({"end": True})


def _is_request(error: BaseException, candidate: Candidate) -> bool:
    """Whether it is what was asked for that is wrong: a name or a module that is not there, a dump that is none."""
    foreign = is_foreign(candidate.target.partition(":")[0])
    dump = foreign and isinstance(error, ActbenchError) and candidate.explicit
    return is_request(error, candidate.target) or dump


def _refused(candidate: Candidate, why: str) -> dict[str, Any]:
    """A finding, of what was asked for by its own name; else a reason to leave it out."""
    if not candidate.explicit:
        return {"why_not": why, "spec": "", "findings": []}
    named = row_named(candidate.name)[0]
    found = Finding(
        subject=candidate.target, kind="raises", severity="error", detail=f"every input that was tried: {why}"
    )
    return {"why_not": "", "spec": named, "findings": [asdict(found)]}


def audited(candidate: Candidate, asked: dict[str, Any], stage: Callable[[str], None]) -> dict[str, Any]:
    """What is wrong with one candidate."""
    gate = gate_of(candidate, asked.get("like", ""))
    if gate is not None:
        wrong, dtypes = gate_findings(candidate, gate, asked)
        return {"spec": gate.spec, "why_not": "", "library": "", "dtypes": dtypes,
                "findings": [asdict(finding) for finding in merged(wrong)]}  # fmt: skip
    recognised = _recognised(candidate, asked.get("like", ""))
    said: dict[str, Any] = {"spec": recognised.spec, "why_not": recognised.why_not, "near": recognised.near,
                            "findings": []}  # fmt: skip
    if recognised.fails:
        return _refused(candidate, recognised.why_not)
    if recognised.why_not or not (recognised.spec or recognised.named):
        return said
    allowed = dict.fromkeys(DTYPES, asked["max_ulp"]) if asked.get("max_ulp") else ALLOWED
    subject = Subject(
        target=candidate.target, made=recognised.made, spec=recognised.spec or ACTIVATIONS[recognised.named].spec,
        allowed=allowed, count=asked["count"], dtypes=tuple(asked["dtypes"]),
    )  # fmt: skip
    if asked.get("exhaustive") and recognised.spec and "float32" in subject.kept:
        subject = replace(subject, extra={way: _worst_of_all(subject, way, stage) for way in subject.passes()})
    worst: list[Worst] = []
    steady = Steady(subject, recognised.first)
    found = steady.settled(findings(subject, recognised, steady, stage, worst.append))
    library = " ".join(filter(None, (recognised.made.library, recognised.made.version)))
    return said | {"spec": subject.spec, "library": library, "dtypes": list(subject.kept),
                   "findings": [asdict(finding) for finding in merged(found)],
                   "worst": list(map(asdict, worst))}  # fmt: skip


def _recognised(candidate: Candidate, like: str) -> Recognised:
    given = candidate.given()
    if isinstance(given, Implementation) and candidate.spec:
        return Recognised(made=given, spec=candidate.spec)
    named, slope = row_named(candidate.name)
    if slope and named in ACTIVATIONS and not isinstance(given, Implementation) and not hasattr(given, "backward"):
        plain = callable(given) and not isinstance(given, type)
        made = as_slope(given if plain else adapt(given).values("forward", "float64"), ACTIVATIONS[named])
        if made is not None:
            return Recognised(made=made, spec=ACTIVATIONS[named].spec)
        if not candidate.explicit:
            return Recognised(made=Implementation(library="numpy"), why_not=f"is no slope of {named}")
    library, row = candidate.peer
    first = first_of(given)
    try:
        made = as_it_is(given) or adapt(given)
    except Exception:
        if library:
            return Recognised(made=implementation(library, resolve(row)), spec=row)
        scalar = of_numbers(given)
        if scalar is None:
            raise
        made = scalar
    return recognise(made, candidate.name, given, like, first)


def findings(
    subject: Subject,
    recognised: Recognised,
    steady: Steady,
    stage: Callable[[str], None],
    told: Callable[[Worst], None],
) -> Iterator[Finding]:
    """All checks, one after another; a check at which somebody's code raises is a finding."""
    if recognised.named:
        yield _told_apart(subject, recognised)
        if not recognised.spec:
            yield from steady.watched(list(_arrays(subject)), "forward")
            return
    if recognised.defaults:
        yield _defaults(subject, recognised)
    if not subject.kept:
        yield subject.finding("dtype", detail=f"answers {' and '.join(subject.dtypes)} in another format")
    for dtype in subject.kept:
        sound = True
        for direction in subject.passes():
            stage(f"{direction} {dtype}")
            for check in (partial(values.values, told=told), values.special_values):
                found = list(_guarded(subject, partial(check, subject, direction, dtype), direction, dtype))
                steady.watched(found, direction)
                sound &= not found or direction == "backward"
                yield from found
        if sound and subject.made.forward is not None and subject.made.inputs is None:
            found = list(_guarded(subject, partial(laws.laws, subject, dtype), "forward", dtype))
            yield from steady.watched(found, "forward")
    if subject.made.inputs is not None:
        return
    if subject.kept and subject.made.backward is not None:
        found = list(_guarded(subject, partial(values.linear, subject, subject.kept[0]), "backward", subject.kept[0]))
        yield from steady.watched(found, "backward")
    if (dtype := next((d for d in ("float64", "float32") if d in subject.kept), "")) and subject.made.second:
        stage(f"second derivative {dtype}")
        yield from _guarded(subject, partial(values.second, subject, dtype), "second", dtype)
    yield from _between(subject, recognised.made)
    stage("arrays")
    yield from steady.watched(list(_arrays(subject)), "forward")


def _between(subject: Subject, made: Implementation) -> Iterator[Finding]:
    """Two objects of one class keep what they keep apart: a mask in the class or the module is the other one's."""
    if made.apart is None or not subject.kept:
        return
    dtype = subject.kept[0]
    x = np.linspace(-4.0, 4.0, 64).astype(dtype)
    with suppress(Exception), np.errstate(all="ignore"):  # what raises is told elsewhere
        alone = np.asarray(subject.call("backward", dtype)(x), np.float64)
        came = np.asarray(made.apart(np.ones_like(x), x, -x), np.float64)
        wrong = np.flatnonzero(~np.isclose(came, alone, rtol=1e-3, atol=1e-5, equal_nan=True))
        if wrong.size:
            i = int(wrong[np.abs(x[wrong]).argmin()])
            yield subject.finding("state", direction="backward", dtype=dtype, at=float(x[i]), came=float(came[i]),
                                  exact=float(alone[i]), detail="with another object called in between")  # fmt: skip


def _worst_of_all(subject: Subject, direction: str, stage: Callable[[str], None]) -> tuple[float, ...]:
    """The worst of all 2^32 float32, to be tried beside the seeded points."""
    from actbench.accuracy.exhaustive import exhaust

    stage(f"all float32, {direction}")
    call = subject.call(direction, "float32")

    def narrow(*given: Any, out: Any = None) -> Any:
        answer = call(given[-1])
        if out is not None:
            out[...] = answer
        return answer

    return (exhaust(subject.spec, direction, narrow=narrow).at,)


def _arrays(subject: Subject) -> Iterator[Finding]:
    if subject.made.forward is None or subject.made.kind == "scalar":
        return
    dtype = subject.kept[0] if subject.kept else subject.dtypes[0]
    yield from _guarded(subject, partial(arrays.arrays, subject, dtype), "forward", dtype)
    if "float32" in subject.dtypes and "float32" not in subject.kept and subject.kept:
        x = np.linspace(-2.0, 2.0, 64).astype(np.float32)
        with suppress(Exception):
            came = np.asarray(subject.call("forward", "float32")(x))
            yield subject.finding("dtype", direction="forward", dtype="float32", detail=f"float32 -> {came.dtype}")


def _guarded(subject: Subject, check: Callable[[], Iterator[Finding]], direction: str, dtype: str) -> Iterator[Finding]:
    try:
        yield from list(check())
    except Absent:
        return
    except Exception as error:  # somebody's code may raise at any input
        yield subject.finding(
            "raises", direction=direction, dtype=dtype, detail=f"inputs of the whole format: {in_words(error)}"
        )


def _told_apart(subject: Subject, recognised: Recognised) -> Finding:
    """A name that says one row, and values that are another one's or nobody's."""
    claimed = replace(subject, spec=ACTIVATIONS[recognised.named].spec)
    dtype = subject.kept[0] if subject.kept else "float64"
    worst = values.plainly(claimed, "forward", dtype, "name")
    if worst is None:
        found = [f for f in values.values(claimed, "forward", dtype) if f.at is not None]
        worst = next((f for f in found if f.kind == "value"), found[0] if found else None)
    what = f"{recognised.named} and computes {recognised.spec or 'no function of the catalogue'}"
    about = {"at": worst.at, "came": worst.came, "exact": worst.exact, "ulp": worst.ulp} if worst else {}
    return claimed.finding("name", severity="warning" if recognised.spec else "", direction="forward", dtype=dtype,
                           detail=what, **about)  # fmt: skip


def _defaults(subject: Subject, recognised: Recognised) -> Finding:
    """Parameters other than the row's, and where that shows."""
    row = ACTIVATIONS[subject.spec.partition(":")[0]]
    x = np.array([at for size in (1e-3, *np.linspace(0.25, 8.0, 32), 1e3) for at in (-size, size)])
    came, usual = subject.row.forward(x), row.forward(x)
    i = int(np.flatnonzero(came != usual)[0]) if (came != usual).any() else 0
    return subject.finding(
        "defaults", severity="warning" if recognised.hidden else "", direction="forward", dtype="float64",
        at=float(x[i]), came=float(came[i]), exact=float(usual[i]), detail=recognised.defaults,
    )  # fmt: skip


def merged(found: list[Finding]) -> list[Finding]:
    """One finding a class and pass: that of the first format, with the names of the others."""
    kept: dict[tuple[str, str], Finding] = {}
    for finding in found:
        key = (finding.kind, finding.direction)
        if key not in kept:
            kept[key] = finding
        elif finding.dtype != kept[key].dtype and finding.dtype not in kept[key].also:
            worse = max(kept[key], finding, key=lambda f: ("note", "warning", "error").index(f.level))
            kept[key] = replace(kept[key], also=(*kept[key].also, finding.dtype), severity=worse.level,
                                worst=worse.worst or kept[key].worst)  # fmt: skip
        kept[key] = kept[key].seen_also_as(*finding.seen_as)
    return list(kept.values())


if __name__ == "__main__":
    main(sys.argv[1:])
