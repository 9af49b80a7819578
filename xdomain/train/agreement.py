"""Check, once the base model is ready, that training and evaluation see the same prompts and judge the same texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset

from xdomain.config.strategy import JointConfig
from xdomain.config.training import TrainingConfig
from xdomain.core.errors import StageError, XDomainError
from xdomain.core.model_context import context_of
from xdomain.core.records import Outcome
from xdomain.core.stage import StageContext
from xdomain.domains.base import Domain, Item, Split
from xdomain.generation.stopping import StopStrings, end_tokens
from xdomain.models.prompting import encode, opened_reasoning, render, scored_text, trl_prompt
from xdomain.strategies.build import build_strategy
from xdomain.train.arguments import grpo_arguments
from xdomain.train.rewards import RewardRouter, ScoredRollout, ScoredSample
from xdomain.train.rollouts import prompt_fits
from xdomain.train.trainer import DomainGRPOTrainer

ITEMS = 2
"""Number of train items that are compared per domain."""
LONGEST_PROMPT = 1024
"""Longer prompts are passed over, since their caches and logits take gigabytes."""
TOKENS = 8
"""Number of tokens that are sampled per completion."""
LARGEST_DIFFERENCE = {torch.float32: 1e-3, torch.bfloat16: 0.1, torch.float16: 0.1}
"""Mean difference of log-probabilities (nats per token) that rounding explains, by the weights' dtype."""


def check_agreement(
    domains: Mapping[str, Domain],
    training: TrainingConfig,
    model: Any,
    tokenizer: Any,
    chat: bool,
    context: StageContext,
) -> dict[str, Any]:
    """Compare prompts and completions of training with those of evaluation on a few train items of each domain.

    TRL's own methods make the prompts and sample completions. The prompts' token ids, the texts that rewards would
    judge, and the log-probabilities must equal those that evaluation computes from the same items and tokens.

    Args:
        domains: Domains that give the items. They are closed at the end.
        training: Training settings.
        model: The base model. It must be saved already, since the trainer changes it.
        tokenizer: The base model's tokenizer.
        chat: Whether prompts go through the chat template.
        context: Surroundings of the stage, of which the scratch folder and the device are used.

    Returns:
        Figures for the stage's summary.

    Raises:
        StageError: Training and evaluation differ. The error names the first difference and what to set.
    """
    limit = min(training.max_prompt_tokens or LONGEST_PROMPT, LONGEST_PROMPT)
    if (room := context_of(model.config)) is not None:
        limit = min(limit, room - 1)
    try:
        found = {name: _some_items(domain, tokenizer, chat, limit) for name, domain in domains.items()}
        items = {name: own for name, own in found.items() if own}
        if not items:
            return {}
        rows = [
            {"prompt": trl_prompt(item, chat, tokenizer), "domain": name, "index": index}
            for name, own in items.items()
            for index, item in enumerate(own)
        ]
        flat = [item for own in items.values() for item in own]
        router = _Listener({name: domains[name] for name in items}, items)
        trainer = _trainer(training, model, tokenizer, rows, router, context)
        compare_prompts(trainer, rows, flat, chat)
        return {"compared_prompts": len(rows), **_compare_rollouts(trainer, router, rows, flat, chat)}
    finally:
        for domain in domains.values():
            domain.close()


class _Listener(RewardRouter):
    """A router that keeps the texts it is given and judges none of them, since a judge may cost money."""

    texts: Sequence[str] = ()

    def score(self, completions: Sequence[Any], *, domain: Sequence[str], **_: Any) -> ScoredRollout:
        self.texts = list(completions)
        return ScoredRollout(tuple(ScoredSample(name, 0.0, Outcome.UNSCORED) for name in domain))


def _some_items(domain: Domain, tokenizer: Any, chat: bool, limit: int) -> list[Item]:
    """Return the first train items whose prompts have at most `limit` tokens.

    Return [] if the domain cannot be read. The stages of that domain will report the error.
    """
    try:
        fitting = (item for item in domain.items(Split.TRAIN) if prompt_fits(item, tokenizer, chat, limit))
        return list(islice(fitting, ITEMS))
    except XDomainError:
        return []


def _trainer(
    training: TrainingConfig,
    model: Any,
    tokenizer: Any,
    rows: Sequence[Mapping[str, Any]],
    router: RewardRouter,
    context: StageContext,
) -> DomainGRPOTrainer:
    few: dict[str, Any] = {
        "prompts_per_step": len(rows),
        "generations": 2,
        "updates_per_rollout": 1,
        "epochs_per_rollout": 1,
        "micro_batch": None,
        "max_completion_tokens": min(TOKENS, training.max_completion_tokens),
        "rollout": "transformers",
        "beta": 0.0,
        "bf16": False,  # compute in the weights' precision, so that rounding is not mistaken for a disagreement
        "grpo": {},
    }
    names = tuple(dict.fromkeys(row["domain"] for row in rows))
    folder = Path(context.scratch) / "agreement"
    return DomainGRPOTrainer(
        router=router,
        domains=names,
        strategy=build_strategy(JointConfig(), names, 0),
        model=model,
        processing_class=tokenizer,
        train_dataset=Dataset.from_list([dict(row) for row in rows]),
        args=grpo_arguments(training.model_copy(update=few), steps=1, seed=0, output=folder, device=context.device),
    )


def compare_prompts(
    trainer: DomainGRPOTrainer, rows: Sequence[Mapping[str, Any]], items: Sequence[Item], chat: bool
) -> None:
    """Compare the token ids that TRL makes of prompts with those that evaluation makes.

    Args:
        trainer: Trainer whose own tokenisation is called.
        rows: Rows of TRL's data set.
        items: Item of each row.
        chat: Whether prompts go through the chat template.

    Raises:
        StageError: The token ids differ, or a prompt begins with two begin tokens.
    """
    tokenizer = trainer.processing_class
    trained = [list(ids) for ids in trainer._tokenize_prompts([row["prompt"] for row in rows])[0]]
    evaluated = encode([render(item, tokenizer, chat) for item in items], tokenizer, chat)
    for row, one, other in zip(rows, trained, evaluated, strict=True):
        where = f"prompts of {row['domain']}"
        if one != other:
            shorter = min(len(one), len(other))
            place = next((index for index in range(shorter) if one[index] != other[index]), shorter)
            raise StageError(
                f"training and evaluation tokenise a prompt differently: token {place + 1} is "
                f"{_token(tokenizer, one, place)} in training and {_token(tokenizer, other, place)} in evaluation.",
                where=where,
                fix="Set model.chat_template: false, or repair the tokenizer's files.",
            )
        if len(one) > 1 and one[0] == one[1] == tokenizer.bos_token_id:
            raise StageError(
                f"a prompt begins with {tokenizer.bos_token} twice: its text and the tokenizer both add one.",
                where=where,
                fix=f"Remove {tokenizer.bos_token} from the domain's template.",
            )


def _compare_rollouts(
    trainer: DomainGRPOTrainer, router: _Listener, rows: Sequence[Mapping[str, Any]], items: Sequence[Item], chat: bool
) -> dict[str, Any]:
    tokenizer, model = trainer.processing_class, trainer.accelerator.unwrap_model(trainer.model)
    ends = end_tokens(model.generation_config.eos_token_id, tokenizer)
    if sorted(trainer.eos_token_ids) != ends:
        raise StageError(
            f"training ends completions at the tokens {sorted(trainer.eos_token_ids)}, evaluation at {ends}.",
            where="model",
            fix="Repair eos_token_id in the model's generation_config.json.",
        )
    model.eval()
    batch = trainer._generate_and_score_completions([dict(row) for row in rows for _ in range(trainer.num_generations)])
    sampled = [
        ids[mask.bool()].tolist() for ids, mask in zip(batch["completion_ids"], batch["completion_mask"], strict=True)
    ]
    questions = [item for item in items for _ in range(trainer.num_generations)]
    domains = [row["domain"] for row in rows for _ in range(trainer.num_generations)]
    prompts = [render(item, tokenizer, chat) for item in questions]
    for judged, token_ids, prompt, name in zip(router.texts, sampled, prompts, domains, strict=True):
        text, _ = StopStrings(tokenizer, router.stop[name]).read(token_ids, ends)
        expected = scored_text(opened_reasoning(prompt), text)
        if judged != expected:
            raise StageError(
                f"a reward would judge {judged!r}, evaluation {expected!r}, of the same tokens.",
                where=f"completions of {name}",
                fix="Report this: the installed trl judges other tokens than it trains on.",
            )
    difference = _log_probability_difference(trainer, model, batch, encode(prompts, tokenizer, chat), sampled)
    if not difference <= LARGEST_DIFFERENCE.get(model.dtype, 0.1):
        raise StageError(
            f"log-probabilities in training and in evaluation differ by {difference:.3g} nats per token on average.",
            where="model",
            fix="Left-padded prompts change this model's answers. Set model.dtype: float32 or use another model.",
        )
    return {"compared_completions": len(sampled), "log_probability_difference": difference}


@torch.no_grad()
def _log_probability_difference(
    trainer: DomainGRPOTrainer,
    model: Any,
    batch: Mapping[str, Any],
    prompts: Sequence[Sequence[int]],
    sampled: Sequence[Sequence[int]],
) -> float:
    """Return the mean absolute difference per token between the trainer's padded batch and single unpadded rows."""
    ids = torch.cat([batch["prompt_ids"], batch["completion_ids"]], dim=1)
    mask = torch.cat([batch["prompt_mask"], batch["completion_mask"]], dim=1)
    width = batch["completion_ids"].size(1)
    trained, _, _ = trainer._get_per_token_logps_and_entropies(trainer.model, ids, mask, width, batch_size=1)
    differences = []
    for row, prompt, completion in zip(trained, prompts, sampled, strict=True):
        whole = torch.tensor([[*prompt, *completion]], device=ids.device)
        logits = model(input_ids=whole).logits[0, len(prompt) - 1 : -1].float()
        expected = (logits / trainer.temperature).log_softmax(dim=-1)
        chosen = expected.gather(1, whole[0, len(prompt) :].unsqueeze(1)).squeeze(1)
        differences.append((row[: len(completion)].float() - chosen).abs())
    return float(torch.cat(differences).mean())


def _token(tokenizer: Any, ids: Sequence[int], place: int) -> str:
    return repr(tokenizer.convert_ids_to_tokens(ids[place])) if place < len(ids) else "missing"
