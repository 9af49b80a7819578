"""The program inside the sandbox. It runs as text (`python -I -S -c`), knows the standard library only, and is trusted
until it executes the job's code. `python guest.py FD`: FD holds the job, written with marshal:
json would cost a third of a short run, and this is our own data for our own interpreter, never the guest's.

Job `mode`:
    script: `program` is a whole program with the real stdin and stdout.
    calls:  `program` defines `entry_point`; each stdin line is a call `[arguments, keywords]`, each stdout line a
            reply `{"value": ...}` or `{"error": ...}`. No test and no expected value is ever in this process.
    tests:  `setup` and `tests` run here and call the candidate, which is in another sandbox, over stdout and stdin;
            the verdict goes to the descriptor `verdict_fd`, which the candidate does not have.
"""

from __future__ import annotations

import io
import marshal
import os
import resource
import sys

TYPE_CHECKING = False  # the name that type checkers take for true; importing typing would cost every run 5 ms
if TYPE_CHECKING:
    from typing import Any

PLAIN = (bool, int, float, str, type(None))
DEEPEST = 100


def main() -> None:
    with os.fdopen(int(sys.argv[1]), "rb") as handle:
        job = marshal.load(handle)  # noqa: S302 -- see above
    sys.argv = ["program.py"]
    confine(job["limits"], job["user"])
    {"script": run_script, "calls": answer_calls, "tests": run_tests}[job["mode"]](job)


def confine(limits: dict[str, Any], user: int | None) -> None:
    """Lower every limit for good, then become a user that owns nothing."""
    memory, disk = limits["memory_mib"] << 20, limits["disk_mib"] << 20
    processor = int(limits["wall_seconds"]) + 1
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, processor),
        (resource.RLIMIT_FSIZE, disk),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, limits["processes"]),
    ):
        _, hard = resource.getrlimit(kind)
        lowered = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (lowered, lowered))
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)


def run_script(job: dict[str, Any]) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__", "exit": sys.exit, "quit": sys.exit}
    exec(compile(job["program"], "program.py", "exec"), namespace)  # noqa: S102 -- what the sandbox is for


def answer_calls(job: dict[str, Any]) -> None:
    """Load the program with its own stdin and stdout out of reach, then reply to calls until they end."""
    import json

    calls, replies = os.fdopen(os.dup(0), "r"), os.fdopen(os.dup(1), "w")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    sys.stdin, sys.stdout = io.StringIO(), io.StringIO()
    namespace: dict[str, Any] = {"__name__": "program"}
    exec(compile(job["program"], "program.py", "exec"), namespace)  # noqa: S102 -- what the sandbox is for
    candidate = namespace[job["entry_point"]]
    for line in calls:
        arguments, keywords = decode(json.loads(line))
        try:
            reply = {"value": encode(candidate(*arguments, **keywords))}
        except Exception as error:
            reply = {"error": type(error).__name__}
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


class CandidateError(Exception):
    """The candidate raised, ended, or returned what is no plain value."""


def run_tests(job: dict[str, Any]) -> None:
    """Run the tests against the candidate behind the pipes; the verdict is written once, at the very end."""
    import json

    calls, replies = os.fdopen(os.dup(1), "w"), os.fdopen(os.dup(0), "r")
    verdict = os.fdopen(job["verdict_fd"], "w")
    sys.stdout = io.StringIO()

    def candidate(*arguments: object, **keywords: object) -> object:
        try:
            calls.write(json.dumps(encode([list(arguments), keywords])) + "\n")
            calls.flush()
            reply = decode_reply(replies.readline(job["limits"]["output_bytes"]))
        except BrokenPipeError:
            raise CandidateError("ended early") from None
        return reply

    namespace: dict[str, Any] = {"__name__": "tests"}
    try:
        exec(compile(job["setup"], "setup.py", "exec"), namespace)  # noqa: S102 -- what the sandbox is for
        namespace[job["entry_point"]] = candidate
        exec(compile(job["tests"], "tests.py", "exec"), namespace)  # noqa: S102 -- what the sandbox is for
        namespace["check"](candidate)
        word = "passed"
    except CandidateError as error:
        word = f"candidate {error}"
    except AssertionError:
        word = "a test failed"
    except Exception as error:
        word = f"a test raised {type(error).__name__}"
    verdict.write(json.dumps(word))
    verdict.flush()


def decode_reply(line: str) -> Any:
    """The value in a reply.

    Raises:
        CandidateError: there is none.
    """
    import json

    if not line.endswith("\n"):
        raise CandidateError("ended early")
    try:
        reply = json.loads(line)
        if "value" in reply:
            return decode(reply["value"])
        error = str(reply["error"])[:80]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise CandidateError("lied") from None
    raise CandidateError(f"raised {error}")


def encode(value: Any, depth: int = 0) -> Any:
    """Plain Python values as JSON that keeps tuples, sets, bytes, complex numbers and other keys apart."""
    if depth > DEEPEST:
        raise TypeError("too deep")
    kind = type(value)
    if kind in PLAIN:
        return value
    if kind is list:
        return [encode(child, depth + 1) for child in value]
    if kind in (tuple, set, frozenset):
        return {"": kind.__name__, "items": [encode(child, depth + 1) for child in value]}
    if kind is dict:
        pairs = [[encode(key, depth + 1), encode(child, depth + 1)] for key, child in value.items()]
        return {"": "dict", "items": pairs}
    if kind is bytes:
        return {"": "bytes", "items": list(value)}
    if kind is complex:
        return {"": "complex", "items": [value.real, value.imag]}
    raise TypeError("no plain value")


def decode(value: Any, depth: int = 0) -> Any:
    """The inverse of `encode`; what it did not make is refused."""
    if depth > DEEPEST:
        raise ValueError("too deep")
    if isinstance(value, list):
        return [decode(child, depth + 1) for child in value]
    if not isinstance(value, dict):
        return value
    items = [decode(child, depth + 1) for child in value["items"]]
    makers: dict[str, Any] = {"tuple": tuple, "set": set, "frozenset": frozenset, "bytes": bytes, "dict": dict}
    return complex(*items) if value[""] == "complex" else makers[value[""]](items)


if __name__ == "__main__":
    main()
