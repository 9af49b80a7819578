"""The stages that predictors read: single runs, sums of two of them, and evaluations of those on dev items.

None of them is an evaluation of the report, because dev items are not its items.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from xdomain.config.curriculum import sequence
from xdomain.config.phases import make_merge
from xdomain.config.run_id import BASE, JOINT, RunId
from xdomain.core.errors import PlanError
from xdomain.plan.evaluations import EvaluationPlan
from xdomain.plan.graph import Graph, Plan
from xdomain.plan.identity import Identities
from xdomain.plan.merges import merge_stage
from xdomain.plan.predictions import Predictor, Target, predictable_cells
from xdomain.plan.recipe import evaluations_of
from xdomain.plan.stage import EvaluateStage, MergeStage, PhaseStage, StageSpec

DEV = "dev"


@dataclass(frozen=True)
class PredictionInputs:
    """What the predictors of a plan read.

    Attributes:
        graph: Stages to run before predictions are made.
        singles: End of the single run of each domain, one per seed.
        base: Evaluation of the base model on each domain.
        own: Evaluation of the single run of a domain on that domain, keyed by domain and seed.
        merged: Evaluation of the sum of two single runs, keyed by an ordered pair of domains and the seed. The first
            domain of the pair is the evaluated one.
    """

    graph: Graph
    singles: Mapping[str, tuple[PhaseStage, ...]]
    base: Mapping[str, EvaluateStage]
    own: Mapping[tuple[str, int], EvaluateStage]
    merged: Mapping[tuple[str, str, int], EvaluateStage]


def prediction_inputs(plan: Plan, identities: Identities) -> PredictionInputs | None:
    """Return what the predictors of a plan read; None if the experiment has no predictors.

    Raises:
        PlanError: The plan has nothing that could be predicted, or the report is measured on dev items.
    """
    predictors, cells = set(plan.experiment.analysis.predictors), predictable_cells(plan)
    if not predictors:
        return None
    if not cells:
        raise PlanError(
            "nothing can be predicted: the plan has no single run and no sequence of two different domains.",
            where="analysis.predictors",
            fix="Add `grid: {singles: true, ordered_pairs: true}`, or remove the field.",
        )
    settings = evaluations_of(plan.experiment)
    if any(each.split == DEV for each in settings.values()):
        raise PlanError(
            "predictors read dev items, and the report is measured on dev items too.",
            where="analysis.predictors",
            fix="Set evaluation.split: test, or remove the field.",
        )
    on_dev = {domain: each.model_copy(update={"split": DEV}) for domain, each in settings.items()}
    evaluations = EvaluationPlan(plan.experiment.evaluation_setup, identities, on_dev)
    names = [name for name in plan.experiment.domain_names if any(name in cell.pair for cell in cells)]
    singles = {name: tuple(_ends(plan, name)) for name in names}
    base = {name: evaluations.stage(plan.base.end, BASE, name, f"{BASE} on {name}, dev items") for name in names}
    own, merged, merges = {}, {}, []
    if Predictor.ADDITIVE_MERGE in predictors and any(cell.target is Target.RETENTION for cell in cells):
        own = {(name, end.seed): _evaluation(evaluations, end, name) for name in names for end in singles[name]}
        merges = list(_sums(plan, singles))
        merged = {
            (first, second, merge.seed): _evaluation(evaluations, merge, first)
            for merge in merges
            for first, second in (merge.curriculum.domains, merge.curriculum.domains[::-1])
        }
    added: list[StageSpec] = [*merges, *base.values(), *own.values(), *merged.values()]
    return PredictionInputs(_graph(plan, singles, added), singles, base, own, merged)


def _ends(plan: Plan, name: str) -> Iterator[PhaseStage]:
    run = RunId(sequence([name]), JOINT)
    yield from (stage for stage in plan.phase_stages if stage.run == run)


def _sums(plan: Plan, singles: Mapping[str, tuple[PhaseStage, ...]]) -> Iterator[MergeStage]:
    """Yield the sum of each pair of single runs with the same seed."""
    for one, other in combinations(singles, 2):
        merge = make_merge({sequence([name]): 1.0 for name in (one, other)})
        ends = {(stage.run.curriculum, stage.seed): stage for name in (one, other) for stage in singles[name]}
        for seed in plan.experiment.seeds:
            parts = [ends.get((each, seed)) for each in merge.inner]
            if all(parts):
                yield merge_stage(merge, [part for part in parts if part is not None], plan.base, seed)


def _evaluation(evaluations: EvaluationPlan, end: PhaseStage, domain: str) -> EvaluateStage:
    title = f"{end.title} step {end.end.step}"
    return evaluations.stage(end.end, title, domain, f"{title} on {domain}, dev items")


def _graph(plan: Plan, singles: Mapping[str, tuple[PhaseStage, ...]], added: list[StageSpec]) -> Graph:
    """Return the added stages and everything that they and the single runs need."""
    needed: set[str] = set()
    waiting = [plan.base.key, *(stage.key for ends in singles.values() for stage in ends)]
    while waiting:
        key = waiting.pop()
        if key not in needed:
            needed.add(key)
            waiting += plan.stages[key].needs
    stages = {key: stage for key, stage in plan.stages.items() if key in needed}
    return Graph(plan.setup, stages | {stage.key: stage for stage in added})
