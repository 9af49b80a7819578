"""Where stages run. Nothing here changes numbers, but `threads` on a CPU (sums are split differently)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from xdomain.config.model_base import ConfigModel


class ExecutionConfig(ConfigModel):
    """Workers of the local executor."""

    executor: Literal["local", "inline"] = "local"
    workers: int | None = Field(None, ge=1)
    """Stages at once; by default one a GPU, or one a `threads` CPU cores."""
    threads: int = Field(1, ge=1)
    """Torch threads a worker."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
