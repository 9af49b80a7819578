"""The three ways of running foreign code: a whole program, calls of a function, tests against a function."""

from __future__ import annotations

import copy
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xdomain.domains.sandbox.base import Guest, Limits, Sandbox
from xdomain.domains.sandbox.supervise import Ending, Watched, watch
from xdomain.domains.sandbox.wire import CandidateError, Codec


@dataclass(frozen=True)
class ScriptRun:
    """What a whole program did.

    Attributes:
        ending: how it ended.
        exit_code: 0 for a program that ran to its end.
        stdout: its output, undecodable bytes replaced.
        seconds: wall time.
    """

    ending: Ending
    exit_code: int | None
    stdout: str
    seconds: float


@dataclass(frozen=True)
class CallRun:
    """What calls of a function gave.

    Attributes:
        ending: how the program ended.
        values: results in order, up to the first call that gave none.
        arguments: what each of these calls left of its arguments, which it may have changed in place.
        failure: why that one gave none ("raised ValueError", "ended early"); "" if every call gave a value.
        seconds: wall time.
    """

    ending: Ending
    values: tuple[Any, ...]
    arguments: tuple[Any, ...]
    failure: str
    seconds: float


@dataclass(frozen=True)
class CheckRun:
    """Result of tests of a function.

    Attributes:
        ending: How the tests ended.
        word: "passed", or what happened instead.
        item_fault: Whether the tests are at fault, since they cannot run or call nothing.
        seconds: Wall time in seconds.
    """

    ending: Ending
    word: str
    item_fault: bool
    seconds: float


def run_script(sandbox: Sandbox, program: str, stdin: str, limits: Limits) -> ScriptRun:
    """Run a whole program on `stdin`.

    Raises:
        OSError: the sandbox cannot be started.
    """
    watched, output = converse(
        sandbox, {"mode": "script", "program": program}, stdin.encode("utf-8", "replace"), limits
    )
    return ScriptRun(watched.ending, watched.exit_code, output.decode("utf-8", "replace"), watched.seconds)


def run_calls(
    sandbox: Sandbox, program: str, entry_point: str, calls: Sequence[Arguments], limits: Limits, setup: str = ""
) -> CallRun:
    """Call a function that `program` defines.

    Args:
        sandbox: Sandbox in which the program runs.
        program: Foreign code.
        entry_point: Name of the function (see `guest.find_value`).
        calls: Arguments of each call: positional ones, or keyword arguments by name.
        limits: Limits for all calls together.
        setup: Code that runs before the program, in its namespace.

    Raises:
        OSError: The sandbox cannot be started.
    """
    codec = Codec()
    packed = [codec.pack(asked(copy.deepcopy(arguments))) for arguments in calls]
    requests = [
        {"operation": "call_by_name" if isinstance(arguments, Mapping) else "call", "target": entry_point, **message}
        for arguments, (message, _) in zip(calls, packed, strict=True)
    ]
    job = {"mode": "calls", "program": program, "setup": setup}
    watched, output = converse(sandbox, job, "".join(f"{json.dumps(line)}\n" for line in requests).encode(), limits)
    replies = output.decode("utf-8", "replace").split("\n")
    values: list[Any] = []
    left: list[Any] = []
    failure = ""
    for reply, (_, order) in zip([*replies[:-1], *([""] * len(calls))], packed, strict=False):
        try:
            value, changed = read_reply(codec, reply, order)
        except CandidateError as error:
            failure = str(error)
            break
        values.append(value)
        left.append(changed)
    return CallRun(watched.ending, tuple(values), tuple(left), failure, watched.seconds)


Arguments = Sequence[Any] | Mapping[str, Any]


def asked(arguments: Arguments) -> list[Any]:
    """The arguments as the guest's operations "call_by_name" and "call" want them."""
    return [dict(arguments)] if isinstance(arguments, Mapping) else [list(arguments), {}]


def read_reply(codec: Codec, line: str, order: Sequence[Any]) -> tuple[Any, Any]:
    """The value in a reply, and what the call left of its arguments.

    Raises:
        CandidateError: there is none.
    """
    if not line:
        raise CandidateError("ended early")
    try:
        reply = json.loads(line)
        if "raised" in reply:
            raise CandidateError(f"raised {str(reply['raised'][0])[:80]}")
        value, objects = codec.unpack(reply, order)
        return value, objects[0][0]
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        raise CandidateError("lied") from None


def converse(sandbox: Sandbox, job: Mapping[str, Any], stdin: bytes, limits: Limits) -> tuple[Watched, bytes]:
    """Run one guest on `stdin` and keep its output."""
    stdin_read, stdin_write = os.pipe()
    os.fchmod(stdin_read, 0o666)  # so that a guest with another user id may open /dev/stdin
    stdout_read, stdout_write = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        try:
            guest = sandbox.start(job, limits, stdin=stdin_read, stdout=stdout_write, folder=folder)
        except OSError:
            close(stdin_write, stdout_read)
            raise
        finally:
            close(stdin_read, stdout_write)
        watched = watch([guest], [stdout_read], {stdin_write: stdin}, limits)
    return watched, watched.outputs[stdout_read]


def run_tests(
    sandbox: Sandbox, program: str, entry_point: str | None, setup: str, tests: str, limits: Limits
) -> CheckRun:
    """Run `tests` against what `program` defines.

    Tests and program run in two sandboxes that share only two pipes of plain values. So the program can neither read
    nor replace the tests, and no test passes because the program exits early or prints something.

    Args:
        sandbox: Sandbox in which both run.
        program: Foreign code that defines `entry_point`.
        entry_point: Name of the function with which the tests' `check(candidate)` is called. If None, the tests call
            the program themselves, and every name that they do not define belongs to the program.
        setup: Code that runs before both, such as helpers in the prompt. Instances of its classes are passed by their
            attributes.
        tests: Code that calls the program, or defines `check`.
        limits: Limits of each of the two sandboxes.

    Raises:
        OSError: A sandbox cannot be started.
    """
    calls_read, calls_write = os.pipe()
    replies_read, replies_write = os.pipe()
    verdict_read, verdict_write = os.pipe()
    candidate_job = {"mode": "calls", "program": program, "setup": setup}
    tests_job = {
        "mode": "tests",
        "setup": setup,
        "tests": tests,
        "entry_point": entry_point,
        "open_names": entry_point is None,
        "verdict_fd": verdict_write,
    }
    guests: list[Guest] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            guests.append(
                sandbox.start(
                    tests_job,
                    limits,
                    stdin=replies_read,
                    stdout=calls_write,
                    pass_fds=(verdict_write,),
                    folder=folder,
                )
            )
            guests.append(sandbox.start(candidate_job, limits, stdin=calls_read, stdout=replies_write, folder=folder))
        except OSError:
            for guest in guests:
                guest.end()
            close(verdict_read)
            raise
        finally:
            close(calls_read, calls_write, replies_read, replies_write, verdict_write)
        watched = watch(guests, [verdict_read], {}, limits)
    word, item_fault = read_word(watched.outputs[verdict_read])
    return CheckRun(watched.ending, word, item_fault, watched.seconds)


def read_word(output: bytes) -> tuple[str, bool]:
    """The tests' verdict and whether the item is at fault; what is not whole is none."""
    try:
        verdict = json.loads(output)
    except ValueError:
        return "no verdict", False
    return verdict["word"], verdict["item_fault"]


def close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
