"""Configuration of checkpoints that were trained elsewhere and take the place of training stages."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from xdomain.config.curriculum import Curriculum
from xdomain.config.field_types import Revision
from xdomain.config.model import ModelConfig
from xdomain.config.model_base import ConfigModel
from xdomain.config.phases import Stepless


class AdoptedCheckpoint(ConfigModel):
    """A finished checkpoint: a local folder in transformers format, or a hub model."""

    step: int = Field(ge=1)
    """Optimizer steps of the curriculum's last phase that the checkpoint was trained for."""
    path: str | None = None
    """A local folder in transformers format."""
    hub: str | None = None
    """A Hugging Face id. Pin it with `revision`."""
    revision: Revision | None = None
    """Commit, branch or tag of a hub model."""
    adapter: str | None = None
    """Folder of a LoRA adapter (peft) that is merged into `path` or `hub`."""

    @model_validator(mode="after")
    def _one_source(self) -> AdoptedCheckpoint:
        if (self.path is None) == (self.hub is None):
            raise ValueError("should name either `path` or `hub`.")
        if self.revision is not None and self.hub is None:
            raise ValueError("`revision` can only be used with `hub`.")
        return self

    @property
    def origin(self) -> tuple[str | None, ...]:
        """Folder or hub model, revision and adapter, which two checkpoints never share."""
        return (self.path, self.hub, self.revision, self.adapter)

    def source(self, model: ModelConfig) -> ModelConfig:
        """Return the configuration that loads the checkpoint in the dtype of the experiment's model."""
        return ModelConfig(
            **self.model_dump(exclude={"step"}), dtype=model.dtype, trust_remote_code=model.trust_remote_code
        )


class AdoptedRun(ConfigModel):
    """Checkpoints of the last phase of one curriculum and seed, which are used instead of training it."""

    curriculum: Curriculum
    """What the checkpoints were trained on, such as "math -> science". The checkpoint without the last phase ("math")
    is their parent; a curriculum of one phase starts from the base model."""
    seed: int = Field(0, ge=0)
    """Training seed that they count for."""
    checkpoints: tuple[AdoptedCheckpoint, ...] = Field(min_length=1)
    """The checkpoints. The last step is the end of the phase."""

    @model_validator(mode="before")
    @classmethod
    def _single(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("checkpoints"), dict):
            raise ValueError("checkpoints: should be a list such as [{step: 100, path: FOLDER}].")
        return data

    @model_validator(mode="after")
    def _in_order(self) -> AdoptedRun:
        if isinstance(self.curriculum.phases[-1], Stepless):
            raise ValueError(
                "curriculum: a merge or rollback has no steps. Declare the checkpoints that it is made of."
            )
        steps = [each.step for each in self.checkpoints]
        if steps != sorted(set(steps)):
            raise ValueError(f"checkpoints: steps should rise, and each should be listed once. Found {steps}.")
        return self

    @property
    def title(self) -> str:
        """Name for people, such as "math -> science, seed 0"."""
        return f"{self.curriculum}, seed {self.seed}"
