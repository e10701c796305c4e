"""Fifteen plug-ins, each of which breaks one law, with a part of the reason that it must be given."""

from __future__ import annotations

BAD = {
    "raises": ("def act(x): raise ValueError('no')", "ValueError"),
    "shape": ("def act(x): return x[:-1]", "shape"),
    "dtype": ("def act(x): return np.asarray(np.tanh(x) > 0)", "bool"),
    "nan": ("def act(x): return np.log(x)", "finite"),
    "mutates": ("def act(x):\n    x *= 2.0\n    return x + 0.0", "writes into its input"),
    "counts": ("n = [0]\ndef act(x):\n    n[0] += 1\n    return x * n[0]", "state"),
    "random": ("g = np.random.default_rng(0)\ndef act(x): return x + g.normal(size=x.shape)", "state"),
    "reseeds": ("def act(x):\n    np.random.seed(0)\n    return np.tanh(x)", "global random generator"),
    "forever": ("import time\ndef act(x):\n    while True: time.sleep(0.1)", "does not return"),
    "exits": ("import os\ndef act(x): os._exit(7)", "exit status 7"),
    "leaves": ("import sys\nsys.exit(0)\nact = None", "SystemExit"),
    "crashes": ("import ctypes\ndef act(x): return ctypes.string_at(0)", "SIGSEGV"),
    "broken": ("def act(x) return x", "SyntaxError"),
    "neighbours": ("def act(x): return x - x.mean()", "elementwise"),
    "text": ("act = 'relu'", "cannot be called"),
}


def write_bad(folder):
    """Their files; name to target."""
    for name, (text, _) in BAD.items():
        (folder / f"{name}.py").write_text("import numpy as np\n" + text + "\n")
    return {name: f"{folder / name}.py:act" for name in BAD}
