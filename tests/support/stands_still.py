"""Run xdomain as on another machine, in one process, and stand still (SIGSTOP) once at a moment of a stage.

python -m tests.support.stands_still HOST MOMENT grid run ...
"""

from __future__ import annotations

import importlib
import os
import signal
import socket
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

from xdomain.cli.app import main


def in_step(step: int) -> Callable[..., bool]:
    return lambda callback, arguments, state, *_, **__: state.global_step == step


Call = tuple[str, str, Callable[..., bool]]

MOMENTS: dict[str, Call] = {
    "training": ("xdomain.train.callbacks", "StageCallback.on_log", in_step(2)),
    "training on": ("xdomain.train.callbacks", "StageCallback.on_log", in_step(3)),
    "evaluation": ("xdomain.evaluate.journal", "Journal.add", lambda _, place, answers: place == 3),
    "publishing": ("os", "rename", lambda source, target, **_: "/stages/evaluate-" in str(target)),
    "publishing weights": ("os", "rename", lambda source, target, **_: "/stages/train-" in str(target)),
    "published": ("xdomain.store.store", "note_drawn", lambda *_: True),
}
"""Module and name of what is called, and whether a call is the one that is meant."""


def stand_still_in(moment: str) -> None:
    """Stop this process before the call, once."""
    module, path, is_meant = MOMENTS[moment]
    *above, name = path.split(".")
    owner: Any = importlib.import_module(module)
    for each in above:
        owner = getattr(owner, each)
    original = getattr(owner, name)
    left = [moment]

    @wraps(original)
    def waiting(*arguments: Any, **options: Any) -> Any:
        if left and is_meant(*arguments, **options):
            left.clear()
            os.kill(os.getpid(), signal.SIGSTOP)
        return original(*arguments, **options)

    setattr(owner, name, waiting)


if __name__ == "__main__":
    host, moment, *words = sys.argv[1:]
    socket.gethostname = lambda: host
    stand_still_in(moment)
    sys.argv = ["xdomain", *words]
    main()
