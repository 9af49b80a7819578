"""Call a user's function and return its result, or the reason why there is none."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from contextlib import nullcontext, redirect_stdout
from typing import Any

from xdomain.config.function import FunctionConfig
from xdomain.core.function_import import load_function, plain_error


class UserFunction:
    """A function that is imported on the first call. It runs in this process, without a sandbox or a time limit.

    Args:
        config: Name of the function and digest of its source.
        arguments: Number of positional arguments that it takes.
    """

    def __init__(self, config: FunctionConfig, arguments: int) -> None:
        self._config = config
        self._arguments = arguments
        self._function: Callable[..., Any] | None = None

    def load(self) -> Callable[..., Any]:
        """Import the function, once.

        Raises:
            ConfigError: The function cannot be imported, was edited since the plan, or takes other arguments.
        """
        if self._function is None:
            config = self._config
            self._function = load_function(
                config.function, config.folder, config.source_digest, arguments=self._arguments
            )
        return self._function

    def call(self, *arguments: Any) -> tuple[Any, str]:
        """Return the function's result and "", or None and a description of its exception.

        A KeyboardInterrupt is raised again. In a worker, which ignores Ctrl-C, only the function itself can have raised
        it, so there it is treated like other exceptions.
        """
        function = self.load()
        # The function's output must not get into the JSON that a command prints. Other threads are not redirected.
        in_main = threading.current_thread() is threading.main_thread()
        try:
            with redirect_stdout(sys.stderr) if in_main else nullcontext():
                return function(*arguments), ""
        except BaseException as error:
            interruptible = signal.getsignal(signal.SIGINT) is signal.default_int_handler
            if isinstance(error, KeyboardInterrupt) and in_main and interruptible:
                raise
            return None, plain_error(error)


def plain_number(value: object) -> bool | float | None:
    """Return a truth value or number as Python's own type, or None if it is neither.

    NumPy scalars and tensors with one element are accepted. Complex numbers and integers that exceed every float are
    not.
    """
    if not isinstance(value, bool | int | float) and hasattr(value, "item") and not isinstance(value, type):
        try:
            value = value.item()
        except Exception:  # a tensor with several elements, for example
            return None
    if isinstance(value, bool):
        return value
    try:
        return float(value) if isinstance(value, int | float) else None
    except OverflowError:
        return None
