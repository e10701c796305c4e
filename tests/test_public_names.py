"""Every public name is what it is, however often and in whatever order it and the package's rooms are met."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import importlib, pkgutil, random, sys
import actbench as ab
names = list(ab.__all__)
random.Random(int(sys.argv[1])).shuffle(names)
first = {name: getattr(ab, name) for name in names if hasattr(ab, name)}
assert len(first) == len(names), set(names) - set(first)
for room in pkgutil.iter_modules(ab.__path__, "actbench."):
    if room.name != "actbench.__main__":
        try:
            importlib.import_module(room.name)
        except ImportError as error:  # an optional library
            assert "torch" in str(error), error
for name in reversed(names):
    assert getattr(ab, name) is first[name], name
    assert getattr(importlib.import_module("actbench"), name) is first[name], name
"""


@pytest.mark.parametrize("order", [1, 2])
def test_every_public_name_stays_what_it_is(order):
    run = subprocess.run([sys.executable, "-c", PROGRAM, str(order)], capture_output=True, text=True, check=False)
    assert not run.returncode, run.stderr
