"""Figures: each makes a small table from observations, and is drawn from that table alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actbench.report import activity, gradients, trained

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class FigureSpec:
    """One figure.

    Parameters
    ----------
    name, experiment
        File name; whose observations it shows.
    claims
        The claims that it bears on.
    title, caption
        By language.
    table
        Observations to the table that is drawn, one row a mark.
    draw
        That table to a matplotlib figure.
    """

    name: str
    experiment: str
    claims: tuple[str, ...]
    title: Mapping[str, str]
    caption: Mapping[str, str]
    table: Callable[[pd.DataFrame], pd.DataFrame]
    draw: Callable[[pd.DataFrame], Any]


FIGURES: tuple[FigureSpec, ...] = (
    FigureSpec(
        name="activity-readings",
        experiment="activity",
        claims=("C10",),
        title={"en": "What halves with every layer?", "zh": "每加一层，究竟是什么减半？"},
        caption={
            "en": "ReLU networks of width 128 at initialisation, 256 "
            "standard normal inputs. Line: mean over networks; "
            "band: the middle 90 % of networks; dashed: halving with every layer. Under each title the slope of log2 "
            "per layer with its 95 % interval over networks.",
            "zh": "宽度 128 的 ReLU 网络（初始化时），256 个标准正态输入。实线：各网络的均值；色带：中间 90 % 的网络；"
            "虚线：每层减半。标题下为 log2 每层的斜率及其 95 % 区间（以网络为单位）。",
        },
        table=activity.readings_table,
        draw=activity.readings_figure,
    ),
    FigureSpec(
        name="activity-panel",
        experiment="activity",
        claims=("C06", "C09", "C32"),
        title={"en": "Which functions are silent at all?", "zh": "哪些函数真正会沉默？"},
        caption={
            "en": "Share of units with a non-zero output by layer, He initialisation. Exact zeros need a flat stretch "
            "at height 0: ReLU's on one side, the shrinkages' around 0; a slope of 0.01 is enough to have none.",
            "zh": "各层输出非零的单元所占比例，He 初始化。精确的零需要一段高度为 0 的平坦区间：ReLU 在一侧，"
            "收缩函数在 0 附近；只要有 0.01 的斜率就完全没有零。",
        },
        table=activity.panel_table,
        draw=activity.panel_figure,
    ),
    FigureSpec(
        name="gradient-flow",
        experiment="gradient_flow",
        claims=("C21", "C23", "C24", "C28", "C30"),
        title={"en": "Does the gradient vanish?", "zh": "梯度会消失吗？"},
        caption={
            "en": "Size of the gradient on its way from layer 30 back to layer 1, networks of width 256 at "
            "initialisation, mean over networks. Dotted: sqrt(chi_1) along the measured lengths. The initialisation "
            "decides as much as the function does.",
            "zh": "梯度从第 30 层回传到第 1 层的大小，宽度 256 的网络（初始化时），取各网络均值。点线：沿实测长度的 "
            "sqrt(chi_1) 理论值。初始化与激活函数同样起决定作用。",
        },
        table=gradients.flow_table,
        draw=gradients.flow_figure,
    ),
    FigureSpec(
        name="trained-activity",
        experiment="trained_activity",
        claims=("C06", "C10", "C32"),
        title={"en": "Does training make networks silent?", "zh": "训练会让网络沉默吗？"},
        caption={
            "en": "Share of units with a non-zero output by layer, 10 layers of 64 units on digits. Line: mean over "
            "networks that did not diverge; band: the middle 90 %.",
            "zh": "各层输出非零的单元比例，digits 数据，10 层、每层 "
            "64 个单元。实线：未发散网络的均值；色带：中间 90 %。",
        },
        table=trained.activity_table,
        draw=trained.activity_figure,
    ),
    FigureSpec(
        name="dead-units",
        experiment="dead_units",
        claims=("C35", "C36", "C37"),
        title={"en": "When do units die?", "zh": "单元何时死亡？"},
        caption={
            "en": "Units with zero slope on every training sample "
            "after training, less those at birth, over step sizes; "
            "4 layers of 64 units on digits, 20 epochs. Crosses: "
            "share of networks that diverged, which are in no line.",
            "zh": "训练后在全部训练样本上斜率为零的单元比例（减去初始即死亡者），"
            "随步长变化；digits 数据，4 层、每层 64 个单元，"
            "20 轮。叉号：发散网络的比例，不计入曲线。",
        },
        table=trained.dead_table,
        draw=trained.dead_figure,
    ),
    FigureSpec(
        name="distribution",
        experiment="distribution",
        claims=("C38", "C39"),
        title={"en": "Which functions shift the distribution?", "zh": "哪些函数会使分布偏移？"},
        caption={
            "en": "Absolute mean over standard deviation of a layer's "
            "outputs in trained networks, 4 layers of 64 units "
            "on digits. Line: mean over networks; band: the middle 90 %.",
            "zh": "训练后各层输出的均值绝对值与标准差之比，digits 数据，"
            "4 层、每层 64 个单元。实线：网络均值；色带：中间 90 %。",
        },
        table=trained.law_table,
        draw=trained.law_figure,
    ),
)
