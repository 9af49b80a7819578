"""Prompts from easy to hard, by the measured pass rate of the base.

Each domain keeps the prompts that its queue would give it anyway and the places that the mixture gives it; only their
order changes. So a self-paced phase and a shuffled one over the same items differ in nothing but order, and every step
holds each domain's share.

Source: self-paced learning (Kumar et al. 2010) orders by the learner's own loss; here by the base's pass rate, once,
before training. Ours: mixtures keep their quotas while each domain goes from easy to hard.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from xdomain.core.parquet import read_records
from xdomain.train.prompt_schedule import ScheduledPrompt


def read_pass_rates(stage_folder: Path) -> dict[str, float]:
    """Mean score of every measured item by its id; an item without any verdict is left out."""
    records = read_records([stage_folder / "records.parquet"], ("item_id", "score"))
    rates = records.groupby("item_id")["score"].mean().dropna()
    return {str(item): float(rate) for item, rate in rates.items()}


def easy_to_hard(
    schedule: Sequence[ScheduledPrompt], pass_rates: Mapping[str, Mapping[int, float]]
) -> list[ScheduledPrompt]:
    """The schedule with each domain's prompts sorted by falling pass rate; ties stay in the queue's order.

    Args:
        pass_rates: of every scheduled item, by domain and index.
    """
    queues = {
        name: iter(sorted((each.index for each in schedule if each.domain == name), key=lambda i: -rates[i]))
        for name, rates in pass_rates.items()
    }
    return [ScheduledPrompt(entry.domain, next(queues[entry.domain])) for entry in schedule]
