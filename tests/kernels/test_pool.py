"""The pool of threads: the same bits whatever happens to it, and nothing ever waits for a thread that is not there."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from actbench.kernels import ufuncs

HEAD = f"""
import _thread, atexit, ctypes, os, signal, sys, threading, time, warnings
import numpy as np
import actbench as ab
from actbench.kernels.pool import pool
SIZE = {4 * ufuncs.THREADED}
x = np.random.default_rng(0).standard_normal(SIZE).astype(np.float32)
kernel, alone = ab.kernel("silu", dtype="float32", threads=2), ab.kernel("silu", dtype="float32")
want = alone(x)
def right():
    return np.array_equal(kernel(x), want)
def calls():
    while True:
        kernel(x)
def threads():
    return len(os.listdir("/proc/self/task"))
def settled(count):  # one that has ended leaves the list a little later
    end = time.monotonic() + 20
    while threads() != count and time.monotonic() < end:
        time.sleep(0.001)
    return threads() == count
before, known, out = threads(), set(map(int, os.listdir("/proc/self/task"))), np.empty_like(x)
"""
BEGUN = "pool().rest(), pool().go_on()\nassert right() and settled(before + 1)\n"
DANGERS = {
    "a thread is begun once and sleeps between calls": BEGUN
    + """
for _ in range(50):
    assert right()
assert settled(before + 1)
time.sleep(0.01)
begin = time.process_time()
time.sleep(0.5)
assert time.process_time() - begin < 0.1
""",
    "a fork finds no thread and warns of none, and both go on": BEGUN
    + """
warnings.simplefilter("error")
for _ in range(5):
    pid = os.fork()
    good = right() and settled(before + 1)
    if pid == 0:
        os._exit(0 if good else 1)
    assert good and os.waitpid(pid, 0)[1] == 0
""",
    "vectors along an axis are shared by the same threads, in a forked child by its own": BEGUN
    + """
rows = x.reshape(-1, 1024)
shared = [(ab.kernel(name, threads=2), ab.kernel(name)(rows)) for name in ("softmax", "swiglu")]
def same():
    return all(np.array_equal(two(rows), want) for two, want in shared)
assert same() and settled(before + 1)
pid = os.fork()
good = same() and settled(before + 1)
if pid == 0:
    os._exit(0 if good else 1)
assert good and os.waitpid(pid, 0)[1] == 0
""",
    "a child's child calls it after an exit that runs the hooks": BEGUN
    + """
pid = os.fork()
if pid == 0:
    inner = os.fork()
    if inner == 0:
        sys.exit(0 if right() else 1)
    sys.exit(0 if right() and os.waitpid(inner, 0)[1] == 0 else 1)
assert os.waitpid(pid, 0)[1] == 0
""",
    "a fork that Python does not know of": BEGUN
    + """
pid = ctypes.CDLL(None).fork()
if pid == 0:
    good = right() and right()
    pool().close()
    os._exit(0 if good else 1)
assert os.waitpid(pid, 0)[1] == 0 and right()
""",
    "six threads call it at once, with teams of their own": """
wrong = []
def some(count):
    team = ab.kernel("silu", dtype="float32", threads=count)
    for _ in range(20):
        if not np.array_equal(team(x), want):
            wrong.append(count)
six = [threading.Thread(target=some, args=(2 + n,)) for n in range(6)]
[t.start() for t in six]
[t.join() for t in six]
assert not wrong
""",
    "Ctrl-C between and within calls": BEGUN
    + """
caught = 0
for turn in range(20):
    timer = threading.Timer(0.002 * turn, os.kill, (os.getpid(), signal.SIGINT))
    try:
        timer.start()
        while timer.is_alive():
            assert right()
        for _ in range(1000):
            time.sleep(0.001)
    except KeyboardInterrupt:
        caught += 1
    timer.join()
assert caught == 20 and right()
""",
    "signals are the main thread's": BEGUN
    + """
(worker,) = set(map(int, os.listdir("/proc/self/task"))) - known
with open(f"/proc/self/task/{worker}/status") as status:
    masked = next(line for line in status if line.startswith("SigBlk"))
assert int(masked.split()[1], 16) >> (signal.SIGINT - 1) & 1, masked
""",
    "too little memory for more threads": """
import resource
pool().rest(), pool().go_on()
many = ab.kernel("silu", dtype="float32", threads=64)
soft, hard = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (1 << 20, hard))
many(x, out)  # a few may find stacks that the C library has kept
resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
assert np.array_equal(out, want) and threads() < before + 63
assert np.array_equal(many(x), want) and settled(before + 63)
""",
    "the caller's rounding is everybody's": BEGUN
    + """
set_rounding = ctypes.CDLL(None).fesetround
set_rounding(0x800 if os.uname().machine == "x86_64" else 0x400000)  # upwards
up = alone(x)
assert np.array_equal(kernel(x), up) and not np.array_equal(up, want)
set_rounding(0)
""",
    "forks while another thread is at work": """
threading.Thread(target=calls, daemon=True).start()
for _ in range(10):
    pid = os.fork()
    if pid == 0:
        os._exit(0 if right() else 1)
    assert os.waitpid(pid, 0)[1] == 0
""",
    "the interpreter ends while threads are inside": """
for _ in range(3):
    threading.Thread(target=calls, daemon=True).start()
time.sleep(0.05)
""",
    "it is called while the interpreter ends": BEGUN
    + """
atexit._run_exitfuncs()
assert settled(before) and right() and settled(before)
pid = os.fork()
if pid == 0:
    os._exit(0 if right() else 1)
assert os.waitpid(pid, 0)[1] == 0
""",
}


IN_ONE = list(DANGERS)[: list(DANGERS).index("forks while another thread is at work")]


def run_in_a_child(text):
    # threads are counted, and OpenBLAS ends its own at a fork
    alone = os.environ | dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    done = subprocess.run([sys.executable, "-c", HEAD + text + "print('well')"], env=alone, capture_output=True,
                          text=True, timeout=120)  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "well\n"), done.stderr


pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="counts threads by /proc")


def test_dangers_that_a_process_survives_change_no_bit():
    run_in_a_child("".join(f"# {danger}\n{DANGERS[danger]}" for danger in IN_ONE))


@pytest.mark.parametrize("danger", [danger for danger in DANGERS if danger not in IN_ONE])
def test_others_change_no_bit(danger):
    run_in_a_child(DANGERS[danger])
