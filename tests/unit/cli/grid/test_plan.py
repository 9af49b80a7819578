"""What `grid plan` prints: texts of users stand as they are."""

from __future__ import annotations

import pytest

from tests.support.plans import make_plan
from xdomain.api.explaining import StageDifference
from xdomain.cli.grid.plan import show_difference


def test_values_with_brackets_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = make_plan().train_stages[:2]
    show_difference(StageDifference(first, second, (), False, (("stop", ["[/INST]"], "[bold]"),)))
    shown = capsys.readouterr().out
    assert "['[/INST]']" in shown
    assert "[bold]" in shown
