"""From the frames of a comparison to its tables: scores, differences, ranks, measures and decisions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from actbench.activations.registry import ACTIVATIONS, resolve
from actbench.comparison.arms import Arm
from actbench.comparison.conclusion import provisos
from actbench.experiments.gradient_flow.effects import factor
from actbench.statistics import differences, divergence, ranking
from actbench.statistics.tuning import Score, tuned

if TYPE_CHECKING:
    import pandas as pd

BESIDE = 1e-5  # of a kink, in float32: it is the rounding on the way there that takes the other side
VISITED = 30.0  # the largest |x| that was seen in trained networks of the panel: 27 (ReLU, digits, 10 layers), else 15
SETTING = ("data", "depth", "width", "norm", "residual", "init", "optimiser")


def tables(arms: Sequence[Arm], frames: Mapping[str, pd.DataFrame], reference: str) -> dict[str, pd.DataFrame]:
    """Every table of a comparison.

    Parameters
    ----------
    arms
        Those that took part.
    frames
        ``panel``, ``gradient_flow``, ``activity``, ``accuracy``, ``cost``, ``theory``: those that there are.
    reference
        The arm that decisions are relative to.
    """
    import pandas as pd

    found: dict[str, pd.DataFrame] = {}
    specs = [arm.spec for arm in arms]
    scores = everything = None
    if "panel" in frames and len(frames["panel"]):
        panel = _named(frames["panel"])
        scores = ranking.tuned(panel, ["setting_name"])
        found["scores"] = everything = scores
        found |= _compared(scores, specs, reference)
        wrong = {arm.spec for arm in arms if arm.found.get("slope_differs") or (arm.found.get("disagrees") or 0) > 0}
        found["decisions"]["provisional"] = provisos(found["decisions"], scores, panel, wrong, len(found["medians"]))
        scores = _alike(scores, set(found["medians"]["setting"]))
    rows = [row for arm in arms for row in measures(arm, frames, scores)]
    rows += [_differs(arm) for arm in arms if arm.found.get("slope_differs") or arm.found.get("nonlinear")]
    rows += [] if everything is None else [diverged(arm, everything) for arm in arms]
    for part, quality, sign in (("torch_panel", "test_accuracy", 1), ("transformer", "test_loss", -1)):
        if part in frames:
            rows += elsewhere(arms, frames[part], part, quality, sign, reference)
    found["measures"] = pd.DataFrame(
        rows,
        columns=["activation", "measure", "value", "low", "high", "n", "n_unit", "note"],
    )
    return found


def _named(panel: pd.DataFrame) -> pd.DataFrame:
    """The panel with a column that says its setting in words."""
    short = {"batch_before": "batch norm", "layer_before": "layer norm"}

    def name(row: Any) -> str:
        extras = [short.get(row.norm, row.norm)] if row.norm != "none" else []
        extras += ["residual"] if row.residual else []
        return ", ".join([f"{row.data} {row.depth}x{row.width}", row.init, *extras,
                          *([row.optimiser] if row.optimiser != "sgd" else [])])  # fmt: skip

    distinct = panel[list(SETTING)].drop_duplicates()
    names = {tuple(row): name(row) for row in distinct.itertuples(index=False)}
    keys = panel[list(SETTING)].itertuples(index=False)
    return panel.assign(setting_name=[names[tuple(row)] for row in keys])


def _alike(scores: pd.DataFrame, shared: set[str]) -> pd.DataFrame:
    """Scores in the settings that all arms have and no arm diverges in: numbers side by side are of like tasks."""
    whole = shared - {setting for settings in ranking.lost(scores).values() for setting in settings}
    return scores[scores["setting"].isin(whole or shared)] if shared else scores


def _compared(scores: pd.DataFrame, specs: Sequence[str], reference: str) -> dict[str, pd.DataFrame]:
    """Differences, ranks, medians, decisions."""
    import pandas as pd

    present = [spec for spec in specs if (scores["activation"] == spec).any()]
    table = ranking.medians(scores)
    # settings that all arms have; where there is none, each pair takes those that it shares
    everyone = list(table.index) if len(table) and set(present) <= set(table.columns) else None
    lost = ranking.lost(scores)

    def paired(a: str, b: str) -> differences.Difference:
        """Where both train: a setting without networks would leave no network a mean; what a third arm loses is its."""
        train = None if everyone is None else [s for s in everyone if s not in lost[a] and s not in lost[b]]
        return ranking.paired(scores, a, b, settings=train)

    pairs = ranking.pairs(present)
    each = [paired(a, b) for a, b in pairs]
    adjusted, tests = _corrected(d.p for d in each)
    comparisons = [
        {"a": a, "b": b, "value": d.value, "low": d.low, "high": d.high, "inner_low": d.inner_low,
         "inner_high": d.inner_high, "p": d.p, "p_holm": p, "effect": d.effect, "n": d.n, "left_out": d.left_out,
         "needed": differences.networks_needed(d.spread, differences.OF_INTEREST, tests)}
        for (a, b), d, p in zip(pairs, each, adjusted, strict=True)
    ]  # fmt: skip
    versus = [(arm, paired(arm, reference)) for arm in present if arm != reference]
    shares = [divergence.difference_in_shares(scores, arm, reference) for arm, _ in versus]
    corrected, tests = _corrected(d.p for d in (*(d for _, d in versus), *shares))
    decisions = []
    for (arm, d), share, p, p_share in zip(versus, shares, corrected, corrected[len(versus) :], strict=False):
        word, reason = divergence.decide(*differences.decide(d, p, tests), share, p_share)
        away = {s: who for who in (arm, reference) for s in lost[who] if s in table.index}
        reason += "".join(f"; not in the mean: {setting}, where {who} diverged" for setting, who in away.items())
        own = scores[scores["activation"] == arm]
        edges = sorted(own[own["edge"]]["setting"].unique())
        decisions.append({"activation": arm, "reference": reference, "decision": word, "reason": reason,
                          "value": d.value, "low": d.low, "high": d.high, "p_holm": p, "effect": d.effect, "n": d.n,
                          "left_out": d.left_out,
                          "needed": differences.networks_needed(d.spread, differences.OF_INTEREST, tests),
                          "settings_at_edge": len(edges)})  # fmt: skip
    columns = ["activation", "reference", "decision", "reason", "value", "low", "high", "p_holm", "effect", "n",
               "left_out", "needed", "settings_at_edge"]  # fmt: skip
    found = {
        "comparisons": pd.DataFrame(comparisons),
        "decisions": pd.DataFrame(decisions, columns=columns),
        "medians": table[[arm for arm in present if arm in table]].reset_index(),
    }
    if len(present) > 1 and len(table):
        ranked = ranking.ranks(table[present])
        found["ranks"] = pd.DataFrame([
            {"activation": arm, "mean_rank": rank, "settings": ranked.settings, "test": ranked.test, "p": ranked.p,
             "critical_difference": ranked.critical, "stable": ranked.stable[arm], "agreement": ranked.agreement,
             "groups": "; ".join(", ".join(g) for g in ranked.groups)}
            for arm, rank in ranked.mean.items()
        ])  # fmt: skip
    return found


def _corrected(p: Iterable[float]) -> tuple[list[float], int]:
    """P values by Holm, and how many tests they are."""
    raw = list(p)
    return differences.holm(raw), max(1, sum(not math.isnan(value) for value in raw))


def measures(arm: Arm, frames: Mapping[str, pd.DataFrame], scores: pd.DataFrame | None) -> list[dict[str, Any]]:
    """What was measured of one arm, one number a row with its interval and n."""
    rows: list[dict[str, Any]] = []
    own = {name: frame[frame["activation"] == arm.spec] for name, frame in frames.items() if "activation" in frame}
    for row in own["cost"].to_dict(orient="records") if "cost" in own else []:
        rows.append(_time(arm, row))
    if "theory" in own and len(own["theory"]):
        kept = own["theory"]["kept_bytes"].iloc[0]
        rows.append(_row(arm, "kept_bytes", kept, note="for each element, float32"))
    if "accuracy" in own:
        for row in own["accuracy"].to_dict(orient="records"):
            name = f"{row['direction']}_ulp {row['dtype']} {row['implementation']}"
            rows.append(_row(arm, name, row["worst_ulp"], n=row["points"], n_unit="inputs",
                             note=_where(arm, row)))  # fmt: skip
    if "gradient_flow" in own and len(own["gradient_flow"]):
        for init, part in own["gradient_flow"].groupby("init", sort=True):
            rows.append(_gradient(arm, str(init), part))
    if "activity" in own and len(own["activity"]):
        part = own["activity"]
        last = part[(part["layer"] == part["layer"].max()) & ~part["diverged"].astype(bool)]
        rows.append(_spread(arm, "active_fraction", last["active_fraction"], f"layer {part['layer'].max()}, He"))
    mine = scores[scores["activation"] == arm.spec] if scores is not None else None
    if mine is not None and len(mine):
        whole = mine.groupby("net")[["test_accuracy", "dead_end"]].mean()
        complete = ~mine.groupby("net")["diverged"].any()
        rows.append(_spread(arm, "test_accuracy", whole["test_accuracy"][complete],
                            f"mean over {mine['setting'].nunique()} settings that all have and train in"))  # fmt: skip
        rows.append(_spread(arm, "dead_units", whole["dead_end"][complete], "share after training"))
    return rows


def _time(arm: Arm, row: Mapping[Any, Any]) -> dict[str, Any]:
    """A ratio of times with what computed it; none from a machine that was busy, whose interval the note keeps."""
    from actbench.speed.race import BUSY, busy

    name, n = f"{row['direction']}_ratio", row["n"]
    if busy(row["low"], row["high"]):
        note = f"{BUSY} ({row['ratio']:.3g} [{row['low']:.3g}, {row['high']:.3g}])"
        return _row(arm, name, math.nan, n=n, n_unit="rounds", note=note)
    work = row.get("work")
    note = ": ".join(text for text in (row["as"], work) if isinstance(text, str) and text) or row["reason"]
    return _row(arm, name, row["ratio"], row["low"], row["high"], n, "rounds", note)


def _where(arm: Arm, row: Mapping[Any, Any]) -> str:
    """Where the largest error lies: one float beside a kink may take the other side's slope."""
    if isinstance(row["reason"], str) and row["reason"]:
        return row["reason"]
    at, many, points = row.get("at"), row.get("many"), row["points"]
    if at is None or at != at:
        return "largest found"
    kinks = [x for x in _kinks(arm) if abs(at - x) <= BESIDE * max(1.0, abs(x))]
    place = f"at x = {at:.3g}" + ("" if not kinks else f", beside the kink at {kinks[0]:g}, where the slope jumps")
    visited = "beyond" if abs(at) > VISITED else "among"
    place += "" if kinks else f", {visited} the inputs that training visits (to {VISITED:g})"
    return place + (f"; {int(many)} of {int(points):,} inputs off by over 1,000 ulp" if many and many == many else "")


def _kinks(arm: Arm) -> list[float]:
    """Where the arm's slope jumps."""
    if told := arm.found.get("facts"):
        return [float(x) for x, _ in told.get("kinks", ())]
    name = arm.spec.partition(":")[0]
    return [float(x) for x in resolve(arm.spec).fact("kinks")] if name in ACTIVATIONS else []


def diverged(arm: Arm, scores: pd.DataFrame) -> dict[str, Any]:
    """The share of an arm's networks that diverged at its best step size, in all settings that were trained."""
    own = scores[scores["activation"] == arm.spec]
    share = float(own["diverged"].mean()) if len(own) else math.nan
    return _row(arm, "diverged_share", share, n=len(own), n_unit="trained networks", note="at the best step size")


def _differs(arm: Arm) -> dict[str, Any]:
    """How far a slope that is used is from the function's own, and where: its own backward pass may be another's."""
    note = "; ".join(filter(None, [arm.found.get("slope_differs"), arm.found.get("nonlinear")]))
    return _row(arm, "slope_error", arm.found.get("disagrees"), note=note)


def _row(
    arm: Arm, measure: str, value: Any, low: Any = math.nan, high: Any = math.nan, n: Any = None, n_unit: str = "",
    note: str = "",
) -> dict[str, Any]:  # fmt: skip
    return {"activation": arm.spec, "measure": measure, "value": value, "low": low, "high": high, "n": n,
            "n_unit": n_unit, "note": note}  # fmt: skip


def _spread(arm: Arm, measure: str, values: Any, note: str) -> dict[str, Any]:
    """A mean over networks with its BCa interval."""
    numbers = [float(v) for v in values if v == v]
    found = differences.difference(numbers, name=(arm.spec, measure))
    return _row(arm, measure, found.value, found.low, found.high, found.n, "networks", note)


def _gradient(arm: Arm, init: str, part: pd.DataFrame) -> dict[str, Any]:
    """By what factor the gradient changes a layer, on its way back: 0 where none arrives, none where it is infinite."""
    each = factor()(part)
    found = differences.difference(each.values, left_out=each.left_out, name=(arm.spec, init))
    note = f"gradient's factor a layer, depth {int(part['layer'].max())}, {init}"
    if vanished := sum(value == 0 for value in each.values):
        note += f"; in {vanished} of {each.n + each.left_out} networks none arrives: 0"
    if each.left_out:
        note += f"; {each.left_out} networks left out, where it is not finite"
    return _row(arm, f"gradient_factor {init}", found.value, found.low, found.high, found.n, "networks", note)


def elsewhere(
    arms: Sequence[Arm], frame: pd.DataFrame, part: str, quality: str, sign: int, reference: str
) -> list[dict[str, Any]]:
    """What other models say, each arm at its own best step size, and its paired difference to the reference.

    Parameters
    ----------
    quality
        What is reported; ``sign`` -1 where less is better. Step sizes are chosen by the same on the validation part.
    """
    score = Score(column=quality.replace("test", "valid"), lost=0.0 if sign > 0 else math.inf, least=sign < 0)
    settings = [name for name in ("data", "depth", "width", "init", "steps") if name in frame]
    each: dict[str, Any] = {}
    for arm in arms:
        own = frame[(frame["activation"] == arm.spec) & frame["reason"].isna()]
        nets = [part.set_index("net")[quality] for _, part in tuned(own, settings, score=score).groupby(settings)]
        if nets:
            each[arm.spec] = sum(nets[1:], start=nets[0]) / len(nets)  # a diverged network's mean is NaN
    rows = []
    for arm in arms:
        if arm.spec not in each:
            continue
        rows.append(_spread(arm, part, each[arm.spec], quality))
        if reference in each and arm.spec != reference:
            rows.append(_spread(arm, f"{part} difference", each[arm.spec] - each[reference], f"less {reference}"))
    return rows
