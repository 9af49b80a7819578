"""Estimate memory, disk, generated tokens and time of each stage of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from xdomain.core.words import count
from xdomain.plan.cost import list_schedule_seconds
from xdomain.plan.disk import Disk, stage_disk
from xdomain.plan.graph import Plan
from xdomain.plan.memory import Memory, micro_batch
from xdomain.plan.model_shape import ModelShape
from xdomain.plan.peaks import (
    GIGABYTE,
    Changes,
    Need,
    Verdict,
    domain_gradients,
    need_of,
    smallest_change,
    stage_memory,
    teacher_models,
    verdict,
)
from xdomain.plan.stage import EvaluateStage, MergeStage, StageKind, StageSpec, TrainStage
from xdomain.plan.tokens import ASSUMED_PROMPT_TOKENS, completions_of, longest_completion
from xdomain.resolve.model_shape import FoundShape
from xdomain.resolve.sizes import EvaluatedItems
from xdomain.store.history import Rates, expected_seconds, of_work


@dataclass(frozen=True)
class StageEstimate:
    """The resources that one stage needs.

    Attributes:
        most_tokens: Number of generated tokens if every completion is as long as allowed.
        expected_tokens: Number of generated tokens if completions are as long as in stored stages of the same kind;
            None if there are none.
        disk: Bytes on the store's disk.
        memory: Bytes of one process; None if unknown.
        verdict: Whether the stage fits on the GPU; None if no GPU was given.
        seconds: Duration; None if unknown.
    """

    most_tokens: int
    expected_tokens: int | None
    disk: Disk
    memory: Memory | None
    verdict: Verdict | None
    seconds: float | None


@dataclass(frozen=True)
class Needs:
    """Options of an estimate.

    Attributes:
        gpu_gb: Memory of a GPU in 10^9 bytes that stages are compared with; None for no comparison.
        tokens_per_second: Generated tokens per second of a stage, including training steps; None to use the rates of
            stored stages.
        jobs: Number of stages that run at the same time; None for the file's setting.
    """

    gpu_gb: float | None = None
    tokens_per_second: float | None = None
    jobs: int | None = None


class Estimates:
    """Estimates for the stages of a plan.

    Args:
        plan: Stages to estimate.
        done: Keys of the published stages.
        found: Shape of the model.
        items: Number of evaluated items by domain.
        rates: Durations and completion lengths of stored stages.
        needs: Options of the estimate.
    """

    def __init__(
        self,
        plan: Plan,
        done: frozenset[str],
        found: FoundShape,
        items: Mapping[str, EvaluatedItems],
        rates: Rates,
        needs: Needs,
    ) -> None:
        self._plan = plan
        self._done = done
        self.found = found
        self._items = items
        self._seconds_each, self._tokens_each = rates.seconds_by_work(), rates.tokens_by_work()
        self.needs = needs
        self._peaks: dict[tuple[Need, bool, int], Memory | None] = {}

    @property
    def shape(self) -> ModelShape | None:
        """Sizes of the model; None if unknown."""
        return self.found.shape

    @property
    def workers(self) -> int:
        """Number of stages that run at the same time: the option, or else the file's setting, or else 1."""
        return self.needs.jobs or self._plan.experiment.execution.workers or 1

    @cached_property
    def stages(self) -> dict[str, StageEstimate]:
        """Estimate of each stage, by key."""
        continued = {ref.stage for stage in self._plan.phase_stages for ref in stage.made_from}
        return {key: self.of(stage, key in continued) for key, stage in self._plan.stages.items()}

    def of(self, stage: StageSpec, continued: bool = False) -> StageEstimate:
        """Return the estimate of a stage, planned or optional; `continued` says whether other stages start from it."""
        experiment = self._plan.experiment
        items = self._items.get(stage.domain) if isinstance(stage, EvaluateStage) else None
        completions = completions_of(stage, experiment, None if items is None else items.in_split)
        most = completions * longest_completion(stage, experiment)
        each = of_work(stage, self._tokens_each)
        expected = None if each is None and completions else min(most, round(completions * (each or 0)))
        tokens = most if expected is None else expected
        memory = self._memory(stage)
        return StageEstimate(
            most,
            expected,
            stage_disk(stage, experiment, self.shape, tokens, continued=continued),
            memory,
            None if self.gpu is None else verdict(memory, self.gpu),
            self._seconds(stage, tokens),
        )

    @property
    def gpu(self) -> float | None:
        """Memory in bytes of the GPU that stages are compared with; None without a GPU."""
        return None if self.needs.gpu_gb is None else self.needs.gpu_gb * GIGABYTE

    def _memory(self, stage: StageSpec) -> Memory | None:
        adopted = isinstance(stage, TrainStage) and bool(stage.adopted)
        merged = len(stage.inputs) if isinstance(stage, MergeStage) else 0
        group = (need_of(stage, self._plan.experiment), adopted, merged)
        if group not in self._peaks:
            shape = self.shape
            self._peaks[group] = None if shape is None else stage_memory(stage, self._plan.experiment, shape)
        return self._peaks[group]

    def _seconds(self, stage: StageSpec, tokens: float) -> float | None:
        rate = self.needs.tokens_per_second
        return expected_seconds(stage, self._seconds_each) if rate is None else tokens / rate

    @cached_property
    def seconds_left(self) -> float | None:
        """Seconds until the last open stage ends; None if the duration of one is unknown."""
        left = {key: each.seconds for key, each in self.stages.items() if key not in self._done}
        known = {key: seconds for key, seconds in left.items() if seconds is not None}
        return list_schedule_seconds(self._plan, known, self.workers) if len(known) == len(left) else None

    @cached_property
    def worker_seconds_left(self) -> float | None:
        """Sum of the durations of all open stages in seconds; None if one is unknown."""
        found: float | None = known_sum(each.seconds for key, each in self.stages.items() if key not in self._done)
        return found

    @cached_property
    def change(self) -> Changes | None:
        """Smallest change with which every stage fits; None if all fit already, or no change suffices."""
        needs = {need_of(stage, self._plan.experiment) for stage in self._plan.stages.values()}
        if self.gpu is None or self.shape is None or self.fits is not False:
            return None
        return smallest_change(self._plan.experiment, self.shape, needs, self.gpu)

    @cached_property
    def fits(self) -> bool | None:
        """Whether every stage fits on the GPU; None without a GPU, or if the memory of a stage is unknown."""
        found = {each.verdict.fits for each in self.stages.values() if each.verdict is not None}
        return None if not found or (None in found and False not in found) else False not in found

    @cached_property
    def peaks(self) -> dict[str, tuple[Memory | None, Verdict | None]]:
        """Largest peak memory with its verdict, by a description of the kind of stage."""
        found: dict[str, StageEstimate] = {}
        for key, stage in self._plan.stages.items():
            name, each = self._kind_in_words(stage), self.stages[key]
            known = found.setdefault(name, each).memory
            if known is not None and each.memory is not None and self._bytes(each.memory) > self._bytes(known):
                found[name] = each
        return {name: (each.memory, each.verdict) for name, each in found.items()}

    def _kind_in_words(self, stage: StageSpec) -> str:
        model = self._plan.experiment.model
        if isinstance(stage, TrainStage) and stage.adopted:
            return "adopt a checkpoint"
        if isinstance(stage, TrainStage):
            if teachers := teacher_models(stage):
                return f"distill ({'LoRA' if model.lora else 'all weights'}, {count(teachers, 'teacher')})"
            gradients = domain_gradients(stage)
            how = "LoRA" if model.lora else "all weights"
            return f"train ({how}{f', {gradients} gradients by domain' if gradients else ''})"
        return "base (warm-up)" if stage.kind is StageKind.BASE and model.warmup else str(stage.kind)

    def total(self, *, open_only: bool = False) -> dict[str, Any]:
        """Return tokens and bytes of all stages, or of those that are not in the store."""
        chosen = [each for key, each in self.stages.items() if not (open_only and key in self._done)]
        training = [self.stages[stage.key].disk.resume for stage in self._plan.train_stages]
        resume = None if None in training else max((each or 0 for each in training), default=0) * self.workers
        disk = {
            "checkpoints": known_sum(each.disk.checkpoints for each in chosen),
            "after_gc": known_sum(each.disk.after_gc for each in chosen),
            "resume": resume,
            "records": sum(each.disk.records for each in chosen),
        }
        known = (disk["checkpoints"], disk["resume"], disk["records"])
        return {
            "tokens": {
                "most": sum(each.most_tokens for each in chosen),
                "expected": known_sum(each.expected_tokens for each in chosen),
            },
            "disk": {**disk, "peak": known_sum(known)},
        }

    def document(self) -> dict[str, Any]:
        """Return the totals and inputs in the format of `xdomain grid plan --json`."""
        experiment = self._plan.experiment
        prompt = experiment.training.max_prompt_tokens
        return {
            "model": {"found": self.found.where, "shape": None if self.shape is None else asdict(self.shape)}
            | {"parameters": None if self.shape is None else self.shape.parameters},
            "gpu_memory_gb": self.needs.gpu_gb,
            "micro_batch": micro_batch(experiment.training, experiment.execution.train_processes),
            "micro_batch_chosen": self._plan.micro_batch is not None,
            "tokens_per_second": self.needs.tokens_per_second,
            "prompt_tokens": prompt or ASSUMED_PROMPT_TOKENS,
            "prompt_tokens_assumed": prompt is None,
            "fits": self.fits,
            "change": self.change,
            "total": self.total(),
            "left": self.total(open_only=True),
            "seconds_left": self.seconds_left,
            "worker_seconds_left": self.worker_seconds_left,
            "kinds": {name: self._memory_document(memory, found) for name, (memory, found) in self.peaks.items()},
        }

    def stage_document(self, key: str) -> dict[str, Any]:
        """Return the estimate of one stage in the format of `xdomain grid plan --json`."""
        each = self.stages[key]
        return {
            "tokens": {"most": each.most_tokens, "expected": each.expected_tokens},
            "disk": asdict(each.disk),
            "seconds": each.seconds,
            "memory": {
                "kind": self._kind_in_words(self._plan.stages[key]),
                "bytes": None if each.memory is None else self._bytes(each.memory),
                "fits": None if each.verdict is None else each.verdict.fits,
                "reason": None if each.verdict is None else each.verdict.reason,
            },
        }

    def _bytes(self, memory: Memory) -> int:
        return round(memory.own if self.gpu is None else memory.on(self.gpu))

    def _memory_document(self, memory: Memory | None, found: Verdict | None) -> dict[str, Any]:
        judged = {} if found is None else {"fits": found.fits, "reason": found.reason}
        if memory is None:
            return {"bytes": None, **judged}
        parts = {"resident": memory.resident, "phases": memory.phases, "engine_needs": memory.engine_needs}
        return {"bytes": self._bytes(memory), "gpu_share": memory.engine_share, **parts, **judged}


def known_sum(values: Iterable[Any]) -> Any:
    """Return the sum; None if one of the values is None."""
    found = list(values)
    return None if None in found else sum(found)
