"""What a comparison comes to: its decisions in a sentence, and what stands against each of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from actbench.speed.race import BUSY
from actbench.statistics.differences import ERROR_RATE

if TYPE_CHECKING:
    import pandas as pd

ENOUGH = 20  # independent networks; with fewer, an interval of a mean is mostly its smallness
MOSTLY = 0.5  # of an arm's settings with the best step size at the grid's edge: it may train better outside
DEAR, FAR = 4.0, 100.0  # times ReLU's; ulp: beyond, a number without its reason frightens
ORDER = ("better", "worse", "equal in practice", "undecided")
FACTORS = ("data", "depth", "width", "norm", "residual", "init", "optimiser", "rate", "net")
WHAT_DECIDES = (
    "what decides: paired differences of test accuracy, network by network, p by Holm; Friedman's test asks of all "
    "ranks at once whether any differ, and decides nothing"
)


def provisos(
    decisions: pd.DataFrame, scores: pd.DataFrame, panel: pd.DataFrame, wrong_slopes: Collection[str], compared: int
) -> list[str]:
    """Of each decision the failed demands of the protocol that touch it, ``; `` between; empty where none fails.

    Parameters
    ----------
    decisions, scores, panel
        As `actbench.comparison.tables` makes and gets them.
    wrong_slopes
        The arms whose slope in use is not their function's own.
    compared
        The settings that all arms have.

    Returns
    -------
    What concerns one arm begins with its name: of a decision's arm and of the reference, not of third arms. Times touch
    no decision.
    """
    settings = scores["setting"].nunique()
    about = {str(arm): [f"{arm}: {said}" for said in _own(part)] for arm, part in scores.groupby("activation")}
    cells = {str(arm): set(map(tuple, part[list(FACTORS)].to_numpy().tolist()))
             for arm, part in panel.groupby("activation")}  # fmt: skip
    found = []
    for row in decisions.to_dict(orient="records"):
        arm, reference = str(row["activation"]), str(row["reference"])
        said = [f"{row['n']} networks"] if row["n"] < ENOUGH else []
        said += [f"in {compared} of {settings} settings"] if compared < settings else []
        for one in (arm, reference):
            said += about.get(one, [])
            said += [f"{one}: the slope in use is not its function's own"] if one in wrong_slopes else []
        said += [f"{arm}: other cells than {reference}'s"] if cells.get(arm) != cells.get(reference) else []
        found.append("; ".join(said))
    return found


def _own(scores: pd.DataFrame) -> list[str]:
    """What fails of one arm's own scores."""
    edges = scores.groupby("setting")["edge"].any()
    mostly = len(edges) and edges.mean() >= MOSTLY
    return [f"best step size at the grid's edge in {int(edges.sum())} of {len(edges)} cases"] if mostly else []


def told(row: Mapping[Any, Any]) -> str:
    """What stands against a decision; nothing in the files of runs from before it was asked."""
    said = row.get("provisional")
    return said if isinstance(said, str) else ""


def label(row: Mapping[Any, Any]) -> str:
    """The word of a decision; nothing provisional is better, worse or equal without saying so."""
    word = str(row["decision"])
    return f"{word} (provisional)" if told(row) and word != "undecided" else word


def remark(name: str, row: Mapping[Any, Any]) -> str:
    """What a reader must know with a number: why there is none, where an error is so large, what takes so long."""
    said = row.get("note")
    if not isinstance(said, str):
        return ""
    value = row["value"]
    dear, far = name.endswith("_ratio") and value > DEAR, "_ulp" in name and value > FAR
    lost = name.startswith("gradient_factor") and "; " in said
    if lost:
        return said.partition("; ")[2]
    return said if dear or far or (value != value and said.startswith(BUSY)) else ""


def concluded(tables: Mapping[str, pd.DataFrame]) -> dict[str, Any] | None:
    """The decisions by their word, who is first by ranks, which pairs are apart; None where nothing was decided.

    Returns
    -------
    reference; groups (label to arms, better ones first); first, rank and settings of the mean ranks, or None; pairs
    and apart: how many pairs there are, and those that Holm over all of them tells apart, the better one first;
    provisional: what stands against the decisions, each once.
    """
    decisions = tables.get("decisions")
    if decisions is None or not len(decisions):
        return None
    rows = sorted(decisions.to_dict(orient="records"), key=lambda row: ORDER.index(row["decision"]))
    groups: dict[str, list[str]] = {}
    for row in rows:
        groups.setdefault(label(row), []).append(str(row["activation"]))
    clauses = dict.fromkeys(clause for row in rows for clause in told(row).split("; ") if clause)
    found: dict[str, Any] = {"reference": str(rows[0].get("reference", "")), "groups": groups, "first": None,
                             "provisional": list(clauses)}  # fmt: skip
    if "ranks" in tables:
        first = tables["ranks"].sort_values("mean_rank").iloc[0]
        found |= {"first": str(first["activation"]), "rank": f"{first['mean_rank']:.2f}",
                  "settings": int(first["settings"])}  # fmt: skip
    pairs = tables["comparisons"].to_dict(orient="records") if "comparisons" in tables else []
    apart = [row for row in pairs if row["p_holm"] < ERROR_RATE]
    found["pairs"] = len(pairs)
    found["apart"] = [f"{row['a']} > {row['b']}" if row["value"] > 0 else f"{row['b']} > {row['a']}" for row in apart]
    return found


def conclusion(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """The same as lines for a terminal."""
    found = concluded(tables)
    if found is None:
        return []
    each = "; ".join(f"{word}: {', '.join(arms)}" for word, arms in found["groups"].items())
    lines = [f"against {found['reference']} (--reference takes another): {each}"]
    if found["pairs"] > 1:
        apart = ", ".join(found["apart"]) or "none"
        lines.append(f"of all {found['pairs']} pairs, p by Holm over all of them, apart in accuracy: {apart}")
    if found["first"]:
        lines.append(f"first by mean rank: {found['first']} ({found['rank']} over {found['settings']} settings)")
        lines.append(WHAT_DECIDES)
    if found["provisional"]:
        lines.append(f"provisional, for demands of the protocol fail: {'; '.join(found['provisional'])}")
    return lines
