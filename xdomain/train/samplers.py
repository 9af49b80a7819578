"""How a training stage samples its rollouts: with TRL's own generation, evaluation's sampler, or a vLLM engine."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from itertools import groupby
from typing import Any, Protocol

from trl.models import unwrap_model_for_generation

from xdomain.config.training import TrainingConfig
from xdomain.core.model_context import context_of
from xdomain.core.seeds import derive_seed
from xdomain.generation.base import PromptRequest, Sampling
from xdomain.generation.sampler import Sampler
from xdomain.train.draws import PlacedDraws
from xdomain.train.processes import gathered
from xdomain.train.rollout_engine import Draw
from xdomain.train.rollouts import settings_of_the_file
from xdomain.train.sharding import in_step

logger = logging.getLogger(__name__)

Sampled = tuple[list[list[int]], list[list[float]] | None]
"""Token ids of each row, and their log-probabilities if the engine reports them."""


class RolloutSampler(Protocol):
    """Samples one completion per row of a rollout."""

    def sample(
        self, trainer: Any, prompts: Sequence[Sequence[int]], domains: Sequence[str], stock: Callable[[], Sampled]
    ) -> Sampled:
        """Return the completions of this process's rows.

        Args:
            trainer: The trainer, with its model, accelerator and state.
            prompts: Token ids of each row's prompt; every process has as many rows.
            domains: Domain of each row.
            stock: TRL's own generation for these rows.
        """


class StockSampler:
    """Samples with TRL's own generation (`generate` or a vLLM server), but with the experiment's settings only.

    Args:
        draws_seed: Seed for draws that follow from a completion's index in the rollout of all processes; None for
            torch's global generator.
    """

    def __init__(self, draws_seed: int | None = None) -> None:
        self._draws_seed = draws_seed

    def sample(
        self, trainer: Any, prompts: Sequence[Sequence[int]], domains: Sequence[str], stock: Callable[[], Sampled]
    ) -> Sampled:
        """See `RolloutSampler.sample`."""
        model = trainer.accelerator.unwrap_model(trainer.model)
        with self._draws(trainer, len(prompts)), settings_of_the_file(model, context_of(model.config)):
            return stock()

    def _draws(self, trainer: Any, rows: int) -> Any:
        if self._draws_seed is None:
            return nullcontext()
        seed = derive_seed("rollout", self._draws_seed, trainer.state.global_step)
        processes, rank = trainer.accelerator.num_processes, trainer.accelerator.process_index
        return PlacedDraws(seed, rank * rows, processes * rows)


class BatchedSampler:
    """Samples with evaluation's sampler, which reads a prompt once for all its completions and drops finished rows.

    A completion's random numbers follow from the stage's seed, the step and its index in the rollout of all processes,
    so several processes sample what one process samples, up to rounding of the logits.

    Args:
        seed: Seed of the stage.
        training: Length, temperature and nucleus of completions.
    """

    def __init__(self, seed: int, training: TrainingConfig) -> None:
        self._seed = seed
        self._training = training
        self._sampler: Sampler | None = None

    def sample(
        self, trainer: Any, prompts: Sequence[Sequence[int]], domains: Sequence[str], stock: Callable[[], Sampled]
    ) -> Sampled:
        """See `RolloutSampler.sample`."""
        first = trainer.accelerator.process_index * len(prompts)
        seeds = completion_seeds(self._seed, trainer.state.global_step, first, len(prompts))
        stops = [trainer.router.stop[domain] for domain in domains]
        kwargs = trainer.args.gradient_checkpointing_kwargs
        found: dict[int, list[int]] = {}
        with unwrap_model_for_generation(
            trainer.model_wrapped, trainer.accelerator, gradient_checkpointing_kwargs=kwargs
        ) as model:
            sampler = self._sampler = self._sampler or new_sampler(model, trainer)
            with in_step(model, trainer.accelerator.device):
                for stop in dict.fromkeys(stops):
                    rows = [row for row, own in enumerate(stops) if own == stop]
                    groups = [list(group) for _, group in groupby(rows, key=lambda row: tuple(prompts[row]))]
                    requests = [
                        PromptRequest(tuple(prompts[group[0]]), tuple(seeds[row] for row in group)) for group in groups
                    ]
                    for index, completions in sampler.sample(requests, self._sampling(stop)):
                        found |= {row: each.token_ids for row, each in zip(groups[index], completions, strict=True)}
        for event in sampler.events:
            logger.warning("rollouts: %s", event)
        sampler.events = []
        return [found[row] for row in range(len(prompts))], None

    def _sampling(self, stop: tuple[str, ...]) -> Sampling:
        training = self._training
        return Sampling(training.max_completion_tokens, training.temperature, training.top_p, stop)


class EngineSampler:
    """Samples with TRL's colocated vLLM engine, which must be a `RolloutEngine`.

    A completion's seed follows from the stage's seed, the step and its index in the rollout of all processes.

    Args:
        seed: Seed of the stage.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def sample(
        self, trainer: Any, prompts: Sequence[Sequence[int]], domains: Sequence[str], stock: Callable[[], Sampled]
    ) -> Sampled:
        """See `RolloutSampler.sample`."""
        # The processes that split an engine's weights all answer the prompts of all of them.
        rows = trainer.vllm_tensor_parallel_size * len(prompts)
        first = trainer.accelerator.process_index * len(prompts) // rows * rows
        seeds = completion_seeds(self._seed, trainer.state.global_step, first, rows)
        stops = [trainer.router.stop[domain] for domain in gathered(domains)[first : first + rows]]
        draws = [Draw(seed, stop) for seed, stop in zip(seeds, stops, strict=True)]
        trainer.vllm_generation.llm.expect(draws, trainer.eos_token_ids)
        return stock()


def completion_seeds(seed: int, step: int, first: int, rows: int) -> list[int]:
    """Return the seeds of a rollout's completions with the indices `first` to `first + rows - 1`.

    Args:
        seed: Seed of the stage.
        step: Optimizer steps that were done before the rollout.
        first: Index of the first completion in the rollout of all processes.
        rows: Number of completions.
    """
    return [derive_seed("rollout", seed, step, first + row) for row in range(rows)]


def new_sampler(model: Any, trainer: Any, batch_tokens: int | None = None) -> Sampler:
    """Return a sampler of the trainer's model, which is the one that TRL unwraps for generation at every step.

    Args:
        model: The unwrapped model.
        trainer: The trainer.
        batch_tokens: Largest number of prompt and completion tokens in a batch; None for no limit.
    """
    was_training = model.training
    model.eval()  # dropout would make a cache that works look wrong
    sampler = Sampler(model, trainer.processing_class, trainer.eos_token_ids, batch_tokens)
    model.train(was_training)
    if sampler.slow:
        logger.warning("rollouts: %s: prompts are answered one at a time, without a cache", sampler.slow)
    return sampler


def build_sampler(training: TrainingConfig, seed: int) -> RolloutSampler:
    """Return the sampler that `training.rollout` and `training.rollout_draws` ask for.

    Args:
        training: Settings of the stage.
        seed: Seed of the stage.
    """
    if training.rollout == "batched":
        return BatchedSampler(seed, training)
    if training.rollout == "vllm-colocate":
        return EngineSampler(seed)
    return StockSampler(seed if training.rollout_draws == "place" else None)
