"""Coordination of several processes that share one training stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import gather_object, reduce


def agreed(asked: Callable[[], bool]) -> Callable[[], bool]:
    """Return a function that says whether any process was asked to stop.

    All processes must call it at the same step. All of them then get the same answer.
    """

    def any_asked() -> bool:
        state = PartialState()
        here = torch.tensor(float(asked()), device=state.device)
        return bool(reduce(here, reduction="sum") > 0) if state.num_processes > 1 else bool(here)

    return any_asked


def is_first() -> bool:
    """Return whether this process is the one that writes, or the only one."""
    return bool(PartialState().is_main_process)


def wait_for_all() -> None:
    """Block until every process has called this function."""
    PartialState().wait_for_everyone()


def gathered(values: Sequence[Any]) -> list[Any]:
    """Return the values of all processes, in the order of their ranks."""
    return list(gather_object(list(values))) if PartialState().num_processes > 1 else list(values)
