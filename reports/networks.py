"""Do finite networks do what theory says? Factors a layer of 20 pairs, and the exact law of ReLU's log-norm.

``python reports/networks.py`` writes reports/theory/networks.md, factors.csv, factors.svg and log-norms.csv, in about
half a minute on one core. Factors: ten functions at He's and LeCun's initialisation, 16 networks of width 256 and 30
layers each, their gradient's factor a layer with its 95 % interval, beside theory at infinite width, and along the mean
lengths that these networks have, which is what finite width changes first. Log-norms: 1024 ReLU networks each, as deep
as wide. Exit status 1 where theory lies outside an interval along the networks' own lengths too.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

import actbench as ab
from actbench.drawing.parts import DASHED, GREY, label, legend, panels, points
from actbench.drawing.style import PALETTE, save, theme
from actbench.experiments.finite_width.figures import width_table
from actbench.experiments.gradient_flow.effects import factor, predicted_factor
from actbench.experiments.signal_propagation.effects import predicted
from actbench.experiments.signal_propagation.question import FUNCTIONS
from actbench.statistics.frames import select

TARGET = Path(__file__).resolve().parent / "theory"
INITS = {"he": "He, sigma_w2 = 2", "lecun": "LeCun, sigma_w2 = 1"}
SHAPE: dict[str, Any] = {"length": 1.0, "depth": 30, "width": 256}
MEASURED, OWN = "networks, 95 %", "theory, their own lengths"


def factors(functions: Sequence[str], nets: int, **levels: Any) -> pd.DataFrame:
    """One row a pair: the measured factor and its interval; theory at infinite width, and along measured lengths."""
    shape, rows = SHAPE | levels, []
    frame = ab.run("signal_propagation", activation=functions, init=list(INITS), net=range(nets), **shape)
    for init in INITS:
        for activation in functions:
            estimate = factor(activation=activation, init=init)(frame)
            low, high = estimate.interval()
            total = predicted(activation, init, shape["width"], shape["depth"], shape["length"])["grad_log_norm"][0]
            infinite = math.exp(total / (shape["depth"] - 1))
            own = predicted_factor(select(frame, activation=activation, init=init))
            held = "infinite width" if low <= infinite <= high else "own lengths" if low <= own <= high else "no"
            rows.append({
                "activation": activation, "init": init, "factor": estimate.value, "low": low, "high": high,
                "n": estimate.n, "infinite": infinite, "own": own, "within": held,
            })  # fmt: skip
    return pd.DataFrame(rows)


def figure(table: pd.DataFrame) -> Any:
    """Measured factors over theory's at infinite width, a panel an initialisation; what finite lengths make of it."""
    names = {name: name for name in dict.fromkeys(table["activation"])}
    columns = ("factor", "low", "high", "own")
    relative = table.assign(**{column: table[column] / table["infinite"] for column in columns}, who=MEASURED)
    with theme():
        drawn, axes = panels(len(INITS), columns=2, height=3.0)
        for axis, (init, title) in zip(axes, INITS.items(), strict=True):
            part = relative[relative["init"] == init]
            axis.axvline(1.0, color=GREY, linewidth=0.8, linestyle=DASHED)
            points(axis, part, "activation", "who", y="factor", names=names, hues={MEASURED: PALETTE[2]}, across=True)
            axis.plot(part["own"], range(len(part)), color=PALETTE[3], marker="|", markersize=11, linewidth=0)
            label(axis, title=title, x="factor a layer, over theory's")
        legend(drawn, {MEASURED: PALETTE[2]},
               {OWN: {"marker": "|", "linewidth": 0, "color": PALETTE[3]},
                "theory, infinite width": {"linestyle": DASHED}})  # fmt: skip
    return drawn


def log_norms(widths: Sequence[int], nets: int) -> tuple[pd.DataFrame, float]:
    """Mean and variance of ln |h|^2 beside both laws, a row a width and moment; seconds of processor time."""
    start = time.process_time()
    parts = [ab.run("finite_width", width=n, depth=n, net=range(nets), workers=1) for n in widths]
    seconds = time.process_time() - start
    return width_table(pd.concat(parts, ignore_index=True)), seconds


def page(table: pd.DataFrame, norms: pd.DataFrame, seconds: float) -> str:
    """Both tables in words."""
    counts = table["within"].value_counts()
    lines = [
        "# Do finite networks do what theory says?", "",
        "Written by `python reports/networks.py`.", "",
        f"{len(table)} pairs of function and initialisation, {SHAPE['depth']} layers of {SHAPE['width']}, "
        f"{table['n'].min()} networks each: theory at infinite width lies in the 95 % interval of "
        f"{counts.get('infinite width', 0)}, theory along the lengths that the networks have in that of "
        f"{counts.get('own lengths', 0)} more, {counts.get('no', 0)} stay outside.", "",
        "![Factors a layer over theory's](factors.svg)", "",
        "| function | initialisation | factor | 95 % interval | infinite width | own lengths | theory lies within |",
        "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for row in table.itertuples():
        numbers = f"{row.factor:.5f} | [{row.low:.5f}, {row.high:.5f}] | {row.infinite:.5f} | {row.own:.5f}"
        said = "yes" if row.within == "infinite width" else "along its own lengths" if row.within != "no" else "no"
        lines.append(f"| {row.activation} | {row.init} | {numbers} | {said} |")
    lines += [
        "", f"ln |h|^2 of ReLU networks as deep as wide, He, one input ({seconds:.1f} s of processor time):", "",
        "| units | moment | networks | measured | 95 % interval | exact law | leading order |",
        "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for row in norms.itertuples():
        numbers = f"{row.mean:.3f} | [{row.low:.3f}, {row.high:.3f}] | {row.law:.3f} | {row.leading:.3f}"
        lines.append(f"| {row.width} | {row.moment} | {row.n} | {numbers} |")
    return "\n".join(lines) + "\n"


def main(words: Sequence[str] | None = None) -> int:
    """Measure, write, and say whether anything stays unexplained."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=TARGET, help="where the files go (default reports/theory)")
    parser.add_argument("--quick", action="store_true", help="two functions and few networks, to try it")
    asked = parser.parse_args(words)
    table = factors(FUNCTIONS[:2], 4, width=32) if asked.quick else factors(FUNCTIONS, 16)
    norms, seconds = log_norms((8, 16), 64) if asked.quick else log_norms((16, 32, 64), 1024)
    asked.out.mkdir(parents=True, exist_ok=True)
    save(figure(table), asked.out / "factors")
    (asked.out / "factors.png").unlink()
    table.to_csv(asked.out / "factors.csv", index=False, float_format="%.7g")
    norms.to_csv(asked.out / "log-norms.csv", index=False, float_format="%.7g")
    text = page(table, norms, seconds)
    (asked.out / "networks.md").write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return int((table["within"] == "no").any())


if __name__ == "__main__":
    raise SystemExit(main())
