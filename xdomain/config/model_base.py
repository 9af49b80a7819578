"""The base of every configuration model."""

from __future__ import annotations

import os

from pydantic import BaseModel, ConfigDict

FIELD_DOCS = "XDOMAIN_FIELD_DOCS" in os.environ
"""Whether schemas carry what the source says of each field. `docs/generate.py` asks for it; commands do not, as reading
the source of sixty models costs a sixth of the time of `grid plan`."""


class ConfigModel(BaseModel):
    """Frozen, and refuses unknown keys (the loader adds the "did you mean")."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=FIELD_DOCS, defer_build=True)
