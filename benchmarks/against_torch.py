"""Are the fused kernels at least as fast as torch eager? float32, 2^20 elements, one thread, preallocated outputs.

Run it: ``python -m benchmarks.against_torch`` (torch is optional: without it the file says so and stops).
"""

from __future__ import annotations

import benchmarks.kernels  # noqa: F401  pins the threads

# isort: split
import numpy as np

import actbench as ab
from benchmarks.racing import race, ratio

SIZE = 2**20


def main() -> int:
    """Race, print one line a case, and say how many are not slower."""
    try:
        import torch
    except ImportError:
        print("torch is not installed: nothing to race against (pip install torch)")
        return 0
    torch.set_num_threads(1)
    aten = torch.ops.aten
    rng = np.random.default_rng(0)
    x, dy = (rng.standard_normal(SIZE).astype(np.float32) for _ in range(2))
    out, theirs, y = np.zeros_like(x), np.zeros_like(x), np.maximum(x, 0)
    tx, tdy, ty, tout = (torch.from_numpy(a) for a in (x, dy, y, theirs))
    calls = {
        ("relu", "forward"): lambda: torch.clamp_min(tx, 0, out=tout),
        ("relu", "backward"): lambda: aten.threshold_backward.grad_input(tdy, ty, 0, grad_input=tout),
        ("silu", "forward"): lambda: aten.silu.out(tx, out=tout),
        ("silu", "backward"): lambda: aten.silu_backward.grad_input(tdy, tx, grad_input=tout),
        ("sigmoid", "forward"): lambda: torch.sigmoid(tx, out=tout),
        ("tanh", "forward"): lambda: torch.tanh(tx, out=tout),
    }
    print(f"torch {torch.__version__}, float32, {SIZE} elements, one thread; ratio = torch / ours")
    for (name, direction), torch_call in calls.items():
        run = ab.kernel(name, direction)
        if direction == "forward":
            ours = lambda run=run: run(x, out=out)  # noqa: E731
        elif ab.get(name).saves == ("y",):
            ours = lambda run=run: run(dy, y=y, out=out)  # noqa: E731
        else:
            ours = lambda run=run: run(dy, x, out=out)  # noqa: E731
        ours()
        torch_call()
        np.testing.assert_allclose(out, theirs, rtol=1e-5, atol=1e-6)
        times = race({"actbench": ours, "torch": torch_call})
        middle, low, high = ratio(times["actbench"], times["torch"])
        micro = {who: float(np.median(values)) * 1e6 for who, values in times.items()}
        print(
            f"{name:8s} {direction:9s} actbench {micro['actbench']:7.0f} us  torch {micro['torch']:7.0f} us  "
            f"ratio {middle:.2f} [{low:.2f}, {high:.2f}]"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
