"""Compare TRL's log-probabilities with the model's own before training uses them.

TRL pads prompts on the left and passes no `position_ids`. A model with learned positions (gpt2, gpt_neo, xglm) then
reads every shorter prompt at the wrong positions; log-probabilities were off by up to 1.39. TRL also multiplies hidden
states by the output layer itself, and so misses any change that the model makes to its logits afterwards. Both effects
are measured on the loaded model. Positions are added if they matter, and a model that still differs is refused.
"""

from __future__ import annotations

import inspect
import math
from typing import Any

import torch
from trl.trainer.utils import add_fused_lm_head

from xdomain.core.errors import ConfigError, StageError
from xdomain.models.rounding import rounds_as

PADDING, TOKENS = 5, 12
"""Numbers of padding tokens and of text tokens in the probe."""
REFUSED = {
    "recurrent_gemma": "its recurrent state stays in its layers from one rollout to the next, and TRL leaves out the "
    "cap on its logits"
}
"""Models whose rollouts or log-probabilities are known to be wrong, by `model_type`, with the reason."""
ROUNDING = {torch.float32: 1e-5, torch.float64: 1e-5}
"""Mean difference of log-probabilities above which positions are added; adding them is right for every model."""
HALF_ROUNDING = 1e-2
LARGEST = {torch.float32: 1e-3, torch.float64: 1e-3}
"""Mean difference of log-probabilities above which a model is refused."""
HALF_LARGEST = 0.2


def align_log_probabilities(model: Any, temperature: float = 1.0) -> None:
    """Make TRL's log-probabilities of left-padded rows equal those of the model itself.

    Args:
        model: Model, plain or with adapters, whose forward pass TRL has patched (`add_fused_lm_head`).
        temperature: Number that the patched forward pass divides logits by.

    Raises:
        ConfigError: The log-probabilities differ with and without positions.
        StageError: The logits are not finite.

    Source: trl 1.16, `GRPOTrainer._get_per_token_logps_and_entropies`.
    """
    plain = model.get_base_model() if hasattr(model, "get_base_model") else model
    kind = type(plain).__name__
    reason = REFUSED.get(plain.config.model_type)
    if reason is None:
        gap = log_probability_gap(model, temperature)
        if not math.isfinite(gap):
            raise StageError(
                f"the weights of {kind} that training begins with give logits that are not finite.",
                where="model",
                fix="Get the model's files again; in a later phase, lower training.learning_rate.",
            )
        dtype = rounds_as(plain.dtype)
        if gap > ROUNDING.get(dtype, HALF_ROUNDING) and add_positions(plain.base_model):
            gap = log_probability_gap(model, temperature)
        if gap <= LARGEST.get(dtype, HALF_LARGEST):
            return
        reason = (
            f"TRL's log-probabilities of a prompt that is padded on the left differ from the model's own by {gap:.2g} "
            "on average, so GRPO would follow a wrong gradient"
        )
    raise ConfigError(
        f"{kind} cannot be trained: {reason}.",
        where="model",
        fix="Choose another model to train; `curricula: []` evaluates this one.",
    )


def check_log_probabilities(model: Any) -> None:
    """Refuse a model that cannot be trained, before a trainer exists. Its forward pass is patched as TRL does it.

    Raises:
        ConfigError: The log-probabilities differ (see `align_log_probabilities`).
    """
    add_fused_lm_head(model)
    align_log_probabilities(model)


def add_positions(backbone: Any) -> bool:
    """Compute `position_ids` from the attention mask whenever a forward pass without a cache gets none.

    Returns:
        True if the backbone takes `position_ids` at all.
    """
    if "position_ids" not in inspect.signature(backbone.forward).parameters:
        return False

    def fill_in(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        mask = kwargs.get("attention_mask")
        given = kwargs.get("position_ids") is not None or kwargs.get("past_key_values") is not None
        if given or mask is None or mask.dim() != 2:
            return args, kwargs
        return args, kwargs | {"position_ids": (mask.long().cumsum(dim=1) - 1).clamp(min=0)}

    backbone.register_forward_pre_hook(fill_in, with_kwargs=True)
    return True


@torch.no_grad()
def log_probability_gap(model: Any, temperature: float = 1.0) -> float:
    """Return how far TRL's log-probabilities of a padded row are from the model's own without padding.

    The result is the mean absolute difference in nats. No random number is drawn.
    """
    was_training = model.training
    model.eval()
    size = model.get_input_embeddings().weight.shape[0]
    ids = torch.tensor([[(7 * n + 3) % size for n in range(TOKENS)]], device=model.device)
    logits = model(input_ids=ids).logits[:, :-1].float() / temperature
    own = logits.log_softmax(dim=-1).gather(2, ids[:, 1:, None]).squeeze(2)
    padded = torch.nn.functional.pad(ids, (PADDING, 0))
    mask = torch.nn.functional.pad(torch.ones_like(ids), (PADDING, 0))
    labels = padded.masked_fill(mask == 0, -100)
    labels[:, PADDING] = -100  # the first token has no log-probability, as in `own`
    found = model(input_ids=padded, attention_mask=mask, labels=labels, fused_lm_head=True).log_probs
    model.train(was_training)
    return float((found[:, 1 - TOKENS :].float() - own).abs().mean())
