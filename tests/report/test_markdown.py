"""Tables in Markdown, as GitHub reads them."""

from __future__ import annotations

from actbench.report.markdown import cell, table


def test_a_table_has_a_head_a_rule_and_its_rows():
    assert table(("name", "", "n"), [("relu", "", 1)]) == ["| name | | n |", "|---|---|---|", "| relu |  | 1 |"]


def test_no_text_ends_a_cell_or_a_line():
    assert cell("a|b\nc") == "a\\|b c"
