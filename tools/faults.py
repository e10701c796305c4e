"""What do kills, interrupts, clock steps, flipped bits and cuts cost? Random places, seeded; a line for each kind.

A run of short cells by two workers is killed or interrupted again and again until it ends; its table must be, byte for
byte, that of a run that nobody disturbed, and each cell that was computed twice must have been on its way at a fault. A
store with flipped bits, or cut, must give back right values or none.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from actbench.runs.store import Store, decode, encode

CELLS, SECONDS, WORKERS = 240, 0.02, 2
SCRIPT = '''
import os, sys, time
from actbench.runs.experiment import experiment

@experiment(grid={{"i": range({cells})}}, columns={{"value": "v"}})
def disturbed(*, i):
    """What is left of a run that is disturbed?"""
    time.sleep({seconds})
    with open("computed", "a") as log:
        log.write(f"{{i}}\\n")
    yield {{"value": i / 7}}

if __name__ == "__main__":
    from actbench.runs.runner import run
    try:
        result = run("disturbed", modules=["faulty.py"], store="store", workers={workers}, progress=False)
        if result.interrupted:
            sys.exit(130)
        result.frame.to_csv("out.csv", index=False)
    except KeyboardInterrupt:  # while the table is made; the command line says so in one line
        sys.exit(130)
'''


def started(folder: Path, **environment: str) -> subprocess.Popen[str]:
    """The run, at the head of a group of its own."""
    main = "from runpy import run_path; run_path('main.py', run_name='__main__')"
    return subprocess.Popen(  # noqa: S603  our own script
        [sys.executable, "-c", main], cwd=folder, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env=os.environ | environment,
    )  # fmt: skip


def prepared(folder: Path) -> None:
    """The experiment in a file, and what runs it."""
    folder.mkdir()
    text = SCRIPT.format(cells=CELLS, seconds=SECONDS, workers=WORKERS)
    head, main = text.split('if __name__ == "__main__":\n')
    (folder / "faulty.py").write_text(head)
    (folder / "main.py").write_text("import sys\n" + "".join(line[4:] + "\n" for line in main.splitlines()))


def computed(folder: Path) -> Counter[str]:
    """How often each cell was computed."""
    log = folder / "computed"
    return Counter(log.read_text().split()) if log.exists() else Counter()


def workers(main: int) -> list[int]:
    """A run's workers, by /proc."""
    pids = Path(f"/proc/{main}/task/{main}/children").read_text().split()
    return [int(pid) for pid in pids if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()]


def disturbed(folder: Path, kind: str, count: int, rng: np.random.Generator, straight: bytes) -> dict[str, Any]:
    """One kind of fault, so often; runs that end meanwhile are begun anew in another folder."""
    found: dict[str, Any] = {"faults": 0, "runs": 0, "other tables": 0, "tracebacks": 0, "computed twice": 0, "late": 0}
    while found["faults"] < count:
        place = folder / f"{kind}-{found['runs']}".replace(" ", "-")
        prepared(place)
        while True:
            process, before = started(place), len(computed(place))
            least = before + int(rng.integers(1, CELLS // 5))
            while process.poll() is None and len(computed(place)) < least:
                time.sleep(0.01)
            if process.poll() is None and found["faults"] < count:
                time.sleep(float(rng.uniform(0, 0.3)))
                strike(process, kind, rng)
                found["faults"] += 1
            begun = time.monotonic()
            _, said = process.communicate(timeout=300)
            found["late"] += kind == "interrupts" and time.monotonic() - begun > 10
            if "Traceback" in said:
                found["tracebacks"] += 1
                print(said, file=sys.stderr)
            if process.returncode == 0:
                break
        found["runs"] += 1
        found["other tables"] += (place / "out.csv").read_bytes() != straight
        found["computed twice"] += sum(computed(place).values()) - CELLS
    found["twice a fault"] = round(found["computed twice"] / max(found["faults"], 1), 1)
    return found


def strike(process: subprocess.Popen[str], kind: str, rng: np.random.Generator) -> None:
    """One fault."""
    try:
        if kind == "kills of main":
            os.kill(process.pid, signal.SIGKILL)
        elif kind == "interrupts":
            os.killpg(process.pid, signal.SIGINT)
        else:
            os.kill(int(rng.choice(workers(process.pid))), signal.SIGKILL)
    except (ProcessLookupError, FileNotFoundError, ValueError):  # it ended by itself just now
        return


def unsteady_clock(folder: Path) -> dict[str, str]:
    """Environment of children whose wall clock is set by -37 to 12 hours every 300 ms; empty without a C compiler."""
    cc = shutil.which("cc") if sys.platform == "linux" else None
    if cc is None:
        return {}
    library, source = folder / "clock.so", Path(__file__).with_name("clock.c")
    subprocess.run([cc, "-O1", "-shared", "-fPIC", "-o", library, source], check=True)  # noqa: S603  our own source
    return {"LD_PRELOAD": str(library)}


def stepped(folder: Path, straight: bytes) -> dict[str, Any]:
    """A run while the wall clock is set forth and back."""
    environment = unsteady_clock(folder)
    if not environment:
        return {"faults": 0, "why": "needs Linux and a C compiler"}
    prepared(place := folder / "steps")
    begun = time.monotonic()
    process = started(place, **environment)
    _, said = process.communicate(timeout=300)
    table = place / "out.csv"
    return {
        "faults": int((time.monotonic() - begun) / 0.3),
        "other tables": int(not table.exists() or table.read_bytes() != straight),
        "tracebacks": int("Traceback" in said), "computed twice": sum(computed(place).values()) - CELLS,
    }  # fmt: skip


def damaged(folder: Path, count: int, rng: np.random.Generator) -> dict[str, Any]:
    """Flipped bits and truncations of a store, in turn: wrong values, errors, cells lost."""
    keys = [b"%032d" % n for n in range(CELLS)]
    bodies = [encode({"value": [n / 7, float(n)], "word": [f"cell {n}"] * 2}) for n in range(CELLS)]
    with Store(folder / "whole") as store:
        store.put(list(zip(keys, bodies, strict=True)))
    whole = (folder / "whole").read_bytes()
    found: dict[str, Any] = {"faults": count, "wrong values": 0, "errors": 0, "said": 0, "cells lost": 0}
    for number in range(count):
        hurt = bytearray(whole)
        if number % 5:
            hurt[int(rng.integers(len(hurt)))] ^= 1 << int(rng.integers(8))
        else:
            del hurt[int(rng.integers(len(hurt))) :]
        path = folder / f"hurt-{number}" / "store"
        path.parent.mkdir()
        path.write_bytes(hurt)
        try:
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                with Store(path) as store:
                    back = [store.get(key) for key in keys]
            found["wrong values"] += sum(b not in (None, decode(body)) for b, body in zip(back, bodies, strict=True))
            found["cells lost"] += sum(b is None for b in back)
            found["said"] += bool(said)
        except Exception as error:
            found["errors"] += 1
            print(f"fault {number}: {type(error).__name__}: {error}", file=sys.stderr)
        for file in path.parent.iterdir():
            file.unlink()
    return found


def main() -> None:
    """Do it, and print a JSON line for each kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=25, help="SIGKILLs of the main process")
    parser.add_argument("--worker-kills", type=int, default=10, help="SIGKILLs of workers")
    parser.add_argument("--interrupts", type=int, default=20, help="Ctrl-C in the whole group")
    parser.add_argument("--flips", type=int, default=1000, help="flipped bits and truncations of a store")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("flips and cuts", json.dumps(damaged(folder, options.flips, rng)), flush=True)
        prepared(folder / "straight")
        straight_run = started(folder / "straight")
        if straight_run.wait(300) != 0:
            raise SystemExit(str(straight_run.stderr and straight_run.stderr.read()))
        straight = (folder / "straight" / "out.csv").read_bytes()
        print("clock steps", json.dumps(stepped(folder, straight)), flush=True)
        asked = {
            "interrupts": options.interrupts,
            "kills of workers": options.worker_kills,
            "kills of main": options.kills,
        }
        for kind, count in asked.items():
            print(kind, json.dumps(disturbed(folder, kind, count, rng, straight)), flush=True)


if __name__ == "__main__":
    main()
