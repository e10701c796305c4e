"""Shared ground of the tests: the registries filled, the kernel cache in a folder that lasts for one session."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def _kernel_cache(tmp_path_factory):
    """Kernels compile into a fresh folder unless the caller named one."""
    if "ACTBENCH_CACHE" not in os.environ:
        os.environ["ACTBENCH_CACHE"] = str(tmp_path_factory.mktemp("kernels"))
