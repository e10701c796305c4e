"""Shared ground of the tests: the registries filled, the kernel cache in a folder that lasts for one session."""

from __future__ import annotations

import os
import signal

import pytest


@pytest.fixture(scope="session", autouse=True)
def _interruptible():
    """A shell starts what it puts into the background with Ctrl-C ignored, and children inherit that."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _kernel_cache(tmp_path_factory):
    """Kernels compile into a fresh folder unless the caller named one."""
    if "ACTBENCH_CACHE" not in os.environ:
        os.environ["ACTBENCH_CACHE"] = str(tmp_path_factory.mktemp("kernels"))
