"""Torch in this process: its device and its threads."""

from __future__ import annotations

import logging
import os

import torch
import transformers

from xdomain.core.errors import ConfigError


def used_device(wanted: str, gpus: int = 1) -> str:
    """Return "cpu" or "cuda"; for "auto", whatever torch can use here.

    Args:
        wanted: `execution.device`.
        gpus: Number of GPUs that "cuda" needs.

    Raises:
        ConfigError: "cuda" is wanted, and torch cannot use so many GPUs. (The trainer would go on with the CPU.)
    """
    if wanted == "cpu":
        return wanted
    usable = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wanted == "cuda" and usable < gpus:
        raise ConfigError(
            f"cuda needs {gpus} GPU{'s' * (gpus > 1)} here, and torch can use {usable}.",
            where="execution.device",
            fix="See what `xdomain doctor` says of torch and GPUs, look at CUDA_VISIBLE_DEVICES, or set it to `cpu`.",
        )
    return "cuda" if usable else "cpu"


def prepare_torch(threads: int) -> None:
    """Set what must be set before torch computes anything."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    torch.set_num_threads(threads)
    transformers.utils.logging.disable_progress_bar()
    logging.captureWarnings(True)
