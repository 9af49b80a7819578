"""Compare the log-probabilities that a rollout's engine reports with those that the trainer computes.

GRPO takes the sampled tokens for draws from the trained policy. Weights that did not reach the engine, or another
precision, break that silently: answers look sound, and the gradient is that of another policy.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from xdomain.config.training import TrainingConfig
from xdomain.core.artifact_layout import GAP_ALARMS
from xdomain.core.stage import Reporter
from xdomain.core.states import NoteKind
from xdomain.train.processes import gathered
from xdomain.train.sharding import give_back

GAP = "log_probability_gap"
"""Key of the comparison in a rollout's metrics."""
ROUNDING, HALF_ROUNDING = 1e-3, 0.1
"""Mean differences in nats per token that rounding explains, in float32 and in lower precision."""
CUT_OFF = ("top_k", "min_p", "repetition_penalty")
"""Fields of `training.grpo` that change the engine's log-probabilities by an unknown amount."""


def gap_limit(training: TrainingConfig, dtype: str) -> float | None:
    """Return the mean difference in nats per token above which a rollout raises an alarm; None for no alarm.

    Args:
        training: Training settings.
        dtype: Torch dtype name of the trained weights.
    """
    if training.vllm.largest_gap is not None:
        return training.vllm.largest_gap
    if any(name in training.grpo for name in CUT_OFF):
        return None
    half = training.bf16 or bool(training.grpo.get("fp16")) or {dtype, training.vllm.dtype or dtype} != {"float32"}
    # The engine divides by the probability of the nucleus, which is at least top_p.
    return (HALF_ROUNDING if half else ROUNDING) - math.log(training.top_p)


@torch.no_grad()
def engine_gap(trainer: Any, batch: Mapping[str, torch.Tensor]) -> dict[str, Any]:
    """Return how far the engine's log-probabilities of a rollout's tokens are from the trainer's.

    TRL has both if it corrects for their difference. Otherwise one micro-batch of each process is computed here.

    Args:
        trainer: The trainer, with the weights that the engine sampled with.
        batch: The rollout as TRL made it. `completion_mask` marks its tokens.

    Returns:
        Over the tokens of all processes: `mean` and `max` of the absolute differences in nats, and `tokens`, their
        number. A token that the engine gave no log-probability is left out. Without tokens, both are None.
    """
    sampled, mask = batch["sampling_per_token_logps"], batch["completion_mask"].bool()
    own = batch.get("old_per_token_logps")
    if own is None:
        rows = slice(trainer.args.per_device_train_batch_size)
        sampled, mask = sampled[rows], mask[rows]
        own = _log_probabilities(trainer, batch, rows)
    apart = (own.float() - sampled.float()).abs()[mask & ~sampled.isnan()].double()
    here = (float(apart.sum()), float(apart.max()) if len(apart) else 0.0, len(apart))
    sums, largest, counts = zip(*gathered([here]), strict=True)
    tokens = sum(counts)
    return {"mean": sum(sums) / tokens if tokens else None, "max": max(largest) if tokens else None, "tokens": tokens}


def _log_probabilities(trainer: Any, batch: Mapping[str, torch.Tensor], rows: slice) -> torch.Tensor:
    """Return the trainer's log-probabilities of some rows' completion tokens."""
    ids, mask = (
        torch.cat([batch[f"prompt_{name}"][rows], batch[f"completion_{name}"][rows]], dim=1) for name in ("ids", "mask")
    )
    found, _, _ = trainer._get_per_token_logps_and_entropies(trainer.model, ids, mask, batch["completion_ids"].size(1))
    give_back(trainer.model)
    return torch.as_tensor(found)


class GapWatch:
    """Raises an alarm for each rollout whose mean difference is above a limit.

    Args:
        limit: See `gap_limit`.
        reporter: Receiver of alarms.
    """

    def __init__(self, limit: float | None, reporter: Reporter) -> None:
        self._limit = limit
        self._reporter = reporter

    def look(self, step: int, metrics: Mapping[str, Any]) -> None:
        """Check the metrics of the step that used a rollout first, which may lack a comparison."""
        if self._too_far(metrics):
            mean = _shown(metrics[GAP]["mean"])
            message = (
                f"step {step}: log-probabilities of vLLM and the trainer differ by {mean} nats per token on average, "
                f"more than {self._limit:.2g} (training.vllm.largest_gap)"
            )
            self._reporter.event(NoteKind.ALARM, message=message)

    def summary(self, lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return a stage's figures from the lines of its metrics file: {} if no rollout was compared.

        Returns:
            `log_probability_gap` with `mean` over all compared tokens, the `largest_mean` of a rollout, `max` and the
            `limit`; and `gap_alarms`, sentences for the report.
        """
        compared = [line[GAP] for line in lines if line.get(GAP) and line[GAP]["tokens"]]
        if not compared:
            return {}
        far = [line for line in lines if self._too_far(line)]
        tokens = sum(each["tokens"] for each in compared)
        found = {
            "mean": sum(each["mean"] * each["tokens"] for each in compared) / tokens,
            "largest_mean": max(each["mean"] for each in compared),
            "max": max(each["max"] for each in compared),
            "limit": self._limit,
        }
        sentences = []
        if far:
            worst = max(far, key=lambda line: float(line[GAP]["mean"]))
            sentences.append(
                f"in {len(far)} of {len(compared)} rollouts, log-probabilities of vLLM and the trainer differ by more "
                f"than {self._limit:.2g} nats per token on average, by {_shown(worst[GAP]['mean'])} in step "
                f"{worst['step']}: these samples are not from the trained policy"
            )
        return {GAP: found, GAP_ALARMS: sentences}

    def _too_far(self, metrics: Mapping[str, Any]) -> bool:
        mean = (metrics.get(GAP) or {}).get("mean")
        return self._limit is not None and mean is not None and not mean <= self._limit


def _shown(value: float) -> str:
    return f"{value:.2g}"
