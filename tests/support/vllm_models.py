"""Checkpoints for tests of vLLM: tiny models of two architectures, adapters on them, and what transformers answers."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import torch
from transformers import Qwen3ForCausalLM

from xdomain.core.seeds import derive_seed
from xdomain.models.checkpoint import load_plain, save_adapter, save_full
from xdomain.models.tiny import tiny_qwen3

ALPHABET = "abcdefxyz0123456789 +-=()>\n"
NEW_TOKENS = 16


def tiny_checkpoint(folder: Path, seed: int, *, tied: bool = True) -> Path:
    """Full weights, drawn from `seed` and sharpened so that greedy choices are no ties."""
    model, tokenizer = tiny_qwen3(seed)
    torch.manual_seed(derive_seed("tiny checkpoint", seed))
    if not tied:
        model.config.tie_word_embeddings = False
        model = Qwen3ForCausalLM(model.config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2.0)
    save_full(model, tokenizer, folder, chat_template=False)
    return folder


def adapter_checkpoint(folder: Path, foundation: Path, seed: int, *, rank: int = 4, **settings: Any) -> Path:
    """A LoRA adapter on `foundation` that moves its answers."""
    import peft

    config = peft.LoraConfig(
        r=rank, lora_alpha=2 * rank, target_modules="all-linear", task_type="CAUSAL_LM", **settings
    )
    model = peft.get_peft_model(load_plain(foundation), config)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.normal_(std=0.2, generator=generator)
    save_adapter(model, folder, foundation)
    return folder


def random_prompts(count: int) -> list[str]:
    generator = random.Random(7)
    return ["".join(generator.choices(ALPHABET, k=generator.randint(1, 60))) for _ in range(count)]


@torch.inference_mode()
def transformers_greedy(folder: Path, prompts: list[list[int]], end: int) -> tuple[list[list[int]], float]:
    """Tokens of `model.generate`, up to and with the end token, and the smallest lead of a chosen token's logit over
    the next one's: two programs that round differently can agree only where it is no tie."""
    model = load_plain(folder).eval()
    width = max(map(len, prompts))
    ids = torch.tensor([[end] * (width - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    answer = model.generate(
        input_ids=ids,
        attention_mask=mask,
        max_new_tokens=NEW_TOKENS,
        do_sample=False,
        pad_token_id=end,
        output_scores=True,
        return_dict_in_generate=True,
    )
    rows = [row[: row.index(end) + 1] if end in row else row for row in answer.sequences[:, width:].tolist()]
    best, second = torch.stack(answer.scores, dim=1).topk(2, dim=-1).values.unbind(-1)
    leads = (best - second).tolist()
    return rows, min(lead for row, steps in zip(rows, leads, strict=True) for lead in steps[: len(row)])
