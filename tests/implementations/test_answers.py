"""What a plug-in's process forges is one line: its answer is checked before any of it is used."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from actbench.implementations.targets import examine

GRAPH = {"arguments": ["x"], "steps": [["argument", [], "x"]]}
GOOD: dict[str, Any] = {
    "ok": True, "kind": "function", "library": "numpy", "sha256": "0", "traced": True, "why_not": "", "derived": "",
    "slope_differs": "", "facts": {"kinks": []}, "graphs": {"forward": GRAPH, "backward": GRAPH},
}  # fmt: skip


def graph(*steps: Any, arguments: Any = ("x",)) -> dict[str, Any]:
    return {**GOOD, "graphs": {"forward": {"arguments": list(arguments), "steps": list(steps)}, "backward": GRAPH}}


@pytest.mark.parametrize(
    "answer",
    [
        "[1]", "7", "null", "{}", "[" * 10**5, '{"ok": true}', '{"ok": false}', '{"ok": false, "reason": 7}',
        '{"ok": false, "reason": "\\ud800"}', json.dumps({**GOOD, "facts": None}), json.dumps({**GOOD, "graphs": [1]}),
        json.dumps({**GOOD, "facts": {"kinks": [1]}}), json.dumps({**GOOD, "gradients": {"a(b)": GRAPH}}),
        json.dumps({**GOOD, "graphs": {"forward": GRAPH, "backward": GRAPH, "import os": GRAPH}}),
        json.dumps(graph(["argument", [], "__import__('os')"])),
        json.dumps(graph(["argument", [], "x"], ["__import__", [0], None])),
        json.dumps(graph(["argument", [], "x"], ["add", [0, 1], None])),
        json.dumps(graph(["constant", [], "print(1)"])), json.dumps(graph([["argument"]], arguments=["x=print(1)"])),
        b"\xff\xfe", None, "fifo",
    ],
)  # fmt: skip
def test_a_forged_answer_is_a_reason(answer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def contained(command: list[str], limit: float, **_: Any) -> int:
        place = Path(command[-1])
        if answer == "fifo":
            os.mkfifo(place)
        elif answer is not None:
            place.write_bytes(answer if isinstance(answer, bytes) else answer.encode())
        return 0

    monkeypatch.setattr(sys.modules["actbench.implementations.targets.examine"], "contained", contained)
    (tmp_path / "my.py").write_text("")
    (found,) = examine([f"{tmp_path / 'my.py'}:act"], tmp_path / "modules")
    assert found.reason
    assert "\n" not in found.reason
    assert not (tmp_path / "modules").exists()
