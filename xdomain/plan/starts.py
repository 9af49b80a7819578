"""The checkpoint that the first training phase of a curriculum starts from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdomain.config.curriculum import Curriculum
from xdomain.config.experiment import Experiment
from xdomain.config.phases import Merge, Rollback
from xdomain.config.run_id import BASE_RUN
from xdomain.plan.dev_choice import dev_evaluations
from xdomain.plan.identity import Identities
from xdomain.plan.merges import Start, merge_stage, most_prompts_drawn, strategies_below
from xdomain.plan.rollbacks import rollback_stage
from xdomain.plan.stage import BaseStage, MergeStage, PhaseStage, RollbackStage


def first_stage(
    curriculum: Curriculum,
    inner: Mapping[Curriculum, Sequence[PhaseStage]],
    base: BaseStage,
    experiment: Experiment,
    identities: Identities,
    seed: int,
) -> MergeStage | RollbackStage | None:
    """Return the stage of the merge or rollback that a curriculum begins with; None if it begins with training.

    Args:
        curriculum: The curriculum.
        inner: Stages of each curriculum inside it, the end last.
        base: The base model.
        experiment: The experiment.
        identities: Identities of the domains.
        seed: Training seed.
    """
    match curriculum.phases[0]:
        case Merge() as merge:
            ends = [inner[each][-1] for each in merge.inner]
            chosen_on = merge.domains if merge.auto_scale else ()
            dev = dev_evaluations(base.end, base.title, chosen_on, experiment, identities)
            return merge_stage(merge, ends, base, seed, dev)
        case Rollback() as rollback:
            return rollback_stage(rollback, inner[rollback.curriculum], base, experiment, identities, seed)
    return None


def start_of(
    first: MergeStage | RollbackStage | None,
    inner: Mapping[Curriculum, Sequence[PhaseStage]],
    base: BaseStage,
    experiment: Experiment,
) -> Start:
    """Return the start of the first training phase, given the result of `first_stage`."""
    if first is None:
        return Start(base.end, BASE_RUN)
    chains = [inner[each] for each in first.curriculum.inner]
    below = [stage for chain in chains for stage in chain]
    acted = strategies_below(chain[-1] for chain in chains)
    return Start(first.end, first.run, most_prompts_drawn(below, experiment), acted)
