"""Questions: one folder each, ``QUESTION/question.py``, its effects and figures beside it; found by itself."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

for _file in sorted(Path(__file__).parent.glob("*/question.py")):
    import_module(f"{__name__}.{_file.parent.name}.question")
