"""Take checkpoints that were trained elsewhere into a store."""

from __future__ import annotations

from xdomain.api.running import RunObserver, run_graph
from xdomain.core.errors import PlanError
from xdomain.plan.graph import Graph, Plan
from xdomain.plan.stage import StageSpec, TrainStage
from xdomain.schedule.events import RunOutcome
from xdomain.store.experiments import note_experiment
from xdomain.store.store import Store


def adopt(plan: Plan, store: Store, observer: RunObserver, jobs: int | None = None) -> RunOutcome:
    """Prepare the base model and take in every declared checkpoint that is not in the store yet.

    Args:
        plan: Plan of the experiment.
        store: The store.
        observer: Observer of the session.
        jobs: Number of checkpoints at the same time.

    Raises:
        PlanError: Nothing is declared, or a parent is neither declared nor in the store.
        StageError: A checkpoint does not belong to the experiment's model.
    """
    adopted = [stage for stage in plan.train_stages if stage.adopted]
    if not adopted:
        raise PlanError(
            "the experiment declares no checkpoints.",
            where="adopted",
            fix="List them: adopted: [{curriculum: math, seed: 0, checkpoints: [{step: 100, path: FOLDER}]}].",
        )
    stages: dict[str, StageSpec] = {plan.base.key: plan.base, **{stage.key: stage for stage in adopted}}
    inputs = {key: plan.ref(key) for stage in adopted for key in stage.needs if key not in stages}
    done = store.done(inputs.values())
    for stage in adopted:
        for key in stage.needs:
            if key in inputs and key not in done:
                raise missing_parent(stage, plan.ref(key).title)
    store.create()
    note_experiment(store, plan)
    return run_graph(Graph(plan.setup, stages, inputs=inputs), store, jobs, observer)


def missing_parent(stage: TrainStage, parent: str) -> PlanError:
    """Return the error for a declared checkpoint whose parent is unknown."""
    return PlanError(
        f'"{stage.title}" continues "{parent}", which is neither declared nor in the store.',
        where="adopted",
        fix=f'Declare the checkpoint of "{parent}" too, or train it first (xdomain grid run).',
    )
