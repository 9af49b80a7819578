"""Peak memory by kind of stage: the static part against real models, and what each setting does to it."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, GenerationConfig

from tests.support.allocated import allocated
from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.model import LoraConfig, ModelConfig
from xdomain.config.training import TrainingConfig
from xdomain.generation.base import PromptRequest, Sampling
from xdomain.generation.sampler import Sampler
from xdomain.models.tiny import tiny_tokenizer
from xdomain.plan.memory import Division, Lengths, Memory, base_memory, evaluation_memory, training_memory
from xdomain.plan.model_shape import ModelShape, shape_of

TABLE: dict[str, dict[str, Any]] = json.loads((files("xdomain.resolve") / "model_shapes.json").read_text())
LENGTHS = Lengths(prompt=100, completion=300)
ALL, ADAPTER = ModelConfig(hub="x/y"), ModelConfig(hub="x/y", lora=LoraConfig(r=32))


def shape(name: str = "Qwen/Qwen3-4B") -> ModelShape:
    found = shape_of(TABLE[name])
    assert found is not None
    return found


def trained(model: ModelConfig = ALL, division: Division = Division(), **settings: Any) -> Memory:  # noqa: B008
    found = training_memory(shape(), model, TrainingConfig(**settings), LENGTHS, division)
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["Qwen/Qwen3-4B", "Qwen/Qwen2.5-7B"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_static_part_is_that_of_the_meta_device(name: str, dtype: Any) -> None:
    settings = {key: value for key, value in TABLE[name].items() if key != "model_type"}
    config = AutoConfig.for_model(TABLE[name]["model_type"], **settings)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, dtype=getattr(torch, dtype))
    weights = sum(parameter.nbytes for parameter in model.parameters())
    found = training_memory(
        shape(name), ModelConfig(hub=name, dtype=dtype), TrainingConfig(), LENGTHS, Division(device="cpu")
    )
    assert found is not None
    static = sum(found.resident.values()) + found.phases["backward"]["gradients"]
    total = 4 * weights  # weights, gradients and the two moments of AdamW
    print(f"{name} {dtype}: formula {static / 1e9:.2f} GB, meta device {total / 1e9:.2f} GB")
    assert static == pytest.approx(total, rel=0.03)


@pytest.mark.parametrize("lora", [None, LoraConfig(r=8)], ids=["full", "lora"])
def test_the_static_part_is_what_torch_holds_for_a_small_model(lora: LoraConfig | None) -> None:
    sizes = {"hidden_size": 256, "intermediate_size": 704, "num_hidden_layers": 4, "num_attention_heads": 4}
    config = AutoConfig.for_model("llama", vocab_size=2000, num_key_value_heads=2, tie_word_embeddings=True, **sizes)
    model: Any = AutoModelForCausalLM.from_config(config)
    if lora is not None:
        import peft

        model = peft.get_peft_model(model, peft.LoraConfig(r=8, target_modules="all-linear", task_type="CAUSAL_LM"))
    own = [each for each in model.parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(own)
    ids = torch.randint(0, 2000, (2, 16))
    model(input_ids=ids, labels=ids).loss.backward()
    optimizer.step()
    held = sum(each.nbytes for each in model.parameters()) + sum(each.grad.nbytes for each in own)
    held += sum(each.nbytes for state in optimizer.state.values() for each in state.values())
    small = shape_of(config.to_dict())
    assert small is not None
    model_config = ModelConfig(hub="x/y", lora=lora)
    found = training_memory(small, model_config, TrainingConfig(), LENGTHS, Division(device="cpu"))
    assert found is not None
    static = sum(found.resident.values()) + found.phases["backward"]["gradients"]
    print(f"formula {static / 1e6:.3f} MB, torch {held / 1e6:.3f} MB")
    assert static == pytest.approx(held, rel=0.03)


def test_what_saves_memory_saves_it() -> None:
    plain = trained(prompts_per_step=16)
    assert trained(ADAPTER).own < plain.own
    assert trained(micro_batch=8).phases["backward"] != plain.phases["backward"]
    again = trained(gradient_checkpointing=True)
    assert again.phases["backward"]["activations"] < plain.phases["backward"]["activations"] / 4
    assert trained(optimizer="adamw_bnb_8bit").resident["optimizer"] * 4 == plain.resident["optimizer"]
    assert trained(beta=0.1).resident["reference"] == plain.resident["parameters"]


def test_strategies_and_processes_cost_gradients() -> None:
    plain = trained().phases["optimizer step"]["gradients"]
    assert trained(division=Division(gradients=3)).phases["optimizer step"]["gradients"] == 4 * plain
    offloaded = trained(division=Division(gradients=3), offload_gradients=True)
    assert offloaded.phases["optimizer step"]["gradients"] == 2 * plain
    assert trained(division=Division(processes=2)).phases["optimizer step"]["gradients"] == 2 * plain


def test_shards_divide_weights_gradients_and_optimizer() -> None:
    plain, sharded = trained(), trained(division=Division(processes=8, shards=8))
    assert sharded.resident["parameters"] * 8 == plain.resident["parameters"]
    assert sharded.resident["optimizer"] * 8 == plain.resident["optimizer"]
    assert 0 < sharded.resident["gathered"] < plain.resident["parameters"]
    assert sharded.phases["optimizer step"]["gradients"] * 8 == plain.phases["optimizer step"]["gradients"]


def test_an_engine_takes_its_share_of_the_gpu() -> None:
    settings = {"rollout": "vllm-colocate"}
    found = trained(**settings)
    assert "sampling" not in found.phases
    assert found.on(80e9) == found.own + 0.3 * 80e9
    asleep = trained(**settings, grpo={"vllm_enable_sleep_mode": True, "vllm_gpu_memory_utilization": 0.5})
    assert asleep.on(80e9) == max(found.own, sum(found.resident.values()) + 40e9)


def test_a_rollout_holds_keys_and_values_of_all_its_completions() -> None:
    one, four = (trained(updates_per_rollout=count).phases["sampling"]["kv_cache"] for count in (1, 4))
    assert four == pytest.approx(4 * one, rel=1e-6)
    tokens = 16 * 8 * LENGTHS.total
    assert one == pytest.approx(tokens * 36 * 2 * 8 * 128 * 4, rel=1 / 30)


@pytest.mark.parametrize(("dtype", "mixed"), [("float32", False), ("float32", True), ("bfloat16", False)])
@pytest.mark.parametrize(("prompt", "completion"), [(96, 16), (16, 96)])
@pytest.mark.parametrize("rollout", ["transformers", "batched"])
def test_a_rollout_allocates_what_the_formula_says(
    dtype: Any, mixed: bool, prompt: int, completion: int, rollout: Any
) -> None:
    sizes = {"hidden_size": 192, "intermediate_size": 512, "num_hidden_layers": 6, "num_attention_heads": 6}
    config = AutoConfig.for_model("llama", vocab_size=2000, num_key_value_heads=2, tie_word_embeddings=True, **sizes)
    model = AutoModelForCausalLM.from_config(config, dtype=getattr(torch, dtype)).eval()
    ids = torch.randint(3, 2000, (16, prompt))
    prompts = [PromptRequest(tuple(ids[row].tolist()), tuple(range(8 * row, 8 * row + 8))) for row in (0, 1)]
    length = {"max_new_tokens": completion, "min_new_tokens": completion}
    settings = GenerationConfig(do_sample=True, top_k=0, eos_token_id=2, pad_token_id=0, **length)

    def sample() -> None:
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=mixed):
            if rollout == "batched":
                list(sampler.sample(prompts, Sampling(completion, 1.0, 1.0, ())))
            else:
                model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), generation_config=settings)

    sampler = Sampler(model, tiny_tokenizer(), (2,), batch_tokens=None)
    measured = allocated(sample)
    small = shape_of(config.to_dict())
    assert small is not None
    training = TrainingConfig(prompts_per_step=2, generations=8, bf16=mixed, rollout=rollout)
    lengths = Lengths(prompt, completion)
    found = training_memory(small, ModelConfig(hub="x/y", dtype=dtype), training, lengths, Division(device="cpu"))
    assert found is not None
    formula = max(sum(found.phases[name].values()) for name in ("reading prompts", "sampling"))
    sizes_in_mb = f"formula {formula / 1e6:.1f} MB, measured {measured / 1e6:.1f} MB"
    print(f"{rollout} {dtype} mixed {mixed}, {prompt} + {completion} tokens: {sizes_in_mb}")
    assert formula == pytest.approx(measured, rel=0.2)


def test_evaluations_and_bases() -> None:
    weights = shape().parameters * 4
    sampled = evaluation_memory(shape(), ALL, EvaluationConfig(), LENGTHS)
    more = evaluation_memory(shape(), ALL, EvaluationConfig(batch_tokens=65536), LENGTHS)
    assert sampled is not None
    assert more is not None
    assert weights < sampled.own < more.own
    engine = evaluation_memory(shape(), ALL, EvaluationConfig(backend="vllm"), LENGTHS)
    assert engine is not None
    assert (engine.own, engine.on(1e9)) == (0, 0.9e9)
    assert engine.engine_needs > weights
    assert base_memory(shape(), ALL, LENGTHS, "cuda").own == weights
    warmed = ModelConfig(hub="x/y", warmup={"domains": ["math"], "examples_per_step": 4})  # type: ignore[arg-type]
    assert base_memory(shape(), warmed, LENGTHS, "cuda").own > 4 * weights
