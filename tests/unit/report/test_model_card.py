"""A model card of a checkpoint."""

from __future__ import annotations

from typing import Any

import yaml

from tests.support.report_example import example_result
from xdomain.report.model_card import model_card


def card(run: str, **meta: Any) -> tuple[dict[str, Any], str]:
    result = example_result(3, 2)
    result = result.model_copy(update={"meta": result.meta.model_copy(update=meta)})
    checkpoint = next(each for each in result.checkpoints if each.run == run)
    _, header, text = model_card(result, checkpoint, command="xdomain report x").split("---\n", 2)
    return yaml.safe_load(header), text


def test_only_a_repository_is_a_base_model_for_the_hub() -> None:
    assert "base_model" not in card("math", model="tiny_qwen3")[0]
    assert card("math", model="Qwen/Qwen3-0.6B")[0]["base_model"] == "Qwen/Qwen3-0.6B"


def test_scores_are_those_of_the_checkpoint() -> None:
    result = example_result(3, 2)
    checkpoint = next(each for each in result.checkpoints if each.run == "math")
    header, text = card("math")
    values = {each["dataset"]["name"]: each["metrics"][0]["value"] for each in header["model-index"][0]["results"]}
    known = {domain: cell.estimate for domain, cell in checkpoint.accuracy.items() if cell.estimate is not None}
    assert values == known
    assert "mean of 2 seeds" in text


def test_the_lineage_begins_at_the_base() -> None:
    _, text = card("math -> science")
    lines = text.split("## Lineage")[1].split("##")[0].strip().splitlines()
    assert lines[0].startswith("1. **base**")
    assert lines[-1].startswith("3. **math -\\> science**")
    assert "the common start of every curriculum" in card("base")[1]


def test_merged_and_distilled_checkpoints_say_so_and_name_what_they_were_made_from() -> None:
    result = example_result(2, 2)
    checkpoint = next(each for each in result.checkpoints if each.run == "math")
    for last, words in (
        ("merge(math, science -> math)", "merged from trained checkpoints: "),
        ("distill(math, science: science -> math)@8", "distilled from one teacher per domain: "),
    ):
        own = result.effort["math"].model_copy(update={"curriculum": last, "phases": (last,), "parent": "base"})
        found = result.model_copy(
            update={
                "effort": {**result.effort, last: own},
                "checkpoints": (*result.checkpoints, checkpoint.model_copy(update={"run": last})),
            }
        )
        text = model_card(found, found.checkpoints[-1], command="xdomain report x")
        assert words in text
        lines = text.split("## Lineage")[1].split("##")[0].strip().splitlines()
        assert [line.split("**")[1].replace("\\", "") for line in lines[:-1]] == [
            "base", "math", "science", "science -> math",
        ]  # fmt: skip
    assert "trained by reinforcement learning: math" in model_card(result, checkpoint, command="xdomain report x")
