"""Sets of domains that a grid combines in several ways, and the runs of each way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xdomain.analysis.runs import Run
from xdomain.analysis.study import Study


@dataclass(frozen=True)
class Combined:
    """The runs that combine one set of domains.

    Attributes:
        domains: The domains, in file order.
        orders: Sequences with one phase per domain.
        mixtures, merges, distillations: Runs of the other ways, in plan order.
        experts: Single of each domain that has one, keyed by domain.
    """

    domains: tuple[str, ...]
    orders: tuple[Run, ...]
    mixtures: tuple[Run, ...]
    merges: tuple[Run, ...]
    distillations: tuple[Run, ...]
    experts: dict[str, Run]

    @property
    def candidates(self) -> tuple[Run, ...]:
        """All runs without the experts."""
        return (*self.orders, *self.mixtures, *self.merges, *self.distillations)


def combined_domains(study: Study) -> Iterator[Combined]:
    """Yield each set of domains that is combined in at least two ways, the largest first.

    A set is left out if a domain of it is not evaluated.
    """
    sets: dict[frozenset[str], list[Run]] = {}
    for run in study.book.trained:
        names = frozenset(run.id.curriculum.named_domains if run.id.curriculum else ())
        if len(names) > 1 and names <= set(study.domains) and run.ends:
            sets.setdefault(names, []).append(run)
    for names, runs in sorted(sets.items(), key=lambda found: -len(found[0])):
        found = _sorted(study, tuple(name for name in study.domains if name in names), runs)
        if sum(bool(way) for way in (found.orders, found.mixtures, found.merges, found.distillations)) > 1:
            yield found


def _sorted(study: Study, domains: tuple[str, ...], runs: list[Run]) -> Combined:
    curricula = [(run, run.id.curriculum) for run in runs if run.id.curriculum is not None]
    return Combined(
        domains,
        orders=tuple(run for run in runs if run.id.is_sequence and len(run.id.order) == len(domains)),
        mixtures=tuple(run for run in runs if run.id.is_mixture),
        merges=tuple(run for run, curriculum in curricula if curriculum.is_merge),
        distillations=tuple(run for run, curriculum in curricula if curriculum.is_distillation),
        experts={name: run for name, run in study.singles.items() if name in domains and run.ends},
    )
