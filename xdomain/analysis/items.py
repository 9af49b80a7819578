"""A sample of the items that each phase gained and lost, for the item browser."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xdomain.analysis.blank import Blank
from xdomain.analysis.result import ItemChange
from xdomain.analysis.runs import Run
from xdomain.analysis.study import Study
from xdomain.plan.measurement import MeasuredGrid

ITEMS_A_SIDE = 3
"""Number of items shown as gained, and as lost, per run and domain."""
SMALLEST_CHANGE = 0.5
"""Smallest change of an item's mean score that counts as gained or lost."""
LONGEST_COMPLETION = 2_000
"""Number of characters kept of a completion."""
LONGEST_PROMPT = 2_000
"""Number of characters kept of a prompt. Half of them are from its end, which often holds the question."""

Key = tuple[str, str, str]
"""Checkpoint, domain and item."""


@dataclass(frozen=True)
class Sample:
    """One answer, with the fields that the browser shows."""

    number: int
    score: float | None
    completion: object
    gold: object


@dataclass(frozen=True)
class Change:
    """An item that changed, with the checkpoints to quote."""

    run: str
    parent: str
    domain: str
    item_id: str
    before: float
    after: float
    checkpoints: tuple[str, str]
    seed: int | None


def moved_items(grid: MeasuredGrid) -> dict[str, dict[str, dict[str, list[str]]]]:
    """Return the ids of items with a higher ("gained") or lower ("lost") mean score than the base model's.

    They are keyed by run and domain. An item without a verdict on both sides is in neither list.
    """
    means = grid.records.groupby(["checkpoint", "domain", "item_id"], observed=True)["score"].mean()
    base = next((place.checkpoint for place in grid.checkpoints if place.run.is_base), None)
    found: dict[str, dict[str, dict[str, list[str]]]] = {}
    for place in grid.checkpoints:
        if base is None or place.checkpoint == base:
            continue
        change = means.loc[place.checkpoint].sub(means.loc[base])
        for name, moved in (("gained", change[change > 0]), ("lost", change[change < 0])):
            for domain in grid.domains:
                items = [str(item) for of_domain, item in moved.index if of_domain == domain]
                found.setdefault(str(place.run), {}).setdefault(domain, {})[name] = items
    return found


def item_changes(
    study: Study, records: pd.DataFrame, prompts: Mapping[str, Mapping[str, str]]
) -> tuple[ItemChange, ...]:
    """Return the largest changes relative to the parent, with one completion per side if the records hold any.

    Args:
        prompts: Prompt text, keyed by domain and item id.
    """
    changes = [
        change for run in study.book.trained for domain in study.domains for change in _changes(study, run, domain)
    ]
    quotes = _quotes(records, changes)
    return tuple(_published(change, quotes, prompts.get(change.domain, {})) for change in changes)


def _changes(study: Study, run: Run, domain: str) -> list[Change]:
    parent = study.book.parent(run)
    aligned = study.align(domain, [run, parent])
    if isinstance(aligned, Blank):
        return []
    before, after = aligned.scores(parent).mean(axis=0), aligned.scores(run).mean(axis=0)
    panel = aligned.panel
    names = (panel.checkpoints[aligned.rows[parent.id][0]], panel.checkpoints[aligned.rows[run.id][0]])
    seed = aligned.seeds[0] if len(aligned.seeds) > 1 else None
    found: list[Change] = []
    for sign in (1, -1):
        change = sign * (after - before)
        for item in np.argsort(-change, kind="stable")[:ITEMS_A_SIDE]:
            if change[item] >= SMALLEST_CHANGE:
                item_id = panel.item_ids[aligned.items[item]]
                sides = float(before[item]), float(after[item])
                found.append(Change(run.label, parent.label, domain, item_id, *sides, names, seed))
    return found


def _quotes(records: pd.DataFrame, changes: list[Change]) -> Mapping[Key, list[Sample]]:
    """Return the samples of all shown items, keyed by (checkpoint, domain, item)."""
    if "completion" not in records.columns or not changes:
        return {}
    wanted = {(name, change.domain, change.item_id) for change in changes for name in change.checkpoints}
    rows = records["item_id"].isin({item for _, _, item in wanted})
    rows &= records["checkpoint"].isin({name for name, _, _ in wanted})
    columns = ["checkpoint", "domain", "item_id", "sample", "score", "completion"]
    columns += ["gold"] if "gold" in records.columns else []
    found: dict[Key, list[Sample]] = defaultdict(list)
    for checkpoint, domain, item, *rest in records.loc[rows, columns].itertuples(index=False, name=None):
        if (checkpoint, domain, item) in wanted:
            number, score, completion, gold = rest if len(rest) == 4 else (*rest, None)
            found[checkpoint, domain, item].append(Sample(int(number), score, completion, gold))
    return found


def _published(change: Change, quotes: Mapping[Key, list[Sample]], prompts: Mapping[str, str]) -> ItemChange:
    gained = change.after > change.before
    before = _quote(quotes.get((change.checkpoints[0], change.domain, change.item_id), []), right=not gained)
    after = _quote(quotes.get((change.checkpoints[1], change.domain, change.item_id), []), right=gained)
    return ItemChange(
        run=change.run,
        parent=change.parent,
        domain=change.domain,
        item_id=change.item_id,
        change="gained" if gained else "lost",
        before=change.before,
        after=change.after,
        prompt=shortened(prompts.get(change.item_id)),
        quoted_seed=change.seed,
        gold=after[1] or before[1],
        completion_before=before[0],
        completion_after=after[0],
    )


def _quote(samples: list[Sample], *, right: bool) -> tuple[str | None, str | None]:
    """Return a completion that shows the side (right or wrong, if there is one), and the gold answer."""
    if not samples:
        return None, None
    ordered = sorted(samples, key=lambda sample: sample.number)
    fitting = [sample for sample in ordered if (sample.score is not None and sample.score >= 0.5) == right]
    chosen = (fitting or ordered)[0]
    return _cut(chosen.completion), _cut(chosen.gold)


def shortened(prompt: str | None) -> str | None:
    """Return a prompt without its middle if it is longer than `LONGEST_PROMPT` characters."""
    half = LONGEST_PROMPT // 2
    return prompt if prompt is None or len(prompt) <= LONGEST_PROMPT else f"{prompt[:half]}\n[…]\n{prompt[-half:]}"


def _cut(text: object) -> str | None:
    return text[:LONGEST_COMPLETION] if isinstance(text, str) else None
