"""Examine plug-ins, each in a process of its own with a time limit, and enter those that hold."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actbench.core.errors import ActbenchError
from actbench.core.files import read_bytes
from actbench.core.registry import normal
from actbench.expression.graph import PRIMITIVES
from actbench.implementations.targets.generated import write
from actbench.implementations.targets.target import parse

# Name to the generated module that first had it in this process.
_ENTERED: dict[str, str] = {}
_RUNNING: set[subprocess.Popen[bytes]] = set()
MARK = "ACTBENCH_CONTAINED"  # in the environment of what is contained, and of all that it starts
PR_SET_PDEATHSIG = 1  # from <linux/prctl.h>
GRAPHS = ("forward", "backward", "definition")
DEEPEST = 20  # an answer nests to 6
LIMIT = 60.0  # seconds for one plug-in: loading torch on a busy machine takes ten


@dataclass(frozen=True, kw_only=True)
class Examined:
    """What became of one target.

    Parameters
    ----------
    target
        As the user wrote it.
    name
        The row's name, also where there is no row.
    reason
        Why it cannot be compared; empty where it can.
    request
        Whether that is for the name that was asked for: nothing answers to it.
    module
        The generated module that enters the row.
    found
        What the examination said: kind, library, whether it is traced, what was derived, remarks.
    """

    target: str
    name: str
    reason: str = ""
    request: bool = False
    module: str = ""
    found: dict[str, Any] = field(default_factory=dict)

    @property
    def traced(self) -> bool:
        """Whether the row is generated text; else it calls the plug-in's code."""
        return bool(self.found.get("traced"))


def examine(targets: Sequence[str], folder: Path, *, limit: float = LIMIT, workers: int = 1) -> list[Examined]:
    """Examine targets.

    Parameters
    ----------
    targets
        As `actbench.implementations.targets.target.parse` takes them.
    folder
        Where the generated modules are written.
    limit
        Seconds for each.
    workers
        How many at a time; no answer depends on it.

    Returns
    -------
    One answer a target, in their order. Nothing of a plug-in has run in this process.
    """
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool, ended_by_signals():
        answers = list(pool.map(lambda target: _answer(target, limit), targets))
    known: set[str] = set()
    done = []
    for target, found in zip(targets, answers, strict=True):
        name = found.get("name", target)
        if not found["ok"]:
            done.append(Examined(target=target, name=found["name"], reason=found["reason"],
                                 request=found.get("request") is True))  # fmt: skip
            continue
        if normal(name) in known:  # two files of one name: told apart by their content
            found = {**found, "name": f"{name}_{found['sha256'][:6] or len(known)}"}
        known.add(normal(found["name"]))
        module = write(found, _absolute(target), folder)
        if _ENTERED.setdefault(normal(found["name"]), module.name) != module.name:
            # kernels and moments are remembered by name in a process: what was edited since needs another one
            found = {**found, "name": f"{found['name']}_{module.stem[-6:]}"}
            module = write(found, _absolute(target), folder)
        kept = {k: v for k, v in found.items() if k not in ("graphs", "gradients", "ok")}
        done.append(Examined(target=target, name=found["name"], module=str(module.resolve()), found=kept))
    return done


def _absolute(target: str) -> str:
    """The target as another folder's process can find it."""
    place = parse(target)
    return f"{place.place}:{place.attribute}"


def _answer(target: str, limit: float) -> dict[str, Any]:
    """Run the child; an answer for whatever happens to it."""
    try:
        name = parse(target).name
    except ActbenchError as error:
        return {"ok": False, "name": target, "reason": str(error)}
    with tempfile.TemporaryDirectory(prefix="actbench-") as place:
        answer = Path(place) / "answer.json"
        command = [sys.executable, "-P", "-m", "actbench.implementations.targets.child", target, str(answer)]
        status = contained(command, limit)
        if status is None:
            return {"ok": False, "name": name, "reason": f"does not return within {limit:g} s"}
        try:
            found = json.loads(read_bytes(answer))
        except (OSError, ValueError, RecursionError):
            return {"ok": False, "name": name, "reason": f"ends its process ({how_it_ended(status)}) without an answer"}
    if not _meant(found):
        return {"ok": False, "name": name, "reason": "answers what no examination says: its process was tampered with"}
    return {**found, "name": name}


def _meant(found: Any) -> bool:
    """Whether an answer has the form that `child` writes: the plug-in's process wrote it, and may have forged it.

    Names go into a module's text, so they must be names; all other texts go in as literals.
    """
    if not isinstance(found, dict) or not _sane(found):
        return False
    if found.get("ok") is not True:
        return found.get("ok") is False and isinstance(found.get("reason"), str)
    texts, graphs = ("kind", "library", "sha256", "why_not", "derived", "slope_differs"), found.get("graphs", {})
    if not all(isinstance(found.get(key), str) for key in texts) or not isinstance(found.get("facts"), dict):
        return False
    kinks = found["facts"].get("kinks")
    if not isinstance(kinks, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in kinks):
        return False
    if not isinstance(graphs, dict) or not isinstance(found.get("gradients", {}), dict):
        return False
    if found.get("traced") is True and not {"forward", "backward"} <= set(graphs) <= {*GRAPHS}:
        return False
    return all(
        name.isidentifier() and _is_graph(graph) for name, graph in (graphs | found.get("gradients", {})).items()
    )


def _sane(content: Any, depth: int = 0) -> bool:
    """No surrogates, no deep nesting."""
    if isinstance(content, str):
        return content.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in content)
    if isinstance(content, dict):
        return depth < DEEPEST and all(_sane(key) and _sane(value, depth + 1) for key, value in content.items())
    return not isinstance(content, list) or (depth < DEEPEST and all(_sane(value, depth + 1) for value in content))


def _is_graph(graph: Any) -> bool:
    """Arguments that are names, and steps of known operations on earlier steps and plain numbers."""
    if not isinstance(graph, dict) or not isinstance(graph.get("arguments"), list) or not graph.get("steps"):
        return False
    arguments = graph["arguments"]
    if not all(isinstance(name, str) and name.isidentifier() for name in arguments):
        return False
    for at, step in enumerate(graph["steps"]):
        if not (isinstance(step, list) and len(step) == 3 and isinstance(step[1], list)):
            return False
        op, operands, value = step
        if not all(type(place) is int and 0 <= place < at for place in operands):
            return False
        if op == "argument":
            fine = value in arguments
        elif op == "constant":
            fine = isinstance(value, (bool, int, float))
        else:
            fine = isinstance(op, str) and op in PRIMITIVES
        if not fine:
            return False
    return True


def contained(
    command: Sequence[str],
    limit: float,
    log: Path | None = None,
    watch: Callable[[], None] | None = None,
    every: float = 1.0,
) -> int | None:
    """Run a command in a session of its own, one thread a library, and end all of it after the limit.

    Parameters
    ----------
    command, limit
        What to run, and for how many seconds at most.
    log
        Where its output goes; by default nowhere.
    watch
        Called every so many seconds (``every``) while it runs, and once more at its end.

    Returns
    -------
    Its exit status, or None where the limit ended it.
    """
    package = str(Path(__file__).resolve().parents[3])
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    mark = secrets.token_hex(8)
    environment = {**os.environ, **threads, "PYTHONPATH": os.pathsep.join(paths), MARK: mark}
    output: Any = subprocess.DEVNULL if log is None else log.open("wb")
    try:
        process = subprocess.Popen(  # noqa: S603  our own interpreter and module; the target is an argument
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, start_new_session=True
        )
        _RUNNING.add(process)
        try:
            with ended_by_signals():
                return _awaited(process, limit, watch, every)
        finally:
            _end(process)
            _end_marked(mark)
            _RUNNING.discard(process)
    finally:
        if log is not None:
            output.close()


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """What is contained ends at once where this process is interrupted (Ctrl-C) or asked to end (SIGTERM)."""
    before = None
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        before = signal.signal(signal.SIGTERM, _asked_to_end)
    try:
        yield
    except BaseException:
        for process in list(_RUNNING):  # else a pool waits for its threads, and these for their limits
            _end(process)
        raise
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def _asked_to_end(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def _awaited(
    process: subprocess.Popen[bytes], limit: float, watch: Callable[[], None] | None, every: float
) -> int | None:
    last = time.monotonic() + limit
    while True:
        left = max(0.0, last - time.monotonic())
        try:
            status = process.wait(left if watch is None else min(every, left))
        except subprocess.TimeoutExpired:
            status = None
        if watch is not None:
            watch()
        if status is not None or time.monotonic() >= last:
            return status


def die_with_parent() -> None:
    """Ask the system (Linux) to end this process with the one that started it, even where that is killed."""
    import ctypes

    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    except (OSError, AttributeError, TypeError):  # not on this system: then signals and the limit alone hold
        return


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process with all that it started, as far as it is still in its session."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (OSError, AttributeError):
        process.kill()
    process.wait()
    time.sleep(0)


def _end_marked(mark: str) -> None:
    """End what left the session (setsid, a daemon): it has our mark in the environment that it was born with."""
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"{MARK}={mark}".encode() in entry.read_bytes().split(b"\0"):
                os.kill(int(entry.parent.name), signal.SIGKILL)
        except OSError:  # another user's, or gone
            continue


def how_it_ended(status: int) -> str:
    """An exit status in words."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
