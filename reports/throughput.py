"""Write reports/throughput from what the races measured: the figures that the lab is judged by, tables and charts.

``python -m benchmarks.races.peers`` and ``python -m benchmarks.races.lab`` measure (an hour in all, in pieces if need
be) into a folder, ``python -m benchmarks.races.header --out FOLDER`` races exported headers into one;
``python reports/throughput.py FOLDER`` takes their tables from there. Without a folder the page is written again from
the tables that are in reports/throughput.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import pandas as pd  # noqa: E402  the checkout's own package comes first

from actbench.core.files import write_text  # noqa: E402
from actbench.drawing.style import save  # noqa: E402
from actbench.experiments.throughput.figures import bars, roofline  # noqa: E402
from actbench.runs import provenance  # noqa: E402
from actbench.speed.lineup import COPY, IDENTITY, OURS  # noqa: E402
from benchmarks.races import peers  # noqa: E402

HOME = ROOT / "reports" / "throughput"
KEPT = ["activation", "direction", "dtype", "size", "inputs", "threads", "implementation", "rank", "time_s", "low_s",
        "high_s", "ratio", "ratio_low", "ratio_high", "copy_share", "kept_bytes", "worst_ulp", "holds", "preallocated",
        "rounds", "reason"]  # fmt: skip
PARTS = ("selftest", "overhead", "threads", "header")
# why a function is slower than a peer, shown while it is
REASONS = {
    "gelu": "the whole left tail; LiteRT's is lost",
    "gelu_tanh": "the whole left tail; LiteRT's is lost",
    "squareplus": "a division more than the peers, so that the left tail keeps its digits; theirs is lost",
    "sine": "ours takes a frequency, so that its angle is in two parts; numpy's takes the angle",
    "sign": "torch fills with zeros and reads nothing, ours keeps NaN; 0.80 and 0.85 in two other processes",
    "silu": "the whole tail; onnxruntime's is flushed",
}
CHART = ("relu", "silu", "gelu", "sigmoid", "tanh", "softplus")


def take(folder: Path) -> None:
    """The tables of a folder of measurements, in four digits, and the machine that made them."""
    HOME.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        if (folder / f"{part}.csv").exists():
            frame = pd.read_csv(folder / f"{part}.csv")
            write_text(HOME / f"{part}.csv", frame.to_csv(index=False, float_format="%.4g"))
    if not (folder / "cells.csv").exists():
        return
    cells = pd.read_csv(folder / "cells.csv")[KEPT]
    cells["reason"] = cells["reason"].astype(object).where(cells["reason"].notna(), "").astype(str).str.slice(0, 100)
    write_text(HOME / "cells.csv", cells.to_csv(index=False, float_format="%.4g"))
    described = provenance.describe()
    kept = {
        "machine": {k: v for k, v in described["machine"].items() if k != "node"},
        "versions": described["versions"],
    }
    write_text(HOME / "machine.json", json.dumps(kept, indent=1, sort_keys=True) + "\n")


def verdict(holds: bool) -> str:
    """A target that is met, or not."""
    return "met" if holds else "**missed**"


def in_both(found: dict[str, Any], kind: str) -> tuple[list[float], str]:
    """A figure of both dtypes, and how it is shown."""
    values = [float(found[f"{kind}_{dtype}"]) for dtype in ("float32", "float64")]
    return values, ", ".join("not measured" if value != value else f"{value:.2f}" for value in values)


def share(
    what: str, found: dict[str, Any], kind: str, wanted: tuple[float, float]
) -> tuple[str, str, str, bool | None]:
    """A row on memory's limit in both dtypes; what was not measured meets nothing and misses nothing."""
    shares, shown = in_both(found, kind)
    missed = any(value < least for value, least in zip(shares, wanted, strict=True))
    unknown = any(value != value for value in shares)
    aims = ", ".join(f">= {least}" for least in wanted)
    return f"{what} (float32, float64)", shown, aims, False if missed else None if unknown else True


def targets(found: dict[str, Any]) -> list[str]:
    """The judged figures as a table."""
    below = found["below_floor"]
    rows = [
        ("best peer's time over ours, geometric mean over all cells", f"{found['best_peer_all']:.2f}",
         f">= {peers.TARGETS['best']}", found["best_peer_all"] >= peers.TARGETS["best"]),
        ("the same without the exempt three", f"{found['best_peer_without_exempt']:.2f}", "", None),
        ("the same among peers whose values hold the promise", f"{found['best_peer_that_holds']:.2f}", ">= 4",
         found["best_peer_that_holds"] >= 4),
        ("torch eager's time over ours", f"{found['torch_all']:.3g}", ">= 3.2", found["torch_all"] >= 3.2),
        ("the same without the exempt three", f"{found['torch_without_exempt']:.2f}", "", None),
        ("cells whose whole interval lies below 0.95", str(len(below)), "0", not below),
        ("least ratio of the exempt three; at 2^12", f"{found['exempt_least']:.2f}; {found['exempt_least_small']:.2f}",
         ">= 0.3; >= 1", found["exempt_least"] >= 0.3 and found["exempt_least_small"] >= 1),
        share("piecewise-linear rows at 2^24, median share of the copy", found, "copy_share_linear", (0.95, 0.95)),
        share("smooth rows at 2^24, geometric mean share of the copy", found, "copy_share_smooth", (0.7, 0.5)),
        ("the same of np.copyto, which our own copy outruns (float32, float64)",
         in_both(found, "copyto_share_smooth")[1], "", None),
    ]  # fmt: skip
    lines = ["| figure | found | wanted | |", "|---|---|---|---|"]
    return lines + [f"| {w} | {f} | {t} | {'' if ok is None else verdict(ok)} |" for w, f, t, ok in rows]


def other_figures() -> list[str]:
    """A/A and planted slow-down, call overhead, threads."""
    lines = ["| figure | found | wanted | |", "|---|---|---|---|"]
    if not (HOME / "threads.csv").exists():
        lines.append("| two threads over one | not measured | >= 1.9 | |")
    if (HOME / "selftest.csv").exists():
        tests = pd.read_csv(HOME / "selftest.csv").set_index("what")
        for (what, row), (wanted, good) in zip(
            tests.iterrows(), (("<= 7 %", lambda s: s <= 0.07), (">= 90 %", lambda s: s >= 0.9)), strict=True
        ):
            text = f"{row['share']:.0%} [{row['low']:.0%}, {row['high']:.0%}], n = {int(row['of'])} pairs"
            lines.append(f"| {what} | {text} | {wanted} | {verdict(good(row['share']))} |")
    if (HOME / "overhead.csv").exists():
        calls = pd.read_csv(HOME / "overhead.csv")
        rival = calls[(calls["implementation"] == "torch") & calls["time_s"].notna()]
        worst = rival.loc[rival["ratio"].idxmin()]
        text = (f"{peers.geometric(rival['ratio']):.1f} times torch eager's speed over {len(rival)} cells; least "
                f"{worst['ratio']:.2f} [{worst['ratio_low']:.2f}, {worst['ratio_high']:.2f}] "
                f"({worst['activation']} {worst['direction']})")  # fmt: skip
        lines.append(f"| a call on 256 elements | {text} | > 1 | {verdict(bool(worst['ratio_low'] > 1))} |")
    if (HOME / "threads.csv").exists():
        gains = pd.read_csv(HOME / "threads.csv")
        for power in (20, 22):
            part = gains[gains["size"] == 2**power]["gain"]
            text = f"{part.median():.2f} (median of {len(part)} smooth rows, least {part.min():.2f})"
            lines.append(f"| two threads over one at 2^{power} | {text} | >= 1.9 | {verdict(part.min() >= 1.9)} |")
        small = gains[gains["size"] <= 2**15]
        text = f"least {small['gain'].min():.2f} from 2^8 to 2^15"
        lines.append(f"| two threads at small sizes | {text} | >= 0.95 | {verdict(small['high'].min() >= 0.95)} |")
    return lines


def table(rivals: pd.DataFrame) -> list[str]:
    """One line a function and direction: the ratio to the best peer in each dtype and size."""
    columns = [(dtype, size) for dtype in ("float32", "float64") for size in sorted(rivals["size"].unique())]
    names = [f"{dtype[5:]}, 2^{int(size).bit_length() - 1}" for dtype, size in columns]
    lines = ["| function | " + " | ".join(names) + " |", "|---|" + "---|" * len(columns)]
    for (activation, direction), part in rivals.groupby(["activation", "direction"], sort=True):
        cells = {(row.dtype, row.size): row for row in part.itertuples()}
        shown = [
            f"{row.ratio:.2f} {row.implementation}" if (row := cells.get(column)) is not None else ""
            for column in columns
        ]
        lines.append(f"| {activation} {direction} | " + " | ".join(shown) + " |")
    return lines


def by_kind(cells: pd.DataFrame) -> list[str]:
    """Geometric means, apart for functions that memory limits and for those that compute."""
    rivals, honest = peers.best_rivals(cells), peers.best_rivals(peers.honest_only(cells))
    sizes = sorted(rivals["size"].unique())
    lines = [
        "| best peer's time over ours | "
        + " | ".join(f"2^{int(size).bit_length() - 1}" for size in sizes)
        + " | all |",
        "|---|" + "---|" * (len(sizes) + 1),
    ]
    for what, frame, linear in (
        ("piecewise-linear functions", rivals, True), ("the others", rivals, False),
        ("the others, peers that hold the promise", honest, False),
    ):  # fmt: skip
        part = frame[frame["activation"].isin(peers.LINEAR) == linear]
        means = [peers.geometric(part[part["size"] == size]["ratio"]) for size in sizes]
        shown = " | ".join(f"{mean:.2f}" for mean in means)
        lines.append(f"| {what} ({len(part)} cells) | {shown} | {peers.geometric(part['ratio']):.2f} |")
    return lines


def reasons(below: list[str]) -> list[str]:
    """Why, for the functions of a list of slow cells."""
    names = dict.fromkeys(line.split()[0] for line in below)
    return [f"- {name}: {REASONS[name]}" for name in names if name in REASONS]


def holding(cells: pd.DataFrame) -> list[str]:
    """How many functions each implementation computes within the fused promise."""
    checked = cells[cells["holds"].notna()]
    lines = ["| implementation | promise held | of | worst ulp |", "|---|---|---|---|"]
    for name, part in checked.groupby("implementation", sort=False):
        held = part["holds"].astype(str).eq("True")
        lines.append(f"| {name} | {int(held.sum())} | {len(part)} | {part['worst_ulp'].max():.3g} |")
    return lines


def exported() -> list[str]:
    """Exported headers and textbook loops against the kernels, or nothing where they were not raced."""
    if not (HOME / "header.csv").exists():
        return []
    raced = pd.read_csv(HOME / "header.csv")
    rivals = raced[raced["implementation"] != OURS]
    columns = list(rivals.groupby(["implementation", "size"]).groups)
    names = [f"{who}, 2^{size.bit_length() - 1}" for who, size in columns]
    worst = [f"{who}, worst ulp" for who in dict.fromkeys(who for who, _ in columns)]
    lines = [
        "## Kernels taken along", "",
        f"The exported header as compiled ({raced['compiled'].iloc[0]}), and the textbook formula as a loop that the "
        "compiler hands to glibc's vector functions (libmvec), against our kernels in the same rounds, float32, "
        "forward, processor time: theirs over ours with its interval. A star: values that break the promise.", "",
        "| function | " + " | ".join([*names, *worst]) + " |", "|---|" + "---|" * (len(names) + len(worst)),
    ]  # fmt: skip
    for name, part in rivals.groupby("activation"):
        of = part.set_index(["implementation", "size"])
        ratios = [f"{r.ratio:.2f} [{r.ratio_low:.2f}, {r.ratio_high:.2f}]" for r in (of.loc[at] for at in columns)]
        last = part.drop_duplicates("implementation")
        ulps = [f"{row.worst_ulp:.3g}{'' if row.holds else '*'}" for row in last.itertuples()]
        lines.append(f"| {name} | " + " | ".join([*ratios, *ulps]) + " |")
    means = [
        peers.geometric(rivals[(rivals["implementation"] == w) & (rivals["size"] == s)]["ratio"]) for w, s in columns
    ]
    return [*lines, "| geometric mean | " + " | ".join(f"{mean:.2f}" for mean in means) + " |" + "  |" * len(worst), ""]


def peers_in(cells: pd.DataFrame) -> list[str]:
    """Other people's implementations that were timed."""
    timed = cells[cells["time_s"].notna()]["implementation"]
    return [name for name in dict.fromkeys(timed) if name not in (OURS, COPY, IDENTITY)]


def page() -> str:
    """README.md."""
    cells = pd.read_csv(HOME / "cells.csv")
    found = peers.summary(cells)
    machine = json.loads((HOME / "machine.json").read_text(encoding="utf-8"))
    m, v = machine["machine"], machine["versions"]
    libraries = ("numpy", "scipy", "numba", "torch", "jax", "keras", "onnxruntime")
    versions = ", ".join(f"{name} {v[name]}" for name in libraries if name in v)
    below = found["below_floor"]
    return "\n".join([
        "# Throughput: fused kernels against peers", "",
        "Written by `python reports/throughput.py`; measured by `python -m benchmarks.races.peers` and "
        "`python -m benchmarks.races.lab`. One thread unless said otherwise, standard normal inputs, outputs "
        "preallocated where the peer can. Ratios are medians of pairs of one round: above 1, ours takes less time.", "",
        f"Machine: {m['processor']}, {m['cores_usable']} cores, {m['system']}, "
        f"{', '.join(m['vector_extensions'][-3:])}; {versions}.", "",
        f"In the race: {cells['activation'].nunique()} functions, {cells['size'].nunique()} sizes, and as peers "
        f"{', '.join(peers_in(cells))}; what a peer lacks is in `cells.csv` with its reason. "
        "(`actbench bench` has torch.compile too; keras computes with torch here.)", "",
        f"## What was to be shown ({found['cells']} cells)", "", *targets(found), "", *other_figures(), "",
        "Exempt, by name: the backward passes of sigmoid, tanh and logsigmoid, where torch multiplies a kept output "
        "that has lost the tail (1.7e7 ulp); ours needs one exponential.", "",
        *(["Below 0.95 with the whole interval:", "", *(f"- {line}" for line in below), "", "Why:", "",
           *reasons(below), ""] if below else []),
        "## What memory limits, and what not", "",
        "From 2^16 on a piecewise-linear function runs at the speed of caches and memory in every implementation. What "
        "no cache holds (from three quarters of the last cache on) ours writes past the caches, a third less traffic "
        "than with ordinary stores: at 2^24 it is ahead of implementations that make these.", "", *by_kind(cells), "",
        "## Whose values hold the fused promise", "",
        "8 ulp forward, 16 backward, at seeded points over the whole range of the format; a sampled maximum is a lower "
        "bound. A peer that breaks it is raced all the same.", "", *holding(cells), "",
        "![Time an element, forward](figures/bars-forward.svg)", "",
        "![Time an element, backward](figures/bars-backward.svg)", "",
        "Time an element, float32, 2^20 elements; whiskers: 95 % intervals. A star: values that break the promise.",
        "", "![Share of the copy's bandwidth](figures/roofline.svg)", "",
        "Memory traffic over the faster copy's (np.copyto or an identity kernel) in the same rounds, float32, 2^24.",
        "", "## Best peer's time over ours, and which peer it is", "", *table(peers.best_rivals(cells)), "",
        "The whole table, with intervals, is in `cells.csv`.", "", *exported(),
    ])  # fmt: skip


def main() -> int:
    """Take, draw, write."""
    if len(sys.argv) > 1:
        take(Path(sys.argv[1]))
    cells = pd.read_csv(HOME / "cells.csv")
    cells = cells[cells["activation"].isin(CHART) & (cells["dtype"] == "float32")]
    key = ["activation", "direction", "implementation"]  # values are looked at in one size for all
    held = cells.dropna(subset=["holds"]).set_index(key)["holds"].astype(str) != "False"
    looked = held.to_dict()
    cells = cells.assign(holds=[looked.get(tuple(row)) for row in cells[key].to_numpy().tolist()])
    for direction, part in cells[cells["size"] == 2**20].groupby("direction"):
        save(bars(part), HOME / "figures" / f"bars-{direction}")
    save(roofline(cells[cells["size"] == cells["size"].max()]), HOME / "figures" / "roofline")
    write_text(HOME / "README.md", page())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
