"""Memory of a forward and backward pass: the tensors that autograd saves per layer, and the output layer's needs.

The coefficients are counted from transformers' layers (RMSNorm, rotary attention by torch's
`scaled_dot_product_attention` with a padding mask, gated MLP). A test compares them with what autograd saves.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdomain.config.model import LoraConfig
from xdomain.plan.model_shape import ModelShape

FLOAT = 4
"""Bytes of a float32, the type in which norms compute."""
TILE_TOKENS, TILE_WORDS = 4096, 32768
"""Maximum tokens and words of one tile of logits; TRL's output layer computes logits in tiles, never all at once."""
TILE_COPIES = 7
"""Float32 copies of a tile without Triton, that is on a CPU."""


@dataclass(frozen=True)
class Pass:
    """One forward and backward pass.

    Attributes:
        rows: Sequences of the micro-batch.
        tokens: Length of the longest sequence, to which all are padded.
        width: Bytes per weight.
        mixed: True if matrices are multiplied in bfloat16 under autocast.
        checkpointing: True if layers are recomputed in the backward pass.
        scored: Number of tokens per sequence whose log-probability is computed; None for all.
        keeps_casts: True if autocast keeps its copies of trained weights until the forward pass ends.
    """

    rows: int
    tokens: int
    width: int
    mixed: bool = False
    checkpointing: bool = False
    scored: int | None = None
    keeps_casts: bool = True

    @property
    def computed(self) -> int:
        """Number of bytes of a value between two matrix products."""
        return 2 if self.mixed else self.width

    @property
    def casts(self) -> bool:
        """True if autocast copies the weights."""
        return self.computed < self.width


@dataclass(frozen=True)
class Saved:
    """Bytes per token that autograd saves in a layer, per unit of each width."""

    hidden: int
    intermediate: int
    query: int
    head_norm: int


FULL, FULL_HALF, FULL_MIXED = Saved(24, 16, 16, 8), Saved(16, 8, 8, 6), Saved(26, 8, 8, 6)
LORA, LORA_HALF, LORA_MIXED = Saved(16, 16, 16, 4), Saved(28, 10, 12, 4), Saved(18, 8, 10, 4)


def layer_bytes(shape: ModelShape, step: Pass, lora: LoraConfig | None) -> int:
    """Return the bytes that autograd saves in one layer, excluding copies of weights."""
    saved = _saved(step, lora)
    per_token = saved.hidden * shape.hidden + saved.intermediate * shape.intermediate + saved.query * shape.query
    per_token += FLOAT * (shape.heads + 2)  # attention's normalisers, and those of two norms
    if shape.head_norms:
        per_token += saved.head_norm * (shape.query + shape.key) + FLOAT * (shape.heads + shape.kv_heads)
    if lora is not None:
        per_token += (step.computed if step.mixed else FLOAT) * lora.r * len(shape.adapted(lora))
    mask = step.rows * step.tokens**2 * step.computed
    return step.rows * step.tokens * per_token + mask


def pass_phases(
    shape: ModelShape, step: Pass, lora: LoraConfig | None, *, trained: bool, device: str
) -> dict[str, dict[str, int]]:
    """Return the bytes of each phase of a pass: forward, output layer, and backward through the layers.

    Args:
        shape: Sizes of the model.
        step: Pass to measure.
        lora: Settings of the adapter; None if all weights are trained.
        trained: True if the output layer has a gradient.
        device: "cpu" or "cuda".
    """
    layer, tokens = layer_bytes(shape, step, lora), step.rows * step.tokens
    weights = step.computed * shape.layer_matrices if step.casts else 0
    residual = FLOAT if step.width == FLOAT else step.computed
    # Gradients in an MLP's backward pass: those of its three inner products and of the residual stream.
    flowing = tokens * (3 * step.computed * shape.intermediate + 2 * residual * shape.hidden)
    kept, copies, again = step.rows * step.tokens**2, 0, 0  # the padding mask
    if step.checkpointing:
        kept += shape.layers * tokens * residual * shape.hidden
        copies, again = weights * (shape.layers if lora is None and step.keeps_casts else 1), layer + weights
    else:
        kept += shape.layers * (layer + weights)
    tile = tile_bytes(shape, step, device)
    # Gradients of the output layer's inputs and weight are accumulated in float32.
    added = FLOAT * shape.hidden * (_scored(step, device) + (shape.vocabulary if trained else 0))
    return {
        "forward": {"activations": kept, "casts": copies, "logits": tile},
        "output layer": {"activations": kept, "logits": tile + added},
        "backward": {"activations": kept + again + flowing},
    }


def tile_bytes(shape: ModelShape, step: Pass, device: str) -> int:
    """Return the bytes of a tile of logits and of its inputs."""
    rows, words = min(_scored(step, device), TILE_TOKENS), min(shape.vocabulary, TILE_WORDS)
    tile = rows * TILE_WORDS * step.computed
    if step.casts:
        tile += words * shape.hidden * step.computed
    if device == "cpu":
        tile += rows * words * FLOAT * TILE_COPIES
    return tile


def _scored(step: Pass, device: str) -> int:
    """Return the number of positions whose logits are computed: the completions' on a GPU, else all."""
    return step.rows * (step.tokens if device == "cpu" or step.scored is None else step.scored)


def prefill_bytes(shape: ModelShape, rows: int, tokens: int, width: int) -> int:
    """Return the bytes of processing prompts without gradients: one layer's inner products and the residual stream."""
    widest = max(3 * width * shape.intermediate, width * (3 * shape.query + 2 * shape.key))
    return rows * tokens * (widest + 3 * FLOAT * shape.hidden) + rows * tokens**2 * (1 + width)


def _saved(step: Pass, lora: LoraConfig | None) -> Saved:
    if step.mixed:
        if lora is not None:
            return LORA_MIXED
        return FULL_MIXED if step.casts else FULL_HALF
    whole, half = (FULL, FULL_HALF) if lora is None else (LORA, LORA_HALF)
    return whole if step.width == FLOAT else half
