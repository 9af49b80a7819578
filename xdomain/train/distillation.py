"""On-policy distillation with one teacher per domain.

The student samples one completion y per prompt x, as GRPO samples, and learns from the teacher of the prompt's domain
d. The loss of a step is the mean over all completion tokens of its rollout, of all domains and processes,

    L = 1/T sum_n sum_t KL( student(. | x_n, y_n,<t) || teacher_d(n)(. | x_n, y_n,<t) ),

the reverse KL divergence over the whole vocabulary. Both distributions have the rollouts' temperature. No gradient
flows through the sampling. A domain weighs by its tokens, so one with long completions weighs more.

The loss of one teacher is TRL's own (`DistillationTrainer`, beta 1), which takes a single teacher. This module gives
each teacher only the rows of its domains. Rewards are measured and logged, but do not enter the loss.

Source: Agarwal et al. 2024 (GKD, section 3), Gu et al. 2024 (MiniLLM); one teacher per domain: MiMo-V2-Flash (2026) and
2606.30406, section 3. Those use the sampled token's log-ratio as an advantage, which estimates the same divergence.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from trl import DistillationTrainer
from trl.models.utils import _ForwardRedirection

from xdomain.core.errors import StageError
from xdomain.train.chunks import Batch, rows_of
from xdomain.train.reference import prepared_reference
from xdomain.train.trainer import DomainGRPOTrainer

GROUP_METRICS = ("informative_groups", "zero_variance_share", "teaching_groups")
"""Metrics of a rollout that compare the completions of one prompt."""


class TeacherLoss:
    """TRL's distillation loss against one frozen teacher.

    It borrows two methods of TRL's trainer, and has the attributes that they read.

    Args:
        trainer: The trainer of the student.
        model: Plain model with the student's vocabulary, on the CPU.

    Attributes:
        seconds: Time of the teacher's forward passes so far.
    """

    _compute_loss = DistillationTrainer._compute_loss
    beta = 1.0
    """The reverse KL divergence, student to teacher."""
    model_kwarg_keys: frozenset[str] = frozenset()
    _is_vlm = False

    def __init__(self, trainer: DomainGRPOTrainer, model: Any) -> None:
        model.requires_grad_(False).eval()
        self.accelerator = trainer.accelerator
        self.temperature = trainer.temperature
        self.teacher_model = prepared_reference(trainer, model)
        self.seconds = 0.0
        self._forward_redirection = _ForwardRedirection()

    def __call__(self, student: Any, rows: Batch, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the sum of divergences divided by `tokens`, the sum of the student's entropies, and their number."""
        loss, entropy, count = self._compute_loss(student, rows, tokens)
        return loss, entropy, count

    def _get_last_hidden_state(self, model: Any, *arguments: Any, **named: Any) -> Tensor:
        begun = self._now()
        states: Tensor = DistillationTrainer._get_last_hidden_state(self, model, *arguments, **named)
        if not torch.is_grad_enabled():  # the teacher's pass
            self.seconds += self._now() - begun
        return states

    def _now(self) -> float:
        if self.accelerator.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()


class DomainDistillationTrainer(DomainGRPOTrainer):
    """DomainGRPOTrainer with the distillation loss. Rollouts, schedule, checkpoints and telemetry are the same.

    Args:
        teachers: Teacher of each domain. A model that teaches several domains is held once.
        named: Arguments of `DomainGRPOTrainer`. `args` sets one completion per prompt and the loss type "dapo", whose
            denominator this loss has too.
    """

    def __init__(self, *, teachers: Mapping[str, Any], **named: Any) -> None:
        super().__init__(**named)
        student = self.accelerator.unwrap_model(self.model)
        for name, model in teachers.items():
            check_vocabulary(name, model, student)
        distinct = {id(model): model for model in teachers.values()}
        losses = {place: TeacherLoss(self, model) for place, model in distinct.items()}
        self.teachers = {name: losses[id(teachers[name])] for name in self.domains}
        self._redirect = _ForwardRedirection()
        self._sums = torch.zeros(len(self.domains), 4, dtype=torch.float64, device=self.accelerator.device)

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Tensor:
        """Take TRL's step, and report the divergence from each teacher at the end of an accumulation window."""
        loss = super().training_step(model, inputs, num_items_in_batch)
        if self.accelerator.sync_gradients:
            self._report()
        return loss

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> Batch:
        """Sample a rollout, and leave out of its metrics what is said of groups: a group of one says nothing."""
        batch = super()._generate_and_score_completions(inputs)
        for values in self.rollout_metrics["domains"].values():
            for name in GROUP_METRICS:
                del values[name]
        return batch

    def _compute_loss(self, model: Any, inputs: Batch) -> Tensor:
        """Return the loss of one micro-batch. All teachers' parts are made in one forward pass of the wrapped model."""
        student = self.accelerator.unwrap_model(model)
        with self.accelerator.autocast():
            found: tuple[Tensor, Tensor] = self._redirect(model, student, self._taught, student, inputs)
        loss, sums = found
        self._sums += sums
        return loss

    def _taught(self, student: Any, inputs: Batch) -> tuple[Tensor, Tensor]:
        """Return the loss, and the sums of divergences, entropies, tokens and completions of each domain.

        TRL's denominator is the number of tokens of the rollout, which serves several steps if there are several
        updates per rollout. Processes average their gradients.
        """
        tokens = inputs["num_items_in_batch"].clamp(min=1) / self.accelerator.num_processes
        tokens = tokens * self.current_gradient_accumulation_steps / self.args.steps_per_generation
        ids = inputs["domain_ids"].clamp(min=0)  # masked rows that fill up a part belong to no domain
        parts, sums = [], torch.zeros_like(self._sums)
        for domain in ids.unique().tolist():
            rows = rows_of(inputs, (ids == domain).nonzero().flatten())
            loss, entropy, count = self.teachers[self.domains[domain]](student, rows, tokens)
            parts.append(loss)
            read = rows["completion_mask"].any(dim=1).sum()
            sums[domain] = torch.stack([(loss * tokens).detach(), entropy, count, read]).to(sums.dtype)
        return torch.stack(parts).sum(), sums

    def _report(self) -> None:
        """Add the step's mean divergences and entropies per token to the line of metrics."""
        sums = self.accelerator.reduce(self._sums, reduction="sum")
        divergence, entropy, tokens, completions = (
            dict(zip(self.domains, each, strict=True)) for each in sums.T.tolist()
        )
        self._sums = torch.zeros_like(self._sums)
        losses = dict.fromkeys(self.teachers.values())
        self.rollout_metrics["distillation"] = {
            "teacher_seconds": sum(each.seconds for each in losses),
            "completions": {name: int(number) for name, number in completions.items()},
            "tokens": {name: int(number) for name, number in tokens.items()},
            "divergence": {name: divergence[name] / number for name, number in tokens.items() if number},
        }
        self._metrics["train"]["entropy"].append(sum(entropy.values()) / max(sum(tokens.values()), 1.0))
        for each in losses:
            each.seconds = 0.0

    def _look(self, model: Any) -> float:
        """Run telemetry, whose passes do not count as the step's."""
        sums, seconds = self._sums.clone(), {each: each.seconds for each in self.teachers.values()}
        looked = super()._look(model)
        self._sums = sums
        for each, value in seconds.items():
            each.seconds = value
        return looked

    def _loss_weights(self, batch: Batch, kept: Tensor) -> Tensor:
        """Return the weight of each completion's tokens in the loss, which does not depend on rewards."""
        return kept


def check_vocabulary(domain: str, teacher: Any, student: Any) -> None:
    """Refuse a teacher whose next-token distribution has another length than the student's.

    Raises:
        StageError: The vocabularies differ.
    """
    own, others = (model.get_output_embeddings().weight.shape[0] for model in (student, teacher))
    if own != others:
        raise StageError(
            f'the teacher of "{domain}" has a vocabulary of {others} tokens, and the student one of {own}.',
            where="curricula",
            fix="Distill from checkpoints of the experiment's own model.",
        )
