"""Input of every matrix: runs and panels, with short methods to compare them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from xdomain.analysis.blank import Blank, join
from xdomain.analysis.columns import FloatArray
from xdomain.analysis.contrast import Aligned, Effect, align, difference, effect
from xdomain.analysis.maxima import pairwise, spread
from xdomain.analysis.panel import Panel, build_panels
from xdomain.analysis.possible import cut
from xdomain.analysis.result import Cell, Matrix, SpeaksOf
from xdomain.analysis.runs import Run, RunBook, Seed, build_runs
from xdomain.config.run_id import BASE
from xdomain.plan.measurement import MeasuredGrid

Term = tuple[str, Run, Run]
"""Evaluated domain and the two runs whose accuracies on it are subtracted."""


@dataclass(frozen=True)
class Study:
    """A measured grid in dense form.

    Attributes:
        domains: Evaluated domains, in file order.
        margin: Differences of accuracy smaller than this are negligible; None if the experiment states no margin.
    """

    book: RunBook
    panels: Mapping[str, Panel]
    domains: tuple[str, ...]
    margin: float | None = field(default=None, kw_only=True)

    def align(
        self,
        domain: str,
        runs: Sequence[Run],
        seeds: Sequence[Seed] | None = None,
        defined: FloatArray | None = None,
    ) -> Aligned | Blank:
        return align(self.panels.get(domain), domain, self.book, runs, seeds, defined)

    @property
    def shown_runs(self) -> tuple[Run, ...]:
        """Return the rows of the accuracy matrix."""
        return self.book.planned

    def level(
        self, run: Run, domain: str, source: FloatArray | None = None, seeds: Sequence[Seed] | None = None
    ) -> Effect | Blank:
        """Return R[run, domain], or the mean of other values per checkpoint and item, over all seeds or over some."""
        aligned = self.align(domain, [run], seeds, source)
        if isinstance(aligned, Blank):
            return aligned
        return effect([(aligned, aligned.scores(run, source))], (run.label,))

    def levels(self, sources: Mapping[str, FloatArray] | None = None) -> dict[tuple[str, str], Effect | Blank]:
        """Return the level of the base model and of every planned run on every domain, keyed by (run, domain).

        Args:
            sources: Values that replace item scores, keyed by domain, shape [checkpoints, items].
        """
        return {
            (run.label, domain): self.level(run, domain, (sources or {}).get(domain))
            for run in self.book.planned
            for domain in self.domains
        }

    def difference(self, left: Run, right: Run, domain: str) -> Effect | Blank:
        """Return R[left, domain] - R[right, domain]."""
        aligned = self.align(domain, [left, right])
        if isinstance(aligned, Blank):
            return aligned
        return difference(aligned, left, right)

    def over_domains(
        self,
        parts: Sequence[tuple[str, Sequence[Run]]],
        values: Callable[[Aligned, int], FloatArray],
        compares: tuple[str, ...],
    ) -> Effect | Blank:
        """Return a sum over domains under the same seeds.

        Args:
            parts: Pairs of an evaluated domain and the runs that are compared on it.
            values: Function that returns the contribution of part k, shape [S, n], from its aligned runs.
        """
        aligned = self.align_domains(parts)
        if isinstance(aligned, Blank):
            return Blank(aligned.note, compares)
        return effect([(part, values(part, position)) for position, part in enumerate(aligned)], compares)

    def align_domains(self, parts: Sequence[tuple[str, Sequence[Run]]]) -> list[Aligned] | Blank:
        """Align runs on several domains to the seeds that all parts have.

        Args:
            parts: Pairs of an evaluated domain and the runs that are compared on it.
        """
        seeds: tuple[Seed, ...] | None = None
        for _ in range(2):  # the first pass finds the common seeds, the second aligns to them
            aligned: list[Aligned] = []
            for domain, runs in parts:
                found = self.align(domain, runs, seeds)
                if isinstance(found, Blank):
                    return found
                aligned.append(found)
            if all(part.seeds == aligned[0].seeds for part in aligned):
                break
            seeds = tuple(seed for seed in aligned[0].seeds if all(seed in part.seeds for part in aligned))
            if not seeds:
                return Blank("not measured: no seed has every domain")
        return aligned

    @property
    def templates(self) -> dict[str, str]:
        """Template of each run, if runs were asked with different prompts; else {}."""
        if all(panel.one_prompt for panel in self.panels.values()):
            return {}
        return {
            run.label: checkpoint.template or "not recorded" for run in self.book for checkpoint in run.ends.values()
        }

    def mean_accuracy(self, run: Run) -> Effect | Blank:
        """Return the mean over all domains of R[run, d]."""

        def values(aligned: Aligned, part: int) -> FloatArray:
            return aligned.scores(run) / len(self.domains)

        return self.over_domains([(domain, [run]) for domain in self.domains], values, (run.label,))

    def mean_difference(self, terms: Sequence[Term], compares: tuple[str, ...]) -> Effect | Blank:
        """Return the mean of R[left, d] - R[right, d] over (d, left, right).

        Terms on one domain are added item by item.
        """
        by_domain: dict[str, list[tuple[Run, Run]]] = {}
        for domain, left, right in terms:
            by_domain.setdefault(domain, []).append((left, right))
        domains = list(by_domain)

        def values(aligned: Aligned, part: int) -> FloatArray:
            rows = [aligned.scores(left) - aligned.scores(right) for left, right in by_domain[domains[part]]]
            total: FloatArray = np.sum(rows, axis=0) / len(terms)
            return total

        return self.over_domains(
            [(d, [run for pair in by_domain[d] for run in pair]) for d in domains], values, compares
        )

    @property
    def speaks_of(self) -> SpeaksOf:
        """Inference scope of intervals if nothing is missing."""
        return "the recipe" if len(self.book.measured_seeds) > 1 else "these checkpoints"

    def range_over(self, runs: Sequence[Run], domain: str) -> Cell:
        """Return the largest minus the smallest accuracy of runs on one domain, on common items and seeds."""
        labels = tuple(run.label for run in runs)
        aligned = self.align(domain, runs)
        if isinstance(aligned, Blank):
            return Cell(note=aligned.note, compares=labels)
        n_items, n_seeds = len(aligned.items), len(aligned.seeds)
        found = None
        if n_items > 1:
            found = spread(pairwise(np.stack([aligned.scores(run) for run in runs]), aligned.clusters))
        if found is None:
            return Cell(
                n_items=n_items, n_seeds=n_seeds, compares=labels, note="not defined: two orders do not differ at all"
            )
        return Cell(
            estimate=found.value,
            low=found.low,
            high=found.high,
            n_items=n_items,
            n_seeds=n_seeds,
            p=found.p,
            speaks_of="the recipe" if n_seeds > 1 else "these checkpoints",
            smallest_detectable=found.detectable,
            compares=labels,
            note=f"{len(runs)} orders",
            caveat=aligned.caveat,
        )

    def matrix(self, cells: Mapping[tuple[str, str], Cell], columns: Iterable[str], template: Matrix) -> Matrix:
        """Fill a template (a matrix without rows) with cells, whose intervals are cut at possible values."""
        names, speaks_of = tuple(columns), template.speaks_of or self.speaks_of
        possible = {column: template.possible(column) for column in names}
        spoken = {key: self.spoken(cut(cell, possible.get(key[1])), speaks_of) for key, cell in cells.items()}
        rows, nested = table(spoken, names)
        filled = {"rows": rows, "columns": names, "cells": nested, "speaks_of": speaks_of}
        return template.model_copy(update=filled | {"margin": self.margin if template.has_margin else None})

    def spoken(self, cell: Cell, speaks_of: SpeaksOf | None = None) -> Cell:
        """Return a cell for a matrix with the inference scope `speaks_of` (by default the study's).

        A cell with a narrower scope keeps its interval and gets a caveat, but no p, since one seed does not test a
        recipe.
        """
        expected = speaks_of or self.speaks_of
        if cell.speaks_of in (None, expected):
            return cell
        if set(cell.compares) == {BASE}:  # a re-run of training would change nothing
            return cell.model_copy(update={"speaks_of": None})
        caveat = join(cell.caveat, f"covers only {cell.speaks_of}, so it is not tested as {expected}")
        return cell.model_copy(update={"p": None, "smallest_detectable": None, "caveat": caveat})

    @property
    def base(self) -> Run:
        return self.book.base

    @property
    def singles(self) -> dict[str, Run]:
        """The run (d) of each trained domain, the one without "@steps" first."""
        return self.book.singles(self.domains)


def build_study(grid: MeasuredGrid) -> Study:
    """Return the study of a measured grid.

    Raises:
        AnalysisError: See `build_panels` and `build_runs`.
    """
    return Study(build_runs(grid), build_panels(grid), tuple(grid.domains), margin=grid.margin)


def templates_statement(templates: Mapping[str, str]) -> str:
    """Return a warning about models that were asked with different prompts."""
    ways = "; ".join(f"{name}: {template}" for name, template in templates.items())
    return (
        f"The models were asked through different templates ({ways}): a difference between them includes that of their "
        "prompts too."
    )


def table(
    cells: Mapping[tuple[str, str], Cell], columns: Iterable[str]
) -> tuple[tuple[str, ...], dict[str, dict[str, Cell]]]:
    """Return rows (in order of appearance) and nested cells, with each row's columns in the given order."""
    rows = tuple(dict.fromkeys(row for row, _ in cells))
    names = list(columns)
    nested = {row: {name: cells[row, name] for name in names if (row, name) in cells} for row in rows}
    return rows, nested
