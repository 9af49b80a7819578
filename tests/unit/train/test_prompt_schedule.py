"""Prompt schedules: exact quotas, even steps, queues that continue."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from xdomain.train.prompt_schedule import draw_schedule, interleave


@given(st.dictionaries(st.sampled_from("abcde"), st.integers(1, 40), min_size=1))
def test_interleave_meets_quotas_and_keeps_every_prefix_even(quotas: dict[str, int]) -> None:
    order = interleave(quotas)
    assert Counter(order) == Counter(quotas)
    total = len(order)
    seen: Counter[str] = Counter()
    for place, name in enumerate(order, start=1):
        seen[name] += 1
        for each, quota in quotas.items():
            assert abs(seen[each] - quota * place / total) <= len(quotas)


def test_queue_visits_every_item_once_an_epoch_and_continues() -> None:
    first = draw_schedule({"a": 7}, {"a": range(5)}, {}, 0)
    second = draw_schedule({"a": 3}, {"a": range(5)}, {"a": 7}, 0)
    indices = [entry.index for entry in first + second]
    assert sorted(indices[:5]) == sorted(indices[5:]) == list(range(5))


def test_order_depends_on_seed_and_domain_alone() -> None:
    alone = [entry.index for entry in draw_schedule({"a": 6}, {"a": range(50)}, {}, 1)]
    mixed = draw_schedule({"a": 6, "b": 6}, {"a": range(50), "b": range(50)}, {}, 1)
    assert [entry.index for entry in mixed if entry.domain == "a"] == alone
    assert alone != [entry.index for entry in draw_schedule({"a": 6}, {"a": range(50)}, {}, 2)]
