"""The only direct subclass of GRPOTrainer.

Samples carry their domain through TRL's shuffle and split. Metrics are computed per domain, and an optimizer step can
be divided by domain. TRL's methods are wrapped, never copied. tests/contract/test_trl_seam.py pins the names used here.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from transformers import PrinterCallback
from trl import GRPOTrainer

from xdomain.core.errors import StageError
from xdomain.core.model_context import context_of
from xdomain.core.seeds import generator
from xdomain.strategies.base import Strategy
from xdomain.train.adaptive import AdaptiveSchedule
from xdomain.train.callbacks import KEPT
from xdomain.train.domain_step import WindowDomainStep
from xdomain.train.engine_gap import GAP, engine_gap
from xdomain.train.log_probabilities import align_log_probabilities
from xdomain.train.processes import gathered
from xdomain.train.quotas import InformativeQuotas, informative
from xdomain.train.reference import prepared_reference
from xdomain.train.rewards import RewardRouter, ScoredRollout
from xdomain.train.rollout_metrics import domain_metrics
from xdomain.train.rollouts import Rollout, RolloutReader, without_parsing
from xdomain.train.samplers import RolloutSampler, StockSampler
from xdomain.train.sharding import as_one_process, generate_together
from xdomain.train.strategy_state import load_strategy_state, save_strategy_state
from xdomain.train.telemetry import GradientTelemetry


class DomainGRPOTrainer(GRPOTrainer):  # type: ignore[misc]  # trl is untyped
    """GRPOTrainer over rows that have a `domain` column.

    Args:
        router: Router that judges each rollout.
        domains: Names of the domains. `domain_ids` in a batch index into them.
        strategy: Strategy that combines the domains' gradients into a step.
        adaptive: Schedule that chooses each rollout's prompts during training; None uses the data set's rows in order.
        reference_model: Model from which the KL divergence is measured if beta > 0; None leaves the choice to TRL.
        offload_gradients: Whether to keep the domains' gradients in the CPU's memory. One copy stays on the device.
        telemetry_every: Optimizer steps from one measurement of the domains' gradients to the next; None for never.
        quotas: Quotas that hold informative groups to the ratio of the phase's weights; None keeps all groups.
        sampler: Sampler of completions; None uses TRL's own generation.
    """

    def __init__(
        self,
        *,
        router: RewardRouter,
        domains: Sequence[str],
        strategy: Strategy,
        adaptive: AdaptiveSchedule | None = None,
        reference_model: Any | None = None,
        offload_gradients: bool = False,
        telemetry_every: int | None = None,
        quotas: InformativeQuotas | None = None,
        sampler: RolloutSampler | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(reward_funcs=self.reward, **arguments)
        align_log_probabilities(self.model, self.temperature)
        self.remove_callback(PrinterCallback)  # our callback writes every step to a file instead
        self.router = router
        self.domains = tuple(domains)
        self.strategy = strategy
        self.adaptive = adaptive
        self.offload_gradients = offload_gradients
        self.quotas = quotas
        self.sampler = sampler or StockSampler()
        # Done here, after counting: TRL's own would also mask completions that end at a stop string.
        self._leave_out_truncated = bool(self.args.mask_truncated_completions)
        self.mask_truncated_completions = False
        self._context = context_of(self.model.config)
        self.reader = RolloutReader(self._tokenizer, self.eos_token_ids, self._context, router.stop)
        self._rows: list[dict[str, Any]] = []
        self._rollouts: list[Rollout] = []
        self.scored = ScoredRollout()
        self.rollout_metrics: dict[str, Any] = {}
        """Seconds, counts and the strategy's figures of the latest rollout and step, until the callback takes them."""
        self.error_rates: dict[str, float] = {}
        """Share of scored samples that are not right in the latest rollout over all processes, by domain."""
        self._window: list[dict[str, Any]] = []
        divisible = not self.aux_loss_enabled and self.top_entropy_quantile >= 1.0
        if not strategy.stock_step and not divisible:
            raise StageError(
                "a router's load-balancing loss, or a quantile of entropies over a batch, has no part for each domain.",
                where="strategies",
                fix="Use joint, or set grpo.router_aux_loss_coef to 0 and leave grpo.top_entropy_quantile out.",
            )
        self.telemetry: GradientTelemetry | None = None
        if telemetry_every is not None and divisible and len(domains) > 1:
            self.telemetry = GradientTelemetry(self, telemetry_every)
            self.add_callback(self.telemetry)
        if reference_model is not None:
            self.ref_model = prepared_reference(self, reference_model)

    def _build_accelerator_args(self, **named: Any) -> dict[str, Any]:
        settings: dict[str, Any] = super()._build_accelerator_args(**named)
        return as_one_process(settings, on_cpu=self.args.use_cpu)

    def _prepare_for_training(self, *arguments: Any, **named: Any) -> Any:
        generate_together(self)
        return super()._prepare_for_training(*arguments, **named)

    @property
    def rollout_period(self) -> int:
        """Return the number of optimizer steps from one rollout to the next."""
        return int(self.args.steps_per_generation // self.args.gradient_accumulation_steps * self.num_iterations)

    def _prepare_inputs(self, generation_batch: Any) -> dict[str, Any]:
        inputs: dict[str, Any] = super()._prepare_inputs(generation_batch)
        if self.model.training:
            self._window.append(inputs)
        return inputs

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> torch.Tensor:
        """Take TRL's own step, or the strategy's step on the whole accumulation window at its end."""
        if self.strategy.stock_step:
            loss: torch.Tensor = super().training_step(model, inputs, num_items_in_batch)
            self._look(model)
        else:
            loss = self._training_step_by_domain(model, inputs)
        if self.accelerator.sync_gradients:
            self._window = []
        return loss

    def _training_step_by_domain(self, model: Any, inputs: Any) -> torch.Tensor:
        begun = time.perf_counter()
        model.train()
        if callable(getattr(self.optimizer, "train", None)):  # schedule-free ones have modes, as in transformers' step
            self.optimizer.train()
        self._prepare_inputs(inputs)
        begun += self._look(model)
        loss = torch.zeros((), device=self.accelerator.device)
        if self.accelerator.sync_gradients:
            loss = self._step_by_domain(WindowDomainStep(self, model, self._window, offload=self.offload_gradients))
        # TRL counts and times its own steps in these attributes, which generation and logging read.
        self._step += 1
        self._current_train_step_time: float = self._current_train_step_time + time.perf_counter() - begun
        if self._step % self.current_gradient_accumulation_steps == 0:
            self._metrics["train"]["step_time"].append(self._current_train_step_time)
            self._current_train_step_time = 0.0
        return loss

    def _look(self, model: Any) -> float:
        """Run telemetry if it is due. Return its seconds, which do not count as the step's."""
        if self.telemetry is None or not self.accelerator.sync_gradients or not self.telemetry.due():
            return 0.0
        begun = time.perf_counter()
        self.telemetry.look(model, self._window)
        return time.perf_counter() - begun

    def _step_by_domain(self, step: WindowDomainStep) -> torch.Tensor:
        if step.domains:
            self.rollout_metrics["strategy"] = {**self.strategy.step(step), **step.figures()}
        else:
            # Every completion is masked: as in a plain step the gradient is zero, and the optimizer's moments decay.
            step.set_gradient([torch.zeros_like(parameter) for parameter in step.parameters])
        return step.loss

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        super()._save_optimizer_and_scheduler(output_dir)
        if self.args.should_save:
            save_strategy_state(self.strategy, Path(output_dir))
            if self.quotas is not None:
                self.quotas.save(Path(output_dir))

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        super()._load_optimizer_and_scheduler(checkpoint)
        if checkpoint is not None:
            load_strategy_state(self.strategy, Path(checkpoint))
            if self.quotas is not None:
                self.quotas.load(Path(checkpoint))

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        begun, processor_begun = time.perf_counter(), time.process_time()
        if self.adaptive is not None:
            inputs = self.adaptive.fill(inputs)
            if self.accelerator.is_main_process:
                self.adaptive.write()
        self._rows = inputs
        with without_parsing(self._tokenizer):
            batch: dict[str, Any] = super()._generate_and_score_completions(inputs)
        gap = {GAP: engine_gap(self, batch)} if self.use_vllm else {}
        lengths = batch["completion_mask"].sum(dim=1).tolist()  # includes completions that the loss leaves out
        kept = self._kept_in_loss(batch)
        ids = [self.domains.index(row["domain"]) for row in inputs]
        batch["domain_ids"] = torch.tensor(ids, device=batch["advantages"].device)
        if self.quotas is not None:
            self._hold_to(self.quotas, batch, self.scored.rewards)
        samples = self.scored.samples
        weights = self._loss_weights(batch, kept).tolist()
        by_domain = domain_metrics(gathered(samples), gathered(weights), gathered(lengths), self.num_generations)
        self.rollout_metrics = {
            "rollout_seconds": time.perf_counter() - begun,
            "rollout_processor_seconds": time.process_time() - processor_begun,
            "domains": by_domain,
            **gap,
        }
        if self.scored.kept:
            self.rollout_metrics[KEPT] = [asdict(sample) for sample in self.scored.kept]
        self.error_rates = self._domain_means(batch["domain_ids"], [each.error for each in samples])
        if self.adaptive is not None:
            sizes = batch["advantages"].abs().tolist()
            known = [None if each.reward is None else size for each, size in zip(samples, sizes, strict=True)]
            self.adaptive.observe(self._domain_means(batch["domain_ids"], known))
            self.rollout_metrics["sampling"] = self.adaptive.figures
        return batch

    def _generate_single_turn(self, prompt_ids: Any, *arguments: Any, **named: Any) -> tuple[Any, Any]:
        """Sample as TRL does, but with only the file's settings, and end each completion as evaluation would."""
        sampled, log_probabilities = self.sampler.sample(
            self,
            prompt_ids,
            [row["domain"] for row in self._rows],
            lambda: super(DomainGRPOTrainer, self)._generate_single_turn(prompt_ids, *arguments, **named),
        )
        self._rollouts = [
            self.reader.read(row, len(prompt), each)
            for row, prompt, each in zip(self._rows, prompt_ids, sampled, strict=True)
        ]
        kept = [rollout.token_ids for rollout in self._rollouts]
        if log_probabilities is not None:
            log_probabilities = [values[: len(each)] for values, each in zip(log_probabilities, kept, strict=True)]
        return kept, log_probabilities

    def _calculate_rewards(self, inputs: Any, prompts: Any, completions: Any, completion_ids_list: Any) -> Any:
        """Return rewards of the texts that evaluation would judge. TRL's own texts may be parsed and so differ."""
        flagged = [{**row, "truncated": rollout.truncated} for row, rollout in zip(inputs, self._rollouts, strict=True)]
        texts = [rollout.text for rollout in self._rollouts]
        return super()._calculate_rewards(flagged, prompts, texts, completion_ids_list)

    def reward(self, completions: Any, domain: Any, index: Any, truncated: Any, **_: Any) -> list[float | None]:
        """Judge a rollout. TRL calls this and keeps only the numbers."""
        self.scored = self.router.score(completions, domain=domain, index=index, truncated=truncated)
        return self.scored.rewards

    def _kept_in_loss(self, batch: dict[str, Any]) -> torch.Tensor:
        """Mask truncated completions if `mask_truncated_completions` is set; return 0 for them and 1 for others."""
        truncated = torch.tensor([each.truncated for each in self._rollouts], device=batch["advantages"].device)
        share = self.accelerator.gather(truncated).float().mean().item()
        mode = "train" if self.model.training else "eval"
        self._metrics[mode]["completions/clipped_ratio"][-1] = share  # TRL's own counts stop strings as truncation
        if not self._leave_out_truncated:
            return torch.ones_like(batch["advantages"])
        mask = batch["completion_mask"]
        batch["completion_mask"] = mask * (~truncated).unsqueeze(1).to(mask.dtype)
        batch["num_items_in_batch"] = self.accelerator.gather(batch["completion_mask"].sum()).sum()
        return (~truncated).to(batch["advantages"].dtype)

    def _loss_weights(self, batch: dict[str, Any], kept: torch.Tensor) -> torch.Tensor:
        """Return the weight of each completion's tokens in the loss: its advantage, or 0 if it is left out."""
        return torch.mul(batch["advantages"], kept)

    def _hold_to(self, quotas: InformativeQuotas, batch: dict[str, Any], rewards: Sequence[float | None]) -> None:
        """Set to 0 the advantages of informative groups beyond the phase's ratio, the same in all processes."""
        group, ids = self.num_generations, batch["domain_ids"]
        if len(ids) % group:
            raise StageError(
                f"a process holds {len(ids)} completions, which is not a multiple of the group size {group}.",
                where="training.informative_quotas",
                fix="Choose prompts_per_step divisible by the number of processes.",
            )
        differ = [informative(rewards[start : start + group]) for start in range(0, len(rewards), group)]
        own = torch.stack([ids[::group], torch.tensor(differ, device=ids.device).long()], dim=1)
        every: list[list[int]] = self.accelerator.gather(own).tolist()
        keep = quotas.kept_groups(
            [self.domains[place] for place, _ in every],
            [bool(differs) for _, differs in every],
            generator("informative quotas", self.args.seed, self.state.global_step),
        )
        begin = self.accelerator.process_index * len(own)
        kept = torch.tensor(keep[begin : begin + len(own)], device=ids.device).repeat_interleave(group)
        batch["advantages"] = torch.where(kept, batch["advantages"], torch.zeros_like(batch["advantages"]))

    def _domain_means(self, domain_ids: torch.Tensor, values: Sequence[float | None]) -> dict[str, float]:
        """Return the mean value of each domain over the samples of all processes.

        Args:
            domain_ids: Domain index of each of n samples.
            values: Value of each of n samples. Samples whose value is None are left out of the mean.
        """
        known = torch.tensor([value is not None for value in values], device=domain_ids.device)
        filled = torch.tensor([value or 0.0 for value in values], dtype=torch.float64, device=domain_ids.device)
        sums = torch.zeros(2, len(self.domains), dtype=torch.float64, device=domain_ids.device)
        sums.index_add_(1, domain_ids, torch.stack([filled, known.double()]))
        totals, counts = self.accelerator.reduce(sums, reduction="sum").tolist()
        return {
            name: total / count for name, total, count in zip(self.domains, totals, counts, strict=True) if count > 0
        }
