"""Contrasts: weighted sums of the accuracies of runs, measured item by item and seed by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from xdomain.analysis.blank import Blank, join
from xdomain.analysis.columns import FloatArray, IntArray
from xdomain.analysis.panel import Panel
from xdomain.analysis.runs import Run, RunBook, Seed
from xdomain.analysis.variance import Components, add_domains, cluster_sums, components
from xdomain.config.run_id import RunId


@dataclass(frozen=True)
class Aligned:
    """Runs on one domain, restricted to the seeds and items that all of them have.

    Attributes:
        seeds: Common training seeds; (None,) if nothing was trained, as for the base model.
        items: Columns of the panel that are used.
        rows: Panel rows of each run in the order of `seeds`, shape [S].
        clusters: Cluster numbers of the used items; None without clusters.
        caveat: Note on what was left out.
    """

    panel: Panel
    seeds: tuple[Seed, ...]
    items: IntArray
    rows: Mapping[RunId, IntArray]
    clusters: IntArray | None
    caveat: str = ""

    def scores(self, run: Run, source: FloatArray | None = None) -> FloatArray:
        """Return the values of a run, shape [S, n]: mean scores, or the same cells of `source` [checkpoints, items]."""
        values = self.panel.mean if source is None else source
        return values[np.ix_(self.rows[run.id], self.items)]

    def judged(self, run: Run) -> IntArray:
        """Return the number of judged samples, shape [S, n]."""
        return self.panel.judged[np.ix_(self.rows[run.id], self.items)]


@dataclass(frozen=True)
class Effect:
    """A measured contrast before pooling.

    Attributes:
        parts: Variance parts (scalars as 0-d arrays).
        units: Item (or cluster) sums whose signs the sign-flip test flips, for a difference of two runs with one seed;
            else None.
        domains: Evaluated domains, which decide what the contrast is pooled with.
        n_items: Total number of items over all domains.
        caveat: Note on what was left out.
    """

    parts: Components
    units: FloatArray | None
    domains: tuple[str, ...]
    n_items: int
    compares: tuple[str, ...]
    caveat: str = ""


def align(
    panel: Panel | None,
    domain: str,
    book: RunBook,
    runs: Sequence[Run],
    seeds: Sequence[Seed] | None = None,
    defined: FloatArray | None = None,
) -> Aligned | Blank:
    """Restrict the end checkpoints of `runs` to common seeds and items on one domain.

    Args:
        panel: Panel of the domain; None if nothing was evaluated on it.
        seeds: Seeds to use; by default all.
        defined: Values that must not be NaN, shape [checkpoints, items]; by default the mean scores.
    """
    labels = tuple(dict.fromkeys(run.label for run in runs))
    for run in runs:
        if not run.ends:
            return Blank(f'not measured: "{run.label}" has no evaluated end checkpoint', labels)
    if panel is None:
        return Blank(f'not measured: nothing was evaluated on "{domain}"', labels)
    wanted = tuple(seeds) if seeds is not None else book.seeds
    rows = {run.id: _rows(panel, run, wanted) for run in runs}
    common = tuple(seed for seed in wanted if all(seed in of_run for of_run in rows.values()))
    if not common:
        empty = next((run for run, of_run in rows.items() if not of_run), None)
        who = f'"{empty}" was not evaluated on "{domain}"' if empty else f'no seed has all sides on "{domain}"'
        return Blank(f"not measured: {who}", labels)
    caveat = f"{len(common)} of {len(book.measured_seeds)} seeds" if len(common) < len(book.measured_seeds) else ""
    chosen = common
    if all(run.id.is_base for run in runs):  # one checkpoint for all seeds
        chosen, common, caveat = common[:1], (None,), ""
    numbered = {run: np.array([of_run[seed] for seed in chosen], dtype=np.intp) for run, of_run in rows.items()}
    return _common_items(panel, labels, common, numbered, caveat, defined)


def _rows(panel: Panel, run: Run, seeds: Sequence[Seed]) -> dict[Seed, int]:
    rows = {seed: panel.row(run.ends[seed].checkpoint) for seed in seeds if seed in run.ends}
    return {seed: row for seed, row in rows.items() if row is not None}


def _common_items(
    panel: Panel,
    labels: tuple[str, ...],
    seeds: tuple[Seed, ...],
    rows: dict[RunId, IntArray],
    caveat: str,
    defined: FloatArray | None,
) -> Aligned | Blank:
    """Return the aligned runs without the items that lack a verdict on some side, with a caveat that counts these.

    Checkpoints that were asked different items are refused.
    """
    used = np.unique(np.concatenate(list(rows.values())))
    sets = panel.question_set[used]
    if (sets != sets[0]).any():
        asked = panel.asked[used] > 0
        shared, union = int(asked.all(axis=0).sum()), int(asked.any(axis=0).sum())
        return Blank(
            f'refused: the checkpoints were asked different items on "{panel.domain}"; {shared} of {union} are common',
            labels,
        )
    values = panel.mean if defined is None else defined
    items = np.flatnonzero(~np.isnan(values[used]).any(axis=0))
    dropped = int((panel.asked[used[0]] > 0).sum()) - len(items)
    if not len(items):
        return Blank(f'not measured: no item of "{panel.domain}" has a verdict on every side', labels)
    if dropped:
        caveat = join(caveat, f"{dropped} items left out because a side has no verdict on them")
    clusters = None
    if panel.clusters is not None:
        _, clusters = np.unique(panel.clusters[items], return_inverse=True)
    return Aligned(panel, seeds, items, rows, clusters, caveat)


def effect(parts: Sequence[tuple[Aligned, FloatArray]], compares: tuple[str, ...]) -> Effect:
    """Return the sum over domains of the means of `values` [S, n], each given with its aligned runs."""
    split = [components(values, aligned.clusters) for aligned, values in parts]
    return Effect(
        parts=split[0] if len(split) == 1 else add_domains(split),
        units=None,
        domains=tuple(aligned.panel.domain for aligned, _ in parts),
        n_items=sum(len(aligned.items) for aligned, _ in parts),
        compares=compares,
        caveat=join(*(aligned.caveat for aligned, _ in parts)),
    )


def difference(aligned: Aligned, left: Run, right: Run) -> Effect:
    """Return R[left] - R[right] on one domain, paired by item within seeds."""
    values = aligned.scores(left) - aligned.scores(right)
    found = effect([(aligned, values)], (left.label, right.label))
    return replace(found, units=cluster_sums(values[0], aligned.clusters)) if len(aligned.seeds) == 1 else found
