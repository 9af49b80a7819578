"""Peak memory of each kind of stage, whether it fits a GPU, and the smallest change that makes it fit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import ValidationError

from xdomain.config.curriculum import Curriculum
from xdomain.config.experiment import Experiment
from xdomain.core.errors import PlanError
from xdomain.plan.distillation import distillation_settings
from xdomain.plan.expand import expand_curricula
from xdomain.plan.memory import BYTES, Division, Memory, base_memory, evaluation_memory, micro_batch, training_memory
from xdomain.plan.model_shape import ModelShape
from xdomain.plan.recipe import evaluation_of, settings_of
from xdomain.plan.recipe_checks import check_recipes
from xdomain.plan.stage import EvaluateStage, MergeStage, RollbackStage, StageKind, StageSpec, TrainStage
from xdomain.plan.tokens import lengths

GIGABYTE = 10**9
MERGED_COPIES = 3
"""Largest number of float32 copies of one tensor per merged checkpoint, in main memory."""
ROLLBACK_COPIES = 5
"""Number of float32 copies of the model in a rollback: both ends, the weights between them, gradients and scores."""
PLAIN_STEP = ("joint", "bandit")
"""Strategies that use the trainer's step, so that no gradient is kept per domain."""
LORA = {"r": 32, "alpha": 64}
"""Proposed adapter."""

Changes = Mapping[str, Any]
"""Settings, keyed by dotted name."""


@dataclass(frozen=True)
class Verdict:
    """Answer to whether a kind of stage fits a GPU.

    Attributes:
        fits: True if it fits; None if its memory is not known.
        reason: Explanation in words.
    """

    fits: bool | None
    reason: str


class Need(NamedTuple):
    """A kind of stage whose memory is estimated.

    Attributes:
        kind: Kind of the stage.
        gradients: Copies of the gradient that a training stage's strategy holds.
        phase: Phase with its own settings, as a prefix that ends with it; None for the settings of `training`.
        domain: Domain with its own evaluation settings; None for any.
        teachers: Number of models that teach a training stage.
    """

    kind: StageKind
    gradients: int = 0
    phase: Curriculum | None = None
    domain: str | None = None
    teachers: int = 0


def need_of(stage: StageSpec, experiment: Experiment) -> Need:
    """Return the kind of a stage. Without `overrides`, phases and domains do not differ."""
    phase = stage.curriculum if isinstance(stage, TrainStage) and experiment.overrides else None
    domain = stage.domain if isinstance(stage, EvaluateStage) and experiment.overrides else None
    return Need(stage.kind, domain_gradients(stage), phase, domain, teacher_models(stage))


def domain_gradients(stage: StageSpec) -> int:
    """Return the number of copies of the gradient that a stage's strategy holds at once."""
    if not isinstance(stage, TrainStage) or stage.strategy_config.name in PLAIN_STEP:
        return 0
    return len(stage.phase.domains)


def teacher_models(stage: StageSpec) -> int:
    """Return the number of models that teach a stage."""
    return len(set(stage.teachers.values())) if isinstance(stage, TrainStage) else 0


def stage_memory(stage: StageSpec, experiment: Experiment, shape: ModelShape) -> Memory | None:
    """Return the peak memory of one process of a stage; None if it is not known."""
    if isinstance(stage, TrainStage) and stage.adopted:
        return Memory({"parameters": shape.parameters * BYTES[experiment.model.dtype]})
    if isinstance(stage, RollbackStage):
        return Memory({"weights": ROLLBACK_COPIES * shape.parameters * BYTES["float32"]})
    if isinstance(stage, MergeStage):
        largest = max(shape.vocabulary, shape.intermediate) * shape.hidden
        return Memory({"tensors": MERGED_COPIES * len(stage.inputs) * largest * BYTES["float32"]})
    return kind_memory(need_of(stage, experiment), experiment, shape)


def kind_memory(need: Need, experiment: Experiment, shape: ModelShape) -> Memory | None:
    """Return the peak memory of one process of a kind of stage; None if it is not known.

    Args:
        need: The kind of stage.
        experiment: Experiment that the stage belongs to.
        shape: Sizes of the experiment's model.
    """
    kind, execution, model = need.kind, experiment.execution, experiment.model
    training = settings_of(experiment, need.phase).training if need.phase else experiment.training
    if need.teachers:
        training = distillation_settings(training)
    device = "cpu" if execution.device == "cpu" else "cuda"
    trained = lengths(experiment, training.max_completion_tokens, shape)
    if kind is StageKind.TRAIN and training.engine is not None:
        return None  # only the command knows what it holds
    if kind in (StageKind.MERGE, StageKind.ROLLBACK):
        return Memory({})  # it uses no GPU
    if kind is StageKind.BASE:
        return base_memory(shape, model, trained, device)
    if kind is StageKind.EVALUATE:
        settings = evaluation_of(experiment, need.domain or experiment.domain_names[0])
        return evaluation_memory(shape, model, settings, lengths(experiment, settings.completion_tokens, shape))
    processes = execution.train_processes
    shards = processes if execution.sharding == "fsdp" else 1
    division = Division(
        processes=processes, shards=shards, gradients=need.gradients, teachers=need.teachers, device=device
    )
    return training_memory(shape, model, training, trained, division)


def verdict(memory: Memory | None, gpu: float) -> Verdict:
    """Compare a peak with a GPU's memory.

    Args:
        memory: Peak of one process; None if it is not known.
        gpu: Bytes of the GPU.
    """
    if memory is None:
        return Verdict(None, "its memory is not known")
    share = memory.engine_share * gpu
    if memory.engine_needs > share:
        needs, has = memory.engine_needs / GIGABYTE, share / GIGABYTE
        return Verdict(False, f"vLLM gets {has:.1f} GB, but its weights and one sequence need {needs:.1f} GB")
    needed = memory.on(gpu)
    if needed <= gpu:
        return Verdict(True, f"{needed / GIGABYTE:.1f} of {gpu / GIGABYTE:g} GB")
    parts = {**memory.resident, **memory.phases.get(memory.peak_phase or "", {}), "vLLM": round(share)}
    largest = sorted((size, name) for name, size in parts.items() if size)[::-1][:3]
    named = ", ".join(f"{name.replace('_', ' ')} {size / GIGABYTE:.1f}" for size, name in largest)
    return Verdict(False, f"{needed / GIGABYTE:.1f} GB exceed {gpu / GIGABYTE:g} GB; the largest parts are {named}")


def smallest_change(experiment: Experiment, shape: ModelShape, needed: Collection[Need], gpu: float) -> Changes | None:
    """Return the first set of changes, in the order of `_LEVERS`, with which every kind of stage fits.

    Single changes are tried first. Then one change after another is added, and those that are not needed are removed
    again. The result is None if even all changes together are not enough.

    Args:
        experiment: Experiment without changes.
        shape: Sizes of its model.
        needed: Kinds of stages.
        gpu: Bytes of the GPU.
    """

    def suffices(changes: Changes) -> bool:
        changed = changed_experiment(experiment, changes)
        if changed is None:
            return False
        return all(verdict(kind_memory(need, changed, shape), gpu).fits for need in needed)

    for lever in _LEVERS:
        for changes in lever(experiment):
            if suffices(changes):
                return changes
    together: dict[str, Any] = {}
    for lever in _LEVERS:
        options = [
            changes
            for changes in lever(changed_experiment(experiment, together) or experiment)
            if changed_experiment(experiment, {**together, **changes})
        ]
        for changes in options:
            if suffices({**together, **changes}):
                return _milder(experiment, _without_needless({**together, **changes}, suffices), suffices)
        if options:
            together |= options[-1]
    return None


def changed_experiment(experiment: Experiment, changes: Changes) -> Experiment | None:
    """Return the experiment with some settings changed; None if they are incompatible."""
    data = experiment.model_dump(mode="json", exclude_unset=True)
    for name, value in changes.items():
        *sections, last = name.split(".")
        place = data
        for section in sections:
            place = place.setdefault(section, {})
        place[last] = value
    try:
        changed = Experiment.model_validate(data)
        check_recipes(changed, expand_curricula(changed))
    except (ValidationError, PlanError):
        return None
    return changed


def _without_needless(changes: Changes, suffices: Callable[[Changes], bool]) -> Changes:
    """Remove the changes that are not needed, the strongest one first."""
    for name in [*changes][::-1]:
        fewer = {key: value for key, value in changes.items() if key != name}
        if suffices(fewer):
            return _without_needless(fewer, suffices)
    return changes


def _milder(experiment: Experiment, changes: Changes, suffices: Callable[[Changes], bool]) -> Changes:
    """Return the changes with each setting at its lever's first value that suffices."""
    for lever in _LEVERS:
        for option in lever(experiment):
            if set(option) <= set(changes) and suffices({**changes, **option}):
                changes = {**changes, **option}
                break
    return changes


def _checkpointing(experiment: Experiment) -> Iterator[Changes]:
    if not experiment.training.gradient_checkpointing:
        yield {"training.gradient_checkpointing": True}


def _micro_batches(experiment: Experiment) -> Iterator[Changes]:
    """Yield the micro-batch halved repeatedly, down to the smallest size."""
    size = micro_batch(experiment.training, experiment.execution.train_processes)
    while size % 2 == 0:
        size //= 2
        yield {"training.micro_batch": size}


def _sharding(experiment: Experiment) -> Iterator[Changes]:
    execution = experiment.execution
    if execution.train_processes > 1 and execution.sharding is None:
        yield {"execution.sharding": "fsdp"}


def _answer_batches(experiment: Experiment) -> Iterator[Changes]:
    size = experiment.evaluation.batch_tokens
    while experiment.evaluation.backend == "transformers" and size > 1024:
        size //= 2
        yield {"evaluation.batch_tokens": size}


def _sleep(experiment: Experiment) -> Iterator[Changes]:
    if experiment.training.rollout == "vllm-colocate" and not experiment.training.grpo.get("vllm_enable_sleep_mode"):
        yield {"training.grpo.vllm_enable_sleep_mode": True}


def _engine(experiment: Experiment) -> Iterator[Changes]:
    if experiment.training.rollout == "transformers":
        yield {"training.rollout": "vllm-colocate"}


def _lora(experiment: Experiment) -> Iterator[Changes]:
    if experiment.model.lora is None:
        yield {"model.lora": LORA}


def _half(experiment: Experiment) -> Iterator[Changes]:
    if not experiment.training.bf16:
        yield {"training.bf16": True}
    if experiment.model.dtype == "float32":
        yield {"model.dtype": "bfloat16"}


_LEVERS = (_checkpointing, _micro_batches, _answer_batches, _sharding, _engine, _sleep, _lora, _half)
"""Changes, the mildest first. The first four change rounding only; the others change what is computed."""
