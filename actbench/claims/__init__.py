"""Claims: the record of one, its judge, and the ledgers: a folder a text, a claim a record in it; found by itself."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

for _file in sorted(Path(__file__).parent.glob("*/[!_]*.py")):
    import_module(f"{__name__}.{_file.parent.name}.{_file.stem}")
