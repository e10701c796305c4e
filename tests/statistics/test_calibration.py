"""A rate of alarms has an exact interval, and is held against its nominal one."""

from __future__ import annotations

from actbench.statistics.calibration import Rate, calibration
from actbench.statistics.shares import Share


def test_rates_are_counted_and_held_against_what_was_promised():
    tests = {"odd": (lambda i: i % 2 == 1, 0.05), "ten": (lambda i: i == 10, 0.05), "power": (lambda i: i > 0, None)}
    rates = calibration(range(40), tests, "numbers")
    assert [rates[name].share.value for name in tests] == [0.5, 1 / 40, 39 / 40]
    assert [rates[name].kept for name in tests] == [False, True, True]
    assert calibration([], tests, "numbers")["odd"].kept  # nothing tried: nothing said against it


def test_a_rate_whose_interval_begins_at_the_nominal_one_keeps_it():
    share = Share.count([True, False, False, False])
    assert Rate(share=share, nominal=share.interval()[0]).kept
