"""LoRA adapters: put them on a model, list them weight by weight, compare them with the merged model."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM

from xdomain.config.model import LoraConfig
from xdomain.core.errors import ConfigError, StageError
from xdomain.models.checkpoint import load_adapter, load_plain, read_info
from xdomain.models.rounding import rounds_as

TOLERANCES = {torch.float32: 1e-4, torch.float16: 0.02, torch.bfloat16: 0.1}
"""Largest difference of a logit that counts as rounding, as a share of the largest logit (at least 1), by dtype."""
LEFT_OUT = 0.01
"""Largest difference between a random adapter and its merge, in standard deviations of the logits.

Leaving an adapter out changes logits by a large part of one standard deviation.
"""
ADAPTER_NAME = re.compile(r"(?<=lora_[AB])(?=\.weight$)|(?<=lora_embedding_[AB])$")
"""Place of the adapter's name in the name of a weight, which files leave out."""
PREFIX = "base_model.model."
"""Prefix that peft adds to the names of the plain model's modules."""


def new_adapter(model: Any, lora: LoraConfig, *, random: bool = False) -> Any:
    """Return `model` as a peft model with a new adapter.

    Args:
        model: Plain model.
        lora: Settings of the adapter.
        random: Whether to draw random weights that change the model's answers. Otherwise a new adapter changes
            nothing.

    Raises:
        ConfigError: `target_modules` names no layer that can be adapted, the output layer, or a weight that is tied to
            another.
    """
    import peft

    where = "model.lora.target_modules"
    chosen = lora.target_modules if isinstance(lora.target_modules, str) else list(lora.target_modules)
    settings = peft.LoraConfig(
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=chosen,
        task_type="CAUSAL_LM",
        init_lora_weights=not random,
    )
    try:
        adapted = peft.get_peft_model(model, settings)
    except (ValueError, NotImplementedError) as error:
        kind = type(model).__name__
        raise ConfigError(
            f"no adapter can be put on {kind}: {' '.join(str(error).split())}",
            where=where,
            fix="Name linear layers as the model does, for example [q_proj, v_proj], or [in_proj] for a Mamba.",
        ) from error
    _check_targets(adapted, where)
    return adapted


def _check_targets(model: Any, where: str) -> None:
    from peft.tuners.tuners_utils import BaseTunerLayer

    plain = model.get_base_model()
    kind = type(plain).__name__
    if isinstance(plain.get_output_embeddings(), BaseTunerLayer):
        raise ConfigError(
            f"the output layer of {kind} cannot be adapted: TRL multiplies by its weight directly, so the adapter "
            "would be ignored and never trained.",
            where=where,
            fix="Remove the output layer (lm_head) from the list.",
        )
    shared = Counter(weight.data_ptr() for _, weight in plain.named_parameters(remove_duplicate=False))
    tied = [name for name, weight, _ in adapted_weights(model) if shared[weight.data_ptr()] > 1]
    if tied:
        raise ConfigError(
            f"{tied[0]} of {kind} is tied to another weight (tie_word_embeddings): the merge would change both.",
            where=where,
            fix="Remove it from the list, or use a model whose config.json says tie_word_embeddings: false and whose "
            "output layer is stored.",
        )


def adapted_weights(model: Any) -> Iterator[tuple[str, Tensor, Tensor]]:
    """Yield name, weight and change of each adapted weight: linear layers, embeddings, and stacks of experts.

    The name is the plain model's, the weight is the one below the adapter, and the change is float32. One change is in
    memory at a time.
    """
    from peft.tuners.lora.layer import ParamWrapper

    for name, module in adapted_layers(model):
        weight = module.get_param() if isinstance(module, ParamWrapper) else module.get_base_layer().weight
        with torch.no_grad():
            yield name, weight.detach(), module.get_delta_weight("default").detach().to(torch.float32)


def adapted_layers(model: Any) -> Iterator[tuple[str, Any]]:
    """Yield the plain model's name of each adapted weight, and the layer that adapts it."""
    from peft.tuners.lora import LoraLayer
    from peft.tuners.lora.layer import ParamWrapper

    for name, module in model.named_modules():
        if isinstance(module, LoraLayer) and "default" in module.scaling:
            place = name.removeprefix(PREFIX).replace(".base_layer", "")
            yield f"{place}.{module.parameter_name if isinstance(module, ParamWrapper) else 'weight'}", module


def load_adapter_alone(folder: Path) -> Any:
    """Return a checkpoint's adapter as a peft model whose other weights are not loaded.

    Raises:
        StageError: The adapter has weights that the model has not.
    """
    from peft import PeftConfig, get_peft_model
    from peft.utils import load_peft_weights

    below = folder
    while (info := read_info(below)).foundation is not None:
        below = info.foundation
    config = AutoConfig.from_pretrained(below, trust_remote_code=info.custom_code)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, trust_remote_code=info.custom_code)
    adapted = get_peft_model(model, PeftConfig.from_pretrained(folder), low_cpu_mem_usage=True)
    # Peft's own function would move the weights to the device of the model, which has none.
    weights = {ADAPTER_NAME.sub(".default", key): value for key, value in load_peft_weights(folder, "cpu").items()}
    unexpected = adapted.load_state_dict(weights, strict=False, assign=True).unexpected_keys
    if unexpected:
        raise StageError(f"its adapter has {unexpected[0]}, which the model has not.", where=str(folder))
    return adapted


def adapter_products(folder: Path) -> Iterator[tuple[str, Tensor]]:
    """Yield the plain model's name of each weight and the product that a checkpoint's adapter adds to it, float32."""
    for name, _, change in adapted_weights(load_adapter(folder, trainable=False)):
        yield name, change


def check_merge(model: Any, checkpoint: Path, prompts: Sequence[Sequence[int]]) -> dict[str, float | None]:
    """Compare a trained adapter model with the merged model that its checkpoint loads as.

    Args:
        model: Trained peft model; it is moved to the CPU.
        checkpoint: Folder of its adapter.
        prompts: Token ids of a few real prompts.

    Returns:
        `largest_difference` of a logit, the `tolerance` that it must not exceed, and `lost_share`:
        |merged - (weight + change)| / |change| over all adapted weights, None if nothing changed.

    Raises:
        StageError: The merged model differs from the trained one by more than rounding.
    """
    device, expected = model.device, logits(model, prompts)
    model.to("cpu")  # so that the device holds one model at a time
    return compare_merge(model, expected, checkpoint, prompts, device)


def compare_merge(
    model: Any, expected: Sequence[Tensor], checkpoint: Path, prompts: Sequence[Sequence[int]], device: Any
) -> dict[str, float | None]:
    """Compare the merged model of a checkpoint with the `expected` logits of the model that was trained.

    Args:
        model: The adapter model, on the CPU.
        expected: Logits of `prompts`, as `logits` returns them.
        checkpoint: Folder of the adapter.
        prompts: Token ids of a few real prompts.
        device: Device that the merged model is put on.

    Returns:
        See `check_merge`.

    Raises:
        StageError: the merged model is not the one that was trained.
    """
    merged = load_plain(checkpoint).to(device)
    found = logits(merged, prompts)
    largest, tolerance = _difference(expected, found, model.dtype)
    if not largest <= tolerance:
        raise StageError(
            f"the merged model is not the one that was trained: logits differ by up to {largest:.3g}, but rounding "
            f"explains at most {tolerance:.3g} ({model.dtype}).",
            where=str(checkpoint),
            fix="Report it with the model's name. Until then train this model without model.lora.",
        )
    return {
        "largest_difference": largest,
        "tolerance": tolerance,
        "lost_share": lost_share(model, dict(merged.cpu().named_parameters())),
    }


def try_adapter(model: Any, lora: LoraConfig, prompt: Sequence[int]) -> None:
    """Refuse a model that answers differently with an adapter and after the merge.

    Some models read weights of their layers directly and so leave adapters out of their forward pass. `model` cannot
    be used afterwards.

    Args:
        model: Plain model.
        lora: Settings of the adapter.
        prompt: Token ids of a prompt.

    Raises:
        ConfigError: The answers differ, or no adapter can be put on the model.
    """
    kind = type(model).__name__
    # In float32, since rounding in half precision would hide an adapter that only a few layers leave out.
    adapted = new_adapter(model.float(), lora, random=True)
    expected = logits(adapted, [prompt])
    largest, tolerance = _difference(expected, logits(adapted.merge_and_unload(), [prompt]), torch.float32)
    tolerance = max(tolerance, LEFT_OUT * float(expected[0].std()))
    if not largest <= tolerance:
        raise ConfigError(
            f"{kind} cannot be trained with these adapters: its forward pass leaves some of them out (a random adapter "
            f"and its merged model differ by {largest:.3g} in a logit; rounding explains at most {tolerance:.3g}).",
            where="model.lora.target_modules",
            fix="Name layers whose forward pass the model calls, or train without model.lora.",
        )


def lost_share(model: Any, merged: Mapping[str, Tensor]) -> float | None:
    """Return the share of the adapter's change that the merge rounded away.

    The share is |merged - (weight + change)| / |change| with Euclidean lengths over all adapted weights. It is None if
    the adapter changes nothing.

    Source: ours.
    """
    lost, whole = [], []
    for name, weight, change in adapted_weights(model):
        lost.append(float((merged[name].double() - (weight.double() + change.double())).square().sum()))
        whole.append(float(change.double().square().sum()))
    total = math.fsum(whole)
    return math.sqrt(math.fsum(lost) / total) if total > 0 else None


def _difference(expected: Sequence[Tensor], found: Sequence[Tensor], dtype: torch.dtype) -> tuple[float, float]:
    """Return the largest difference between two lists of logits, and the largest that is allowed."""
    largest = max(float((one - other).abs().max()) for one, other in zip(expected, found, strict=True))
    scale = max(1.0, *(float(each.abs().max()) for each in expected))
    return largest, TOLERANCES.get(rounds_as(dtype), TOLERANCES[torch.float32]) * scale


@torch.no_grad()
def logits(model: Any, prompts: Sequence[Sequence[int]]) -> list[Tensor]:
    """Return logits [tokens, vocabulary] of each prompt, float32 on the CPU, in evaluation mode."""
    model.eval()
    return [model(input_ids=torch.tensor([list(ids)], device=model.device)).logits[0].float().cpu() for ids in prompts]
