"""Model families that transformers knows: a tiny random model of each, and what xdomain does with it.

`docs/reference/models.md` shows the same table; `tests/architecture/test_model_table.py` compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM

from xdomain.models.tiny import tiny_tokenizer

WORKS, SLOW, REFUSED = "works", "without a cache", "refused"

SHAPE: Mapping[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
}
GPT: Mapping[str, Any] = {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 64}
EXPERTS: Mapping[str, Any] = {**SHAPE, "head_dim": 16, "num_experts": 4, "num_experts_per_tok": 2}
STATES: Mapping[str, Any] = {"hidden_size": 32, "num_hidden_layers": 2, "state_size": 4}


@dataclass(frozen=True)
class Family:
    """What is done with the models of one `model_type`.

    Attributes:
        settings: configuration of a tiny model.
        evaluation: WORKS, SLOW or REFUSED.
        full: full fine-tuning, WORKS or REFUSED.
        lora: LoRA on all linear layers, WORKS or REFUSED.
        sentence: part of the message of a refusal.
        always: tested by `make test`; the others by `make check`.
    """

    settings: Mapping[str, Any]
    evaluation: str = WORKS
    full: str = WORKS
    lora: str = WORKS
    sentence: str = ""
    always: bool = False


LINEAR = ["linear_attention", "full_attention"]
FAMILIES: Mapping[str, Family] = {
    "bert": Family(
        {key: value for key, value in SHAPE.items() if key != "num_key_value_heads"},
        evaluation=REFUSED,
        full=REFUSED,
        lora=REFUSED,
        sentence="looks ahead",
        always=True,
    ),
    "bloom": Family({"hidden_size": 32, "n_layer": 2, "n_head": 2}),
    "cohere": Family(SHAPE),
    "deepseek_v3": Family(
        {
            **SHAPE,
            "n_routed_experts": 4,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 16,
            "q_lora_rank": 8,
            "kv_lora_rank": 8,
            "qk_rope_head_dim": 8,
            "qk_nope_head_dim": 8,
            "v_head_dim": 8,
            "n_group": 1,
            "topk_group": 1,
            "first_k_dense_replace": 1,
        }
    ),
    "falcon": Family(
        {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 64}
    ),
    "falcon_mamba": Family(STATES, lora=REFUSED, sentence="incompatible with Mamba-based models"),
    "gemma2": Family({**SHAPE, "head_dim": 16, "sliding_window": 8}),
    "gemma3_text": Family({**SHAPE, "head_dim": 16, "sliding_window": 8}),
    "gpt2": Family(GPT, always=True),
    "gpt_bigcode": Family(GPT),
    "gpt_neo": Family(
        {
            "hidden_size": 32,
            "num_layers": 2,
            "num_heads": 2,
            "attention_types": [[["global", "local"], 1]],
            "window_size": 8,
            "max_position_embeddings": 64,
        }
    ),
    "gpt_neox": Family({key: value for key, value in SHAPE.items() if key != "num_key_value_heads"}),
    "gptj": Family({**GPT, "rotary_dim": 8}),
    "granite": Family({**SHAPE, "logits_scaling": 2.0}),
    "jamba": Family(
        {
            **SHAPE,
            "num_hidden_layers": 4,
            "attn_layer_period": 2,
            "attn_layer_offset": 1,
            "expert_layer_period": 2,
            "expert_layer_offset": 1,
            "num_experts": 2,
            "mamba_d_state": 4,
        },
        lora=REFUSED,
        sentence="its forward pass leaves some of them out",
    ),
    "lfm2": Family({**SHAPE, "num_hidden_layers": 3, "layer_types": ["conv", "full_attention", "conv"]}, always=True),
    "llama": Family(SHAPE),
    "mamba": Family(STATES, lora=REFUSED, sentence="incompatible with Mamba-based models", always=True),
    "mamba2": Family(
        {**STATES, "num_heads": 4, "head_dim": 16, "n_groups": 1, "expand": 2, "chunk_size": 8},
        lora=REFUSED,
        sentence="incompatible with Mamba-based models",
    ),
    "mistral": Family({**SHAPE, "head_dim": 16, "sliding_window": 8}),
    "mixtral": Family({**SHAPE, "num_local_experts": 4}),
    "mpt": Family({"d_model": 32, "n_layers": 2, "n_heads": 2, "max_seq_len": 64, "expansion_ratio": 2}),
    "olmo2": Family(SHAPE),
    "opt": Family(
        {
            "hidden_size": 32,
            "ffn_dim": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "max_position_embeddings": 64,
            "word_embed_proj_dim": 32,
        }
    ),
    "phi3": Family(SHAPE),
    "qwen2": Family(SHAPE),
    "qwen3": Family({**SHAPE, "head_dim": 16}, always=True),
    "qwen3_moe": Family({**EXPERTS, "moe_intermediate_size": 32}),
    "qwen3_next": Family(
        {
            **EXPERTS,
            "layer_types": LINEAR,
            "moe_intermediate_size": 32,
            "shared_expert_intermediate_size": 32,
            "linear_num_key_heads": 2,
            "linear_num_value_heads": 2,
            "linear_key_head_dim": 8,
            "linear_value_head_dim": 8,
        }
    ),
    "recurrent_gemma": Family(
        {
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 3,
            "num_attention_heads": 2,
            "lru_width": 32,
            "attention_window_size": 16,
        },
        SLOW,
        REFUSED,
        REFUSED,
        sentence="its recurrent state stays in its layers",
        always=True,
    ),
    "rwkv": Family(
        {"hidden_size": 32, "num_hidden_layers": 2, "attention_hidden_size": 32, "context_length": 64},
        SLOW,
        REFUSED,
        REFUSED,
        sentence="padded on the left differ from the model's own",
    ),
    "smollm3": Family(SHAPE),
    "stablelm": Family(SHAPE),
    "starcoder2": Family(SHAPE),
    "xglm": Family(
        {"d_model": 32, "ffn_dim": 64, "num_layers": 2, "attention_heads": 2, "max_position_embeddings": 64}
    ),
}


def tiny_model(name: str) -> Any:
    """A random model of the family, with wider weights than fresh ones, so that greedy choices are not ties."""
    tokenizer = tiny_tokenizer()
    special = {
        "vocab_size": len(tokenizer),
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(name, **special, **FAMILIES[name].settings))
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(2.0)
    return model.eval()
