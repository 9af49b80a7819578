"""How values of the standard library are made of what a message says. The standard library only, as `wire.py`."""

from __future__ import annotations

from _collections import OrderedDict, defaultdict  # type: ignore[import-not-found]  # the cheap half

TYPE_CHECKING = False  # see wire.py
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MOST_BITS = 1 << 16
"""Size of the integers of a fraction, whose reduction takes quadratic time."""

LIBRARY = {
    "fractions": ("Fraction",),
    "decimal": ("Decimal",),
    "datetime": ("date", "datetime", "time", "timedelta", "timezone"),
}
"""Immutable library types, made again from the arguments that `__reduce__` names."""

FUNCTIONS = ("abs", "all", "any", "chr", "len", "max", "min", "ord", "pow", "round", "sorted", "sum")
"""Builtin functions that may be passed by name, like all builtin types."""


def library_value(module: str, name: str, parts: list[Any]) -> Any:
    if name not in LIBRARY[module]:
        raise KeyError(name)
    if name == "Fraction" and not all(type(part) is int and part.bit_length() <= MOST_BITS for part in parts):
        raise TypeError("a fraction of integers")  # Fraction("1e999999999") would fill the memory
    return getattr(__import__(module), name)(*parts)


def builtin_value(name: str) -> Any:
    if not is_builtin(name):
        raise KeyError(name)
    return builtin(name)


EMPTY: dict[str, Callable[[], Any]] = {
    "list": list,
    "set": set,
    "dict": dict,
    "OrderedDict": OrderedDict,
    "defaultdict": lambda: defaultdict(None),
    "bytearray": bytearray,
}

ATOMS: dict[str, Callable[[Any], Any]] = {
    "str": str,
    "int": lambda digits: int(digits, 16),
    "float": float,
    "bytes": bytes.fromhex,
    "builtin": builtin_value,
}

COLLECTIONS: dict[str, Callable[[Any], Any]] = {
    "tuple": tuple,
    "frozenset": frozenset,
    "complex": lambda items: complex(*items),
    "range": lambda items: range(*items),
    "dict_keys": lambda items: dict.fromkeys(items).keys(),
    "dict_values": lambda items: dict(enumerate(items)).values(),
    "dict_items": lambda items: dict(items).items(),
}


def is_builtin(name: str) -> bool:
    """Whether a name is that of a builtin type or of one of `FUNCTIONS`."""
    return name in FUNCTIONS or isinstance(builtin(name), type)


def builtin(name: str) -> Any:
    import builtins

    return getattr(builtins, name, None)
