"""Bytes of a pass against what torch allocates in one, on a CPU, by its own profiler."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM
from trl.trainer.utils import add_fused_lm_head

from tests.support.allocated import allocated
from xdomain.config.model import LoraConfig
from xdomain.plan.activations import Pass, layer_bytes, pass_phases
from xdomain.plan.model_shape import shape_of

ROWS, TOKENS, WORDS = 8, 96, 300
SIZES = {
    "vocab_size": WORDS,
    "hidden_size": 192,
    "intermediate_size": 512,
    "num_hidden_layers": 6,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "tie_word_embeddings": True,
    "max_position_embeddings": 512,
}
FAMILIES = {"llama": (LlamaConfig, LlamaForCausalLM), "qwen3": (Qwen3Config, Qwen3ForCausalLM)}


@pytest.mark.parametrize("lora", [False, True], ids=["full", "lora"])
@pytest.mark.parametrize("checkpointing", [False, True], ids=["", "checkpointing"])
@pytest.mark.parametrize(("dtype", "mixed"), [("float32", False), ("float32", True), ("bfloat16", False)])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_pass_allocates_what_the_formula_says(
    family: str, dtype: str, mixed: bool, checkpointing: bool, lora: bool
) -> None:
    torch.manual_seed(0)
    config = FAMILIES[family][0](**SIZES)
    model: Any = FAMILIES[family][1](config).to(getattr(torch, dtype))
    add_fused_lm_head(model)
    shape = shape_of(config.to_dict())
    assert shape is not None
    adapter = LoraConfig(r=8) if lora else None
    if lora:
        import peft

        model = peft.get_peft_model(model, peft.LoraConfig(r=8, target_modules="all-linear", task_type="CAUSAL_LM"))
    if checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        model.enable_input_require_grads()
    model.train()
    ids = torch.randint(0, WORDS, (ROWS, TOKENS))
    mask = torch.ones_like(ids)
    mask[0, :5] = 0
    labels = ids.masked_fill(torch.arange(TOKENS) < TOKENS // 2, -100)

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
            found = model(input_ids=ids, attention_mask=mask, labels=labels, fused_lm_head=True)
        (-found.log_probs.float().sum()).backward()

    step()  # from here on gradients exist
    measured = allocated(step)
    one = Pass(rows=ROWS, tokens=TOKENS, width=4 if dtype == "float32" else 2, mixed=mixed, checkpointing=checkpointing)
    phases = pass_phases(shape, one, adapter, trained=not lora, device="cpu")
    formula = max(sum(parts.values()) for parts in phases.values())
    print(f"{family} {dtype} mixed {mixed}: formula {formula / 1e6:.1f} MB, measured {measured / 1e6:.1f} MB")
    assert formula == pytest.approx(measured, rel=0.06)


def test_a_longer_sequence_costs_its_square_for_the_mask() -> None:
    shape = shape_of(Qwen3Config(**SIZES).to_dict())
    assert shape is not None
    short, long = (layer_bytes(shape, Pass(rows=1, tokens=tokens, width=4), None) for tokens in (100, 200))
    assert long - 2 * short == 2 * 100**2 * 4
