"""Torch in this process: its device and its threads."""

from __future__ import annotations

import logging
import os

import torch
import transformers

from xdomain.core.errors import ConfigError


def used_device(wanted: str, gpus: int = 1) -> str:
    """Return "cpu" or "cuda". For "auto" this depends on what torch can use here.

    Args:
        wanted: Value of `execution.device`.
        gpus: Number of GPUs that "cuda" needs.

    Raises:
        ConfigError: "cuda" is wanted, but torch can use fewer GPUs. (The trainer would silently use the CPU.)
    """
    if wanted == "cpu":
        return wanted
    usable = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wanted == "cuda" and usable < gpus:
        raise ConfigError(
            f"cuda needs {gpus} GPU{'s' * (gpus > 1)} here, but torch can use {usable}.",
            where="execution.device",
            fix="Read what `xdomain doctor` says about torch and GPUs, check CUDA_VISIBLE_DEVICES, or set it to `cpu`.",
        )
    return "cuda" if usable else "cpu"


def prepare_torch(threads: int) -> None:
    """Make the settings of torch that must precede its first computation.

    Args:
        threads: Number of threads that torch may use.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    torch.set_num_threads(threads)
    transformers.utils.logging.disable_progress_bar()
    logging.captureWarnings(True)
