"""Build the graph of stages: the base model, shared training stages, and one evaluation per checkpoint and domain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import PurePath
from typing import Self

from xdomain.config.curriculum import Curriculum, with_inner
from xdomain.config.execution import ExecutionConfig
from xdomain.config.experiment import Experiment
from xdomain.config.model import ModelConfig
from xdomain.config.phases import Distill, Phase, Stepless
from xdomain.config.run_id import BASE, JOINT, RunId
from xdomain.config.setups import EvaluationSetup
from xdomain.config.strategy import DACSPConfig, JointConfig, StrategyConfig
from xdomain.core.fingerprint import fingerprint
from xdomain.plan.adopted import adopted_payload, adopted_run
from xdomain.plan.checks import check_training
from xdomain.plan.distillation import check_distillation, without_grpo
from xdomain.plan.engine import check_engine
from xdomain.plan.evaluations import EvaluationPlan
from xdomain.plan.expand import checkpoint_steps, expand_curricula, phase_steps, shown_prefix
from xdomain.plan.identity import Identities, base_payload, taught_by, train_payload
from xdomain.plan.merges import Start, strategies_below
from xdomain.plan.optional import Condition, OptionalStage, is_refresh, optional_stages, refreshes
from xdomain.plan.origin import NO_FILE, Origin
from xdomain.plan.pass_rate import pass_rate_stages
from xdomain.plan.prompts import phase_quotas, prompts_consumed
from xdomain.plan.recipe import evaluations_of, settings_of
from xdomain.plan.recipe_checks import check_recipes
from xdomain.plan.rollbacks import answers_read
from xdomain.plan.stage import BaseStage, EvaluateStage, PhaseStage, Purpose, StageRef, StageSpec, TrainStage
from xdomain.plan.starts import first_stage, start_of
from xdomain.plan.strategies import check_strategies, strategies_of


@dataclass(frozen=True)
class Run:
    """One curriculum trained with one strategy and seed.

    Attributes:
        id: Identity of the run.
        seed: Training seed.
        stages: Keys of the stages of all phases, first phase first. Stages of the curricula inside a phase come
            before its own.
    """

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
        optional: Stages that run only if an alarm calls for them, by key. They come after `stages`.
    """

    setup: Setup
    stages: dict[str, StageSpec]
    own: Mapping[str, Setup] = field(default_factory=dict, kw_only=True)
    inputs: Mapping[str, StageRef] = field(default_factory=dict, kw_only=True)
    optional: Mapping[str, OptionalStage] = field(default_factory=dict, kw_only=True)

    @cached_property
    def whole(self) -> Self:
        """The graph in which optional stages are among `stages`."""
        return replace(self, stages=self.stages | {key: each.stage for key, each in self.optional.items()})

    def setup_of(self, stage: StageSpec) -> Setup:
        """Return the setup that a stage runs with."""
        return self.own.get(stage.key, self.setup)

    def ref(self, key: str) -> StageRef:
        """Return a stage of the graph, or a published stage that its stages read."""
        return self.whole.stages.get(key) or self.inputs[key]

    @cached_property
    def train_stages(self) -> tuple[TrainStage, ...]:
        return tuple(stage for stage in self.stages.values() if isinstance(stage, TrainStage))

    @cached_property
    def phase_stages(self) -> tuple[PhaseStage, ...]:
        """Stages that run one phase: training, merges and rollbacks."""
        return tuple(stage for stage in self.stages.values() if isinstance(stage, PhaseStage))

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
        """Runs of all phases in plan order, without duplicates; runs of one curriculum are adjacent."""
        found = tuple(dict.fromkeys(stage.run for stage in self.phase_stages))
        curricula = list(dict.fromkeys(run.curriculum for run in found))
        return tuple(sorted(found, key=lambda run: curricula.index(run.curriculum)))


def build_plan(experiment: Experiment, identities: Identities) -> Plan:
    """Expand `experiment` into its graph.

    Raises:
        PlanError: A curriculum gets fewer steps than it has phases, or a strategy cannot take effect.
    """
    curricula = expand_curricula(experiment)
    trained = tuple(dict.fromkeys(with_inner(curricula)))
    check_recipes(experiment, curricula)
    check_engine(experiment)
    check_training(experiment, trained)
    check_distillation(experiment, trained)
    check_strategies(experiment, trained)
    base = base_stage(experiment.model, experiment.execution, identities)
    measured = pass_rate_stages(experiment, identities, base, trained)
    stages: dict[str, StageSpec] = {base.key: base, **{stage.key: stage for stage in measured.values()}}
    pass_rates = {domain: stage.key for domain, stage in measured.items()}
    runs = []
    conditions: list[tuple[PhaseStage, Condition]] = []
    for seed in experiment.seeds:
        for curriculum in curricula:
            for strategy in strategies_of(curriculum, experiment):
                phases_of = partial(
                    _phase_stages, experiment, identities, base, seed=seed, strategy=strategy, pass_rates=pass_rates
                )
                phases = list(phases_of(curriculum))
                for stage in phases:
                    stages |= answers_read(stage)
                    if stages.setdefault(stage.key, stage) is stage:
                        conditions += refreshes(experiment, stage, phases_of)
                runs.append(Run(phases[-1].run, seed, tuple(dict.fromkeys(stage.key for stage in phases))))
    evaluations = EvaluationPlan(experiment.evaluation_setup, identities, evaluations_of(experiment))
    stages |= evaluations.stages([(base.end, BASE)])
    for stage in [each for each in stages.values() if isinstance(each, PhaseStage)]:
        stages |= evaluations.of_phase(stage)
    optional = optional_stages(conditions, evaluations)
    return Plan(
        experiment,
        stages,
        base,
        tuple(runs),
        optional={key: each for key, each in optional.items() if key not in stages},
    )


def base_stage(model: ModelConfig, execution: ExecutionConfig, identities: Identities) -> BaseStage:
    """Return the stage of a base model."""
    payload = base_payload(model, execution, identities)
    adapter = f" with {PurePath(model.adapter).name}" if model.adapter else ""
    return BaseStage(
        key=fingerprint(payload),
        title=f"base {PurePath(model.source[1]).name}{adapter}",
        payload=payload,
        seed=model.warmup.seed if model.warmup else None,
    )


def _phase_stages(
    experiment: Experiment,
    identities: Identities,
    base: BaseStage,
    curriculum: Curriculum,
    seed: int,
    strategy: StrategyConfig,
    pass_rates: Mapping[str, str],
) -> Iterator[PhaseStage]:
    """Yield the stages of a curriculum's phases after those of the curricula inside it. The end is last."""
    inner = {
        each: tuple(_phase_stages(experiment, identities, base, each, seed, strategy, pass_rates))
        for each in curriculum.inner
    }
    yield from (stage for stages in inner.values() for stage in stages)
    first = first_stage(curriculum, inner, base, experiment, identities, seed)
    if first is not None:
        yield first
    start = start_of(first, inner, base, experiment)
    ends = {each: stages[-1] for each, stages in inner.items()}
    yield from _train_stages(experiment, identities, base, curriculum, seed, strategy, pass_rates, start, ends)


def _train_stages(
    experiment: Experiment,
    identities: Identities,
    base: BaseStage,
    curriculum: Curriculum,
    seed: int,
    strategy: StrategyConfig,
    pass_rates: Mapping[str, str],
    start: Start,
    ends_inside: Mapping[Curriculum, PhaseStage],
) -> Iterator[TrainStage]:
    steps, parent, parent_run = phase_steps(curriculum, experiment), start.checkpoint, start.run
    offsets = dict.fromkeys(curriculum.domains, 0) | dict(start.offsets)
    acted, ends = [*start.acted], list(dict.fromkeys([base.end, start.checkpoint]))
    for index, (prefix, total) in enumerate(zip(curriculum.prefixes(), steps, strict=True)):
        phase = prefix.phases[-1]
        if isinstance(phase, Stepless):  # `start` is its end
            continue
        paced = {name: pass_rates[name] for name in phase.domains} if pass_rates and not is_refresh(prefix) else {}
        teaching = {name: ends_inside[each] for name, each in phase.teachers} if isinstance(phase, Distill) else {}
        recipe = settings_of(experiment, prefix)
        acting = _acting(recipe.strategy or strategy, phase, index)
        labels = [*strategies_below(teaching.values()), *([acting.label] if acting != JointConfig() else [])]
        acted = list(dict.fromkeys([*acted, *labels]))
        declared = None if acted else adopted_run(experiment, prefix, seed)
        teachers = {} if declared else {domain: each.end for domain, each in teaching.items()}
        if declared is None:
            kept = checkpoint_steps(total, experiment.checkpoints.every_steps)
            own = replace(without_grpo(recipe) if teachers else recipe, strategy=acting)
            payload = train_payload(experiment, identities, parent.stage, phase, total, seed, offsets, own, paced)
            payload |= taught_by(teachers)
        else:
            kept = tuple(each.step for each in declared.checkpoints)
            payload = adopted_payload(declared, parent.stage, identities)
        run = RunId(shown_prefix(prefix, steps, curriculum, experiment), ", then ".join(acted) or JOINT)
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
            lineage=tuple(ends) if isinstance(acting, DACSPConfig) else (),
            pass_rates=paced,
            adopted=() if declared is None else declared.checkpoints,
            teachers=teachers,
        )
        yield stage
        ends.append(stage.end)
        for domain, count in phase_quotas(phase, prompts_consumed(kept[-1], recipe.training)).items():
            offsets[domain] += count
        parent, parent_run = stage.end, run


def _acting(strategy: StrategyConfig, phase: Phase | Distill, index: int) -> StrategyConfig:
    """Return the strategy that trains a phase: joint in a distillation, and where `strategy` does not act."""
    acts = isinstance(phase, Phase) and strategy.acts_on(index, phase.is_mixed)
    return strategy if acts else JointConfig()
