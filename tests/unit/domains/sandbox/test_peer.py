"""Two peers over real pipes: tests on one side, a program on the other."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from xdomain.domains.sandbox.peer import Peer, exception_class, may, rebuild
from xdomain.domains.sandbox.remote import Remote
from xdomain.domains.sandbox.wire import CandidateError

PROGRAM = """
class OwnError(ValueError): pass
def add(a, b=1): return a + b
def fail(): raise OwnError("no")
def change(numbers): numbers.append(9)
def twice(function): return function(function(1))
class Box:
    def __init__(self, value): self.value = value
    def __eq__(self, other): return True
"""


@contextmanager
def peers(most_bytes: int = 100_000) -> Iterator[Peer]:
    """The side of the tests; the program answers on a thread."""
    namespace: dict[str, Any] = {"__name__": "program"}
    exec(PROGRAM, namespace)
    (there_in, here_out), (here_in, there_out) = os.pipe(), os.pipe()
    with os.fdopen(there_in, "r") as a, os.fdopen(here_out, "w") as b, os.fdopen(here_in, "r") as c:
        d = os.fdopen(there_out, "w")
        program = Peer(a, d, namespace.__getitem__, {}, trusting=True, most_bytes=-1)
        thread = threading.Thread(target=program.serve, daemon=True)
        thread.start()
        yield Peer(c, b, {}.__getitem__, {}, trusting=False, most_bytes=most_bytes)
        b.close()
        thread.join(10)
        d.close()


def test_calls_give_values_errors_and_changed_arguments() -> None:
    with peers() as tests:
        add, change = Remote(tests, "add"), Remote(tests, "change")
        assert (add(2), add(2, b=5)) == (3, 7)
        numbers = [1]
        change(numbers)
        assert numbers == [1, 9]
        with pytest.raises(ValueError, match="no") as caught:
            Remote(tests, "fail")()
        assert type(caught.value).__name__ == "OwnError"
        assert caught.value.from_candidate
        assert tests.requests == 4


def test_a_program_calls_back_and_equals_no_value_of_the_tests() -> None:
    with peers() as tests:
        assert Remote(tests, "twice")(lambda x: x + 10) == 21
        box = Remote(tests, "Box")(3)
        assert box.value == 3
        assert box != 3, "a program's object that claims to equal everything"
        assert box == Remote(tests, box._target)


def test_a_reply_that_is_too_long_breaks_off() -> None:
    with peers(most_bytes=100) as tests:
        with pytest.raises(CandidateError):
            Remote(tests, "add")("x" * 1000, "y")
        assert tests.broken == "ended early"


def test_what_a_program_may_do_with_values_of_tests() -> None:
    assert may("call", len, [])
    assert not may("set", [], ["a", 1])
    assert not may("get", [], ["append"])


def test_exceptions_are_made_again_as_the_nearest_known_class() -> None:
    classes: dict[str, type] = {}
    made = exception_class(["Own", "KeyError", "LookupError", "Exception"], classes)
    assert issubclass(made, KeyError)
    assert exception_class(["Own", "KeyError"], classes) is made
    assert isinstance(rebuild(["UnicodeDecodeError", "ValueError"], "x", {}), ValueError)
    assert exception_class("no list", {}) is Exception
