"""The three ways of running foreign code: a whole program, calls of a function, tests against a function."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xdomain.domains.sandbox.base import Limits, Sandbox
from xdomain.domains.sandbox.guest import CandidateError, decode_reply, encode
from xdomain.domains.sandbox.supervise import Ending, Watched, watch


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
        failure: why that one gave none ("raised ValueError", "ended early"); "" if every call gave a value.
        seconds: wall time.
    """

    ending: Ending
    values: tuple[Any, ...]
    failure: str
    seconds: float


@dataclass(frozen=True)
class CheckRun:
    """What tests said of a function.

    Attributes:
        ending: how the tests ended.
        word: "passed", or what happened instead.
        seconds: wall time.
    """

    ending: Ending
    word: str
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
    sandbox: Sandbox, program: str, entry_point: str, calls: Sequence[Sequence[Any]], limits: Limits
) -> CallRun:
    """Call a function that `program` defines, once for each list of positional arguments.

    Raises:
        OSError: the sandbox cannot be started.
    """
    job = {"mode": "calls", "program": program, "entry_point": entry_point}
    lines = [json.dumps(encode([list(arguments), {}])) for arguments in calls]
    watched, output = converse(sandbox, job, "".join(f"{line}\n" for line in lines).encode(), limits)
    replies = output.decode("utf-8", "replace").splitlines(keepends=True)
    values: list[Any] = []
    for place in range(len(calls)):
        try:
            values.append(decode_reply(replies[place] if place < len(replies) else ""))
        except CandidateError as error:
            return CallRun(watched.ending, tuple(values), str(error), watched.seconds)
    return CallRun(watched.ending, tuple(values), "", watched.seconds)


def converse(sandbox: Sandbox, job: Mapping[str, Any], stdin: bytes, limits: Limits) -> tuple[Watched, bytes]:
    """Run one guest on `stdin` and keep its output."""
    stdin_read, stdin_write = os.pipe()
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


def run_tests(sandbox: Sandbox, program: str, entry_point: str, setup: str, tests: str, limits: Limits) -> CheckRun:
    """Run `tests`, which define `check(candidate)`, against a function that `program` defines.

    Tests and program lie in two sandboxes that share nothing but two pipes of plain values, so the program can
    neither read nor replace the tests, and its early end or its output passes nothing.

    Args:
        sandbox: where both run.
        program: foreign code that defines `entry_point`.
        entry_point: the name of the function.
        setup: code that the tests need besides (helpers of the prompt).
        tests: code that defines `check`.
        limits: of each of the two.

    Raises:
        OSError: a sandbox cannot be started.
    """
    calls_read, calls_write = os.pipe()
    replies_read, replies_write = os.pipe()
    verdict_read, verdict_write = os.pipe()
    candidate_job = {"mode": "calls", "program": program, "entry_point": entry_point}
    tests_job = {
        "mode": "tests",
        "setup": setup,
        "tests": tests,
        "entry_point": entry_point,
        "verdict_fd": verdict_write,
    }
    guests = []
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
            watch(guests, [], {}, limits)
            close(verdict_read)
            raise
        finally:
            close(calls_read, calls_write, replies_read, replies_write, verdict_write)
        watched = watch(guests, [verdict_read], {}, limits)
    return CheckRun(watched.ending, read_word(watched.outputs[verdict_read]), watched.seconds)


def read_word(output: bytes) -> str:
    """The tests' verdict; what is not whole is none."""
    try:
        return str(json.loads(output))
    except ValueError:
        return "no verdict"


def close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
