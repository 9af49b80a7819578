"""A value of the other guest, see `peer.py`. The standard library only, because guests load this text."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # see wire.py
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from xdomain.domains.sandbox.peer import Peer


class Remote:
    """A value of the other side: called, iterated and asked for attributes over the pipes.

    It equals another value of the other side if that side says so, and never a value of this side: a program's object
    that claims to equal everything equals no expected value. For the same reason operators such as `+` and `<` want
    both values from the other side, and a context manager of the program ends no error of the tests.
    """

    def __init__(self, peer: Peer, target: str | int) -> None:
        object.__setattr__(self, "_peer", peer)
        object.__setattr__(self, "_target", target)

    def _ask(self, operation: str, *arguments: Any) -> Any:
        return self._peer.request(operation, self._target, list(arguments))

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self._ask("call", list(arguments), keywords)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and (name != "__name__" or self._peer.trusting):  # no program may ask tests for it
            raise AttributeError(name)
        if self._target in sys.stdlib_module_names:  # the tests forgot an import: no program may supply it
            return getattr(__import__(str(self._target)), name)
        return self._ask("get", name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._ask("set", name, value)

    def __iter__(self) -> Any:
        return self._ask("iter")

    def __next__(self) -> Any:
        return self._ask("next")

    def __len__(self) -> int:
        return int(self._ask("len"))

    def __bool__(self) -> bool:
        return self._ask("bool") is True

    def __str__(self) -> str:
        return str(self._ask("str"))

    def __getitem__(self, key: Any) -> Any:
        return self._ask("item", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._ask("set_item", key, value)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Remote) and self._ask("equal", other) is True)

    def __hash__(self) -> int:
        return int(self._ask("hash"))

    def __repr__(self) -> str:
        return str(self._ask("repr"))

    def __instancecheck__(self, value: object) -> bool:
        return isinstance(value, Remote) and self._ask("has_instance", value) is True

    def __enter__(self) -> Any:
        return self._ask("enter")

    def __exit__(self, kind: Any, error: Any, trace: object) -> bool:
        ends_error = self._ask("exit", None if kind is None else kind.__name__)
        return bool(ends_error) and getattr(error, "from_candidate", False)


def forward(name: str) -> Callable[..., Any]:
    """Make a method of `Remote` out of a function of `operator`; all its values have to be of the other side."""

    def method(self: Remote, *others: Any) -> Any:
        if not all(isinstance(other, Remote) for other in others):
            return NotImplemented
        return self._ask(name, *others)

    return method


OPERATORS = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and_", "or_", "xor",
             "lshift", "rshift", "lt", "le", "gt", "ge", "neg", "pos", "abs", "invert")  # fmt: skip
"""Functions of `operator` that are forwarded."""

for _name in OPERATORS:
    setattr(Remote, f"__{_name.strip('_')}__", forward(_name))
