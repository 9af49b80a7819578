"""Sizes of a dense decoder, read from the `config.json` of transformers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from xdomain.config.model import LoraConfig

FAMILIES = ("llama", "mistral", "qwen2", "qwen3", "gemma", "smollm3")
"""Values of `model_type` whose layers are an attention block and a gated MLP, as `ModelShape` assumes."""
LAYER_CLASSES = {
    "llama": "LlamaDecoderLayer",
    "mistral": "MistralDecoderLayer",
    "qwen2": "Qwen2DecoderLayer",
    "qwen3": "Qwen3DecoderLayer",
    "gemma": "GemmaDecoderLayer",
    "smollm3": "SmolLM3DecoderLayer",
}
"""Class of a layer in transformers, by family."""
LARGEST_SIZE = 2**40
"""Upper limit of widths, counts and contexts. No model comes near it."""
OTHER_HEAD_DIM = {"qwen3": 128, "gemma": 256}
"""Width of a head if `config.json` names none. For other families it is hidden_size / num_attention_heads."""


@dataclass(frozen=True)
class ModelShape:
    """Sizes of a decoder of one of `FAMILIES`.

    Attributes:
        family: `model_type` of its configuration.
        layers: Number of layers.
        hidden: Width of the residual stream.
        intermediate: Width inside the MLP.
        heads: Attention heads per layer.
        kv_heads: Key and value heads per layer.
        head_dim: Width of a head.
        vocabulary: Rows of the embedding.
        tied: True if the output layer shares the embedding's weights.
        attention_bias: True if all four attention projections have a bias.
        mlp_bias: True if the three layers of the MLP have a bias.
        context: Longest sequence in tokens; None if the configuration does not limit it.
    """

    family: str
    layers: int
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    tied: bool
    attention_bias: bool = False
    mlp_bias: bool = False
    context: int | None = None

    @property
    def query(self) -> int:
        """Total width of a layer's query heads."""
        return self.heads * self.head_dim

    @property
    def key(self) -> int:
        """Total width of a layer's key heads, which equals that of its value heads."""
        return self.kv_heads * self.head_dim

    @property
    def head_norms(self) -> bool:
        """True if queries and keys are normalised."""
        return self.family == "qwen3"

    @property
    def linear(self) -> dict[str, tuple[int, int]]:
        """Input and output width of each linear layer inside a decoder layer."""
        return {
            "q_proj": (self.hidden, self.query),
            "k_proj": (self.hidden, self.key),
            "v_proj": (self.hidden, self.key),
            "o_proj": (self.query, self.hidden),
            "gate_proj": (self.hidden, self.intermediate),
            "up_proj": (self.hidden, self.intermediate),
            "down_proj": (self.intermediate, self.hidden),
        }

    @property
    def layer_matrices(self) -> int:
        """Number of weights in the linear layers of one decoder layer."""
        return sum(inputs * outputs for inputs, outputs in self.linear.values())

    @property
    def layer_parameters(self) -> int:
        """Number of parameters of one layer."""
        biases = 0
        if self.family == "qwen2":
            biases += self.query + 2 * self.key
        if self.attention_bias:
            biases += self.query + 2 * self.key + self.hidden
        if self.mlp_bias:
            biases += 2 * self.intermediate + self.hidden
        norms = 2 * self.hidden + (2 * self.head_dim if self.head_norms else 0)
        return self.layer_matrices + biases + norms

    @property
    def embedding(self) -> int:
        """Number of parameters of the embedding, plus those of the output layer if it is not tied."""
        return self.vocabulary * self.hidden

    @property
    def parameters(self) -> int:
        """Number of parameters of the whole model."""
        return self.layers * self.layer_parameters + self.hidden + self.embedding * (1 if self.tied else 2)

    @property
    def cached_values(self) -> int:
        """Number of values that the cache of keys and values holds per token."""
        return self.layers * 2 * self.key

    def adapted(self, lora: LoraConfig) -> dict[str, tuple[int, int]]:
        """Return the linear layers of a decoder layer that an adapter modifies."""
        if lora.target_modules == "all-linear":
            return self.linear
        return {name: size for name, size in self.linear.items() if name in lora.target_modules}

    def adapter_parameters(self, lora: LoraConfig) -> int:
        """Return the number of parameters of a LoRA adapter: rank x (inputs + outputs) of each adapted layer."""
        return self.layers * lora.r * sum(map(sum, self.adapted(lora).values()))


def shape_of(config: Mapping[str, Any]) -> ModelShape | None:
    """Return the shape that a `config.json` describes; None for other families and for sizes that are missing or
    impossible."""
    family = config.get("model_type")
    if family not in FAMILIES:
        return None
    try:
        heads, hidden = int(config["num_attention_heads"]), int(config["hidden_size"])
        context = config.get("max_position_embeddings")
        shape = ModelShape(
            family=family,
            layers=int(config["num_hidden_layers"]),
            hidden=hidden,
            intermediate=int(config["intermediate_size"]),
            heads=heads,
            kv_heads=int(config.get("num_key_value_heads") or heads),
            head_dim=int(config.get("head_dim") or OTHER_HEAD_DIM.get(family) or hidden // heads),
            vocabulary=int(config["vocab_size"]),
            tied=bool(config.get("tie_word_embeddings", family in ("gemma", "smollm3"))),
            attention_bias=bool(config.get("attention_bias", False)) and family not in ("qwen2", "mistral"),
            mlp_bias=bool(config.get("mlp_bias", False)) and family in ("llama", "smollm3"),
            context=context if isinstance(context, int) and context > 0 else None,
        )
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return None
    sizes = [size for size in asdict(shape).values() if type(size) is int]
    return shape if all(0 < size < LARGEST_SIZE for size in sizes) else None
