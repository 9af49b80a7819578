"""One training stage: a fresh trainer from the parent's weights, never a resume of the parent."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset
from transformers import set_seed

from xdomain.config.experiment import Experiment
from xdomain.config.model import LoraConfig
from xdomain.config.strategy import AdaptiveConfig, StrategyConfig
from xdomain.config.training import TrainingConfig
from xdomain.core.errors import DataError
from xdomain.core.files import write_atomic
from xdomain.core.model_context import context_of
from xdomain.core.stage import StageContext, StageResult
from xdomain.domains.base import Domain, Item, Split
from xdomain.domains.build import build_domains
from xdomain.domains.trained import SCHEDULE, schedule_line
from xdomain.generation.vllm_engine import prepare_process
from xdomain.models.adapters import check_merge, new_adapter
from xdomain.models.checkpoint import (
    load_adapter,
    load_plain,
    load_tokenizer,
    read_info,
    save_adapter,
    save_full,
)
from xdomain.models.layout import checkpoint_folder
from xdomain.models.prompting import encode, render, trl_prompt
from xdomain.plan.graph import phase_quotas, prompts_consumed
from xdomain.plan.spec import TrainSpec
from xdomain.strategies.adaptive import Adaptive
from xdomain.strategies.base import Strategy
from xdomain.strategies.build import build_strategy
from xdomain.train.adaptive import SLOT, AdaptiveSchedule
from xdomain.train.agreement import compare_prompts
from xdomain.train.arguments import grpo_arguments
from xdomain.train.callbacks import StageCallback, read_metrics, truncate_lines
from xdomain.train.displacement import displacement
from xdomain.train.history import weight_changes
from xdomain.train.processes import is_first, wait_for_all
from xdomain.train.quotas import InformativeQuotas
from xdomain.train.resume_state import last_complete_state, state_folder
from xdomain.train.rewards import RewardRouter
from xdomain.train.rollout_metrics import stage_totals
from xdomain.train.rollouts import prompt_fits
from xdomain.train.schedule import ScheduledPrompt, draw_schedule
from xdomain.train.self_paced import easy_to_hard, read_pass_rates
from xdomain.train.strategy_state import save_strategy_state
from xdomain.train.trackers import isolated_trackers
from xdomain.train.trainer import DomainGRPOTrainer

MERGE_PROMPTS = 2
"""Prompts of each domain on which a merged adapter is compared with the trained one."""
MERGE_TOKENS = 128
"""Tokens that are read of each of them, since logits of a long prompt take gigabytes."""
RESUME_PARTS = 4
"""Where no checkpoints are kept inside a stage, its resume state is saved this many times."""


def run_train(experiment: Experiment, spec: TrainSpec, context: StageContext) -> StageResult:
    """Train one phase; leaves `checkpoints/`, `schedule.jsonl` and `metrics.jsonl` in the work folder.

    A stage that was killed goes on from its last resume state and, on a CPU, ends with bitwise the weights of an
    undisturbed one.
    """
    domains = build_domains(experiment.domains, spec.phase.domains)
    try:
        return _Training(experiment, spec, context, domains).run()
    finally:
        for domain in domains.values():
            domain.close()


class _Training:
    def __init__(
        self, experiment: Experiment, spec: TrainSpec, context: StageContext, domains: dict[str, Domain]
    ) -> None:
        self._experiment = experiment
        self._spec = spec
        self._context = context
        self._domains = domains
        self._parent = checkpoint_folder(context.inputs[spec.parent], spec.parent_step)
        self._chat = read_info(self._parent).chat_template
        self._tokenizer = load_tokenizer(self._parent)

    def run(self) -> StageResult:
        set_seed(self._context.seed)  # a new adapter's weights are drawn before the trainer seeds itself
        items = {name: domain.items(Split.TRAIN) for name, domain in self._domains.items()}
        model, foundation = load_trainable(self._parent, self._experiment.model.lora)
        eligible, skipped = self._eligible(items, context_of(model.config))
        schedule = self._schedule(items, eligible)
        trainer = self._trainer(model, items, eligible, schedule)
        first = schedule[: self._experiment.training.prompts_per_step]
        rows = [self._row(entry, items) for entry in first]
        compare_prompts(trainer, rows, [items[entry.domain][entry.index] for entry in first], self._chat)
        callback = self._callback(trainer, foundation)
        trainer.add_callback(callback)
        if is_first():
            self._add_trackers(trainer)
        with trainer.accelerator.main_process_first():
            step = last_complete_state(self._context.scratch, self._context.processes)
            if is_first():
                for path in (callback.metrics_path, callback.rollouts_path):
                    truncate_lines(path, step or 0)
        trainer.train(resume_from_checkpoint=None if step is None else str(state_folder(self._context.scratch, step)))
        wait_for_all()  # the first one has written the end
        if callback.stopped:
            return StageResult(finished=False, summary={"step": trainer.state.global_step})
        end = checkpoint_folder(self._context.work, self._spec.steps)
        summary = stage_totals(read_metrics(callback.metrics_path)) | {"too_long_prompts": skipped}
        if foundation is not None and is_first():
            trained = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
            summary["merge"] = check_merge(trained, end, self._merge_prompts(items, eligible))
        summary["displacement"] = displacement(end, self._parent)
        return StageResult(finished=True, summary=summary)

    def _merge_dtype(self) -> str | None:
        lora = self._experiment.model.lora
        return lora.merge_dtype if lora is not None else None

    def _merge_prompts(
        self, items: Mapping[str, Sequence[Item]], eligible: Mapping[str, Sequence[int]]
    ) -> list[list[int]]:
        """Token ids of the first prompts that the stage may train on, a few of each domain."""
        texts = [
            render(items[name][index], self._tokenizer, self._chat)
            for name, indices in eligible.items()
            for index in list(indices)[:MERGE_PROMPTS]
        ]
        return [ids[:MERGE_TOKENS] for ids in encode(texts, self._tokenizer, self._chat)]

    def _eligible(
        self, items: Mapping[str, Sequence[Item]], context: int | None
    ) -> tuple[dict[str, Sequence[int]], int]:
        """Train items that may be used, by domain, and how many are too long for `max_prompt_tokens` or the model.

        The model's context must hold the prompt and one token, as in evaluation.
        """
        limit = self._experiment.training.max_prompt_tokens
        if context is not None:
            limit = min(limit or context, context - 1)
        eligible: dict[str, Sequence[int]] = {}
        skipped = 0
        for name, sequence in items.items():
            eligible[name] = range(len(sequence))
            if name in self._spec.pass_rates:
                eligible[name] = list(self._pass_rates(name, sequence))
            tokenizer, chat = self._tokenizer, self._chat
            short = [index for index in eligible[name] if prompt_fits(sequence[index], tokenizer, chat, limit)]
            skipped += len(eligible[name]) - len(short)
            eligible[name] = short
            if not eligible[name]:
                where = "max_prompt_tokens" if skipped else "self_paced"
                raise DataError(f'"{name}" has no train item left to train on.', where=f"training.{where}")
        return eligible, skipped

    def _schedule(
        self, items: Mapping[str, Sequence[Item]], eligible: Mapping[str, Sequence[int]]
    ) -> list[ScheduledPrompt]:
        """The stage's prompts as the phase is written; on disk too, unless a strategy chooses as it goes."""
        quotas = phase_quotas(self._spec.phase, prompts_consumed(self._spec.steps, self._experiment))
        schedule = draw_schedule(quotas, eligible, self._spec.offsets, self._spec.seed)
        if self._spec.pass_rates:
            schedule = easy_to_hard(schedule, {name: self._pass_rates(name, items[name]) for name in items})
        if not isinstance(self._spec.strategy, AdaptiveConfig):
            lines = "".join(f"{_schedule_line(entry, items)}\n" for entry in schedule)
            write_atomic(self._context.work / SCHEDULE, lines)
        return schedule

    def _adaptive(
        self, strategy: Strategy, items: Mapping[str, Sequence[Item]], eligible: Mapping[str, Sequence[int]]
    ) -> AdaptiveSchedule | None:
        if not isinstance(strategy, Adaptive):
            return None
        prompts = prompts_consumed(self._spec.steps, self._experiment)
        drawn = draw_schedule(dict.fromkeys(eligible, prompts), eligible, self._spec.offsets, self._spec.seed)
        return AdaptiveSchedule(
            strategy,
            {name: [entry for entry in drawn if entry.domain == name] for name in eligible},
            dict(self._spec.phase.weights),
            self._experiment.training.prompts_per_step * self._experiment.training.updates_per_rollout,
            row=lambda entry: self._row(entry, items),
            line=lambda entry: _schedule_line(entry, items),
            path=self._context.work / SCHEDULE,
        )

    def _row(self, entry: ScheduledPrompt, items: Mapping[str, Sequence[Item]]) -> dict[str, Any]:
        prompt = trl_prompt(items[entry.domain][entry.index], self._chat, self._tokenizer)
        return {"prompt": prompt, "domain": entry.domain, "index": entry.index}

    def _pass_rates(self, domain: str, items: Sequence[Item]) -> dict[int, float]:
        """Of every measured train item by its index, in index order."""
        found = read_pass_rates(self._context.inputs[self._spec.pass_rates[domain]])
        return {index: found[item.id] for index, item in enumerate(items) if item.id in found}

    def _trainer(
        self,
        model: Any,
        items: Mapping[str, Sequence[Item]],
        eligible: Mapping[str, Sequence[int]],
        schedule: list[ScheduledPrompt],
    ) -> DomainGRPOTrainer:
        training = self._experiment.training
        if training.rollout == "vllm-colocate":
            prepare_process(self._context.device)
        rows = [self._row(entry, items) | {SLOT: place} for place, entry in enumerate(schedule)]
        strategy = self._strategy(model)
        reference = None
        if training.beta > 0:
            base = checkpoint_folder(self._context.inputs[self._spec.base], 0)
            reference = load_plain(base if training.reference == "base" else self._parent)
        return DomainGRPOTrainer(
            router=RewardRouter(self._domains, items, keep=self._kept_samples()),
            domains=self._spec.phase.domains,
            strategy=strategy,
            adaptive=self._adaptive(strategy, items, eligible),
            offload_gradients=training.offload_gradients,
            telemetry_every=training.telemetry_every,
            quotas=InformativeQuotas(dict(self._spec.phase.weights)) if training.informative_quotas else None,
            reference_model=reference,
            model=model,
            processing_class=self._tokenizer,
            train_dataset=Dataset.from_list(rows),
            args=grpo_arguments(
                scaled_rate(training, self._spec.strategy),
                steps=self._spec.steps,
                seed=self._context.seed,
                output=self._context.scratch,
                device=self._context.device,
                processes=self._context.processes,
            ),
            draws_seed=self._context.seed if training.rollout_draws == "place" else None,
        )

    def _kept_samples(self) -> int:
        """Samples of each rollout that are kept with their text: those of the first process, which writes them."""
        keep = self._experiment.training.keep_rollouts
        return keep.prompts_per_step * self._experiment.training.generations if keep and is_first() else 0

    def _strategy(self, model: Any) -> Strategy:
        strategy = build_strategy(self._spec.strategy, self._spec.phase.domains, self._context.seed)
        names = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
        ends = [checkpoint_folder(self._context.inputs[stage], step) for stage, step in self._spec.lineage]
        strategy.prepare(names, weight_changes(ends))
        return strategy

    def _callback(self, trainer: DomainGRPOTrainer, foundation: Path | None) -> StageCallback:
        def take_rollout_metrics() -> dict[str, Any]:
            taken, trainer.rollout_metrics = trainer.rollout_metrics, {}
            return taken

        def keep(step: int) -> None:
            if not is_first():
                return
            model = trainer.accelerator.unwrap_model(trainer.model)
            target = checkpoint_folder(self._context.work, step)
            partial = target.with_name(f".{target.name}")
            shutil.rmtree(partial, ignore_errors=True)
            if foundation is None:
                save_full(model, self._tokenizer, partial, chat_template=self._chat)
            else:
                save_adapter(model, partial, foundation, self._merge_dtype())
            save_strategy_state(trainer.strategy, partial)
            shutil.rmtree(target, ignore_errors=True)
            partial.rename(target)

        spec, period = self._spec, self._experiment.training.rollout_period
        kept = frozenset(spec.checkpoint_steps)
        quarter = max(period, spec.steps // RESUME_PARTS // period * period)
        inside = frozenset(step for step in (kept if len(kept) > 1 else range(quarter, spec.steps, quarter)))
        return StageCallback(self._context, kept, inside - {spec.steps}, period, take_rollout_metrics, keep)

    def _add_trackers(self, trainer: DomainGRPOTrainer) -> None:
        trainer.args.project = self._experiment.name
        trainer.args.run_name = self._context.work.name
        for tracker in isolated_trackers(
            self._experiment.training.report_to,
            experiment=self._experiment.name,
            curriculum=str(self._spec.curriculum),
            stage=self._context.work.name,
            work=self._context.work,
            reporter=self._context.reporter,
        ):
            trainer.add_callback(tracker)


def scaled_rate(training: TrainingConfig, strategy: StrategyConfig) -> TrainingConfig:
    """Return a phase's training settings with the strategy's factor on the learning rate."""
    return training.model_copy(update={"learning_rate": strategy.learning_rate_scale * training.learning_rate})


def _schedule_line(entry: ScheduledPrompt, items: Mapping[str, Sequence[Item]]) -> str:
    return schedule_line(entry.domain, entry.index, items[entry.domain][entry.index])


def load_trainable(parent: Path, lora: LoraConfig | None) -> tuple[Any, Path | None]:
    """The model that a stage trains, and the checkpoint that its adapter lies on (None for full fine-tuning).

    `merge`: the parent with its adapter folded in, and a new adapter. `continue`: the parent's own adapter, trained on.
    """
    if lora is None:
        return load_plain(parent), None
    info = read_info(parent)
    if lora.chaining == "continue" and info.foundation is not None:
        return load_adapter(parent, trainable=True), info.foundation
    return new_adapter(load_plain(parent), lora), parent
