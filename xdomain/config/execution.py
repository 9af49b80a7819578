"""Where stages run. Nothing here changes numbers, but `threads` on a CPU (sums are split differently)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from xdomain.config.model_base import ConfigModel


class RetryConfig(ConfigModel):
    """How often a stage is started again in one run, by what ended it."""

    killed: int = Field(2, ge=0)
    """Its worker vanished: a signal, a lost machine."""
    out_of_memory: int = Field(1, ge=0)
    """Memory may have been short because of a neighbour that is done by now."""
    error: int = Field(0, ge=0)
    """The stage itself raised; the same again would most often fail the same way."""


class ExecutionConfig(ConfigModel):
    """Workers of the local executor."""

    executor: Literal["local", "inline"] = "local"
    workers: int | None = Field(None, ge=1)
    """Stages at once; by default one a GPU, or one a `threads` CPU cores."""
    threads: int = Field(1, ge=1)
    """Torch threads a worker."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    retries: RetryConfig = RetryConfig()
