"""Curricula of a grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, permutations

from xdomain.config.curriculum import Curriculum, sequence
from xdomain.config.experiment import Experiment
from xdomain.config.phases import Phase, Stepless, make_distill, make_merge, make_phase
from xdomain.core.errors import PlanError
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
    if grid.merged_pairs:
        found += [_merge_of_singles(pair) for pair in combinations(names, 2)]
    if grid.all_merged and len(names) > 1:
        found.append(_merge_of_singles(names))
    if grid.distilled_pairs:
        found += [_distillation_of_singles(pair) for pair in combinations(names, 2)]
    if grid.all_distilled and len(names) > 1:
        found.append(_distillation_of_singles(names))
    return tuple(dict.fromkeys([*found, *experiment.curricula, *(run.curriculum for run in experiment.adopted)]))


def _merge_of_singles(names: Sequence[str]) -> Curriculum:
    return Curriculum((make_merge({sequence([name]): 1.0 for name in names}),))


def _distillation_of_singles(names: Sequence[str]) -> Curriculum:
    return Curriculum((make_distill({name: sequence([name]) for name in names}),))


def phase_steps(curriculum: Curriculum, experiment: Experiment) -> tuple[int, ...]:
    """Return the optimizer steps of each phase under the experiment's budget rule.

    `total` splits the steps evenly in whole rollouts; the first phases get the remainder. Merges and rollbacks
    have no steps.

    Raises:
        PlanError: The budget `total` has fewer rollouts than the curriculum has phases.
    """
    training, trained = experiment.training, [each for each in curriculum.phases if not isinstance(each, Stepless)]
    if training.budget == "total":
        period, stepless = training.rollout_period, len(curriculum.phases) - len(trained)
        share, left = divmod(training.steps // period, max(1, len(trained)))
        if share < 1 and trained:
            raise PlanError(
                f'"{curriculum}" has more phases than rollouts in its budget of {training.steps} steps.',
                where="training.steps",
                fix="Raise the steps or choose another budget rule.",
            )
        return (0,) * stepless + tuple(period * (share + (index < left)) for index in range(len(trained)))
    return tuple(_own_steps(prefix, experiment) for prefix in curriculum.prefixes())


def _own_steps(prefix: Curriculum, experiment: Experiment) -> int:
    phase, training = prefix.phases[-1], settings_of(experiment, prefix).training
    if isinstance(phase, Stepless):
        return 0
    if phase.steps is not None:
        return phase.steps
    return training.steps * (len(phase.domains) if training.budget == "per_domain" else 1)


def checkpoint_steps(steps: int, every: int | None) -> tuple[int, ...]:
    """Return the steps of a phase whose checkpoints are kept, the end last."""
    inside = range(every, steps, every) if every is not None else ()
    return (*inside, steps)


def shown_prefix(prefix: Curriculum, steps: tuple[int, ...], whole: Curriculum, experiment: Experiment) -> Curriculum:
    """Return the name of the prefix in reports.

    Under the budget `total`, the prefix differs from the run of that name, so its name shows the steps.
    """
    if experiment.training.budget != "total" or prefix == whole:
        return prefix
    counted = zip(prefix.phases, steps, strict=False)
    return Curriculum(
        tuple(phase if isinstance(phase, Stepless) else replace(phase, steps=count) for phase, count in counted)
    )
