"""Code that exits, hangs, forks, floods, patches the clock, crashes: isolated, one line each, nothing left running."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from actbench.audit.audited import audit
from actbench.cli import main
from actbench.core.errors import ActbenchError

HOSTILE = """
import ctypes, os, subprocess, sys, time
import numpy as np

def right(x):
    return np.where(x <= 0, np.zeros_like(x), x)

def relu_exits(x):
    os._exit(0)

def relu_leaves_a_daemon(x):
    if not os.path.exists({pids!r}) and os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            open({pids!r}, "a").write(f"{{os.getpid()}}\\n")
            time.sleep(600)
        os._exit(0)
    return right(x)

def relu_hangs(x):
    while True:
        pass

def relu_floods(x):
    os.write(1, b"\\xff<b>flood\\n" * 100)
    sys.stderr.write("flood\\n" * 100)
    return right(x)

def relu_patches_the_clock(x):
    time.monotonic = time.time = time.perf_counter = lambda: 0.0
    np.seterr(all="raise")
    os.chdir("/")
    return right(x)

def relu_segfaults(x):
    ctypes.string_at(0)

def relu_recurses(x):
    return relu_recurses(x)

def relu_allocates(x):
    return right(x) + 0 * np.ones(1 << 40)[: x.size]

def relu_raises_markup(x):
    raise ValueError("<script>alert(1)</script>\\x1b[31m\\n" * 100)

def relu_exits_politely(x):
    sys.exit("bye")

def relu_forges_answers(x):
    import json
    for handle in range(3, 20):
        try:
            os.write(handle, b'{{"done": 0, "named": "", "spec": "relu", "findings": []}}\\n{{"end": true}}\\n')
        except OSError:
            pass
    return x

def relu_returns_twice(x):
    os.fork()
    return right(x)

def relu_forgets_modules(x):
    for name in ("json", "actbench", "actbench.audit.values", "work"):
        sys.modules[name] = None
    return right(x)

class ReLUThatLies:
    def __getattr__(self, name):
        raise OSError(name)
    def forward(self, x):
        return right(x)

def relu(x):
    return right(x)
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile <i>")
    (folder / "work.py").write_text(HOSTILE.format(pids=str(folder / "pids")), encoding="utf-8")
    return folder


def gone(pid):
    """Ended within two seconds, and at most a zombie that nobody has asked for."""
    for _ in range(40):
        try:
            if Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] in "ZX":
                return True
        except (OSError, IndexError):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what is left is looked for in /proc")
def test_hostile_functions_are_isolated_and_nothing_is_left(place):
    before = time.monotonic()
    report = audit(str(place / "work.py"), dtypes=("float32",), count=100, limit=4)
    assert time.monotonic() - before < 120
    assert time.time() > 1e9
    found = {one.target.rpartition(":")[2]: one for one in report.subjects}
    for name, why in (("exits", "exit status 0"), ("hangs", "within 4 s"), ("segfaults", "SIGSEGV")):
        (finding,) = found[f"relu_{name}"].findings
        assert finding.kind == "crash"
        assert why in finding.detail
    for name in ("relu", "relu_floods", "relu_leaves_a_daemon", "relu_patches_the_clock", "relu_forgets_modules"):
        assert found[name].row == "relu"
        assert not found[name].findings
    assert "value" in {finding.kind for finding in found["relu_forges_answers"].findings}
    (twice,) = list(found["relu_returns_twice"].findings) or [None]
    assert twice is None or twice.kind == "crash"  # its copies end at their first answer, or it takes too long
    left_out = {one.target.rpartition(":")[2]: one.why_not for one in report.left_out}
    said = [*left_out.values(), *(f.sentence() for f in report.findings)]
    assert all(len(text) < 500 and text.isprintable() for text in said)
    for line in (place / "pids").read_text(encoding="utf-8").split():
        assert gone(line)


def test_what_cannot_be_called_is_a_finding_of_one_line(place, tmp_path, capsys):
    page = tmp_path / "page.html"
    assert main(["audit", f"{place / 'work.py'}:relu_raises_markup", "--dtype", "float32", "--html", str(page)]) == 1
    said = capsys.readouterr().out
    assert "raises" in said
    assert "\x1b" not in said
    text = page.read_text(encoding="utf-8")
    assert "<script>" not in text
    assert "&lt;i&gt;" in text


LEAVES = """
import os, signal, subprocess, threading, time
import numpy as np

gate, started = threading.Event(), {}

def right(x):
    return np.where(x <= 0, np.zeros_like(x), x)

def once(name, start):
    if name not in started:
        started[name] = start()

def thread(call):
    made = threading.Thread(target=call, daemon=True)
    made.start()
    return made

def relu_that_waits(x):
    once("idle", lambda: thread(threading.Event().wait))
    return right(x)

def relu_that_exits(x):
    os._exit(3)

def relu_that_ends_the_next(x):
    once("ends", lambda: thread(lambda: (gate.wait(), os._exit(5))))
    return right(x)

def relu(x):
    gate.set()
    if "ends" in started:
        started["ends"].join()
    return right(x)

def relu_with_a_timer(x):
    once("timer", lambda: threading.Timer(0.3, os._exit, [7]).start())
    return x + 1

def relu_with_a_child(x):
    once("child", lambda: subprocess.Popen(["sh", "-c", f"sleep 0.3; kill -9 {os.getpid()}"]))
    return right(x)

def relu_behind_all(x):
    return right(x)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="children are found in /proc")
def test_what_a_thread_does_later_is_blamed_on_the_one_that_started_it(tmp_path):
    (tmp_path / "later.py").write_text(LEAVES, encoding="utf-8")
    told = []
    report = audit(str(tmp_path / "later.py"), dtypes=("float32",), count=100,
                   progress=lambda at, of, name: told.append(name))  # fmt: skip
    found = {one.target.rpartition(":")[2]: [f for f in one.findings if f.kind == "crash"] for one in report.subjects}
    for name, why in (("that_exits", "exit status 3"), ("that_ends_the_next", "exit status 5"),
                      ("with_a_timer", "exit status 7"), ("with_a_child", "SIGKILL")):  # fmt: skip
        (crash,) = found[f"relu_{name}"]
        assert why in crash.detail
        assert name == "that_exits" or crash.detail.startswith("leaves something running")
    assert "之后使进程终止（退出状态 5）" in found["relu_that_ends_the_next"][0].sentence("zh")
    assert not [found[name] for name in ("relu", "relu_that_waits", "relu_behind_all") if found[name]]
    assert len(told) == len(set(told))
    timer = next(one for one in report.subjects if one.target.endswith("timer"))
    assert {f.kind for f in timer.findings} > {"crash"}  # what was found of it is told as well


@pytest.mark.parametrize(
    ("content", "limit", "why"),
    [
        (b"import os\nos._exit(3)\n", 60, "cannot be loaded: ends its process (exit status 3)"),
        (b"import time\nwhile True: time.sleep(1)\n", 2, "cannot be loaded: does not return within 2 s"),
    ],
)
def test_a_module_that_cannot_be_loaded_is_a_finding(tmp_path, content, limit, why):
    (tmp_path / "work.py").write_bytes(content)
    report = audit(str(tmp_path / "work.py"), limit=limit)
    (finding,) = report.findings
    assert (finding.kind, finding.detail) == ("crash", why)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"x = '\xff'\n", "raises SyntaxError"), (b"def f(:\n", "raises SyntaxError"),
        (b"import sys\nsys.exit()\n", "raises SystemExit"), (b"a = 1\n", "no public functions"),
    ],
)  # fmt: skip
def test_a_module_that_is_none_is_refused_in_one_line(tmp_path, content, why):
    (tmp_path / "work.py").write_bytes(content)
    with pytest.raises(ActbenchError, match=why) as caught:
        audit(str(tmp_path / "work.py"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "asked",
    ["no/such/file.py", "not a module", "no_such_module_at_all", "no_such_module_at_all.deeper:silu", "gelu:alpha=3"],
)
def test_a_target_that_names_nothing_is_one_line(asked, capsys):
    assert main(["audit", asked]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert said[0].startswith("actbench: ")
