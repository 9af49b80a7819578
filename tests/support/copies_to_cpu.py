"""A CPU that treats its memory as a GPU's, so that what is moved away can be counted where there is no GPU."""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch.overrides import TorchFunctionMode


class CopiesToCPU(TorchFunctionMode):
    """Inside it `cpu()` and `to("cpu")` make a copy, as of a GPU's tensor; `now` is the bytes of those alive."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        if func is torch.Tensor.cpu or (func is torch.Tensor.to and args[1:2] == ("cpu",)):
            found = found.clone()
            self._count(found.untyped_storage())
        return found

    def _count(self, storage: torch.UntypedStorage) -> None:
        self.now += storage.nbytes()
        weakref.finalize(storage, self._drop, storage.nbytes())

    def _drop(self, size: int) -> None:
        self.now -= size
