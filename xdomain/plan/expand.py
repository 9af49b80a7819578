"""Curricula of a grid."""

from __future__ import annotations

from itertools import combinations, permutations

from xdomain.config.curriculum import Curriculum
from xdomain.config.experiment import Experiment
from xdomain.config.phases import Phase, make_phase
from xdomain.plan.recipe import settings_of


def expand_curricula(experiment: Experiment) -> tuple[Curriculum, ...]:
    """Return the curricula of the grid's families in a fixed order, explicit expressions, then those of declared
    checkpoints. No duplicates."""
    names, grid = experiment.domain_names, experiment.grid

    def single(name: str) -> Phase:
        return make_phase({name: 1})

    found: list[Curriculum] = []
    if grid.singles:
        found += [Curriculum((single(name),)) for name in names]
    if grid.controls:
        found += [Curriculum((single(name), single(name))) for name in names]
    if grid.ordered_pairs:
        found += [Curriculum((single(a), single(b))) for a, b in permutations(names, 2)]
    if grid.mixed_pairs:
        found += [Curriculum((make_phase({a: 1, b: 1}),)) for a, b in combinations(names, 2)]
    if grid.ordered_triples:
        found += [Curriculum(tuple(single(name) for name in triple)) for triple in permutations(names, 3)]
    if grid.refresh is not None:
        back = {name: make_phase({name: 1}, grid.refresh) for name in names}
        found += [Curriculum((single(a), single(b), back[a])) for a, b in permutations(names, 2)]
    if grid.all_mixed and len(names) > 1:
        found.append(Curriculum((make_phase(dict.fromkeys(names, 1)),)))
    return tuple(dict.fromkeys([*found, *experiment.curricula, *(run.curriculum for run in experiment.adopted)]))


def phase_steps(curriculum: Curriculum, experiment: Experiment) -> tuple[int, ...]:
    """Return the optimizer steps of each phase under the experiment's budget rule.

    `total` splits the steps evenly in whole rollouts; the first phases get the remainder.
    """
    training = experiment.training
    if training.budget == "total":
        period, phases = training.rollout_period, len(curriculum.phases)
        share, left = divmod(training.steps // period, phases)
        return tuple(period * (share + (index < left)) for index in range(phases))
    return tuple(_own_steps(prefix, experiment) for prefix in curriculum.prefixes())


def _own_steps(prefix: Curriculum, experiment: Experiment) -> int:
    phase, training = prefix.phases[-1], settings_of(experiment, prefix).training
    if phase.steps is not None:
        return phase.steps
    return training.steps * (len(phase.domains) if training.budget == "per_domain" else 1)
