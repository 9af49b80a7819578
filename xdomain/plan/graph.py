"""Build the graph of stages: the base model, shared training stages, and one evaluation per checkpoint and domain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import PurePath

from xdomain.config.curriculum import Curriculum
from xdomain.config.execution import ExecutionConfig
from xdomain.config.experiment import Experiment
from xdomain.config.model import ModelConfig
from xdomain.config.phases import Merge
from xdomain.config.run_id import BASE, BASE_RUN, JOINT, RunId
from xdomain.config.setups import EvaluationSetup
from xdomain.config.strategy import DACSPConfig, JointConfig, StrategyConfig
from xdomain.core.errors import PlanError
from xdomain.core.fingerprint import fingerprint
from xdomain.plan.adopted import adopted_payload, adopted_run
from xdomain.plan.checks import check_training
from xdomain.plan.engine import check_engine
from xdomain.plan.evaluations import EvaluationPlan
from xdomain.plan.expand import expand_curricula, phase_steps
from xdomain.plan.identity import Identities, base_payload, train_payload
from xdomain.plan.origin import NO_FILE, Origin
from xdomain.plan.pass_rate import pass_rate_stages
from xdomain.plan.prompts import phase_quotas, prompts_consumed
from xdomain.plan.recipe import evaluations_of, settings_of
from xdomain.plan.recipe_checks import check_recipes
from xdomain.plan.stage import BaseStage, CheckpointRef, EvaluateStage, Purpose, StageRef, StageSpec, TrainStage
from xdomain.plan.strategies import check_strategies


@dataclass(frozen=True)
class Run:
    """One curriculum trained with one strategy and seed, as a list of stages, first phase first."""

    id: RunId
    seed: int
    stages: tuple[str, ...]


Setup = Experiment | EvaluationSetup
"""Configuration that the stages of a graph run with."""


@dataclass(frozen=True)
class Graph:
    """Stages by key, ordered so that parents come first.

    Attributes:
        setup: Execution settings of the graph, and configuration of all stages that are not in `own`.
        stages: Stages to run unless they are in the store.
        own: Setup of each stage that differs from `setup`, for models that are evaluated together.
        inputs: Published stages that `stages` read and that are not run.
    """

    setup: Setup
    stages: dict[str, StageSpec]
    own: Mapping[str, Setup] = field(default_factory=dict, kw_only=True)
    inputs: Mapping[str, StageRef] = field(default_factory=dict, kw_only=True)

    def setup_of(self, stage: StageSpec) -> Setup:
        """Return the setup that a stage runs with."""
        return self.own.get(stage.key, self.setup)

    def ref(self, key: str) -> StageRef:
        """Return a stage of the graph, or a published stage that its stages read."""
        return self.stages.get(key) or self.inputs[key]

    @cached_property
    def train_stages(self) -> tuple[TrainStage, ...]:
        return tuple(stage for stage in self.stages.values() if isinstance(stage, TrainStage))

    @cached_property
    def evaluations(self) -> tuple[EvaluateStage, ...]:
        """Evaluations of the report, without those that measure pass rates."""
        return tuple(
            stage
            for stage in self.stages.values()
            if isinstance(stage, EvaluateStage) and stage.purpose is Purpose.REPORT
        )


def merge_graphs(graphs: Sequence[Graph]) -> Graph:
    """Return one graph made of several, so that they share workers and engines. Each stage keeps its setup."""
    stages = {key: stage for graph in graphs for key, stage in graph.stages.items()}
    own = {stage.key: graph.setup_of(stage) for graph in graphs for stage in graph.stages.values()}
    inputs = {key: ref for graph in graphs for key, ref in graph.inputs.items() if key not in stages}
    return Graph(graphs[0].setup, stages, own=own, inputs=inputs)


@dataclass(frozen=True)
class Plan(Graph):
    """The graph of an experiment: one base model, its training stages, and their evaluations.

    Attributes:
        setup: The experiment.
        base: Stage of the base model.
        runs: Runs of all seeds and strategies.
        origin: Where the experiment's settings come from.
        micro_batch: Number that replaced `training.micro_batch: auto`; None if the experiment gives it.
    """

    setup: Experiment
    base: BaseStage
    runs: tuple[Run, ...]
    origin: Origin = NO_FILE
    micro_batch: int | None = None

    @property
    def experiment(self) -> Experiment:
        return self.setup

    @cached_property
    def run_ids(self) -> tuple[RunId, ...]:
        """Runs of all training stages in plan order, without duplicates; runs of one curriculum are adjacent."""
        found = tuple(dict.fromkeys(stage.run for stage in self.train_stages))
        curricula = list(dict.fromkeys(run.curriculum for run in found))
        return tuple(sorted(found, key=lambda run: curricula.index(run.curriculum)))


def build_plan(experiment: Experiment, identities: Identities) -> Plan:
    """Expand `experiment` into its graph.

    Raises:
        PlanError: A curriculum gets fewer steps than it has phases, or a strategy cannot take effect.
    """
    curricula = expand_curricula(experiment)
    check_recipes(experiment, curricula)
    check_engine(experiment)
    check_training(experiment, curricula)
    check_strategies(experiment, curricula)
    base = _base_stage(experiment.model, experiment.execution, identities)
    measured = pass_rate_stages(experiment, identities, base, curricula)
    stages: dict[str, StageSpec] = {base.key: base, **{stage.key: stage for stage in measured.values()}}
    pass_rates = {domain: stage.key for domain, stage in measured.items()}
    runs = []
    for seed in experiment.seeds:
        for curriculum in curricula:
            for strategy in _strategies(curriculum, experiment):
                train = list(_train_stages(experiment, identities, base, curriculum, seed, strategy, pass_rates))
                for stage in train:
                    stages.setdefault(stage.key, stage)
                runs.append(Run(train[-1].run, seed, tuple(stage.key for stage in train)))
    checkpoints = [(base.end, BASE)]
    checkpoints += [
        (ref, f"{stage.title} step {ref.step}")
        for stage in stages.values()
        if isinstance(stage, TrainStage)
        for ref in stage.checkpoints
    ]
    evaluations = EvaluationPlan(experiment.evaluation_setup, identities, evaluations_of(experiment))
    stages |= evaluations.stages(checkpoints)
    return Plan(experiment, stages, base, tuple(runs))


def checkpoint_graph(
    setup: EvaluationSetup, identities: Identities, checkpoints: Iterable[tuple[StageRef, int, str]]
) -> Graph:
    """Return the evaluations of published checkpoints (stage, step, title) on every domain of `setup`."""
    published = list(checkpoints)
    refs = [(CheckpointRef(stage.key, step), title) for stage, step, title in published]
    stages: dict[str, StageSpec] = {**EvaluationPlan(setup, identities).stages(refs)}
    return Graph(setup, stages, inputs={stage.key: stage for stage, _, _ in published})


def model_graph(setup: EvaluationSetup, identities: Identities) -> Graph:
    """Return a base stage for the model of `setup` and its evaluations on every domain."""
    assert setup.model is not None
    base = _base_stage(setup.model, setup.execution, identities)
    stages: dict[str, StageSpec] = {base.key: base, **EvaluationPlan(setup, identities).stages([(base.end, BASE)])}
    return Graph(setup, stages)


def _base_stage(model: ModelConfig, execution: ExecutionConfig, identities: Identities) -> BaseStage:
    payload = base_payload(model, execution, identities)
    adapter = f" with {PurePath(model.adapter).name}" if model.adapter else ""
    return BaseStage(
        key=fingerprint(payload),
        title=f"base {PurePath(model.source[1]).name}{adapter}",
        payload=payload,
        seed=model.warmup.seed if model.warmup else None,
    )


def _strategies(curriculum: Curriculum, experiment: Experiment) -> tuple[StrategyConfig, ...]:
    """Return the strategies that act on a phase, and the first of the others, which would all train alike."""
    acting = [
        any(strategy.acts_on(index, phase.is_mixed) for index, phase in curriculum.training_phases)
        for strategy in experiment.strategies
    ]
    first_idle = acting.index(False) if False in acting else None
    return tuple(each for place, each in enumerate(experiment.strategies) if acting[place] or place == first_idle)


def _train_stages(
    experiment: Experiment,
    identities: Identities,
    base: BaseStage,
    curriculum: Curriculum,
    seed: int,
    strategy: StrategyConfig,
    pass_rates: Mapping[str, str],
) -> Iterator[TrainStage]:
    steps = _phase_steps(curriculum, experiment)
    parent, parent_run = base.end, BASE_RUN
    offsets = dict.fromkeys(curriculum.domains, 0)
    acted: list[str] = []
    ends = [base.end]
    for index, prefix in enumerate(curriculum.prefixes()):
        _, phase = prefix.training_phases[-1]
        recipe = settings_of(experiment, prefix)
        own = recipe.strategy or strategy
        acting = own if own.acts_on(index, phase.is_mixed) else JointConfig()
        if acting != JointConfig() and acting.label not in acted:
            acted.append(acting.label)
        declared = None if acted else adopted_run(experiment, prefix, seed)
        if declared is None:
            kept = checkpoint_steps(steps[index], experiment.checkpoints.every_steps)
            recipe = replace(recipe, strategy=acting)
            payload = train_payload(
                experiment, identities, parent.stage, phase, steps[index], seed, offsets, recipe, pass_rates
            )
        else:
            kept = tuple(each.step for each in declared.checkpoints)
            payload = adopted_payload(declared, parent.stage, identities)
        run = RunId(_named(prefix, steps, curriculum, experiment), ", then ".join(acted) or JOINT)
        lineage = tuple(ends) if isinstance(acting, DACSPConfig) else ()
        rates = {domain: pass_rates[domain] for domain in phase.domains} if pass_rates else {}
        stage = TrainStage(
            key=fingerprint(payload),
            title=f"{run.curriculum}, seed {seed}" + ("" if run.strategy == JOINT else f", {run.strategy}"),
            payload=payload,
            curriculum=prefix,
            run=run,
            parent_run=parent_run,
            phase_index=index,
            steps=kept[-1],
            seed=seed,
            offsets={domain: offsets[domain] for domain in phase.domains},
            checkpoint_steps=kept,
            strategy_config=acting,
            parent=parent,
            base=base.end,
            lineage=lineage,
            pass_rates=rates,
            adopted=() if declared is None else declared.checkpoints,
        )
        yield stage
        ends.append(stage.end)
        for domain, count in phase_quotas(phase, prompts_consumed(kept[-1], recipe.training)).items():
            offsets[domain] += count
        parent, parent_run = stage.end, run


def _phase_steps(curriculum: Curriculum, experiment: Experiment) -> tuple[int, ...]:
    steps = phase_steps(curriculum, experiment)
    if min(steps) < 1:
        raise PlanError(
            f'"{curriculum}" has more phases than rollouts in its budget of {experiment.training.steps} steps.',
            where="training.steps",
            fix="Raise the steps or choose another budget rule.",
        )
    return steps


def _named(prefix: Curriculum, steps: tuple[int, ...], whole: Curriculum, experiment: Experiment) -> Curriculum:
    """Return the name of the prefix in reports.

    Under the budget `total`, the prefix differs from the run of that name, so its name shows the steps.
    """
    if experiment.training.budget != "total" or prefix == whole:
        return prefix
    counted = zip(prefix.phases, steps, strict=False)
    return Curriculum(
        tuple(phase if isinstance(phase, Merge) else replace(phase, steps=count) for phase, count in counted)
    )


def checkpoint_steps(steps: int, every: int | None) -> tuple[int, ...]:
    inside = range(every, steps, every) if every is not None else ()
    return (*inside, steps)
