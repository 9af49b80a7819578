"""Toy domains that give an untrained tiny model graded rewards, and a trainer on them: seconds, no warm-up, no hub."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from trl import GRPOTrainer

from xdomain.config.strategy import JointConfig, StrategyModel
from xdomain.config.training import TrainingConfig
from xdomain.core.records import Verdict
from xdomain.core.stage import Sharding
from xdomain.domains.base import Domain, Item, Split
from xdomain.models.prompting import trl_prompt
from xdomain.models.tiny import tiny_qwen3
from xdomain.plan.distillation import distillation_settings
from xdomain.strategies.adaptive import Adaptive
from xdomain.strategies.base import Strategy
from xdomain.strategies.build import build_strategy
from xdomain.train.adaptive import SLOT, AdaptiveSchedule
from xdomain.train.arguments import grpo_arguments
from xdomain.train.distillation import DomainDistillationTrainer
from xdomain.train.prompt_schedule import ScheduledPrompt, draw_schedule
from xdomain.train.rewards import RewardRouter
from xdomain.train.samplers import StockSampler, build_sampler
from xdomain.train.trainer import DomainGRPOTrainer

TOY_TRAINING: Mapping[str, Any] = {
    "steps": 4,
    "prompts_per_step": 8,
    "generations": 4,
    "learning_rate": 1e-3,
    "max_completion_tokens": 6,
    "telemetry_every": None,
}


DEVICES = [
    "cpu",
    pytest.param(
        "cuda",
        marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")],
    ),
]
"""Parameters of a test that also speaks of a GPU."""


class CharacterDomain(Domain):
    """Pays the share of a completion's characters of one kind; right if more than half are. Prompts are shared by all
    kinds.

    Args:
        name: of the domain.
        wanted: whether a character pays.
        shown: put the domain's name into the prompt, so that a model can tell the domains apart.
    """

    def __init__(self, name: str, wanted: Callable[[str], bool], *, shown: bool = False) -> None:
        self.name = name
        self._wanted = wanted
        self._shown = shown

    def items(self, split: Split) -> Sequence[Item]:
        tag = f"{self.name} " if self._shown else ""
        return [Item(f"{self.name}/{split}/{n}", f"{tag}{split} {n:02d}:", "") for n in range(64)]

    def score(self, items: Sequence[Item], completions: Sequence[str]) -> list[Verdict]:
        return [Verdict.right() if self._credit(text) > 0.5 else Verdict.wrong() for text in completions]

    def reward(self, item: Item, completion: str, verdict: Verdict) -> float | None:
        return self._credit(completion)

    def item_identity(self) -> Mapping[str, Any]:
        return {"character_domain": self.name}

    def reward_identity(self) -> Mapping[str, Any]:
        return {}

    @property
    def scorer(self) -> str:
        return "character/1"

    def _credit(self, text: str) -> float:
        return sum(map(self._wanted, text)) / len(text) if text else 0.0


def toy_domains(count: int = 3) -> dict[str, Domain]:
    """digits and letters want opposite things, marks wants a third."""
    kinds: list[Domain] = [
        CharacterDomain("digits", str.isdigit),
        CharacterDomain("letters", str.isalpha),
        CharacterDomain("marks", lambda character: not character.isalnum()),
    ]
    return {domain.name: domain for domain in kinds[:count]}


def toy_trainer(
    folder: Path,
    config: StrategyModel | Strategy | None = None,
    *,
    domains: Mapping[str, Domain] | None = None,
    weights: Mapping[str, int] | None = None,
    model: Any = None,
    lora: bool = False,
    processes: int = 1,
    device: str = "cpu",
    draws_seed: int | None = None,
    sharding: Sharding | None = None,
    reference: Any = None,
    plain: bool = False,
    teachers: Mapping[str, Any] | None = None,
    **training: Any,
) -> GRPOTrainer:
    """A trainer on the toy domains, 2:1:1 unless `weights` says otherwise; the same arguments give the same trainer.

    Args:
        reference: Model that the KL penalty is measured from; None leaves it to TRL.
        plain: TRL's own GRPOTrainer on the same model, prompts and rewards, in place of our subclass.
        teachers: Teacher of each domain, to distill from them with equal weights in place of GRPO.
    """
    settings = TrainingConfig.model_validate({**TOY_TRAINING, **training})
    if teachers is not None:
        settings = distillation_settings(settings)
    domains = domains or toy_domains()
    names = tuple(sorted(domains))
    items = {name: domains[name].items(Split.TRAIN) for name in names}
    prompts = settings.steps * settings.prompts_per_step // settings.epochs_per_rollout
    weights = weights or {name: 2 if place == 0 and teachers is None else 1 for place, name in enumerate(names)}
    total = sum(weights.values())
    quotas = {name: prompts * weight // total for name, weight in weights.items()}
    quotas[names[0]] += prompts - sum(quotas.values())
    schedule = draw_schedule(quotas, {name: range(len(items[name])) for name in names}, {}, 0)

    def row(each: ScheduledPrompt) -> dict[str, Any]:
        prompt = trl_prompt(items[each.domain][each.index], False)
        return {"prompt": prompt, "domain": each.domain, "index": each.index}

    rows = [row(each) | {SLOT: place} for place, each in enumerate(schedule)]
    tiny, tokenizer = tiny_qwen3()
    model = model or tiny
    if lora:
        model = with_adapter(model)
    common: dict[str, Any] = {
        "model": model,
        "processing_class": tokenizer,
        "train_dataset": Dataset.from_list(rows),
        "args": grpo_arguments(
            settings,
            steps=settings.steps,
            seed=0,
            output=folder,
            device=device,
            processes=processes,
            sharding=sharding,
        ),
    }
    router = RewardRouter(domains, items)
    if plain:
        return GRPOTrainer(reward_funcs=router.reward, **common)
    strategy = config if isinstance(config, Strategy) else build_strategy(config or JointConfig(), names, 0)
    adaptive = None
    if isinstance(strategy, Adaptive):
        everything = {name: range(len(items[name])) for name in names}
        adaptive = AdaptiveSchedule(
            strategy,
            {name: draw_schedule({name: prompts}, everything, {}, 0) for name in names},
            weights,
            settings.prompts_per_step * settings.updates_per_rollout,
            row=row,
            line=lambda each: f"{each.domain} {each.index}",
            path=folder / "schedule.txt",
        )
    made_by = DomainGRPOTrainer if teachers is None else partial(DomainDistillationTrainer, teachers=teachers)
    return made_by(
        router=router,
        domains=names,
        strategy=strategy,
        adaptive=adaptive,
        offload_gradients=settings.offload_gradients,
        telemetry_every=settings.telemetry_every,
        sampler=StockSampler(draws_seed) if settings.rollout == "transformers" else build_sampler(settings, 0),
        reference_model=reference,
        **common,
    )


def with_adapter(model: Any) -> Any:
    """Return the model with a new adapter, which is the same each time."""
    import peft

    torch.manual_seed(0)
    return peft.get_peft_model(
        model, peft.LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM")
    )


def trained_weights(trainer: GRPOTrainer) -> list[torch.Tensor]:
    """Train, and return copies of the trainable parameters."""
    trainer.train()
    return [parameter.detach().clone() for parameter in trainer.model.parameters() if parameter.requires_grad]


def largest_difference(first: Sequence[torch.Tensor], second: Sequence[torch.Tensor]) -> float:
    """Largest absolute difference of two lists of tensors."""
    return max(float((a - b).abs().max()) for a, b in zip(first, second, strict=True))
