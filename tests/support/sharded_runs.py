"""Toy trainings on processes that share the model or hold it whole, many in one launch, and how far they end apart.

Usage, under `accelerate launch`: sharded_runs.py FOLDER GROUP. The first process writes `shares.json`: by case, the
distance between the weights of sharded and data-parallel processes as a share of the distance travelled. It also saves
what the sharded ones end with, to be compared with one process.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any, get_args

import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import Qwen3Config, Qwen3ForCausalLM

from benchmarks.strategies import solvable
from tests.support.toy_training import toy_trainer
from tests.support.two_processes import known as strategy_of
from tests.support.two_processes import one_earlier_phase
from xdomain.config.strategy import BUILT_IN
from xdomain.config.training import LossType
from xdomain.core.stage import Sharding
from xdomain.models.tiny import tiny_tokenizer
from xdomain.strategies import dacsp, gradients

COMPLETIONS = 32
"""Of a step."""
COMMON: Mapping[str, Any] = {
    "steps": 4,
    "learning_rate": 1e-3,
    "max_completion_tokens": 4,
    "weights": {"digits": 5, "letters": 2, "marks": 1},  # so that a process may lack a domain
    "draws_seed": 0,
}
STRATEGIES: Mapping[str, Any] = {
    **{name: name for name in BUILT_IN if solvable(name)},
    "cgpo once": {"name": "cgpo", "step_scale": "once"},
}
LOSSES: tuple[str, ...] = get_args(LossType)
PLANTED = ("pcgrad", "mgs", "dacsp")
"""Strategies that are also run with the reduction over processes left out."""


def covering() -> dict[str, dict[str, Any]]:
    """Return two cases of every strategy, in which each loss meets LoRA, accumulation and epochs, on and off."""
    cases = {}
    for place, name in enumerate([*STRATEGIES, *STRATEGIES]):
        second = place >= len(STRATEGIES)
        cases |= case(
            name,
            LOSSES[(place + second) % len(LOSSES)],
            lora=(place // 2 + second) % 2 == 1,
            accumulation=1 + (place + second) % 2,
            epochs=1 + (place // 3 + second) % 2,
            beta=0.1 if (place // 4 + second) % 2 else 0.0,
        )
    return cases


def full_product() -> dict[str, dict[str, Any]]:
    """Return every combination of strategy, loss, LoRA, accumulation and epochs."""
    cases = {}
    for name, loss, lora, accumulation, epochs in product(STRATEGIES, LOSSES, (False, True), (1, 2), (1, 2)):
        cases |= case(name, loss, lora=lora, accumulation=accumulation, epochs=epochs, beta=0.0)
    return cases


def case(
    strategy: str, loss: str, *, lora: bool, accumulation: int, epochs: int, beta: float
) -> dict[str, dict[str, Any]]:
    """Return one case under a name that says what is in it."""
    words = [loss, "LoRA" if lora else "full", f"{accumulation} micro", f"{epochs} epoch"] + ["KL"] * (beta > 0)
    settings = {"loss_type": loss, "lora": lora, "epochs_per_rollout": epochs, "beta": beta}
    return {f"{strategy} | {', '.join(words)}": {"which": strategy, "accumulation": accumulation, **settings}}


def groups() -> dict[str, dict[str, dict[str, Any]]]:
    """Return the cases of each launch."""
    some = [*covering().items()]
    return {"covering": dict(some), "four": dict(some[::4]), "product": full_product()}


def comparable(settings: Mapping[str, Any]) -> bool:
    """Whether one process makes the same steps: `bnpo` divides by the tokens of a process's own micro-batch."""
    return settings["loss_type"] != "bnpo"


def small_model() -> Qwen3ForCausalLM:
    """Return a model of two layers, the same every time; 3 of its weights' row counts are odd."""
    tokenizer = tiny_tokenizer()
    config = Qwen3Config(
        vocab_size=len(tokenizer) + 1,
        hidden_size=32,
        intermediate_size=51,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        max_position_embeddings=256,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Qwen3ForCausalLM(config)


def train(
    folder: Path, which: str, accumulation: int, *, processes: int, sharding: Sharding | None = None, **settings: Any
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return the trained weights before and after, whole."""
    os.environ.pop("ACCELERATE_USE_FSDP", None)  # accelerate leaves it set
    strategy = strategy_of(STRATEGIES[which])
    model = small_model()
    if settings["beta"]:  # TRL then loads a model by its name, which our reference takes the place of
        model.save_pretrained(own := folder / f"model-{os.environ.get('RANK', '0')}")
        model = Qwen3ForCausalLM.from_pretrained(own)
    trainer = toy_trainer(
        folder,
        strategy,
        model=model,
        reference=small_model() if settings["beta"] else None,
        processes=processes,
        sharding=sharding,
        telemetry_every=2,
        micro_batch=COMPLETIONS // processes // accumulation,
        **{**COMMON, **settings},
    )
    if which == "dacsp":
        strategy.prepare(*one_earlier_phase(trainer.model))
    start = {name: value.detach().clone() for name, value in trainable(trainer)}
    trainer.train()
    return start, {name: gradients.whole(value.detach()).clone() for name, value in trainable(trainer)}


def trainable(trainer: Any) -> Iterator[tuple[str, Tensor]]:
    model = trainer.accelerator.unwrap_model(trainer.model)
    return ((name, value) for name, value in model.named_parameters() if value.requires_grad)


def distance(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> float:
    """Return the Euclidean distance of two sets of weights."""
    return math.sqrt(sum(float((first[name] - second[name]).double().square().sum()) for name in first))


def main() -> None:
    folder, cases = Path(sys.argv[1]), groups()[sys.argv[2]]
    torch.set_num_threads(1)
    processes, first = int(os.environ["WORLD_SIZE"]), os.environ["RANK"] == "0"
    shares = {}
    for place, (name, settings) in enumerate(cases.items()):
        start, plain = train(folder / "plain", processes=processes, **settings)
        _, sharded = train(folder / "sharded", processes=processes, sharding=Sharding(), **settings)
        shares[name] = distance(plain, sharded) / distance(start, plain)
        if first:
            save_file(sharded, folder / f"{place}.safetensors")
    for name in PLANTED if sys.argv[2] == "covering" else ():
        settings = next(case for case in cases.values() if case["which"] == name)
        start, plain = train(folder / "plain", processes=processes, **settings)
        reductions = gradients.over_shards, dacsp.over_shards
        gradients.over_shards = dacsp.over_shards = lambda sums, gradient: sums  # type: ignore[assignment]
        _, wrong = train(folder / "planted", processes=processes, sharding=Sharding(), **settings)
        gradients.over_shards, dacsp.over_shards = reductions  # type: ignore[assignment]
        shares[f"planted: {name}"] = distance(plain, wrong) / distance(start, plain)
    if first:
        (folder / "shares.json").write_text(json.dumps(shares))


if __name__ == "__main__":
    main()
