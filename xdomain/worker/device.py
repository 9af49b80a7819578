"""The device that torch can use here."""

from __future__ import annotations

import importlib

from xdomain.core.errors import ConfigError


def used_device(wanted: str, gpus: int = 1) -> str:
    """ "cpu" or "cuda"; for "auto" whatever torch can use here.

    Args:
        gpus: how many "cuda" needs.

    Raises:
        ConfigError: "cuda" is wanted, and torch cannot use so many GPUs. (The trainer would go on with the CPU.)
    """
    if wanted == "cpu":
        return wanted
    cuda = importlib.import_module("torch").cuda
    usable = cuda.device_count() if cuda.is_available() else 0
    if wanted == "cuda" and usable < gpus:
        raise ConfigError(
            f"cuda needs {gpus} GPU{'s' * (gpus > 1)} here, and torch can use {usable}.",
            where="execution.device",
            fix="See what `xdomain doctor` says of torch and GPUs, look at CUDA_VISIBLE_DEVICES, or set it to `cpu`.",
        )
    return "cuda" if usable else "cpu"
