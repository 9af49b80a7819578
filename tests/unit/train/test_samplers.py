"""Batched rollouts are drawn from the distribution that TRL trains on, whatever shares the batch."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.support.toy_training import toy_trainer, trained_weights
from xdomain.config.training import TrainingConfig
from xdomain.models.tiny import tiny_qwen3
from xdomain.train.samplers import BatchedSampler, EngineSampler, StockSampler, build_sampler
from xdomain.train.trainer import DomainGRPOTrainer

TOY_GREEDY = {"max_completion_tokens": 6, "temperature": 0.0, "top_p": 1.0}
"""Not a setting of training, whose temperature is above 0."""


def trainer_with(folder: Path, **settings: Any) -> DomainGRPOTrainer:
    model = tiny_qwen3(seed=3)[0]
    with torch.no_grad():  # sharper than fresh weights, so that greedy choices are not ties
        for parameter in model.parameters():
            parameter.mul_(1.5)
    return toy_trainer(folder, model=model, prompts_per_step=4, generations=4, max_completion_tokens=6, **settings)


def rollout(trainer: DomainGRPOTrainer, rows: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    dataset = [row for row in list(trainer.train_dataset)[:4] for _ in range(4)]
    return trainer._generate_and_score_completions(rows or dataset)


def completions(batch: dict[str, Any]) -> list[list[int]]:
    return [
        ids[mask.bool()].tolist() for ids, mask in zip(batch["completion_ids"], batch["completion_mask"], strict=True)
    ]


def test_greedy_tokens_are_those_of_generate(tmp_path: Path) -> None:
    stock, batched = trainer_with(tmp_path / "stock"), trainer_with(tmp_path / "batched")
    stock.generation_config.do_sample = False
    batched.sampler = BatchedSampler(0, TrainingConfig.model_construct(**TOY_GREEDY))
    assert completions(rollout(batched)) == completions(rollout(stock))
    assert len({tuple(each) for each in completions(rollout(batched))}) > 1


@pytest.mark.parametrize("lora", [False, True])
def test_first_tokens_have_the_probabilities_that_trl_trains_on(tmp_path: Path, lora: bool) -> None:
    trainer = trainer_with(tmp_path, temperature=0.8, rollout="batched", lora=lora)
    row = next(iter(trainer.train_dataset))
    batch = rollout(trainer, [row] * 800)
    counts = Counter(ids[0] for ids in completions(batch))
    few = slice(0, 200)
    log_probabilities, _, _ = trainer._get_per_token_logps_and_entropies(
        trainer.model,
        torch.cat([batch["prompt_ids"], batch["completion_ids"]], dim=1)[few],
        torch.cat([batch["prompt_mask"], batch["completion_mask"]], dim=1)[few],
        batch["completion_ids"].size(1),
    )
    expected = {
        int(ids[0]): values[0].exp().item()
        for ids, values in zip(batch["completion_ids"][few], log_probabilities, strict=True)
    }
    assert len(expected) > 3
    for token, probability in expected.items():
        share, error = counts[token] / 800, (probability * (1 - probability) / 800) ** 0.5
        assert abs(share - probability) < 4.5 * error, (token, share, probability)


def test_a_completion_depends_on_its_index_only(tmp_path: Path) -> None:
    trainer = trainer_with(tmp_path, rollout="batched")
    whole = completions(rollout(trainer))
    prompts = trainer._tokenize_prompts([row["prompt"] for row in trainer._rows])[0]
    domains = [row["domain"] for row in trainer._rows]

    class SecondOfTwo:
        """The second of two processes that share the rollout, cut inside a prompt's samples or between prompts."""

        def __init__(self, rows: int) -> None:
            self.process_index, self.num_processes, self.rows = 1, 2, rows

        def __getattr__(self, name: str) -> Any:
            return getattr(accelerator, name)

    accelerator = trainer.accelerator
    trainer.accelerator = SecondOfTwo(8)
    part, _ = trainer.sampler.sample(trainer, prompts[8:], domains[8:], lambda: ([], None))
    assert part == whole[8:]


def test_the_same_seed_trains_the_same_weights_and_not_those_of_generate(tmp_path: Path) -> None:
    batched = [trained_weights(trainer_with(tmp_path / str(each), steps=2, rollout="batched")) for each in range(2)]
    stock = trained_weights(trainer_with(tmp_path / "stock", steps=2))
    assert all(torch.equal(one, other) for one, other in zip(*batched, strict=True))
    assert not all(torch.equal(one, other) for one, other in zip(batched[0], stock, strict=True))


def test_settings_choose_the_sampler() -> None:
    assert isinstance(build_sampler(TrainingConfig(rollout="batched"), 0), BatchedSampler)
    assert isinstance(build_sampler(TrainingConfig(rollout_draws="place"), 0), StockSampler)
    assert isinstance(build_sampler(TrainingConfig(rollout="vllm-colocate"), 0), EngineSampler)
