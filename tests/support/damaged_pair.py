"""A tiny model that learned two domains, and stages that damage one of them: trained here with AdamW in seconds."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from xdomain.config.model import LoraConfig
from xdomain.core.fingerprint import text_digest
from xdomain.diagnosis.answers import Batch, batches_of
from xdomain.diagnosis.inputs import StoredAnswer
from xdomain.domains.base import Domain, Item, Split
from xdomain.domains.build import build_domain
from xdomain.models.adapters import new_adapter
from xdomain.models.checkpoint import load_plain, save_adapter, save_full
from xdomain.models.tiny import tiny_qwen3, tiny_tokenizer

PER_STEP = 32


def answer(prompt: str, completion: str, name: str = "item") -> StoredAnswer:
    """Return a completion that ended, of an item with this prompt."""
    return StoredAnswer(Item(name, prompt, completion), text_digest(prompt), completion, ended=True)


def answers_of(domain: Domain, count: int, split: Split = Split.TEST) -> list[StoredAnswer]:
    """Return right answers to the first items of a split."""
    return [answer(item.prompt, domain.render_solution(item), item.id) for item in domain.items(split)[:count]]


def wrong_answers_of(domain: Domain, count: int) -> list[StoredAnswer]:
    """Return answers to train items that are those of other items."""
    right = answers_of(domain, count, Split.TRAIN)
    texts = [each.completion for each in right]
    random.Random(0).shuffle(texts)
    return [answer(each.item.prompt, text) for each, text in zip(right, texts, strict=True)]


def batched(answers: Sequence[StoredAnswer]) -> list[Batch]:
    """Return batches for the tiny model."""
    tokenizer = tiny_tokenizer()
    return batches_of(answers, tokenizer, chat=False, vocabulary=len(tokenizer), device="cpu")


def fit(model: Any, answers: Sequence[StoredAnswer], steps: int, rate: float) -> None:
    """Train the model on answers with AdamW, in batches that are drawn with a fixed seed."""
    optimizer = torch.optim.AdamW([each for each in model.parameters() if each.requires_grad], lr=rate)
    draw = random.Random(1)
    for _ in range(steps):
        (batch,) = batched(draw.sample(list(answers), PER_STEP))
        optimizer.zero_grad()
        torch.autograd.backward(-batch.log_likelihoods(model).mean())
        optimizer.step()


class DamagedPair:
    """Checkpoints below one folder.

    Attributes:
        base: A model that learned "logic" and "puzzle" under supervision.
        damaged: The base after training of all weights on wrong answers to "puzzle".
        crossed: The base after training of all weights on wrong answers to "logic", which damaged "puzzle".
        one_block: The base with an adapter on the MLP of layer 1, which was trained on wrong answers to "puzzle".
        right: Right answers by domain.
    """

    def __init__(self, root: Path) -> None:
        domains = {name: build_domain(name) for name in ("logic", "puzzle")}
        self.right = {name: answers_of(domain, 48) for name, domain in domains.items()}
        wrong = wrong_answers_of(domains["puzzle"], 400)
        self.base, self.damaged, self.one_block = root / "base", root / "damaged", root / "one-block"
        self.crossed = root / "crossed"
        model, tokenizer = tiny_qwen3(seed=1)
        learned = [each for domain in domains.values() for each in answers_of(domain, 400, Split.TRAIN)]
        fit(model, learned, steps=80, rate=3e-3)
        save_full(model, tokenizer, self.base, chat_template=False)
        fit(model, wrong, steps=12, rate=3e-4)
        save_full(model, tokenizer, self.damaged, chat_template=False)
        other = load_plain(self.base)
        fit(other, wrong_answers_of(domains["logic"], 400), steps=12, rate=1e-3)
        save_full(other, tokenizer, self.crossed, chat_template=False)
        torch.manual_seed(0)
        mlp = tuple(f"layers.1.mlp.{name}_proj" for name in ("up", "gate", "down"))
        adapted = new_adapter(load_plain(self.base), LoraConfig(r=4, target_modules=mlp))
        fit(adapted, wrong, steps=12, rate=3e-3)
        save_adapter(adapted, self.one_block, self.base)
