"""Numbers as people read them, in sentences, tables and figures alike: the digits follow the interval."""

from __future__ import annotations

import math
from collections.abc import Sequence


def numbers(
    value: float, low: float = math.nan, high: float = math.nan, edges: Sequence[float] = ()
) -> tuple[str, str]:
    """A number and its interval for people: two digits of the interval's half-width, three digits without one.

    There are more where an end would read as the number itself or as one of ``edges``, which it is not.

    >>> numbers(0.00014, -0.00182, 0.00201)
    ('0.0001', '[-0.0018, 0.0020]')
    >>> numbers(0.7618, 0.7202, 0.8297, [0.83])
    ('0.7618', '[0.7202, 0.8297]')
    >>> numbers(38.271)
    ('38.3', '')
    >>> numbers(20063)
    ('20,063', '')
    """
    if math.isnan(value):
        return "", ""
    reach = (high - low) / 2
    if not (math.isfinite(reach) and reach > 0) or max(abs(value), abs(low), abs(high)) >= 1e5 or reach < 1e-6:
        long = max((abs(x) for x in (value, low, high) if math.isfinite(x)), default=0.0) < 1e6
        texts = [f"{x:,.0f}" if long and abs(x) >= 1e3 else f"{x:.3g}" for x in (value, low, high)]
    else:
        places = min(6, max(0, 1 - math.floor(math.log10(reach))))
        if places == 0 and max(abs(low), abs(high)) < 100:
            places = 1
        while places < 6 and alike(f".{places}f", (low, high), (value, low, high, *edges)):
            places += 1
        texts = [f"{x:,.{places}f}" for x in (value, low, high)]
        texts = [text.lstrip("-") if not text.strip("-0.") else text for text in texts]
    return texts[0], "" if math.isnan(low) else f"[{texts[1]}, {texts[2]}]"


def in_column(each: Sequence[tuple[float, float, float]]) -> list[tuple[str, str]]:
    """The numbers of one column, each with its interval: as many decimals as the one has that needs most.

    >>> in_column([(0.72, -0.311, 1.59), (1.18, -0.58, 2.18)])
    [('0.72', '[-0.31, 1.59]'), ('1.18', '[-0.58, 2.18]')]
    >>> in_column([(-0.0012, -0.31, 1.59), (float("nan"),) * 3])
    [('0.00', '[-0.31, 1.59]'), ('', '')]
    """
    texts = [numbers(*one) for one in each]
    places = [len(value.partition(".")[2]) for value, interval in texts if interval]
    if not places or any("e" in text for one in texts for text in one):
        return texts
    shown = [[format(x, f",.{max(places)}f") for x in one] for one in each]
    plain = [[text if text.strip("-0.") else text.lstrip("-") for text in one] for one in shown]  # no -0.00
    return [(one[0], f"[{one[1]}, {one[2]}]") if text[1] else text for text, one in zip(texts, plain, strict=True)]


def alike(spec: str, ends: Sequence[float], others: Sequence[float]) -> bool:
    """Whether an end reads as another number, which it is not: an interval then seems to exclude or to touch it."""
    return any(format(end, spec) == format(other, spec) for end in ends for other in others if other != end)
