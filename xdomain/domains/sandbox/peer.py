"""Calls between the guest that holds tests and the guest that holds a program, over two pipes.

Both sides run the same loop, so a program may call back a function that a test passed to it. The standard library only,
because guests load this text.
"""

from __future__ import annotations

from xdomain.domains.sandbox.remote import OPERATORS, Remote
from xdomain.domains.sandbox.wire import CandidateError, Codec

TYPE_CHECKING = False  # see wire.py
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import IO, Any


class Peer:
    """One end of the conversation.

    Args:
        incoming: the pipe to read.
        outgoing: the pipe to write.
        find: the value behind a name that the other side asks for.
        classes: see `Codec`.
        trusting: whether the other side may do anything with values of this side. Tests trust no program: it may call
            what they passed to it, and nothing else.
        most_bytes: longest message that is read.

    Attributes:
        requests: how many requests this side made.
        broken: why the conversation ended ("ended early", "lied"); "" if it did not.
    """

    def __init__(
        self,
        incoming: IO[str],
        outgoing: IO[str],
        find: Callable[[str], Any],
        classes: Mapping[str, type],
        *,
        trusting: bool,
        most_bytes: int,
    ) -> None:
        self.incoming = incoming
        self.outgoing = outgoing
        self.find = find
        self.trusting = trusting
        self.most_bytes = most_bytes
        self.codec = Codec(classes, self.export, self.resolve)
        self.exported: list[Any] = []
        self.handles: dict[int, int] = {}
        self.remotes: dict[int, Remote] = {}
        self.requests = 0
        self.broken = ""

    def export(self, value: Any) -> list[Any]:
        if type(value) is Remote:
            return ["yours", value._target]
        if isinstance(value, type) and issubclass(value, Exception) and self.trusting:
            return ["exception", [kind.__name__ for kind in value.__mro__]]
        handle = self.handles.setdefault(id(value), len(self.exported))
        if handle == len(self.exported):
            self.exported.append(value)  # which also keeps its id from being used again
        return ["mine", handle]

    def resolve(self, whose: str, handle: Any) -> Any:
        if whose == "exception":
            return exception_class(handle, self.codec.classes)
        if whose == "mine":  # the sender's
            return self.remotes.setdefault(int(handle), Remote(self, int(handle)))
        return self.find(handle) if isinstance(handle, str) else self.exported[handle]

    def send(self, message: Mapping[str, Any]) -> None:
        import json

        try:
            self.outgoing.write(json.dumps(message) + "\n")
            self.outgoing.flush()
        except (BrokenPipeError, ValueError):
            self.stop("ended early")

    def receive(self) -> dict[str, Any]:
        import json

        line = self.incoming.readline(self.most_bytes)
        if not line.endswith("\n"):
            self.stop("ended early")
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            message = None
        return message if isinstance(message, dict) else self.stop("lied")

    def stop(self, why: str) -> Any:
        self.broken = self.broken or why
        raise CandidateError(why)

    def request(self, operation: str, target: str | int, arguments: list[Any]) -> Any:
        """Ask the other side; answer what it asks meanwhile.

        Raises:
            CandidateError: it ended or broke the protocol.
            Exception: what it raised, as the nearest class that this side knows.
        """
        self.requests += 1
        message, sent = self.codec.pack(arguments)
        self.send({"operation": operation, "target": target, **message})
        while "operation" in (reply := self.receive()):
            self.answer(reply)
        try:
            if "raised" in reply:
                raise rebuild(reply["raised"], str(reply["message"]), self.codec.classes)
            value, _ = self.codec.unpack(reply, sent)
        except CandidateError as error:
            self.stop(str(error))
        return value

    def answer(self, message: dict[str, Any]) -> None:
        """Do what the other side asks and reply with the result and with what became of its arguments."""
        try:
            arguments, received = self.codec.unpack(message)
            value = self.perform(message["operation"], self.resolve("yours", message["target"]), arguments)
            reply, _ = self.codec.pack(value, received)
            for index, node in enumerate(message["nodes"]):
                if reply["nodes"][index] == node:
                    reply["nodes"][index] = None
        except CandidateError:
            raise
        except Exception as error:
            names = [kind.__name__ for kind in type(error).__mro__]
            reply = {"raised": names, "message": describe(error)}
        self.send(reply)

    def perform(self, operation: str, value: Any, arguments: list[Any]) -> Any:
        if not self.trusting and not may(operation, value, arguments):
            raise PermissionError(operation)
        if operation in OPERATORS:
            import operator

            return getattr(operator, operation)(value, *arguments)
        return DOES[operation](value, *arguments)

    def serve(self) -> None:
        """Answer until the other side ends."""
        while True:
            try:
                self.answer(self.receive())
            except CandidateError:
                return


def may(operation: str, value: Any, arguments: list[Any]) -> bool:
    """Whether a program may do this with a value of the tests."""
    if operation == "get":
        return type(value).__module__ == "tests" and not str(arguments[0]).startswith("_")
    return operation in ("call", "iter", "next", "len", "bool")


def set_item(value: Any, key: Any, part: Any) -> None:
    value[key] = part


def call_by_name(function: Any, named: dict[str, Any]) -> Any:
    """Call with keyword arguments, or in their order if the function calls its parameters otherwise."""
    import inspect

    try:
        inspect.signature(function).bind(**named)
    except (TypeError, ValueError):
        return function(*named.values())
    return function(**named)


def leave(manager: Any, error_name: str | None) -> bool:
    """Leave a context manager, with an error of the builtin type that is named if there was one."""
    import builtins

    if error_name is None:
        return bool(manager.__exit__(None, None, None))
    kind = getattr(builtins, error_name, Exception)
    return bool(manager.__exit__(kind, kind(), None))


def exception_class(names: Any, classes: dict[str, type]) -> type:
    """Return this side's class for an exception of the program, given the names of that class and of its bases.

    A class made here is kept in `classes`, so that what the program raises later is raised as that class.
    """
    import builtins

    base: Any = Exception
    for name in reversed([str(name)[:80] for name in names] if isinstance(names, list) else []):
        known = classes.get(name) or getattr(builtins, name, None)
        if known is None:
            known = classes[name] = type(name, (base,), {})
        base = known if isinstance(known, type) and issubclass(known, Exception) else base
    return base  # type: ignore[no-any-return]


def describe(error: BaseException) -> str:
    try:
        return str(error)[:1000]
    except Exception:
        return ""


def rebuild(names: Any, message: str, classes: dict[str, type]) -> Exception:
    """Return an exception whose class and bases have these names, and mark it with `from_candidate`."""
    for kind in exception_class(names, classes).__mro__:
        try:
            error = kind(message)
            error.from_candidate = True
        except (AttributeError, TypeError):  # UnicodeDecodeError wants five arguments
            continue
        return error  # type: ignore[no-any-return]
    raise CandidateError("lied")


DOES: dict[str, Callable[..., Any]] = {
    "call": lambda value, positional, keywords: value(*positional, **keywords),
    "call_by_name": call_by_name,
    "look": lambda value: value,
    "get": getattr,
    "set": setattr,
    "item": lambda value, key: value[key],
    "set_item": set_item,
    "equal": lambda value, other: bool(value == other),
    "has_instance": lambda kind, value: isinstance(value, kind),
    "enter": lambda manager: manager.__enter__(),
    "exit": leave,
    "iter": iter,
    "next": next,
    "len": len,
    "bool": bool,
    "str": str,
    "repr": repr,
    "hash": hash,
}
"""Operations on a value other than `OPERATORS`, each as a function of the value and the arguments."""
