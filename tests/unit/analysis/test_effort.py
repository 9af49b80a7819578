"""What runs cost."""

from __future__ import annotations


def test_the_effort_of_every_compared_run_is_there(result):
    effort = result.effort["math -> science"]
    assert (effort.steps, effort.prompts) == (80, 16 * 80)
    assert set(effort.checkpoints) == {"0", "1", "2"}
    for cell in result.matrices["order_effect"].cells["math, science"].values():
        assert set(cell.compares) <= set(result.effort)
