"""Several processes that share one training stage: what they must agree on, and what only one of them does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import gather_object, reduce


def agreed(asked: Callable[[], bool]) -> Callable[[], bool]:
    """Whether any process was asked to stop. All must call it at the same step, and then all get the same answer."""

    def any_asked() -> bool:
        state = PartialState()
        here = torch.tensor(float(asked()), device=state.device)
        return bool(reduce(here, reduction="sum") > 0) if state.num_processes > 1 else bool(here)

    return any_asked


def is_first() -> bool:
    """This process is the only one, or the one that writes."""
    return bool(PartialState().is_main_process)


def wait_for_all() -> None:
    """Return when every process has come here."""
    PartialState().wait_for_everyone()


def gathered(values: Sequence[Any]) -> list[Any]:
    """The values of all processes, those of the first one first."""
    return list(gather_object(list(values))) if PartialState().num_processes > 1 else list(values)
