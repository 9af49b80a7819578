"""The one GRPOTrainer subclass: samples carry their domain through TRL's shuffle and split, and are measured by it.

`_generate_and_score_completions` is wrapped, never copied. tests/contract/test_trl_seam.py pins the names used here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from transformers import PrinterCallback
from trl import GRPOTrainer

from xdomain.core.records import Outcome
from xdomain.train.rewards import RewardRouter, ScoredSample


class DomainGRPOTrainer(GRPOTrainer):  # type: ignore[misc]  # trl is untyped
    """GRPOTrainer over rows that have a `domain` column.

    Args:
        router: the reward function, asked for its verdicts after each rollout.
        domains: names; `domain_ids` in a batch index into them.
        reference_model: what the KL is measured from if beta > 0; None leaves TRL's choice.
    """

    def __init__(
        self, *, router: RewardRouter, domains: Sequence[str], reference_model: Any | None = None, **arguments: Any
    ) -> None:
        super().__init__(reward_funcs=router, **arguments)
        self.remove_callback(PrinterCallback)  # our callback writes every step to a file instead
        self.router = router
        self.domains = tuple(domains)
        self.rollout_metrics: dict[str, Any] = {}
        """Of the latest rollout, until the callback takes them: seconds, and counts by domain."""
        if reference_model is not None:
            self.ref_model = self.accelerator.prepare_model(reference_model, evaluation_mode=True)

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        begun = time.perf_counter()
        batch: dict[str, Any] = super()._generate_and_score_completions(inputs)
        ids = [self.domains.index(row["domain"]) for row in inputs]
        batch["domain_ids"] = torch.tensor(ids, device=batch["advantages"].device)
        self.rollout_metrics = {
            "rollout_seconds": time.perf_counter() - begun,
            "domains": domain_metrics(
                self.router.last,
                batch["advantages"].tolist(),
                batch["completion_mask"].sum(dim=1).tolist(),
                self.num_generations,
            ),
        }
        return batch


def domain_metrics(
    samples: Sequence[ScoredSample], advantages: Sequence[float], lengths: Sequence[int], group: int
) -> dict[str, Mapping[str, Any]]:
    """Counts and means of one rollout by domain.

    Args:
        samples: n scored samples, groups adjacent.
        advantages: n.
        lengths: n completion lengths in tokens.
        group: samples a prompt.

    Returns:
        For each domain: prompts, informative_groups (rewards not all equal: only these carry gradient), zero_variance_share,
        reward (mean over samples that have one), right and malformed shares, completion_tokens (sum), mean_length, and
        gradient_share: its part of the sum of |advantage| x tokens, what a token-mean loss weighs it by (ours).
    """
    mass = [abs(advantage) * length for advantage, length in zip(advantages, lengths, strict=True)]
    total_mass = sum(mass)
    found = {}
    for name in sorted({sample.domain for sample in samples}):
        places = [place for place, sample in enumerate(samples) if sample.domain == name]
        own = [samples[place] for place in places]
        rewards = [sample.reward for sample in own if sample.reward is not None]
        groups = [own[start : start + group] for start in range(0, len(own), group)]
        informative = sum(len({sample.reward for sample in each if sample.reward is not None}) > 1 for each in groups)
        tokens = sum(lengths[place] for place in places)
        found[name] = {
            "prompts": len(groups),
            "informative_groups": informative,
            "zero_variance_share": 1 - informative / len(groups),
            "reward": sum(rewards) / len(rewards) if rewards else None,
            "right": sum(sample.outcome is Outcome.RIGHT for sample in own) / len(own),
            "malformed": sum(sample.outcome is Outcome.MALFORMED for sample in own) / len(own),
            "unscored": sum(sample.outcome is Outcome.UNSCORED for sample in own) / len(own),
            "completion_tokens": int(tokens),
            "mean_length": tokens / len(own),
            "gradient_share": sum(mass[place] for place in places) / total_mass if total_mass > 0 else None,
        }
    return found
