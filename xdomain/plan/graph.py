"""Build the graph: the base, shared training stages, and one evaluation per kept checkpoint and domain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import PurePath

from xdomain.config.curriculum import Curriculum, Phase
from xdomain.config.experiment import Experiment
from xdomain.config.run_id import BASE, BASE_RUN, JOINT, RunId
from xdomain.config.strategy import DACSPConfig, JointConfig, StrategyConfig
from xdomain.core.errors import PlanError
from xdomain.core.fingerprint import fingerprint
from xdomain.plan.checks import check_training
from xdomain.plan.expand import expand_curricula, phase_steps
from xdomain.plan.identity import Identities, base_payload, evaluate_payload, train_payload
from xdomain.plan.pass_rate import pass_rate_stages
from xdomain.plan.stage import BaseStage, CheckpointRef, EvaluateStage, Stage, StageKind, TrainStage
from xdomain.plan.strategies import check_strategies


@dataclass(frozen=True)
class Run:
    """One curriculum trained with one strategy and seed: its stages, first phase first."""

    id: RunId
    seed: int
    stages: tuple[str, ...]


@dataclass(frozen=True)
class Graph:
    """Stages by key, in an order in which parents come first.

    Attributes:
        experiment: how all is executed, and what the stages are run with that are not in `own`.
        own: the experiment of each stage that has one of its own: models that are evaluated side by side.
    """

    experiment: Experiment
    stages: dict[str, Stage]
    own: Mapping[str, Experiment] = field(default_factory=dict, kw_only=True)

    def experiment_of(self, stage: Stage) -> Experiment:
        return self.own.get(stage.key, self.experiment)

    @cached_property
    def train_stages(self) -> tuple[TrainStage, ...]:
        return tuple(stage for stage in self.stages.values() if isinstance(stage, TrainStage))

    @cached_property
    def evaluations(self) -> tuple[EvaluateStage, ...]:
        return tuple(stage for stage in self.stages.values() if isinstance(stage, EvaluateStage))


def merge_graphs(graphs: Sequence[Graph]) -> Graph:
    """One graph of several, so that they share workers and engines; each stage keeps its experiment."""
    stages = {key: stage for graph in graphs for key, stage in graph.stages.items()}
    own = {stage.key: graph.experiment_of(stage) for graph in graphs for stage in graph.stages.values()}
    return Graph(graphs[0].experiment, stages, own=own)


@dataclass(frozen=True)
class Plan(Graph):
    """The graph of an experiment: one base, its training stages, their evaluations."""

    base: BaseStage
    runs: tuple[Run, ...]

    @cached_property
    def run_ids(self) -> tuple[RunId, ...]:
        """Runs of all training stages in plan order, each once, those of one curriculum side by side."""
        found = tuple(dict.fromkeys(stage.run for stage in self.train_stages))
        curricula = list(dict.fromkeys(run.curriculum for run in found))
        return tuple(sorted(found, key=lambda run: curricula.index(run.curriculum)))


def build_plan(experiment: Experiment, identities: Identities) -> Plan:
    """Expand `experiment` into its graph.

    Raises:
        PlanError: a curriculum gets fewer steps than it has phases, or a strategy cannot act.
    """
    curricula = expand_curricula(experiment)
    check_training(experiment, curricula)
    check_strategies(experiment, curricula)
    payload = base_payload(experiment, identities)
    adapter = f" with {PurePath(experiment.model.adapter).name}" if experiment.model.adapter else ""
    title = f"base {PurePath(experiment.model.source[1]).name}{adapter}"
    base = BaseStage(StageKind.BASE, fingerprint(payload), title, payload, ())
    measured = pass_rate_stages(experiment, identities, base, curricula)
    stages: dict[str, Stage] = {base.key: base} | {stage.key: stage for stage in measured.values()}
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
    stages |= evaluate_stages(experiment, identities, checkpoints)
    return Plan(experiment, stages, base, tuple(runs))


def checkpoint_graph(
    experiment: Experiment, identities: Identities, checkpoints: Iterable[tuple[Stage, int, str]]
) -> Graph:
    """Evaluations alone: checkpoints (stage, step, title) that exist, on every domain of `experiment`."""
    stages: dict[str, Stage] = {}
    refs = []
    for stage, step, title in checkpoints:
        stages[stage.key] = replace(stage, needs=())  # it exists, so what it was made from does not matter
        refs.append((CheckpointRef(stage.key, step), title))
    return Graph(experiment, stages | evaluate_stages(experiment, identities, refs))


def evaluate_stages(
    experiment: Experiment, identities: Identities, checkpoints: Iterable[tuple[CheckpointRef, str]]
) -> dict[str, Stage]:
    """One evaluation a checkpoint (with its title) and domain, by key."""
    found: dict[str, Stage] = {}
    for checkpoint, title in checkpoints:
        for domain in experiment.domain_names:
            payload = evaluate_payload(experiment, identities, checkpoint, domain)
            key = fingerprint(payload)
            found[key] = EvaluateStage(
                StageKind.EVALUATE, key, f"{title} on {domain}", payload, (checkpoint.stage,), checkpoint, domain
            )
    return found


def _strategies(curriculum: Curriculum, experiment: Experiment) -> tuple[StrategyConfig, ...]:
    """The strategies that act on a phase, and the first of those that do not, which would all train the same."""
    acting = [
        any(strategy.acts_on(index, phase.is_mixed) for index, phase in enumerate(curriculum.phases))
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
    steps = phase_steps(curriculum, experiment)
    if min(steps) < 1:
        raise PlanError(
            f'"{curriculum}" has more phases than rollouts in its budget of {experiment.training.steps} steps.',
            where="training.steps",
            fix="Raise the steps or choose another budget rule.",
        )
    parent, parent_run = base.key, BASE_RUN
    offsets = dict.fromkeys(curriculum.domains, 0)
    acted = False
    ends = [base.end]
    for index, prefix in enumerate(curriculum.prefixes()):
        phase = prefix.phases[-1]
        acting = strategy if strategy.acts_on(index, phase.is_mixed) else JointConfig()
        acted |= acting != JointConfig()
        payload = train_payload(experiment, identities, parent, phase, steps[index], seed, offsets, acting, pass_rates)
        run = RunId(_named(prefix, steps, curriculum, experiment), strategy.label if acted else JOINT)
        lineage = tuple(ends) if isinstance(acting, DACSPConfig) else ()
        rates = {domain: pass_rates[domain] for domain in phase.domains} if pass_rates else {}
        stage = TrainStage(
            kind=StageKind.TRAIN,
            key=fingerprint(payload),
            title=f"{run.curriculum}, seed {seed}" + ("" if run.strategy == JOINT else f", {run.strategy}"),
            payload=payload,
            needs=tuple(dict.fromkeys([parent, *(ref.stage for ref in lineage[1:]), *rates.values(), base.key])),
            curriculum=prefix,
            run=run,
            parent_run=parent_run,
            phase_index=index,
            steps=steps[index],
            seed=seed,
            offsets={domain: offsets[domain] for domain in phase.domains},
            checkpoint_steps=checkpoint_steps(steps[index], experiment.checkpoints.every_steps),
            strategy_config=acting,
            lineage=lineage,
            pass_rates=rates,
        )
        yield stage
        ends.append(stage.end)
        for domain, count in phase_quotas(phase, prompts_consumed(steps[index], experiment)).items():
            offsets[domain] += count
        parent, parent_run = stage.key, run


def prompts_consumed(steps: int, experiment: Experiment) -> int:
    """Prompts that `steps` optimizer steps draw from the schedule (a rollout's epochs reuse its prompts)."""
    return steps * experiment.training.prompts_per_step // experiment.training.epochs_per_rollout


def phase_quotas(phase: Phase, prompts: int) -> dict[str, int]:
    """Exact prompts of each domain in a phase: proportional to its weight, remainders to the first names."""
    total = sum(weight for _, weight in phase.weights)
    quotas = {name: prompts * weight // total for name, weight in phase.weights}
    for name in phase.domains[: prompts - sum(quotas.values())]:
        quotas[name] += 1
    return quotas


def most_prompts_a_step(experiment: Experiment) -> dict[str, int]:
    """For each domain that some curriculum trains on, the most prompts that one step draws from it."""
    found: dict[str, int] = {}
    for curriculum in expand_curricula(experiment):
        for phase in curriculum.phases:
            for name, prompts in phase_quotas(phase, experiment.training.prompts_per_step).items():
                found[name] = max(found.get(name, 0), prompts)
    return found


def _named(prefix: Curriculum, steps: tuple[int, ...], whole: Curriculum, experiment: Experiment) -> Curriculum:
    """What reports call the prefix; under the budget `total` it is no run of that name, and shows its steps."""
    if experiment.training.budget != "total" or prefix == whole:
        return prefix
    shown = (Phase(phase.weights, count) for phase, count in zip(prefix.phases, steps, strict=False))
    return Curriculum(tuple(shown))


def checkpoint_steps(steps: int, every: int | None) -> tuple[int, ...]:
    inside = range(every, steps, every) if every is not None else ()
    return (*inside, steps)
