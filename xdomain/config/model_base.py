"""The base of every configuration model."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class ConfigModel(BaseModel):
    """Frozen, and refuses unknown keys (the loader adds the "did you mean")."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
