"""Item records reduced early to dense arrays: one `Panel` a domain, checkpoints x items.

1.6 million rows become a few megabytes here; everything after works on the arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xdomain.core.errors import AnalysisError
from xdomain.core.measurement import MeasuredGrid
from xdomain.core.records import Outcome

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

NEEDED_COLUMNS = ("checkpoint", "domain", "item_id", "sample", "score")


@dataclass(frozen=True)
class Panel:
    """One domain. Rows are checkpoints in grid order, columns are items in the order of their sorted ids.

    Attributes:
        domain: its name.
        checkpoints: row names.
        item_ids: column names.
        clusters: cluster number of each item, None where every item stands alone.
        mean: mean score over an item's judged samples, NaN where none was judged, shape [checkpoints, items].
        judged: judged samples, same shape.
        right: samples judged right, same shape.
        asked: samples that have a row, same shape; 0 means that the item was not put to the checkpoint.
        truncated: samples that ran into the length limit, shape [checkpoints].
        malformed: shape [checkpoints].
        tokens: sum of completion tokens, NaN where not recorded, shape [checkpoints].
        entropy: mean entropy in nats, NaN where not recorded, shape [checkpoints].
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

    def row(self, checkpoint: str) -> int | None:
        """Row of a checkpoint that was evaluated here, else None."""
        try:
            row = self.checkpoints.index(checkpoint)
        except ValueError:
            return None
        return row if self.asked[row].any() else None


def build_panels(grid: MeasuredGrid) -> dict[str, Panel]:
    """Reduce the records of `grid`.

    Raises:
        AnalysisError: no records, columns missing, rows of foreign checkpoints or domains, duplicate rows, scores that
            are not numbers in [0, 1], or one domain asked or judged in several ways.
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
    checkpoint_codes = _codes(records["checkpoint"], names, "checkpoint", grid.experiment)
    domain_codes = _codes(records["domain"], grid.domains, "domain", grid.experiment)
    panels = {}
    for code, domain in enumerate(grid.domains):
        rows = np.flatnonzero(domain_codes == code)
        if len(rows):
            panels[domain] = _build_panel(domain, names, records, rows, checkpoint_codes[rows])
    return panels


def _codes(column: pd.Series, known: Sequence[str], kind: str, experiment: str) -> IntArray:
    """Position of each value in `known`; foreign values are refused, with their number."""
    categories = column.astype("category").cat
    lookup = {name: position for position, name in enumerate(known)}
    positions = np.array([lookup.get(str(name), -1) for name in categories.categories], dtype=np.intp)
    codes: IntArray = positions[categories.codes.to_numpy()]
    foreign = codes < 0
    if foreign.any():
        example = column.iloc[int(np.argmax(foreign))]
        raise AnalysisError(
            f"{int(foreign.sum())} of {len(codes)} records belong to a {kind} that is not part of experiment "
            f'"{experiment}", the first to "{example}".',
            fix="Analyse one experiment at a time.",
        )
    return codes


def _build_panel(
    domain: str, names: tuple[str, ...], records: pd.DataFrame, rows: IntArray, checkpoint: IntArray
) -> Panel:
    item, item_ids = _items(records["item_id"], rows)
    shape = (len(names), len(item_ids))
    cell = checkpoint * shape[1] + item
    _refuse_duplicates(domain, names, item_ids, cell, records["sample"].to_numpy()[rows], shape)
    score = _scores(domain, records, rows)
    judged_rows = ~np.isnan(score)
    _refuse_mixed(domain, records, rows, item, "prompt_hash", "was asked with different prompts")
    _refuse_mixed(domain, records, rows, np.zeros_like(item), "scorer", "was judged by different scorers")

    def count(mask: NDArray[np.bool_]) -> IntArray:
        return np.bincount(cell[mask], minlength=shape[0] * shape[1]).reshape(shape)

    total = np.bincount(cell[judged_rows], weights=score[judged_rows], minlength=shape[0] * shape[1]).reshape(shape)
    judged = count(judged_rows)
    with np.errstate(invalid="ignore"):
        mean = np.where(judged > 0, total / np.maximum(judged, 1), np.nan)
    outcome = _strings(records, "outcome", rows)
    right = outcome == Outcome.RIGHT.value if outcome is not None else score >= 1.0

    def per_checkpoint(weights: FloatArray | None) -> FloatArray:
        if weights is None:
            return np.full(shape[0], np.nan)
        return np.bincount(checkpoint, weights=weights, minlength=shape[0]).astype(np.float64)

    finish = _strings(records, "finish_reason", rows)
    entropy = _numbers(records, "mean_entropy", rows)
    return Panel(
        domain=domain,
        checkpoints=names,
        item_ids=item_ids,
        clusters=_clusters(records, rows, item, len(item_ids)),
        mean=mean,
        judged=judged,
        right=count(right & judged_rows),
        asked=count(np.ones(len(rows), dtype=bool)),
        truncated=per_checkpoint(None if finish is None else (finish == "length").astype(np.float64)),
        malformed=per_checkpoint(None if outcome is None else (outcome == Outcome.MALFORMED.value).astype(np.float64)),
        tokens=per_checkpoint(_numbers(records, "completion_tokens", rows)),
        entropy=_mean_known(entropy, checkpoint, shape[0]),
    )


def _items(column: pd.Series, rows: IntArray) -> tuple[IntArray, tuple[str, ...]]:
    """Item number of each row, numbered by sorted id so that row order does not matter."""
    categories = column.iloc[rows].astype("category").cat
    present = categories.codes.to_numpy()
    used = np.unique(present)
    ids = [str(categories.categories[code]) for code in used]
    order = np.argsort(np.array(ids, dtype=object))
    number = np.empty(len(categories.categories), dtype=np.intp)
    number[used[order]] = np.arange(len(used))
    return number[present], tuple(ids[position] for position in order)


def _refuse_duplicates(
    domain: str,
    names: tuple[str, ...],
    item_ids: tuple[str, ...],
    cell: IntArray,
    sample: IntArray,
    shape: tuple[int, int],
) -> None:
    width = int(sample.max()) + 1 if len(sample) else 1
    counts = np.bincount(cell * width + sample.astype(np.intp), minlength=shape[0] * shape[1] * width)
    if counts.max(initial=0) <= 1:
        return
    first = int(np.argmax(counts > 1))
    place, number = divmod(first, width)
    raise AnalysisError(
        f'{int((counts > 1).sum())} records of domain "{domain}" are there more than once, the first of checkpoint '
        f'"{names[place // shape[1]]}", item "{item_ids[place % shape[1]]}", sample {number}.',
        fix="Remove the copies; an answer counted twice would narrow the interval.",
    )


def _scores(domain: str, records: pd.DataFrame, rows: IntArray) -> FloatArray:
    """Scores as floats, NaN where unscored; a row that was judged but has no score is refused."""
    try:
        score = records["score"].iloc[rows].to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise AnalysisError(f'domain "{domain}" has scores that are not numbers: {error}.') from error
    outcome = _strings(records, "outcome", rows)
    if outcome is not None and (lost := np.isnan(score) & (outcome != Outcome.UNSCORED.value)).any():
        raise AnalysisError(
            f'{int(lost.sum())} records of domain "{domain}" were judged but have no score (NaN), the first as '
            f'"{outcome[lost][0]}".',
            fix='Missing verdicts have the outcome "unscored"; repair or remove the others.',
        )
    bad = (score < 0) | (score > 1)
    if bad.any():
        raise AnalysisError(
            f'{int(bad.sum())} scores of domain "{domain}" lie outside [0, 1], the first is {score[bad][0]:g}.',
            fix="A score is accuracy credit; rewards may take other values, scores may not.",
        )
    return score


def _refuse_mixed(domain: str, records: pd.DataFrame, rows: IntArray, group: IntArray, column: str, words: str) -> None:
    """Refuse if `column` takes two values within a group: such rows are not comparable."""
    if column not in records.columns:
        return
    values = records[column].iloc[rows].astype("category").cat.codes.to_numpy().astype(np.intp)
    first = np.full(int(group.max()) + 1, -1, dtype=np.intp)
    first[group[::-1]] = values[::-1]
    differing = first[group] != values
    if differing.any():
        raise AnalysisError(
            f'domain "{domain}" {words}: {int(differing.sum())} of {len(rows)} records differ from the others in '
            f"{column}.",
            fix="One prompt template and one scorer must serve every checkpoint; evaluate the odd ones again.",
        )


def _strings(records: pd.DataFrame, column: str, rows: IntArray) -> NDArray[np.object_] | None:
    if column not in records.columns:
        return None
    categories = records[column].iloc[rows].astype("category").cat
    names = np.array([str(name) for name in categories.categories] + [""], dtype=object)
    return names[categories.codes.to_numpy()]


def _numbers(records: pd.DataFrame, column: str, rows: IntArray) -> FloatArray | None:
    if column not in records.columns:
        return None
    return records[column].iloc[rows].to_numpy(dtype=np.float64, na_value=np.nan)


def _mean_known(values: FloatArray | None, checkpoint: IntArray, n_checkpoints: int) -> FloatArray:
    if values is None:
        return np.full(n_checkpoints, np.nan)
    known = ~np.isnan(values)
    total = np.bincount(checkpoint[known], weights=values[known], minlength=n_checkpoints)
    number = np.bincount(checkpoint[known], minlength=n_checkpoints)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def _clusters(records: pd.DataFrame, rows: IntArray, item: IntArray, n_items: int) -> IntArray | None:
    if "cluster_id" not in records.columns:
        return None
    codes = records["cluster_id"].iloc[rows].astype("category").cat.codes.to_numpy().astype(np.intp)
    by_item = np.zeros(n_items, dtype=np.intp)
    by_item[item] = codes
    _, numbered = np.unique(by_item, return_inverse=True)
    return None if len(np.unique(numbered)) == n_items else numbered.astype(np.intp)
