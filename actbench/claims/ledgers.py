"""Fills the registry of claims: every folder beside this file is a ledger, found by itself."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

for _file in sorted(Path(__file__).parent.glob("*/*.py")):
    if _file.stem != "__init__":
        import_module(f"actbench.claims.{_file.parent.name}.{_file.stem}")
