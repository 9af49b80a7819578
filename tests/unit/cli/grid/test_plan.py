"""What `grid plan` prints: texts of users stand as they are."""

from __future__ import annotations

import pytest

from tests.support.plans import make_plan
from xdomain.api.planning import StageDifference
from xdomain.cli.grid.plan import show_difference, show_mermaid


def test_a_flowchart_has_one_line_per_node_however_long(capsys: pytest.CaptureFixture[str]) -> None:
    plan = make_plan(
        domains=["logic", "puzzle", "math", "science"],
        grid={},
        curricula=[" -> ".join(["logic", "puzzle", "math", "science"] * 5)],
    )
    show_mermaid(plan)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) > 140
    assert len(lines) == 2 + 2 * len(plan.train_stages)


def test_values_with_brackets_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = make_plan().train_stages[:2]
    show_difference(StageDifference(first, second, (), False, (("stop", ["[/INST]"], "[bold]"),)))
    shown = capsys.readouterr().out
    assert "['[/INST]']" in shown
    assert "[bold]" in shown
