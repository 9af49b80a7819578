"""Items that a phase gained and lost."""

from __future__ import annotations

from dataclasses import replace

from xdomain.analysis.analyse import analyse


def test_items_quote_the_right_checkpoints(result, grid):
    lost = next(item for item in result.items if item.change == "lost" and item.run == "science -> math")
    rows = grid.records[(grid.records["item_id"] == lost.item_id)]
    after = rows[rows["checkpoint"] == result.effort["science -> math"].checkpoints["0"]]
    assert lost.completion_after in set(after["completion"])
    assert lost.before - lost.after >= 0.5
    assert lost.quoted_seed == 0


def test_items_bring_their_question_where_the_data_is_here(result, grid):
    lost = next(item for item in result.items if item.change == "lost")
    assert lost.prompt is None
    prompt = "A template. " * 300 + "The question?"
    asked = analyse(replace(grid, prompts={lost.domain: {lost.item_id: prompt}})).items[result.items.index(lost)].prompt
    assert asked.startswith("A template.")
    assert asked.endswith("The question?")
    assert "[…]" in asked
    assert len(asked) < 2_010
