"""Toy trainings on processes that share the model or hold it whole, many in one launch, and how far they end apart.

Usage, under `accelerate launch`: sharded_runs.py FOLDER GROUP. The first process writes `shares.json`: for some of the
cases, and all that one process cannot repeat, the distance between the weights of sharded and data-parallel processes
as a share of the distance travelled. It also saves what the sharded ones end with, to be compared with one process.
"""

from __future__ import annotations

import gc
import json
import math
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from accelerate.utils import gather_object
from safetensors.torch import save_file
from torch import Tensor
from transformers import Qwen3ForCausalLM

from benchmarks.strategies import solvable
from tests.support.losses import LOSSES, loss_settings
from tests.support.toy_training import toy_trainer
from tests.support.two_processes import known as strategy_of
from xdomain.config.strategy import BUILT_IN
from xdomain.core.stage import Sharding
from xdomain.models.tiny import tiny_config, tiny_tokenizer
from xdomain.strategies import dacsp, gradients
from xdomain.strategies.dacsp import weight_places
from xdomain.train.rollouts import RolloutReader

COMPLETIONS = 32
"""Of a step."""
MODEL = "model"
"""Folder of `small_model`, beside those of the trainings."""
COMMON: Mapping[str, Any] = {
    "steps": 4,
    "learning_rate": 1e-3,
    "max_completion_tokens": 3,
    "weights": {"digits": 5, "letters": 2, "marks": 1},  # so that a process may lack a domain
    "draws_seed": 0,
}
LARGE_EPSILON: Mapping[str, Any] = {"adam_epsilon": 1e-4}
"""For float32: at its default of 1e-8, AdamW makes a full step of the rounding of a gradient that is nearly 0."""
STRATEGIES: Mapping[str, Any] = {
    **{name: name for name in BUILT_IN if solvable(name)},
    "cgpo once": {"name": "cgpo", "step_scale": "once"},
}
OTHERS = "others"
"""Group of `others`, all of which are also trained by data parallelism."""
PLANTED = ("pcgrad", "dacsp")
"""Strategies whose full training is also run with the reduction over processes left out."""


LONGEST: list[int] = []
"""Tokens of the longest completion of this process in the last rollout of each training so far."""


def covering() -> dict[str, dict[str, Any]]:
    """Return two cases of every strategy, in which each loss meets LoRA, accumulation and epochs, on and off.

    All are in float64 with AdamW's default epsilon.
    """
    cases: dict[str, dict[str, Any]] = {}
    for second, (place, name) in product((0, 1), enumerate(STRATEGIES)):
        cases |= case(
            name,
            LOSSES[(place + 3 * second) % len(LOSSES)],
            lora=(place // 2 + second) % 2 == 1,
            accumulation=1 + (place + second) % 2,
            epochs=1 + (place // 3 + second) % 2,
            beta=0.1 if place % 4 == 2 * second else 0.0,
            telemetry=second == 1,
            keeps_gathered=place % 4 == 2 * second + 1,
            more={"double": True},
        )
    return cases


def full_product() -> dict[str, dict[str, Any]]:
    """Return every combination of strategy, loss and LoRA, with accumulation and two epochs in half of them."""
    cases: dict[str, dict[str, Any]] = {}
    for place, (name, loss, lora) in enumerate(product(STRATEGIES, LOSSES, (False, True))):
        more = {"double": True}
        cases |= case(name, loss, lora=lora, accumulation=1 + place // 2 % 2, epochs=1 + place // 4 % 2, more=more)
    return cases


def others() -> dict[str, dict[str, Any]]:
    """Return cases of batched rollouts, whose processes end at different tokens, and of bfloat16."""
    plain: dict[str, Any] = {"lora": False, "accumulation": 1, "epochs": 1}
    batched: dict[str, Any] = {"rollout": "batched", "max_completion_tokens": 8}
    return {
        **case("joint", "dapo", **plain, more=batched),
        **case("pcgrad", "grpo", **plain | {"lora": True, "accumulation": 2}, more=batched),
        **case("joint", "grpo", **plain | {"accumulation": 2}, beta=0.1, more={"bf16": True}),
        **case("cgpo", "dapo", **plain | {"epochs": 2}, more={"bf16": True, "gradient_checkpointing": True}),
        **case("mgs", "dapo", **plain | {"lora": True}, more={"bf16": True, **batched}),
    }


def case(
    strategy: str,
    loss: str,
    *,
    lora: bool,
    accumulation: int,
    epochs: int,
    beta: float = 0.0,
    telemetry: bool = False,
    keeps_gathered: bool = False,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, dict[str, Any]]:
    """Return one case under a name that says what is in it."""
    words = [loss, "LoRA" if lora else "full", f"{accumulation} micro", f"{epochs} epoch"] + ["KL"] * (beta > 0)
    words += ["kept"] * keeps_gathered + [name if value is True else str(value) for name, value in more.items()]
    settings: dict[str, Any] = {**loss_settings(loss), "lora": lora, "epochs_per_rollout": epochs, "beta": beta}
    settings |= {"telemetry_every": 2 if telemetry else None, "keeps_gathered": keeps_gathered}
    settings |= {"which": strategy, "accumulation": accumulation, **more}
    return {f"{strategy} | {', '.join(words)}": settings}


def groups() -> dict[str, dict[str, dict[str, Any]]]:
    """Return the cases of each launch."""
    some = [*covering().items()]
    return {"covering": dict(some), "four": dict(some[::5]), "product": full_product(), OTHERS: others()}


def comparable(settings: Mapping[str, Any]) -> bool:
    """Whether one process makes the same steps: `bnpo` divides by the tokens of a process's own micro-batch."""
    return bool(settings["loss_type"] != "bnpo")


def small_model() -> Qwen3ForCausalLM:
    """Return a model of one layer, the same every time; some weights have an odd number of rows."""
    tokenizer = tiny_tokenizer()
    config = tiny_config(
        tokenizer,
        vocab_size=len(tokenizer) + 1,
        hidden_size=32,
        intermediate_size=51,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Qwen3ForCausalLM(config)


def train(
    folder: Path,
    which: str,
    accumulation: int,
    keeps_gathered: bool,
    *,
    processes: int,
    shards: bool = False,
    double: bool = False,
    **settings: Any,
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return the trained weights before and after, whole.

    Args:
        double: Train in float64 with AdamW's default epsilon, not in float32 with a large one. The embedding is left
            out, because TRL sums the output layer's gradient in float32.
    """
    os.environ.pop("ACCELERATE_USE_FSDP", None)  # accelerate leaves it set
    strategy = strategy_of(STRATEGIES[which])
    model = small_model()
    if settings["beta"]:  # TRL then loads a model by its name, which our reference takes the place of
        model = Qwen3ForCausalLM.from_pretrained(folder.parent / MODEL)
    model.get_input_embeddings().requires_grad_(not double)
    reference = small_model() if settings["beta"] else None
    trainer = toy_trainer(
        folder,
        strategy,
        model=model.double() if double else model,
        reference=reference.double() if double and reference is not None else reference,
        processes=processes,
        sharding=Sharding(reshard_after_forward=not keeps_gathered) if shards else None,
        micro_batch=COMPLETIONS // processes // accumulation,
        **{**COMMON, "grpo": {} if double else LARGE_EPSILON, **settings},
    )
    if settings.get("rollout") == "batched":  # many tokens end a completion, so that processes differ in their length
        trainer.eos_token_ids = [*range(0, trainer.model.config.vocab_size, 2)]
        trainer.reader = RolloutReader(trainer._tokenizer, trainer.eos_token_ids, None, trainer.router.stop)
    if which == "dacsp":
        strategy.prepare(*earlier_phase(trainer.model))
    start = {name: value.detach().clone() for name, value in trainable(trainer)}
    trainer.train()
    LONGEST.append(max(len(rollout.token_ids) for rollout in trainer._rollouts))
    return start, {name: gradients.whole(value.detach()).clone() for name, value in trainable(trainer)}


def earlier_phase(model: Any) -> tuple[list[str], list[dict[str, Tensor]]]:
    """Return the names of the trainable parameters, and a random change of each matrix that they move."""
    shapes = {name: value.shape for name, value in model.named_parameters() if value.requires_grad}
    generator = torch.Generator().manual_seed(0)
    names, changes = [*shapes], {}
    for weight, places in weight_places(names).items():
        rows, columns = shapes[names[places[-1]]][0], shapes[names[places[0]]][-1]
        if len(shapes[names[places[0]]]) == 2:
            changes[weight] = torch.randn(rows, columns, generator=generator)
    return names, [changes]


def trainable(trainer: Any) -> Iterator[tuple[str, Tensor]]:
    model = trainer.accelerator.unwrap_model(trainer.model)
    return ((name, value) for name, value in model.named_parameters() if value.requires_grad)


def distance(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> float:
    """Return the Euclidean distance of two sets of weights."""
    return math.sqrt(sum(float((first[name] - second[name]).double().square().sum()) for name in first))


def main() -> None:
    folder, group = Path(sys.argv[1]), sys.argv[2]
    cases = groups()[group]
    torch.set_num_threads(1)
    gc.freeze()  # each training collects garbage, which would look at all that was imported
    processes, first = int(os.environ["WORLD_SIZE"]), os.environ["RANK"] == "0"
    shares: dict[str, float] = {}
    for place, (name, settings) in enumerate(cases.items()):
        start, sharded = train(folder / "sharded", processes=processes, shards=True, **settings)
        if group == OTHERS:
            shares[f"longest: {name}"] = len({*gather_object([LONGEST[-1]])})
        if group == OTHERS or place % 7 == 0 or not comparable(settings):
            _, plain = train(folder / "plain", processes=processes, **settings)
            shares[name] = distance(plain, sharded) / distance(start, plain)
        if group == "covering" and settings["which"] in PLANTED and not settings["lora"]:
            with without_reduction():
                _, wrong = train(folder / "planted", processes=processes, shards=True, **settings)
            shares[f"planted: {settings['which']}"] = distance(sharded, wrong) / distance(start, sharded)
        if first:
            save_file(sharded, folder / f"{place}.safetensors")
    if first:
        (folder / "shares.json").write_text(json.dumps(shares))


@contextmanager
def without_reduction() -> Iterator[None]:
    """Plant the bug that every process takes the sums over its own rows for those over all rows."""
    kept = gradients.over_shards
    for module in (gradients, dacsp):
        module.over_shards = lambda sums, gradient: sums  # type: ignore[attr-defined]
    yield
    for module in (gradients, dacsp):
        module.over_shards = kept  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
