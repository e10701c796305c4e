"""The figure of the experiment `overfitting`: gaps at one training loss, and what explicit penalties do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.drawing.figure import FigureSpec
from actbench.drawing.parts import DASHED, GREY, label, legend, panels, points
from actbench.drawing.style import PALETTE, palette
from actbench.statistics.frames import settle, spread
from actbench.statistics.tuning import tuned

if TYPE_CHECKING:
    import pandas as pd

MEASURES = {"mean_abs_output": "mean |output|", "weights_l1": "sum of |weights|"}
PENALTY_RATE = 0.1


def overfitting_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Gaps at tuned step sizes; outputs and weights relative to the control's mean over networks at one step size."""
    import pandas as pd

    shallow = settle(frame, depth=2)
    plain = shallow[shallow["penalty"] == "none"]
    parts = []
    if len(plain):
        # as they are judged: ReLU and its control at one step size
        best = tuned(
            plain.assign(arm=plain["activation"].replace("leaky_relu", "relu")), ["arm", "noise"], together="activation"
        )
        parts.append(best.assign(value=best["train_accuracy"] - best["test_accuracy"], measure="gap"))
    alike = shallow[(shallow["noise"] == 0) & (shallow["rate"] == PENALTY_RATE)]
    unpenalised = alike["penalty"] == "none"
    alike = alike[(alike["activation"] == "leaky_relu") | ((alike["activation"] == "relu") & unpenalised)]
    control = alike[(alike["activation"] == "leaky_relu") & (alike["penalty"] == "none")]
    parts += [alike.assign(value=alike[name] / control[name].mean(), measure=name) for name in MEASURES]
    return spread(pd.concat(parts), ["measure", "activation", "penalty", "noise", "rate"], "value").drop(
        columns="median"
    )


def overfitting_figure(table: pd.DataFrame) -> Any:
    """Gaps, and sizes relative to the control's; those that have data."""
    gaps, sizes = table[table["measure"] == "gap"], table[table["measure"].isin(MEASURES)]
    arms = list(dict.fromkeys(gaps["activation"]))
    hues = palette(arms)
    looks = dict(zip(MEASURES.values(), PALETTE[6:], strict=False)) if len(sizes) else {}
    drawn = [draw for draw, part in ((_gaps, gaps), (_sizes, sizes)) if len(part)]
    figure, axes = panels(len(drawn), columns=2, height=2.9)
    for axis, draw in zip(axes, drawn, strict=True):
        draw(axis, gaps if draw is _gaps else sizes, hues if draw is _gaps else looks)
    legend(figure, hues | looks)
    return figure


def _gaps(axis: Any, part: pd.DataFrame, hues: dict[str, str]) -> None:
    names = {noise: f"{noise:.0%} of labels\nat random" for noise in sorted(part["noise"].unique())}
    points(axis, part, "noise", "activation", names=names, hues=hues, step=0.12)
    axis.set_ylim(min(0, float(part["low"].min())), None)
    label(axis, title="gap at a training loss of 0.05", y="training less test accuracy")


def _sizes(axis: Any, part: pd.DataFrame, hues: dict[str, str]) -> None:
    part = part.assign(what=part["measure"].map(MEASURES))
    part = part.assign(arm=part["penalty"].mask(part["penalty"] == "none", part["activation"]))
    order = {"leaky_relu": (0, "", 0.0), "relu": (1, "", 0.0)}
    levels = sorted(part["arm"].unique(), key=lambda p: order.get(p, (2, p[0], float(p.partition(":")[2] or 0))))
    names = {n: n.replace("_relu", "\nrelu") if ":" not in n else f"{n[0]}\n{n.partition(':')[2]}" for n in levels}
    points(axis, part, "arm", "what", names=names, hues=hues, step=0.2)
    axis.axhline(1.0, color=GREY, linewidth=1, linestyle=DASHED)
    axis.set_ylim(0, None)
    label(axis, title="sizes at that loss", x="L1 penalty on o(utputs) or w(eights), its strength",
          y="relative to leaky_relu")  # fmt: skip


FIGURES = (
    FigureSpec(
        name="overfitting",
        experiment="overfitting",
        claims=("C17", "C33", "C34"),
        title={
            "en": "Do ReLU's zeros act as a penalty?",
            "zh": "ReLU 的零起到正则项的作用吗？",
        },
        caption={
            "en": "300 digits to learn, 2 layers of 64 units, every network on a split of its own, all compared where "
            "the training loss is down to 0.05. Left: each activation at its tuned step size, ReLU and its control, "
            "leaky ReLU, at one. Right: leaky ReLU (slope 0.01) without and with an explicit L1 penalty, and ReLU, at "
            "one step size. Dot: mean; bar: the middle 90 %.",
            "zh": "300 张 digits 图像用于训练，2 层、每层 64 个单元，每个网络各用一种划分，都在训练损失降到 0.05 时比较"
            "。左：各激活函数取各自调好的步长，ReLU 与其对照 leaky ReLU 取同一步长。右：同一步长下，不加与加显式 L1 "
            "惩罚的 leaky ReLU（斜率 0.01），以及 ReLU。圆点：均值；竖条：中间 90 %。",
        },
        table=overfitting_table,
        draw=overfitting_figure,
    ),
)
