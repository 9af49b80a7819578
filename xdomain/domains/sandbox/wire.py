"""The language of two guests: values as a table of nodes, one JSON line per message.

A table (instead of nested JSON) keeps shared and cyclic structure, and a long linked list needs no deep recursion. A
value without a plain copy (an instance of the program's own class, a function, a generator) stays in its guest and is
represented by a handle. This module uses only the standard library, because guests load its text.
"""

from __future__ import annotations

from _collections import deque  # type: ignore[import-not-found]  # the cheap half

from xdomain.domains.sandbox.kinds import ATOMS, COLLECTIONS, EMPTY, LIBRARY, builtin, is_builtin, library_value

TYPE_CHECKING = False  # the name that type checkers take for true; importing typing would cost every run 5 ms
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

SCALARS = (bool, int, float, str, type(None))
LARGEST = 1 << 1000
"""Integers from here on travel in hexadecimal: Python refuses decimal ones beyond 4,300 digits."""

MOST_HASHED = 10_000_000
"""Parts that members of sets and keys may have together. A tuple that holds one tuple twice, which does so too and so
on, takes few bytes on the wire and an endless time to hash."""

MOST_ALIKE = 100
"""Members of one set, or keys, that may have the same hash: adding them takes quadratic time."""


class CandidateError(Exception):
    """The candidate ended, broke the protocol, or returned a value that cannot be copied."""


class Codec:
    """Makes messages of values and values of messages.

    Args:
        classes: classes that both sides define, by name; their instances are copied attribute by attribute.
        export: makes a handle for a value that cannot be copied. None refuses such values.
        resolve: the value behind a handle, given ("mine" | "yours", handle) as the sender means it; given
            ("exception", names), the class of an exception.
    """

    def __init__(
        self,
        classes: Mapping[str, type] | None = None,
        export: Callable[[Any], list[Any]] | None = None,
        resolve: Callable[[str, Any], Any] | None = None,
    ) -> None:
        self.classes = dict(classes or {})
        self.export = export
        self.resolve = resolve

    def pack(self, value: Any, known: Iterable[Any] = ()) -> tuple[dict[str, Any], list[Any]]:
        """A message that holds `value`, and the objects behind its nodes, `known` first."""
        order = list(known)
        indices = {id(child): index for index, child in enumerate(order)}

        def refer(child: Any) -> Any:
            kind = type(child)
            if kind in SCALARS and (kind is not int or -LARGEST < child < LARGEST):
                return child
            if kind.__module__ == "numpy" and hasattr(child, "tolist"):  # travels as plain numbers and lists
                return refer(child.tolist())
            index = indices.setdefault(id(child), len(order))
            if index == len(order):
                order.append(child)
            return [index]

        root = refer(value)
        return {"root": root, "nodes": [self.node(child, refer) for child in order]}, order  # `order` grows meanwhile

    def node(self, value: Any, refer: Callable[[Any], Any]) -> list[Any]:
        """One node: its kind, then its parts."""
        kind = type(value)
        if self.classes.get(kind.__name__) is kind:
            return ["object", kind.__name__, [[name, refer(child)] for name, child in attributes_of(value).items()]]
        for base, write in WRITERS:
            if isinstance(value, base):
                return write(value, refer)
        if kind.__name__ in LIBRARY.get(kind.__module__, ()):
            parts = value.__reduce__()[1] if kind.__name__ != "Fraction" else (value.numerator, value.denominator)
            return ["library", [refer(part) for part in parts], kind.__module__, kind.__name__]
        if isinstance(value, (type, type(len))) and is_builtin(value.__name__) and builtin(value.__name__) is value:
            return ["builtin", value.__name__]
        if self.export is None:
            raise CandidateError("returned no plain value")
        return self.export(value)

    def unpack(self, message: Mapping[str, Any], known: Sequence[Any] = ()) -> tuple[Any, list[Any]]:
        """Return the value in a message, and the objects of its nodes.

        Args:
            message: Message that `pack` made on the other side. A node that is None has not changed.
            known: Objects of the first nodes, which are changed in place to their state in the message.

        Raises:
            CandidateError: The message was not made by `pack`.
        """
        try:
            reading = Reading(self, message["nodes"], known)
            return reading.value(message["root"]), [reading.made[index] for index in range(len(message["nodes"]))]
        except (ArithmeticError, AttributeError, LookupError, NameError, RecursionError, TypeError, ValueError):
            raise CandidateError("lied") from None


class Reading:
    """The unpacking of one message: mutable objects are made empty first, so that cycles close."""

    def __init__(self, codec: Codec, nodes: Sequence[Any], known: Sequence[Any]) -> None:
        self.codec = codec
        self.nodes = nodes
        self.made: dict[int, Any] = dict(enumerate(known))
        self.sizes: dict[int, int] = {}
        self.hashed = 0
        fresh = range(len(known), len(nodes))
        for index in fresh:
            empty = self.empty(nodes[index])
            if empty is not None:
                self.made[index] = empty
        for index in [*range(len(known)), *fresh]:
            if nodes[index] is None:
                continue
            if index in self.made:
                self.fill(self.made[index], nodes[index])
            else:
                self.value([index])

    def empty(self, node: list[Any]) -> Any:
        """A mutable object without its parts; None for a node of another kind."""
        kind = node[0]
        if kind == "object":
            return object.__new__(self.codec.classes[node[1]])
        if kind == "deque":
            return deque([], node[2])
        if kind == "Counter":
            from collections import Counter

            return Counter()
        return EMPTY[kind]() if kind in EMPTY else None

    def fill(self, target: Any, node: list[Any]) -> None:
        """Make a mutable object what its node says; immutable ones are so already."""
        if node[0] == "object" and type(target) is self.codec.classes[node[1]]:
            parts = {str(name): self.value(child) for name, child in node[2]}
            for name in attributes_of(target):
                object.__delattr__(target, name)
            for name, part in parts.items():
                object.__setattr__(target, name, part)  # a frozen dataclass refuses its own
        elif isinstance(target, list) and node[0] == "list":
            target[:] = [self.value(child) for child in node[1]]
        elif isinstance(target, bytearray) and node[0] == "bytearray":
            target[:] = bytes.fromhex(node[1])
        elif isinstance(target, (set, deque)) and node[0] in ("set", "deque"):
            items = self.members(node[1]) if node[0] == "set" else [self.value(child) for child in node[1]]
            target.clear()
            target.update(items) if isinstance(target, set) else target.extend(items)
        elif isinstance(target, dict) and node[0] in ("dict", "Counter", "OrderedDict", "defaultdict"):
            keys = self.members([key for key, _ in node[1]])
            pairs = [(key, self.value(child)) for key, (_, child) in zip(keys, node[1], strict=True)]
            target.clear()
            for key, child in pairs:
                target[key] = child

    def value(self, reference: Any) -> Any:
        if not isinstance(reference, list):
            if type(reference) not in SCALARS:
                raise TypeError("no reference")
            return reference
        (index,) = reference
        if index not in self.made:
            self.made[index] = self.immutable(self.nodes[index])
            self.sizes[index] = 1 + self.size(self.nodes[index][1])
        return self.made[index]

    def size(self, references: Any) -> int:
        """How many immutable parts are reached through the references; a shared one counts each time."""
        parts = references if isinstance(references, list) else []
        return sum(self.sizes.get(part[0], 1) if isinstance(part, list) and part else 1 for part in parts)

    def members(self, references: Any) -> list[Any]:
        """The values behind the references, to be put into a set or to be keys."""
        values = [self.value(reference) for reference in references]
        self.refuse_slow(references, values)
        return values

    def refuse_slow(self, references: Any, keys: list[Any]) -> None:
        """Raise a ValueError if it would take too long to hash the keys, which the values referred to hold."""
        self.hashed += self.size(references)
        if self.hashed > MOST_HASHED or len(keys) - len({hash(key) for key in keys}) > MOST_ALIKE:
            raise ValueError("takes long to hash")

    def immutable(self, node: list[Any]) -> Any:
        kind, parts = node[0], node[1]
        if kind in ("mine", "yours", "exception"):
            if self.codec.resolve is None:
                raise CandidateError("returned no plain value")
            return self.codec.resolve(kind, parts)
        if kind in ("str", "int", "float", "bytes", "builtin"):
            return ATOMS[kind](parts)
        if kind in ("frozenset", "dict_keys"):
            return COLLECTIONS[kind](self.members(parts))
        items = [self.value(part) for part in parts]
        if kind == "dict_items":
            self.refuse_slow(parts, [key for key, _ in items])
        if kind == "library":
            return library_value(node[2], node[3], items)
        if kind == "namedtuple":
            from collections import namedtuple

            return namedtuple(node[2], node[3])(*items)
        return COLLECTIONS[kind](items)


def attributes_of(value: Any) -> dict[str, Any]:
    """Return an instance's attributes by name, whether it has a dictionary, slots or both."""
    found = dict(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        slots = vars(kind).get("__slots__", ())
        names = [slots] if isinstance(slots, str) else list(slots)
        names = [name for name in names if not name.startswith("__") and hasattr(value, name)]
        found.update({name: getattr(value, name) for name in names})
    return found


def tuple_node(value: tuple[Any, ...], refer: Callable[[Any], Any]) -> list[Any]:
    items = [refer(child) for child in tuple.__iter__(value)]
    fields = getattr(type(value), "_fields", None)
    return ["namedtuple", items, type(value).__name__, list(fields)] if type(fields) is tuple else ["tuple", items]


def dict_node(value: dict[Any, Any], refer: Callable[[Any], Any]) -> list[Any]:
    kind = type(value)
    name = kind.__name__ if kind.__module__ == "collections" else "dict"
    return [name, [[refer(key), refer(child)] for key, child in dict.items(value)]]


# Methods of the base types read values: an instance of a subclass cannot pass for another value.
WRITERS: tuple[tuple[type, Callable[[Any, Callable[[Any], Any]], list[Any]]], ...] = (
    (list, lambda value, refer: ["list", [refer(child) for child in list.__iter__(value)]]),
    (tuple, tuple_node),
    (dict, dict_node),
    (str, lambda value, _: ["str", str.__str__(value)]),
    (int, lambda value, _: ["int", hex(int.__pos__(value))]),
    (float, lambda value, _: ["float", float.__pos__(value)]),
    (set, lambda value, refer: ["set", [refer(child) for child in set.__iter__(value)]]),
    (frozenset, lambda value, refer: ["frozenset", [refer(child) for child in frozenset.__iter__(value)]]),
    (deque, lambda value, refer: ["deque", [refer(child) for child in deque.__iter__(value)], value.maxlen]),
    (bytes, lambda value, _: ["bytes", bytes.hex(value)]),
    (bytearray, lambda value, _: ["bytearray", bytearray.hex(value)]),
    (complex, lambda value, _: ["complex", [value.real, value.imag]]),
    (range, lambda value, refer: ["range", [refer(value.start), refer(value.stop), refer(value.step)]]),
    (type({}.keys()), lambda value, refer: ["dict_keys", [refer(child) for child in value]]),
    (type({}.values()), lambda value, refer: ["dict_values", [refer(child) for child in value]]),
    (type({}.items()), lambda value, refer: ["dict_items", [refer(child) for child in value]]),
)
