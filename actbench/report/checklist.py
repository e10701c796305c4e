"""The protocol of a comparison as a list that can be ticked off: each line with what the run itself says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from actbench.comparison.conclusion import ENOUGH, FACTORS
from actbench.statistics import differences

if TYPE_CHECKING:
    import pandas as pd


def checklist(
    tables: Mapping[str, pd.DataFrame], arms: Sequence[Mapping[str, Any]], run: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """What a fair comparison has to have.

    Returns
    -------
    One entry a demand: ``law``, ``holds`` (True, False, or None where it does not apply), ``evidence``.
    """
    found: list[dict[str, Any]] = []

    def line(law: str, holds: bool | None, evidence: str) -> None:
        found.append({"law": law, "holds": holds, "evidence": evidence})

    panel, scores = tables.get("panel"), tables.get("scores")
    if panel is not None and scores is not None:
        _panel(line, panel, scores)
        settings = scores["setting"].nunique()
        compared = len(tables["medians"]) if "medians" in tables else 0
        line("Every setting that was trained is compared", compared == settings,
             f"{compared} of {settings}" + ("" if compared == settings else "; the others lack an arm"))  # fmt: skip
    if "comparisons" in tables:
        frame = tables["comparisons"]
        line("P values are corrected for their number", True,
             f"Holm, over {len(tables.get('decisions', frame))} decisions and over {len(frame)} pairs")  # fmt: skip
        line("What counts as equal was fixed beforehand", True,
             f"{100 * differences.MARGIN:g} points of accuracy, in actbench/statistics/differences.py")  # fmt: skip
        lost = int(frame["left_out"].max())
        line("Diverged networks are counted, and in no mean", True, f"at most {lost} left out of a comparison")
    timing = tables.get("cost")
    if timing is not None:
        how = ", ".join(sorted({str(v) for v in timing["as"].dropna()}))
        line("Times are ratios within one process, one thread, interleaved", True, f"computed by: {how}")
    refused = [str(arm["asked"]) for arm in arms if arm["reason"]]
    line("Everybody who was asked for took part", not refused, ", ".join(refused) + " did not" if refused else "yes")
    wrong = [str(arm["spec"]) for arm in arms if (arm.get("disagrees") or 0) > 0]
    line("Every slope agrees with differences of its function", not wrong, ", ".join(wrong) or "all do")
    quick = bool(run.get("quick"))
    line("The full grid was run", not quick, "no: --quick" if quick else "yes")
    commit = run.get("commit") or {}
    changed = " with changes" if commit.get("dirty") else ""
    where = str(commit["commit"])[:12] if commit else "not a checkout"
    line("The code is a commit, unchanged", bool(commit) and not changed, where + changed)
    known = tables.get("measures")  # also where the observations themselves are not in the folder
    other = "transformer" in tables or (known is not None and "transformer" in set(known["measure"]))
    what = "a small transformer on characters" if other else "none: torch is not installed"
    line("A model that is no perceptron", other, f"{what}; no convolutions, no large data")
    return found


def _panel(line: Any, panel: pd.DataFrame, scores: pd.DataFrame) -> None:
    """What the panel's own observations say."""
    factors = list(FACTORS)
    each = {str(a): frozenset(map(tuple, part[factors].to_numpy().tolist())) for a, part in panel.groupby("activation")}
    same = len(set(each.values())) == 1
    count = panel[factors[:-2]].drop_duplicates()
    line("Same data, shapes and starts for every arm", same,
         f"{len(count)} settings, networks {panel['net'].min()} to {panel['net'].max()}, paired")  # fmt: skip
    budget = {int(n) for n in panel.groupby(["activation", "optimiser", "data", "norm", "depth"])["rate"].nunique()}
    line("Same tuning budget for every arm", len(budget) == 1, f"step sizes an arm and setting: {sorted(budget)}")
    line("Chosen on other samples than reported", True, "every second test sample is for choosing, the others count")
    edges = scores[scores["edge"]].groupby(["activation", "setting"]).ngroups
    whole = scores.groupby(["activation", "setting"]).ngroups
    line("The best step size lies inside the grid", not edges, f"at its edge in {edges} of {whole} cases")
    line("He's start and each arm's own critical one", {"he", "critical"} <= set(panel["init"]),
         ", ".join(sorted(panel["init"].unique())))  # fmt: skip
    missing = sorted(panel[panel["reason"].notna()]["activation"].unique())
    line("Every arm has a critical start", not missing, ", ".join(missing) + " has none" if missing else "yes")
    made = {"xor", "spirals"}
    data = set(panel["data"])
    line("Real and made data", bool(data & made) and bool(data - made), ", ".join(sorted(data)))
    norms = set(panel["norm"])
    line("With and without normalisation", len(norms) > 1 and "none" in norms, ", ".join(sorted(norms)))
    line("With and without residual connections", panel["residual"].nunique() > 1, "both" if
         panel["residual"].nunique() > 1 else "one alone")  # fmt: skip
    nets = int(panel["net"].nunique())
    line(f"At least {ENOUGH} independent networks", nets >= ENOUGH, f"{nets}")
