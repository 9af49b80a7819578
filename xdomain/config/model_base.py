"""The base of every configuration model."""

from __future__ import annotations

import os
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict

from xdomain.core.fingerprint import canonical_json

FIELD_DOCS = "XDOMAIN_FIELD_DOCS" in os.environ
"""Whether schemas carry what the source says of each field. `docs/generate.py` asks for it; commands do not, as reading
the source of sixty models costs a sixth of the time of `grid plan`."""


class ConfigModel(BaseModel):
    """Frozen, and refuses unknown keys (the loader adds the "did you mean") and numbers that are not finite."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=FIELD_DOCS, defer_build=True, allow_inf_nan=False
    )


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    try:
        canonical_json(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"has no stable identity: {error}") from error
    return value


PlainMapping = Annotated[dict[str, Any], AfterValidator(_plain)]
"""Free keys whose values can be part of a stage's key: texts, finite numbers, lists and mappings of these."""
