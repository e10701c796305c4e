"""Which mutants survive a module's tests: imports and collection once, then a forked process a mutant.

A mutant inside a function is that function's code, put in the place of the original's in a process that has everything
loaded and runs only the tests that enter the function, the quick ones first. What changes anything else is written to
the file and tested in a process that imports it anew.
"""

from __future__ import annotations

import ast
import gc
import importlib
import multiprocessing
import os
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

OPTIONS = ("-q", "-x", "-n", "0", "--tb=no", "-p", "no:cacheprovider")
HEAVY = {"numpy", "pandas", "scipy", "matplotlib"}  # loaded before a process is forked; pytest minds its own plugins
DAY = 86_400.0
PATIENCE = 10.0  # a mutant may wait for ever: so many times what its tests take, and this many seconds
LOOPING = 3.0  # or loop: so many times a test's own processor time, and as many seconds


def forked(task: Callable[[], Any], seconds: float) -> Any:
    """What a task gives in a silent process of its own; None where it died or took too long."""
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)

    def run() -> None:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 1)
        os.dup2(null, 2)
        send.send(task())

    process = context.Process(target=run)
    process.start()
    send.close()
    try:
        return receive.recv() if receive.poll(seconds) else None
    except EOFError:
        return None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.join()


def _loads(name: str, other: str) -> bool:
    """Whether importing one module imports the other."""
    importlib.import_module(name)
    return other in sys.modules


def _compiles(text: str) -> bool:
    try:
        compile(text, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def _load_heavy(modules: Sequence[str]) -> None:
    for name in (n for n in modules if n.partition(".")[0] in HEAVY):
        with suppress(ImportError):
            importlib.import_module(name)


def owners(source: str) -> dict[int, int]:
    """Line of a function's body to the first line of the outermost function around it."""
    found = {}
    tree = ast.parse(source)
    holders = [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]
    for node in (child for holder in holders for child in holder.body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            found.update(dict.fromkeys(range(node.body[0].lineno, (node.end_lineno or 0) + 1), first))
    return found


def codes(code: CodeType) -> dict[str, CodeType]:
    """Qualified name to code of everything in a module that has a code of its own; names that occur twice are none."""
    found: dict[str, list[CodeType]] = defaultdict(list)
    todo = [code]
    while todo:
        inner = [const for const in todo.pop().co_consts if isinstance(const, CodeType)]
        todo += inner
        for each in inner:
            found[each.co_qualname].append(each)
    return {name: each[0] for name, each in found.items() if len(each) == 1}


class Watched:
    """A plugin that notes which functions of a file each test enters, and how long it takes."""

    def __init__(self, path: str, source: str) -> None:
        self.path, self.owner = path, owners(source)
        self.firsts = set(self.owner.values())
        self.entered: set[int] = set()
        self.by_test: dict[str, set[int]] = defaultdict(set)
        self.by_file: dict[str, set[int]] = defaultdict(set)
        self.seconds: dict[str, float] = defaultdict(float)

    def _profile(self, frame: Any, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename == self.path:
            first = code.co_firstlineno
            self.entered.add(first if first in self.firsts else self.owner.get(first, 0))

    def _watch(self, item: Any, into: set[int]) -> Any:
        self.entered, began = into, time.process_time()
        sys.setprofile(self._profile)
        try:
            return (yield)
        finally:
            sys.setprofile(None)
            self.seconds[item.nodeid] += time.process_time() - began

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: Any) -> Any:
        """What a fixture enters is every test's of the file: its others may use the same fixture."""
        return (yield from self._watch(item, self.by_file[item.nodeid.partition("::")[0]]))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: Any) -> Any:
        """What a test enters is its own."""
        return (yield from self._watch(item, self.by_test[item.nodeid]))

    def tests(self, line: int) -> list[str]:
        """Those that enter the function around a line, quick files and tests first; all where it is in none."""
        first = self.owner.get(line)
        every = list(self.seconds)
        file = {test: test.partition("::")[0] for test in every}
        found = [test for test in every if first in self.by_test[test] | self.by_file[file[test]]] or every
        total: dict[str, float] = defaultdict(float)
        for test in found:
            total[file[test]] += self.seconds[test]
        return sorted(found, key=lambda test: (total[file[test]], file[test], self.seconds[test]))


def run(session: Any, tests: Sequence[str], seconds: Mapping[str, float] | None = None) -> bool:
    """Whether all of these tests of a collected session pass; one that takes much longer than it did ends the process.

    Its limit is processor time, which other work on the machine does not change.
    """
    items = {item.nodeid: item for item in session.items}
    chosen = [items[test] for test in tests]
    for item, following in zip(chosen, [*chosen[1:], None], strict=True):
        if seconds is not None:
            signal.setitimer(signal.ITIMER_PROF, LOOPING + LOOPING * seconds[item.nodeid])
        item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return False
    return True


class Instead:
    """A plugin that does something with a collected session instead of running it."""

    def __init__(self, task: Callable[[Any], Any]) -> None:
        self.task, self.result = task, None

    def pytest_runtestloop(self, session: Any) -> bool:
        """See pytest."""
        self.result = self.task(session) if not session.testsfailed else None
        return True


class Survivors:
    """The tests of one module in a copy of the tree.

    Parameters
    ----------
    tree
        The copy.
    module
        Path in it of what is mutated.
    tests
        Paths in it of the tests that must notice.
    """

    def __init__(self, tree: Path, module: str, tests: Sequence[str]) -> None:
        self.tree, self.file, self.files = tree, tree / module, list(tests)
        self.name = module.removesuffix(".py").replace("/", ".")
        self.source = self.file.read_text(encoding="utf-8")
        self.terminal = os.dup(2)  # the forked processes are silent but for how far they are

    def of(self, mutants: Sequence[Any]) -> list[Any]:
        """The mutants that no test notices.

        Raises
        ------
        SystemExit
            Where the tests fail as they are.
        """
        found = forked(lambda: self._from_tree(lambda: self._collected(lambda s: self._swap(s, mutants))), DAY)
        if found is None:
            raise SystemExit(f"{' '.join(self.files)}: not all pass on what is committed")
        watched, alive, left, modules = found
        task = lambda: self._anew([mutants[n] for n in left], watched, modules)  # noqa: E731
        again = forked(lambda: self._from_tree(task), DAY)
        if again is None:
            raise SystemExit(f"{self.file}: the process that imports it anew died")
        return [mutants[n] for n in sorted([*alive, *(left[i] for i in again)])]

    def _anew(self, mutants: Sequence[Any], watched: Watched, modules: Sequence[str]) -> list[int]:
        """Which survive where the file has their text; what does not import it is loaded once for all."""
        _load_heavy(modules)
        if not forked(lambda: _loads("actbench", self.name), DAY):
            importlib.import_module("actbench")
        if not forked(lambda: self._collected(lambda session: run(session, list(watched.seconds))), DAY):
            raise SystemExit("what is committed is noticed as if it were a mutant")
        alive = []
        for number, mutant in enumerate(mutants):
            tests = watched.tests(mutant.line)
            self.file.write_text(mutant.text, encoding="utf-8")
            files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
            seconds = 6 * PATIENCE + PATIENCE * sum(watched.seconds[test] for test in tests)
            if forked(lambda: self._collected(lambda session: run(session, tests, watched.seconds), files), seconds):  # noqa: B023
                alive.append(number)
                self._show(mutant)
            if number % 10 == 9:
                os.write(self.terminal, f"{number + 1} of {len(mutants)} left, {len(alive)} of them alive\n".encode())
        self.file.write_text(self.source, encoding="utf-8")
        return alive

    def _show(self, mutant: Any) -> None:
        """A survivor as soon as it is known: a module takes minutes."""
        os.write(self.terminal, f"alive: {self.file.name}:{mutant.line} {mutant.operator}\n{mutant.diff}\n".encode())

    def _from_tree(self, task: Callable[[], Any]) -> Any:
        """Import from the copy, leaving no bytecode of a mutant behind."""
        if "actbench" in sys.modules:  # the working tree's would be tested in place of every mutant
            raise SystemExit("actbench is imported already")
        root = Path(__file__).resolve().parents[1]
        os.chdir(self.tree)
        os.environ["PYTHONPATH"] = str(self.tree)
        sys.path[:] = [str(self.tree), *(p for p in sys.path if Path(p or ".").resolve() != root)]
        sys.dont_write_bytecode = True
        return task()

    def _collected(self, task: Callable[[Any], Any], files: Sequence[str] = ()) -> Any:
        plugin = Instead(task)
        pytest.main([*OPTIONS, *(files or self.files)], plugins=[plugin])
        return plugin.result

    def _swap(self, session: Any, mutants: Sequence[Any]) -> tuple[Watched, list[int], list[int], list[str]] | None:
        """The watched baseline, and the numbers of the mutants that must be tested in a process that imports anew."""
        plain = Watched(str(self.file), self.source)

        def baseline() -> tuple[Watched, list[str]] | None:
            session.config.pluginmanager.register(plain)
            every = run(session, [item.nodeid for item in session.items])
            return (plain, list(sys.modules)) if every else None

        found = forked(baseline, DAY)
        if found is None:
            return None
        watched, loaded = found
        _load_heavy(loaded)  # once, and not in every process that is forked
        live = [f for f in gc.get_objects() if isinstance(f, FunctionType) and f.__code__.co_filename == str(self.file)]
        old = codes(compile(self.source, str(self.file), "exec"))
        alive, left = [], []
        for number, mutant in enumerate(mutants):
            tests = watched.tests(mutant.line)

            def outcome(mutant: Any = mutant, tests: Sequence[str] = tests) -> str:
                if not self._put(mutant, live, old):
                    return "left"
                return "alive" if run(session, tests, watched.seconds) else "killed"

            seconds = PATIENCE + PATIENCE * sum(watched.seconds[test] for test in tests)
            if not _compiles(mutant.text):
                continue  # killed by Python itself
            said = forked(outcome, seconds) if mutant.line in watched.owner else "left"
            {"alive": alive, "left": left}.get(str(said), []).append(number)
            if said == "alive":
                self._show(mutant)
            if number % 50 == 49:
                os.write(
                    self.terminal, f"{number + 1} of {len(mutants)}: {len(alive)} alive, {len(left)} left\n".encode()
                )
        return watched, alive, left, list(sys.modules)

    def _put(self, mutant: Any, live: Sequence[FunctionType], old: dict[str, CodeType]) -> int:
        """Give the live functions the mutant's code; how many got another one."""
        new = codes(compile(mutant.text, str(self.file), "exec"))
        replaced = 0
        for function in live:
            name = function.__code__.co_qualname
            if name in new and name in old and new[name] != old[name]:
                with suppress(ValueError):  # other free variables
                    function.__code__ = new[name]
                    replaced += 1
        return replaced
