"""Run one training stage: a new trainer starts from the parent's weights and never resumes the parent's trainer."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from datasets import Dataset
from transformers import set_seed

from xdomain.config.setups import TrainingSetup
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.files import remove
from xdomain.core.model_context import context_of
from xdomain.core.stage import StageContext, StageResult
from xdomain.domains.base import Domain
from xdomain.domains.build import build_domains
from xdomain.models.adapters import check_merge, compare_merge, logits
from xdomain.models.checkpoint import (
    load_adapter,
    load_plain,
    load_tokenizer,
    read_info,
    save_adapter,
    save_full,
)
from xdomain.models.sharded_checkpoint import save_adapter_shards, save_full_shards
from xdomain.plan.alarms.looks import LOOKS
from xdomain.plan.distillation import distillation_settings
from xdomain.plan.stage import CheckpointRef, TrainStage
from xdomain.strategies.base import Strategy
from xdomain.strategies.build import build_strategy
from xdomain.train import alarms
from xdomain.train.adaptive import SLOT
from xdomain.train.agreement import compare_prompts
from xdomain.train.arguments import grpo_arguments, scaled_rate
from xdomain.train.callbacks import StageCallback, read_metrics, truncate_lines
from xdomain.train.command.run import CommandTraining
from xdomain.train.displacement import displacement
from xdomain.train.distillation import DomainDistillationTrainer
from xdomain.train.engine_gap import GapWatch, gap_limit
from xdomain.train.history import weight_changes
from xdomain.train.processes import is_first, wait_for_all
from xdomain.train.prompts import StagePrompts
from xdomain.train.quotas import InformativeQuotas
from xdomain.train.resume_state import last_complete_state, state_folder
from xdomain.train.rewards import RewardRouter
from xdomain.train.rollout_engine import stage_engines, weights_dtype
from xdomain.train.rollout_metrics import stage_totals
from xdomain.train.samplers import build_sampler
from xdomain.train.sharding import with_layers
from xdomain.train.strategy_state import save_strategy_state
from xdomain.train.trackers import isolated_trackers
from xdomain.train.trainable import load_trainable
from xdomain.train.trainer import DomainGRPOTrainer

RESUME_PARTS = 4
"""Number of resume states that are saved during a stage that keeps only its final checkpoint."""


def run_train(setup: TrainingSetup, stage: TrainStage, context: StageContext) -> StageResult:
    """Train one phase, and write `checkpoints/`, `schedule.jsonl` and `metrics.jsonl` to the work folder.

    A stage that was killed continues from its last resume state. On a CPU its weights are then bitwise equal to those
    of a stage without interruption.
    """
    watched = setup.training.alarms.monitored(setup.domain_names) if setup.training.alarms else ()
    domains = build_domains(setup.domains, tuple(dict.fromkeys([*stage.phase.domains, *watched])))
    try:
        if setup.training.engine is not None:
            scaled = scaled_rate(setup.training, stage.strategy_config)
            return CommandTraining(setup.model_copy(update={"training": scaled}), stage, context, domains).run()
        trained = {name: domains[name] for name in stage.phase.domains}
        return _Training(setup, stage, context, trained, {name: domains[name] for name in watched}).run()
    finally:
        for domain in domains.values():
            domain.close()


class _Training:
    def __init__(
        self,
        setup: TrainingSetup,
        stage: TrainStage,
        context: StageContext,
        domains: dict[str, Domain],
        watched: dict[str, Domain],
    ) -> None:
        self._setup = setup
        self._watched = watched
        self._training = distillation_settings(setup.training) if stage.teachers else setup.training
        self._stage = stage
        self._context = context
        self._domains = domains
        self._parent = self._folder(stage.parent)
        self._chat = read_info(self._parent).chat_template
        self._tokenizer = load_tokenizer(self._parent)

    def run(self) -> StageResult:
        set_seed(self._context.seed)  # a new adapter's weights are drawn before the trainer seeds itself
        model, foundation = load_trainable(self._parent, self._setup.model.lora)
        prompts = StagePrompts(
            self._training,
            self._stage,
            self._context,
            self._domains,
            self._tokenizer,
            chat=self._chat,
            room=self._room(model),
        )
        with stage_engines(self._training, model, self._context):
            return self._train(self._trainer(model, prompts), prompts, foundation)

    def _room(self, model: Any) -> int | None:
        """Return the number of tokens that prompt and completion have together; None for no limit."""
        limits = context_of(model.config), self._training.grpo.get("vllm_max_model_length")
        return min((limit for limit in limits if limit is not None), default=None)

    def _train(self, trainer: DomainGRPOTrainer, prompts: StagePrompts, foundation: Path | None) -> StageResult:
        first = prompts.schedule[: self._training.prompts_per_step]
        compare_prompts(trainer, list(map(prompts.row, first)), list(map(prompts.item, first)), self._chat)
        callback = self._callback(trainer, foundation)
        trainer.add_callback(callback)
        if is_first():
            self._add_trackers(trainer)
        with trainer.accelerator.main_process_first():
            step = last_complete_state(self._context.scratch, self._context.layout)
            if is_first():
                for path in (callback.metrics_path, callback.rollouts_path):
                    truncate_lines(path, step or 0)
        watch = self._alarms(trainer, step or 0, callback.keep)
        trainer.train(resume_from_checkpoint=None if step is None else str(state_folder(self._context.scratch, step)))
        wait_for_all()  # the first one has written the end
        if callback.stopped:
            return StageResult(finished=False, summary={"step": trainer.state.global_step})
        stopped = alarms.settle(watch, self._context.work, self._stage.checkpoint_steps)
        lines = read_metrics(callback.metrics_path)
        summary = stage_totals(lines) | self._gaps(trainer).summary(lines)
        if stopped is None:
            summary |= self._summary(trainer, prompts, foundation)
        return StageResult(finished=True, summary=summary | alarms.summary(watch), alarm=stopped)

    def _alarms(
        self, trainer: DomainGRPOTrainer, resumed: int, keep: Callable[[int], None]
    ) -> alarms.AlarmCallback | None:
        """Return the callback that takes looks, added to the trainer; None if nothing is monitored."""
        settings, found = self._training.alarms, None
        if settings is not None:
            parts = self._watched, self._setup.looks, self._tokenizer, self._context
            found = alarms.monitored(self._training, self._stage.steps, *parts, chat=self._chat)
        if found is None or settings is None:
            remove(self._context.work / LOOKS)  # of an attempt with alarms
            return None
        callback = alarms.AlarmCallback(trainer, found, self._context, resumed, keep if settings.stops else None)
        trainer.add_callback(callback)
        return callback

    def _summary(self, trainer: DomainGRPOTrainer, prompts: StagePrompts, foundation: Path | None) -> dict[str, Any]:
        """Return figures of the stage's end, from the first process, and compare a merged adapter with the model."""
        end = checkpoint_folder(self._context.work, self._stage.steps)
        merge = {} if foundation is None else self._check_merge(trainer, end, prompts.for_merge())
        if not is_first():
            return {}
        return {"too_long_prompts": prompts.too_long, "displacement": displacement(end, self._parent)} | merge

    def _check_merge(self, trainer: DomainGRPOTrainer, end: Path, prompts: list[list[int]]) -> dict[str, Any]:
        trained = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
        if self._context.sharding is None:
            return {"merge": check_merge(trained, end, prompts)} if is_first() else {}
        expected = logits(trained, prompts)  # with the rows of all processes
        if not is_first():
            return {}
        return {"merge": compare_merge(load_adapter(end, trainable=False), expected, end, prompts, "cpu")}

    def _merge_dtype(self) -> str | None:
        lora = self._setup.model.lora
        return lora.merge_dtype if lora is not None else None

    def _trainer(self, model: Any, prompts: StagePrompts) -> DomainGRPOTrainer:
        training = self._training
        rows = [prompts.row(entry) | {SLOT: place} for place, entry in enumerate(prompts.schedule)]
        strategy = self._strategy(model)
        reference = None
        if training.beta > 0:
            reference = load_plain(self._folder(self._stage.base) if training.reference == "base" else self._parent)
        trainer = partial(DomainDistillationTrainer, teachers=self._teachers()) if self._stage.teachers else None
        return (trainer or DomainGRPOTrainer)(
            router=RewardRouter(self._domains, prompts.items, keep=self._kept_samples()),
            domains=self._stage.phase.domains,
            strategy=strategy,
            adaptive=prompts.adaptive(strategy),
            offload_gradients=training.offload_gradients,
            telemetry_every=training.telemetry_every,
            quotas=InformativeQuotas(dict(self._stage.phase.weights)) if training.informative_quotas else None,
            reference_model=reference,
            model=model,
            processing_class=self._tokenizer,
            train_dataset=Dataset.from_list(rows),
            args=grpo_arguments(
                scaled_rate(training, self._stage.strategy_config),
                steps=self._stage.steps,
                seed=self._context.seed,
                output=self._context.scratch,
                device=self._context.device,
                processes=self._context.processes,
                sharding=with_layers(self._context.sharding, model),
            ),
            sampler=build_sampler(training, self._context.seed),
        )

    def _teachers(self) -> dict[str, Any]:
        """Load the teacher of each domain. A checkpoint that teaches several domains is loaded once."""
        teachers = self._stage.teachers
        loaded = {ref: load_plain(self._folder(ref)) for ref in dict.fromkeys(teachers.values())}
        return {domain: loaded[ref] for domain, ref in teachers.items()}

    def _folder(self, ref: CheckpointRef) -> Path:
        return checkpoint_folder(self._context.inputs[ref.stage], ref.step)

    def _kept_samples(self) -> int:
        """Return the number of samples to keep with their text per rollout: 0 except in the process that writes."""
        keep = self._training.keep_rollouts
        return keep.prompts_per_step * self._training.generations if keep and is_first() else 0

    def _strategy(self, model: Any) -> Strategy:
        strategy = build_strategy(self._stage.strategy_config, self._stage.phase.domains, self._context.seed)
        names = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
        strategy.prepare(names, weight_changes([self._folder(ref) for ref in self._stage.lineage]))
        return strategy

    def _callback(self, trainer: DomainGRPOTrainer, foundation: Path | None) -> StageCallback:
        def take_rollout_metrics() -> dict[str, Any]:
            taken, trainer.rollout_metrics = trainer.rollout_metrics, {}
            return taken

        def keep(step: int) -> None:
            if not is_first() and self._context.sharding is None:
                return
            target = checkpoint_folder(self._context.work, step)
            partial = target.with_name(f".{target.name}")
            if is_first():
                shutil.rmtree(partial, ignore_errors=True)
            self._write_weights(trainer.accelerator.unwrap_model(trainer.model), partial, foundation)
            if is_first():
                save_strategy_state(trainer.strategy, partial)
                shutil.rmtree(target, ignore_errors=True)
                partial.rename(target)

        stage, period = self._stage, self._training.rollout_period
        kept = frozenset(stage.checkpoint_steps)
        quarter = max(period, stage.steps // RESUME_PARTS // period * period)
        inside = frozenset(step for step in (kept if len(kept) > 1 else range(quarter, stage.steps, quarter)))
        gaps = self._gaps(trainer)
        return StageCallback(self._context, kept, inside - {stage.steps}, period, take_rollout_metrics, keep, gaps)

    def _gaps(self, trainer: DomainGRPOTrainer) -> GapWatch:
        return GapWatch(gap_limit(self._training, weights_dtype(trainer.model)), self._context.reporter)

    def _write_weights(self, model: Any, folder: Path, foundation: Path | None) -> None:
        """Write a checkpoint; all processes must call this if the model is sharded."""
        sharded, merge_dtype = self._context.sharding is not None, self._merge_dtype()
        if foundation is None:
            if sharded:
                save_full_shards(model, self._tokenizer, folder, chat_template=self._chat, writes=is_first())
            else:
                save_full(model, self._tokenizer, folder, chat_template=self._chat)
        elif sharded:
            save_adapter_shards(model, folder, foundation, merge_dtype, writes=is_first())
        else:
            save_adapter(model, folder, foundation, merge_dtype)

    def _add_trackers(self, trainer: DomainGRPOTrainer) -> None:
        trainer.args.project = self._setup.name
        trainer.args.run_name = self._stage.folder
        for tracker in isolated_trackers(
            self._training.report_to,
            experiment=self._setup.name,
            curriculum=str(self._stage.curriculum),
            stage=self._stage.folder,
            work=self._context.work,
            reporter=self._context.reporter,
        ):
            trainer.add_callback(tracker)
