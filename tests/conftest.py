"""Shared ground of the tests: one folder of kernels for all processes of a run, and Ctrl-C that reaches them."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import zlib
from collections import Counter

import pytest

_FOLDER = pytest.StashKey[str]()
# A test with more parameters than this asks a whole registry; the quick subset asks one member in so many.
_MANY, _ONE_IN = 6, 6


@pytest.fixture(scope="session", autouse=True)
def _registries():
    """What stands in them stands there before a test sets a registry aside, for a module is loaded once a process."""
    import actbench.claims.ledgers
    import actbench.experiments  # noqa: F401


@pytest.fixture(autouse=True)
def _rows():
    """Rows that a test enters, a target's among them, go with it."""
    from actbench.activations.registry import ACTIVATIONS

    with ACTIVATIONS.temporary():
        yield


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    """Python's default of as many workers as cores would start processes in every test.

    The command line keeps the current folder out of the Pythons that it starts; a test that called it leaves that on.
    """
    monkeypatch.setattr("actbench.runs.workers.usable_cores", lambda: 1)
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)


@pytest.fixture(scope="session", autouse=True)
def _interruptible():
    """Children inherit what a shell in the background ignores: Ctrl-C, and with nohup a hang-up."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items):
    """Every test is in the quick subset, with a fixed sample of the members where it asks a registry; the rest is slow.

    By a hash of the name, so that a sample has every format and direction, and two processes have the same.
    """
    test = [item.nodeid.partition("[")[0] for item in items]
    members = Counter(test)
    for item, name in zip(items, test, strict=True):
        if members[name] > _MANY and zlib.crc32(item.nodeid.encode()) % _ONE_IN:
            item.add_marker("slow")


def pytest_configure(config):
    """Kernels compile into a fresh folder unless the caller named one; the worker processes inherit it."""
    if "ACTBENCH_CACHE" not in os.environ:
        os.environ["ACTBENCH_CACHE"] = config.stash[_FOLDER] = tempfile.mkdtemp(prefix="actbench-kernels-")


def pytest_unconfigure(config):
    """The one process that made the folder removes it, when its workers have ended."""
    if _FOLDER in config.stash:
        shutil.rmtree(config.stash[_FOLDER], ignore_errors=True)
        del os.environ["ACTBENCH_CACHE"]
