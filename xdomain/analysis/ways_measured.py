"""Estimates behind the table "Ways to combine", and the runs that are not beaten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from xdomain.analysis.best import beaten, margin
from xdomain.analysis.blank import Blank
from xdomain.analysis.columns import FloatArray
from xdomain.analysis.contrast import Aligned, Effect, effect
from xdomain.analysis.inference import Estimate, Measured, pool_effects, to_cell
from xdomain.analysis.maxima import Pairwise, extreme_cell, pairwise_over, smallest
from xdomain.analysis.possible import cut
from xdomain.analysis.proportion import accuracy_cell
from xdomain.analysis.result import Cell
from xdomain.analysis.runs import Run
from xdomain.analysis.study import Study
from xdomain.analysis.ways import Combined
from xdomain.analysis.worst import difference_of_minima

EXPERTS = ""
"""Key of the experts, each on its own domain. No run has this label."""
NO_EXPERT = Blank("not defined: a domain has no expert")
SHARE = (0.0, 1.0)
"""Limits of an accuracy."""


@dataclass(frozen=True)
class MeasuredWays:
    """Runs that combine one set of domains, all measured on each of them.

    Attributes:
        runs: Compared runs.
        aligned: The runs on each domain, on common items and seeds.
        levels: R[run, d], keyed by (label, d).
        means: Mean over the domains of R[run, d], keyed by label, and of R[(d), d] with the key `EXPERTS`.
        over_experts: R[run, d] - R[(d), d], keyed by (label, d), for domains with an expert.
        mean_over_experts: Mean of these over the domains, keyed by label; empty unless every domain has an expert.
        table: All differences of mean accuracies.
    """

    combined: Combined
    runs: tuple[Run, ...]
    aligned: Sequence[Aligned]
    levels: Mapping[tuple[str, str], Measured]
    means: Mapping[str, Measured]
    over_experts: Mapping[tuple[str, str], Measured]
    mean_over_experts: Mapping[str, Measured]
    table: Pairwise

    @property
    def labels(self) -> list[str]:
        """Labels of the compared runs."""
        return [run.label for run in self.runs]

    @property
    def leading(self) -> Run:
        """Run with the highest mean accuracy."""
        return self.runs[int(np.argmax(self.table.means))]

    @property
    def margin(self) -> Cell:
        """Mean accuracy of the leading run minus that of the best other run, simultaneous over all pairs."""
        return cut(margin(self.table, self.labels, self.aligned))

    @property
    def not_beaten(self) -> tuple[str, ...]:
        """Labels of the runs that are not beaten in mean accuracy."""
        return _kept(self.labels, beaten(self.table))

    def mean(self, run: Run) -> float:
        """Return the mean accuracy of a run on the common items and seeds."""
        return float(self.table.means[self.runs.index(run)])

    def not_beaten_on_worst(self) -> tuple[str, ...]:
        """Return the labels of the runs that are not beaten in their smallest accuracy over the domains.

        A run is beaten if another run is better by a one-sided test of the difference of minima at 0.05/(k-1).
        """
        level, lost = 0.05 / (len(self.runs) - 1), [False] * len(self.runs)
        differences = pool_effects(
            {
                (i, j, d, e): self._difference(i, j, d, e)
                for i, j in combinations(range(len(self.runs)), 2)
                for d in range(len(self.aligned))
                for e in range(len(self.aligned))
            }
        )
        for i, j in combinations(range(len(self.runs)), 2):
            size = range(len(self.aligned))
            parts = [[_estimate(differences[i, j, d, e]) for e in size] for d in size]
            found = difference_of_minima(parts)
            if found.p is not None and found.p / 2 <= level and found.value != 0:
                lost[j if found.value > 0 else i] = True
        return _kept(self.labels, lost)

    def _difference(self, i: int, j: int, d: int, e: int) -> Effect:
        """Return R[run i, domain d] - R[run j, domain e]."""
        left, right = self.aligned[d].scores(self.runs[i]), self.aligned[e].scores(self.runs[j])
        parts = [(self.aligned[d], left - right)] if d == e else [(self.aligned[d], left), (self.aligned[e], -right)]
        return effect(parts, (self.runs[i].label, self.runs[j].label))


def measured_ways(study: Study, combined: Combined) -> MeasuredWays | None:
    """Measure the runs of one set of domains; None if fewer than two have common items and seeds on all domains."""
    domains, experts = combined.domains, combined.experts
    runs = tuple(
        run for run in combined.candidates if not any(isinstance(study.align(name, [run]), Blank) for name in domains)
    )
    aligned = study.align_domains([(name, runs) for name in domains]) if len(runs) > 1 else Blank("one run")
    if isinstance(aligned, Blank) or min(len(part.items) for part in aligned) < 2:
        return None
    shown = (*runs, *experts.values())
    levels = {(run.label, name): study.level(run, name) for run in shown for name in domains}
    means = pool_effects(
        {run.label: _mean_accuracy(study, dict.fromkeys(domains, run)) for run in runs}
        | {EXPERTS: _mean_accuracy(study, experts) if len(experts) == len(domains) else NO_EXPERT}
    )
    over = {(run.label, name): study.difference(run, expert, name) for run in runs for name, expert in experts.items()}
    mean_over = {
        run.label: study.mean_difference(
            [(name, run, expert) for name, expert in experts.items()],
            (run.label, *(expert.label for expert in experts.values())),
        )
        for run in runs
        if len(experts) == len(domains)
    }
    scores = [(np.stack([part.scores(run) for run in runs]) / len(domains), part.clusters) for part in aligned]
    return MeasuredWays(
        combined,
        runs,
        aligned,
        pool_effects(levels),
        means,
        pool_effects(over),
        pool_effects(mean_over),
        pairwise_over(scores),
    )


def _mean_accuracy(study: Study, runs: Mapping[str, Run]) -> Effect | Blank:
    """Return the mean over domains of the accuracy of one run each, keyed by domain."""

    def values(aligned: Aligned, part: int) -> FloatArray:
        return aligned.scores(list(runs.values())[part]) / len(runs)

    labels = tuple(dict.fromkeys(run.label for run in runs.values()))
    return study.over_domains([(name, [run]) for name, run in runs.items()], values, labels)


def level_cell(measured: Measured, chosen_of: int = 1) -> Cell:
    """Return the cell of an accuracy; its interval holds for `chosen_of` runs together."""
    if chosen_of == 1:
        return accuracy_cell(measured)
    return cut(_widened(to_cell(measured, tested=False), measured, chosen_of), SHARE)


def difference_cell(measured: Measured, chosen_of: int = 1) -> Cell:
    """Return the cell of a difference; interval and p hold for `chosen_of` runs together (Bonferroni)."""
    cell = to_cell(measured)
    if chosen_of == 1:
        return cut(cell)
    p = None if cell.p is None else min(1.0, chosen_of * cell.p)
    return cut(_widened(cell, measured, chosen_of).model_copy(update={"p": p}))


def worst_cell(levels: Mapping[str, Measured], compares: tuple[str, ...], chosen_of: int = 1) -> Cell:
    """Return the smallest of several accuracies, with its interval corrected for the minimum.

    Args:
        levels: Accuracy, keyed by domain.
        compares: Labels of the runs.
        chosen_of: Number of runs that the interval holds for together.
    """
    parts: dict[str, Estimate] = {}
    for name, found in levels.items():
        if isinstance(found, Blank):
            return Cell(note=found.note, compares=compares)
        parts[name] = found
    worst = min(parts, key=lambda name: parts[name].value)
    if not all(part.has_interval for part in parts.values()):
        note = f'"{worst}"; no interval: a domain has no spread'
        return Cell(estimate=parts[worst].value, compares=compares, note=note)
    known = list(parts.values())
    extreme = smallest(known, 0.025 / chosen_of)
    cell = extreme_cell(extreme, known, compares, sum(part.n_items for part in known), f'"{worst}"')
    return cut(cell.model_copy(update={"p": None, "smallest_detectable": None}), SHARE)


def _widened(cell: Cell, measured: Measured, chosen_of: int) -> Cell:
    """Return the cell with limits that hold for several runs together, and without fields that assume one run."""
    if isinstance(measured, Blank) or not measured.has_interval:
        return cell
    low, high = measured.limits(0.025 / chosen_of, 0.025 / chosen_of)
    single = dict.fromkeys(("standard_error", "degrees", "smallest_detectable"))
    return cell.model_copy(update={"low": low, "high": high, **single})


def _estimate(measured: Measured) -> Estimate:
    assert isinstance(measured, Estimate)
    return measured


def _kept(labels: Sequence[str], lost: Sequence[bool]) -> tuple[str, ...]:
    return tuple(label for label, gone in zip(labels, lost, strict=True) if not gone)
