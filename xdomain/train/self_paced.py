"""Order prompts from easy to hard, by the base model's measured pass rate.

Each domain keeps the prompts of its queue and its positions in the mixture. Only the order of its prompts changes. So a
self-paced phase differs from a shuffled one over the same items only in order, and every step holds each domain's
share.

Source: self-paced learning (Kumar et al. 2010) orders by the learner's own loss. Here the order follows the base
model's pass rate and is fixed before training. Ours: mixtures keep their quotas while each domain's prompts go from
easy to hard.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from xdomain.core.parquet import read_records
from xdomain.train.prompt_schedule import ScheduledPrompt


def read_pass_rates(stage_folder: Path) -> dict[str, float]:
    """Return the mean score of each measured item, keyed by item id. An item without any verdict is left out."""
    records = read_records([stage_folder / "records.parquet"], ("item_id", "score"))
    rates = records.groupby("item_id")["score"].mean().dropna()
    return {str(item): float(rate) for item, rate in rates.items()}


def easy_to_hard(
    schedule: Sequence[ScheduledPrompt], pass_rates: Mapping[str, Mapping[int, float]]
) -> list[ScheduledPrompt]:
    """Return the schedule with each domain's prompts sorted by falling pass rate. Ties stay in the queue's order.

    Args:
        schedule: Prompts in shuffled order.
        pass_rates: Pass rate of each scheduled item, by domain and index.
    """
    queues = {
        name: iter(sorted((each.index for each in schedule if each.domain == name), key=lambda i: -rates[i]))
        for name, rates in pass_rates.items()
    }
    return [ScheduledPrompt(entry.domain, next(queues[entry.domain])) for entry in schedule]
