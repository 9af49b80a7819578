"""Find the runs that are not beaten on a domain by multiple comparisons with the best, not by the largest mean.

A run is beaten if another run is better by a one-sided t test at 0.05/(k-1). The truly best of k runs is beaten by
mistake with a chance of at most 5%, whatever the dependence.

Source: Hsu 1984 (multiple comparisons with the best), with Bonferroni instead of Dunnett's quantile; 2602.01365 asks
for the best strategy per domain.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from scipy import stats

from xdomain.analysis.blank import Blank, join
from xdomain.analysis.contrast import Aligned
from xdomain.analysis.maxima import Pairwise, pairwise, studentized_quantile
from xdomain.analysis.possible import cut
from xdomain.analysis.result import BestSet, Cell
from xdomain.analysis.runs import Run
from xdomain.analysis.strategies import contests
from xdomain.analysis.study import Study

LARGEST_TUKEY = 100
"""Number of runs above which the studentised range is replaced by Bonferroni over all pairs."""


def best_sets(study: Study) -> tuple[BestSet, ...]:
    """Return the runs not beaten on each domain, for each set of compared runs.

    The sets are the strategies of each mixture, all runs, and the runs of each set of trained domains (orders,
    mixtures). The same runs are compared once.
    """
    found: list[BestSet] = []
    seen: set[tuple[frozenset[str], str]] = set()
    for group, runs, domains in _groups(study):
        for domain in domains:
            place = (frozenset(run.label for run in runs), domain)
            measured = None if place in seen else _best(study, group, runs, domain)
            seen.add(place)
            if measured is not None:
                found.append(measured)
    return tuple(found)


def _groups(study: Study) -> list[tuple[str, list[Run], Sequence[str]]]:
    same: dict[tuple[str, ...], list[Run]] = defaultdict(list)
    for run in study.book.trained:
        same[tuple(sorted(run.id.domains))].append(run)
    groups: list[tuple[str, list[Run], Sequence[str]]] = [
        (f"strategies for {contest.curriculum}", list(contest.runs), study.domains) for contest in contests(study.book)
    ]
    groups.append(("every curriculum", list(study.book.trained), study.domains))
    for names, runs in same.items():
        if len(names) > 1 and len(runs) > 1:
            domains = [domain for domain in study.domains if domain in names]
            groups.append((f"curricula of {', '.join(names)}", runs, domains))
    return groups


def _best(study: Study, group: str, runs: Sequence[Run], domain: str) -> BestSet | None:
    usable = [run for run in runs if not isinstance(study.align(domain, [run]), Blank)]
    if len(usable) < 2:
        return None
    aligned = study.align(domain, usable)
    if isinstance(aligned, Blank) or len(aligned.items) < 2:
        return None
    labels = [run.label for run in usable]
    table = pairwise(np.stack([aligned.scores(run) for run in usable]), aligned.clusters)
    leading = int(np.argmax(table.means))
    lost_to_some = beaten(table)
    return BestSet(
        domain=domain,
        group=group,
        candidates=tuple(labels),
        not_beaten=tuple(label for label, lost in zip(labels, lost_to_some, strict=True) if not lost),
        leading=labels[leading],
        margin=study.spoken(cut(margin(table, labels, [aligned]))),
    )


def beaten(table: Pairwise) -> list[bool]:
    """Return for each run whether another run is better beyond noise."""
    k = len(table.means)
    lead = table.means[:, None] - table.means[None, :]
    critical = np.asarray(stats.t.isf(0.05 / (k - 1), table.degrees), dtype=np.float64)
    np.fill_diagonal(critical, 0.0)
    errors = np.nan_to_num(table.errors)
    # Row j beats column i if its lead is beyond noise; runs without any difference cannot beat each other.
    beats = (lead > critical * errors) & (errors > 0)
    return [bool(beats[:, run].any()) for run in range(k)]


def margin(table: Pairwise, labels: Sequence[str], aligned: Sequence[Aligned]) -> Cell:
    """Return the leading run minus the best of the others.

    The interval is simultaneous over all pairs, so it needs no correction for the choice of the leader.

    Args:
        labels: Label of each run of `table`.
        aligned: The runs on each domain that `table` sums over.
    """
    k, leading = len(labels), int(np.argmax(table.means))
    others = [position for position in range(k) if position != leading]
    errors, degrees = table.errors[leading, others], table.degrees[leading, others]
    gaps = table.means[leading] - table.means[others]
    freedom = float(degrees.min())
    if k <= LARGEST_TUKEY:
        critical = studentized_quantile(k, round(min(freedom, 1_000.0), 1)) / math.sqrt(2)
    else:
        critical = float(stats.t.isf(0.025 / (k * (k - 1) / 2), freedom))
    has_noise = bool((errors > 0).all())
    return Cell(
        estimate=float(gaps.min()),
        low=float((gaps - critical * errors).min()) if has_noise else None,
        high=float((gaps + critical * errors).min()) if has_noise else None,
        n_items=sum(len(part.items) for part in aligned),
        n_seeds=len(aligned[0].seeds),
        speaks_of="the recipe" if len(aligned[0].seeds) > 1 else "these checkpoints",
        compares=(labels[leading], labels[others[int(np.argmin(gaps))]]),
        note="simultaneous over all pairs",
        caveat=join(*(part.caveat for part in aligned)),
    )
