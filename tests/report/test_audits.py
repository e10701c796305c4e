"""Audits of public libraries: pages are those of the files beside them, and what they say is still so."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import pytest

from actbench.audit.audited import audit
from actbench.audit.written import as_data
from actbench.core.errors import ActbenchError
from actbench.report.audits import pages, take

HOME = Path(__file__).parents[2] / "reports" / "audits"


def test_pages_are_those_of_the_committed_files():
    for name, text in pages(HOME).items():
        assert (HOME / name).read_text(encoding="utf-8") == text, "python reports/refresh.py audits"


def test_an_audit_is_taken_over_whole(tmp_path):
    code = "import numpy as np\n\ndef softplus(x):\n    return np.log(1 + np.exp(x))\n"
    (tmp_path / "public.py").write_text(code, encoding="utf-8")
    report = audit(str(tmp_path / "public.py"), dtypes=("float32",), count=100)
    run = tmp_path / "run.json"
    run.write_text(json.dumps(as_data(report) | {"asked": "public"}), encoding="utf-8")
    take(tmp_path / "audits", [run])
    texts = pages(tmp_path / "audits")
    assert set(texts) == {"README.md", "public.md"}
    for text in texts.values():
        assert "| overflow | forward | float32 | 88.7228394 | `0x1.62e43p+6` | inf | 88.7228394 |" in text
    run.write_text("{}", encoding="utf-8")
    with pytest.raises(ActbenchError, match="is no audit"):
        take(tmp_path / "audits", [run])


def test_known_findings_of_torch_reproduce():
    pytest.importorskip("torch")
    held = json.loads((HOME / "torch.nn.functional.json").read_text(encoding="utf-8"))
    if metadata.version("torch") != held["about"]["versions"]["torch"]:
        pytest.skip("another version of torch was audited")
    known = {one["target"]: {(f["class"], f["direction"]) for f in one["findings"]} for one in held["subjects"]}
    report = audit("torch.nn.functional:gelu", dtypes=("float32", "float64"))
    found = {(f.kind, f.direction) for f in report.findings}
    assert {("lost", "forward"), ("limit", "forward"), ("digits", "backward")} <= found
    assert found <= known["torch.nn.functional:gelu"] | {("subnormal", "backward")}
