"""One optimizer step of TRL's GRPOTrainer, divided by domain.

TRL computes the loss of each part: its own `compute_loss` gets the rows of one domain, which `chunks` selects and
scales.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor

from xdomain.core.errors import StageError
from xdomain.strategies import inner_steps
from xdomain.strategies.base import DomainPart, Gradient
from xdomain.strategies.gradients import whole
from xdomain.train.chunks import Batch, chunks_by_domain
from xdomain.train.sharding import give_back, is_sharded


class WindowDomainStep:
    """`DomainStep` over the micro-batches of one accumulation window (see `xdomain.strategies.base`).

    Args:
        trainer: The GRPOTrainer whose step this is.
        model: The model that `training_step` gets, possibly wrapped for several processes.
        window: TRL's prepared micro-batches, with `domain_ids`.
        offload: Whether to keep the domains' gradients in the CPU's memory.
    """

    def __init__(self, trainer: Any, model: Any, window: Sequence[Batch], *, offload: bool = False) -> None:
        self._trainer = trainer
        self._model = model
        self._offload = offload
        self.number = int(trainer.state.global_step)
        self.fresh_rollout = self.number % trainer.rollout_period == 0
        self.error_rates: Mapping[str, float] = trainer.error_rates
        give_back(model)
        self.parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self._chunks = dict(zip(trainer.domains, chunks_by_domain(trainer, window), strict=True))
        self._shares = self._averaged({name: sum(each.share for each in own) for name, own in self._chunks.items()})
        self.domains = tuple(name for name, share in self._shares.items() if share > 0)
        self.loss = torch.zeros((), device=trainer.accelerator.device)
        """Sum of the parts requested so far, on this process only, since the trainer averages when it logs."""
        self.gradient_norms: list[float] = []
        """Gradient norm of each inner move of the parameters, before clipping."""
        self._asked: set[str] = set()
        self._decayed = False

    def loss_and_gradient(self, domain: str) -> DomainPart:
        if self.gradient_norms and domain in self._asked:
            raise StageError(
                f'a strategy requested "{domain}" twice, before and after a move of the parameters.',
                fix="Request each domain once per step, or all of them before the first move.",
            )
        self._asked.add(domain)
        self._drop_gradient()
        accelerator, chunks = self._trainer.accelerator, self._chunks[domain]
        loss = torch.zeros_like(self.loss)
        for place, chunk in enumerate(chunks):
            # A sharded model is never left unreduced, since each process would then hold a whole gradient.
            reduces = place == len(chunks) - 1 or is_sharded(self._model)
            with nullcontext() if reduces else accelerator.no_sync(self._model):
                with self._trainer.compute_loss_context_manager():
                    part = self._trainer.compute_loss(self._model, chunk.batch) * chunk.scale
                accelerator.backward(part)
            loss += part.detach()
        self.loss += loss
        return DomainPart(self._averaged({domain: float(loss)})[domain], self._take_gradient(), self._shares[domain])

    def set_gradient(self, gradient: Sequence[Tensor]) -> None:
        for parameter, tensor in zip(self.parameters, gradient, strict=True):
            parameter.grad = tensor.to(parameter.device)

    def optimizer_step(self, scale: float = 1.0) -> None:
        self._clip_before_move()
        inner_steps.optimizer_step(self._trainer.optimizer, scale=scale, decay=not self._decayed)
        self._decayed = True
        self._drop_gradient()

    def look_ahead(self) -> None:
        self._clip_before_move()
        inner_steps.look_ahead(self._trainer.optimizer)
        self._drop_gradient()

    def figures(self) -> dict[str, Any]:
        """Return figures of the inner moves for the step's line of metrics, or {} if the parameters did not move."""
        if not self.gradient_norms:
            return {}
        limit = self._trainer.args.max_grad_norm
        clipped = sum(norm > limit for norm in self.gradient_norms)
        return {"inner_gradient_norms": self.gradient_norms, "clipped_inner_moves": clipped}

    def _clip_before_move(self) -> None:
        if not self.gradient_norms:
            self._remember_policy()
        trainer = self._trainer
        norm = trainer.accelerator.clip_grad_norm_(self._model.parameters(), trainer.args.max_grad_norm)
        self.gradient_norms.append(float(whole(norm)))

    def _remember_policy(self) -> None:
        """Store the log-probabilities at the step's start for domains that have not been requested yet.

        On-policy, TRL leaves them out and uses those that it computes for the loss. After a move of the parameters
        these are new, and the importance ratio would wrongly be 1.
        """
        for name in self.domains:
            if name in self._asked:
                continue
            for chunk in self._chunks[name]:
                if chunk.batch.get("old_per_token_logps") is None:
                    chunk.batch["old_per_token_logps"] = self._log_probabilities(chunk.batch)

    @torch.no_grad()
    def _log_probabilities(self, batch: Batch) -> Tensor:
        with self._trainer.compute_loss_context_manager():
            found: Tensor = self._trainer._get_per_token_logps_and_entropies(
                self._model,
                torch.cat([batch["prompt_ids"], batch["completion_ids"]], dim=1),
                torch.cat([batch["prompt_mask"], batch["completion_mask"]], dim=1),
                batch["completion_ids"].size(1),
            )[0]
        give_back(self._model)
        return found

    def _take_gradient(self) -> Gradient:
        taken = []
        for parameter in self.parameters:
            gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            taken.append(gradient.cpu() if self._offload else gradient)
            parameter.grad = None
        return taken

    def _drop_gradient(self) -> None:
        for parameter in self.parameters:
            parameter.grad = None

    def _averaged(self, values: dict[str, float]) -> dict[str, float]:
        """Return the means over the processes."""
        accelerator = self._trainer.accelerator
        if accelerator.num_processes == 1:
            return values
        local = torch.tensor(list(values.values()), dtype=torch.float32, device=accelerator.device)
        return dict(zip(values, accelerator.reduce(local, reduction="mean").tolist(), strict=True))
