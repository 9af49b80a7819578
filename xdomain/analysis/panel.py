"""Item records reduced early to dense arrays: one `Panel` per domain, checkpoints x items.

1.6 million rows become a few megabytes here. All later steps use the arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xdomain.analysis.columns import Coded, Columns, FloatArray, IntArray, code_columns
from xdomain.core.errors import AnalysisError
from xdomain.core.records import Outcome
from xdomain.plan.measurement import MeasuredGrid

NEEDED_COLUMNS = ("checkpoint", "domain", "item_id", "sample", "score")


@dataclass(frozen=True)
class Panel:
    """The records of one domain. Rows are checkpoints in grid order, columns are items sorted by id.

    Attributes:
        domain: Name of the domain.
        checkpoints: Row names.
        item_ids: Column names.
        clusters: Cluster number of each item; None without clusters.
        mean: Mean score over an item's judged samples, NaN if none was judged, shape [checkpoints, items].
        judged: Number of judged samples, same shape.
        right: Number of samples judged right, same shape.
        asked: Number of samples that have a row, same shape; 0 means that the checkpoint was not asked the item.
        truncated: Number of samples that reached the length limit, shape [checkpoints].
        malformed: Number of malformed samples, shape [checkpoints].
        tokens: Sum of completion tokens, NaN if not recorded, shape [checkpoints].
        entropy: Mean entropy in nats, NaN if not recorded, shape [checkpoints].
        one_prompt: True if every item had the same prompt for every checkpoint; False only if templates differ.
    """

    domain: str
    checkpoints: tuple[str, ...]
    item_ids: tuple[str, ...]
    clusters: IntArray | None
    mean: FloatArray
    judged: IntArray
    right: IntArray
    asked: IntArray
    truncated: FloatArray
    malformed: FloatArray
    tokens: FloatArray
    entropy: FloatArray
    one_prompt: bool

    @cached_property
    def question_set(self) -> IntArray:
        """Return the number of the item set that each checkpoint was asked, shape [checkpoints]; -1 for no items."""
        _, numbers = np.unique(self.asked > 0, axis=0, return_inverse=True)
        return np.where(self.asked.any(axis=1), numbers.reshape(-1), -1)

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self.checkpoints) if self.question_set[row] >= 0}

    def row(self, checkpoint: str) -> int | None:
        """Return the row of a checkpoint, or None if it was not evaluated here."""
        return self._rows.get(checkpoint)


def build_panels(grid: MeasuredGrid) -> dict[str, Panel]:
    """Reduce the records of `grid`.

    Raises:
        AnalysisError: There are no records, columns are missing, rows belong to foreign checkpoints or domains, rows
            are duplicated, scores are not numbers in [0, 1], or one domain was asked or judged in several ways.
    """
    records = grid.records
    missing = [name for name in NEEDED_COLUMNS if name not in records.columns]
    if missing:
        raise AnalysisError(f"the records have no column {', '.join(missing)}.", fix="Read them through the store.")
    if records.empty:
        raise AnalysisError(
            f'experiment "{grid.experiment}" has no records yet: nothing was evaluated.', fix="Run the grid first."
        )
    names = tuple(checkpoint.checkpoint for checkpoint in grid.checkpoints)
    checkpoints = _positions(records, "checkpoint", names, grid.experiment)
    domains = _positions(records, "domain", grid.domains, grid.experiment)
    ways = list(dict.fromkeys(checkpoint.template for checkpoint in grid.checkpoints))
    template = np.array([ways.index(checkpoint.template) for checkpoint in grid.checkpoints], dtype=np.intp)
    columns = code_columns(records, gold=len(ways) > 1)
    panels = {}
    for code, domain in enumerate(grid.domains):
        rows = np.flatnonzero(domains == code)
        if len(rows):
            panels[domain] = _build_panel(domain, names, columns, rows, checkpoints[rows], template)
    return panels


def _positions(records: pd.DataFrame, column: str, known: Sequence[str], experiment: str) -> IntArray:
    """Return the index of each value in `known`; refuse foreign values with their number."""
    coded = Coded.of(records, column)
    assert coded is not None
    lookup = {name: position for position, name in enumerate(known)}
    positions = np.array([*(lookup.get(name, -1) for name in coded.names), -1], dtype=np.intp)[coded.codes]
    foreign = positions < 0
    if foreign.any():
        example = records[column].iloc[int(np.argmax(foreign))]
        raise AnalysisError(
            f"{int(foreign.sum())} of {len(positions)} records belong to a {column} that is not part of experiment "
            f'"{experiment}", the first to "{example}".',
            fix="Analyse one experiment at a time.",
        )
    return positions


def _build_panel(
    domain: str, names: tuple[str, ...], columns: Columns, rows: IntArray, checkpoint: IntArray, template: IntArray
) -> Panel:
    """Return the panel of one domain.

    Args:
        domain: Name of the domain.
        names: Names of the checkpoints.
        columns: Coded columns of all records.
        rows: Indices of the domain's records.
        checkpoint: Index into `names` of each row.
        template: Number of the template of each checkpoint.
    """
    item, item_ids = _items(columns.item_id, rows)
    shape = (len(names), len(item_ids))
    cell = checkpoint * shape[1] + item
    _refuse_duplicates(domain, names, item_ids, cell, columns.sample[rows])
    of_template = template[checkpoint] * shape[1] + item
    _refuse_mixed(domain, columns.prompt_hash, rows, of_template, "was asked with different prompts")
    # Between templates prompts differ, so equal gold answers show that the items are the same.
    _refuse_mixed(domain, columns.gold, rows, item, "has items whose gold answers differ")
    _refuse_mixed(domain, columns.scorer, rows, np.zeros_like(item), "was judged by different scorers")
    score = _scores(domain, columns, rows)
    is_judged = ~np.isnan(score)

    def count(mask: NDArray[np.bool_]) -> IntArray:
        return np.bincount(cell[mask], minlength=shape[0] * shape[1]).reshape(shape)

    def per_checkpoint(weights: FloatArray | NDArray[np.bool_] | None) -> FloatArray:
        if weights is None:
            return np.full(shape[0], np.nan)
        return np.bincount(checkpoint, weights=weights, minlength=shape[0]).astype(np.float64)

    total = np.bincount(cell[is_judged], weights=score[is_judged], minlength=shape[0] * shape[1]).reshape(shape)
    judged = count(is_judged)
    outcome, finish = columns.outcome, columns.finish_reason
    right = score >= 1.0 if outcome is None else outcome.is_value(Outcome.RIGHT, rows)
    malformed = None if outcome is None else outcome.is_value(Outcome.MALFORMED, rows)
    tokens = None if columns.completion_tokens is None else columns.completion_tokens[rows]
    entropy = None if columns.mean_entropy is None else columns.mean_entropy[rows]
    return Panel(
        domain=domain,
        checkpoints=names,
        item_ids=item_ids,
        clusters=_clusters(columns.cluster_id, rows, item, len(item_ids)),
        mean=np.where(judged > 0, total / np.maximum(judged, 1), np.nan),
        judged=judged,
        right=count(right & is_judged),
        asked=count(np.ones(len(rows), dtype=bool)),
        truncated=per_checkpoint(None if finish is None else finish.is_value("length", rows)),
        malformed=per_checkpoint(malformed),
        tokens=per_checkpoint(tokens),
        entropy=_mean_known(entropy, checkpoint, shape[0]),
        one_prompt=columns.prompt_hash is None or not _mixed(columns.prompt_hash, rows, item).any(),
    )


def _items(item_id: Coded, rows: IntArray) -> tuple[IntArray, tuple[str, ...]]:
    """Return the item number of each row, numbered by sorted id so that row order does not matter."""
    used = np.unique(item_id.codes[rows])
    ordered = sorted(int(code) for code in used)
    ordered.sort(key=lambda code: item_id.names[code])
    number = np.empty(len(item_id.names), dtype=np.intp)
    number[ordered] = np.arange(len(ordered))
    return number[item_id.codes[rows]], tuple(item_id.names[code] for code in ordered)


def _refuse_duplicates(
    domain: str, names: tuple[str, ...], item_ids: tuple[str, ...], cell: IntArray, sample: IntArray
) -> None:
    width = int(sample.max(initial=0)) + 1
    counts = np.bincount(cell * width + sample)
    if counts.max(initial=0) <= 1:
        return
    place, number = divmod(int(np.argmax(counts > 1)), width)
    raise AnalysisError(
        f'{int((counts > 1).sum())} records of domain "{domain}" are duplicated, the first of checkpoint '
        f'"{names[place // len(item_ids)]}", item "{item_ids[place % len(item_ids)]}", sample {number}.',
        fix="Remove the copies; an answer counted twice would narrow the interval.",
    )


def _scores(domain: str, columns: Columns, rows: IntArray) -> FloatArray:
    """Return the scores, NaN if unscored; refuse a row that was judged but has no score."""
    score, outcome = columns.score[rows], columns.outcome
    if outcome is not None and (lost := np.isnan(score) & ~outcome.is_value(Outcome.UNSCORED, rows)).any():
        first = outcome.names[outcome.codes[rows][lost][0]]
        raise AnalysisError(
            f'{int(lost.sum())} records of domain "{domain}" were judged but have no score (NaN), the first as '
            f'"{first}".',
            fix='Missing verdicts have the outcome "unscored"; repair or remove the others.',
        )
    bad = (score < 0) | (score > 1)
    if bad.any():
        raise AnalysisError(
            f'{int(bad.sum())} scores of domain "{domain}" are outside [0, 1], the first is {score[bad][0]:g}.',
            fix="A score must be between 0 and 1; only rewards may take other values.",
        )
    return score


def _refuse_mixed(domain: str, column: Coded | None, rows: IntArray, group: IntArray, words: str) -> None:
    """Refuse a column that takes two values within a group, because such rows are not comparable."""
    if column is None:
        return
    differing = _mixed(column, rows, group)
    if differing.any():
        raise AnalysisError(
            f'domain "{domain}" {words}: {int(differing.sum())} of {len(rows)} records differ from the others.',
            fix="All checkpoints need the same prompt template and scorer; evaluate the differing ones again.",
        )


def _mixed(column: Coded, rows: IntArray, group: IntArray) -> NDArray[np.bool_]:
    """Return a mask of the rows that differ in the column from the first row of their group."""
    values = column.codes[rows]
    first = np.full(int(group.max()) + 1, -1, dtype=np.intp)
    first[group[::-1]] = values[::-1]
    differing: NDArray[np.bool_] = first[group] != values
    return differing


def _mean_known(values: FloatArray | None, checkpoint: IntArray, n_checkpoints: int) -> FloatArray:
    if values is None:
        return np.full(n_checkpoints, np.nan)
    known = ~np.isnan(values)
    total = np.bincount(checkpoint[known], weights=values[known], minlength=n_checkpoints)
    number = np.bincount(checkpoint[known], minlength=n_checkpoints)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def _clusters(cluster_id: Coded | None, rows: IntArray, item: IntArray, n_items: int) -> IntArray | None:
    if cluster_id is None:
        return None
    by_item = np.zeros(n_items, dtype=np.intp)
    by_item[item] = cluster_id.codes[rows]
    names, numbered = np.unique(by_item, return_inverse=True)
    return None if len(names) == n_items else numbered.astype(np.intp)
