"""Feed hostile inputs to one parser for a while, in this process, and count what happens.

`python -m tests.support.hostile.fuzz NAME SECONDS SEED [MEMORY_MB]` prints the counts as JSON. `tests/property` starts
it with a limit of memory, so that neither a crash nor an endless parser takes the tests down.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.support.hostile.every_parser import PARSERS
from tests.support.hostile.parsers import Parser
from xdomain.core.errors import ConfigErrors

LONGEST_SECONDS = 10
LONGEST_MESSAGE = 3000
"""Characters of a refusal; "one paragraph"."""
ROUND = 1000
"""Inputs of one seed."""


class OverError(BaseException):
    """Time or inputs are used up."""


class HangError(BaseException):
    """One input took longer than `LONGEST_SECONDS`; no parser may catch it."""


@dataclass
class Counts:
    """What a parser did with hostile inputs."""

    parser: str
    inputs: int = 0
    refused: int = 0
    accepted: int = 0
    crashes: int = 0
    hangs: int = 0
    slowest_seconds: float = 0.0
    peak_mib: float = 0.0
    failures: dict[str, str] = field(default_factory=dict)
    """A message and the input of each kind of failure."""


def fuzz(parser: Parser, seconds: float, start: int, most: int | None = None) -> Counts:
    """Feed hostile inputs until the time is over or `most` inputs were read."""
    counts = Counts(parser.name)
    signal.signal(signal.SIGALRM, _hang)
    with tempfile.TemporaryDirectory() as folder:
        run = parser.open(Path(folder))
        before = _peak_mib()
        end = time.monotonic() + seconds

        def feed(value: Any) -> None:
            _one(counts, run, value, parser.refuses)
            if time.monotonic() >= end or counts.inputs == most:
                raise OverError

        rounds = settings(
            max_examples=ROUND,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        with suppress(OverError):
            for number in count(start):
                seed(number)(rounds(given(parser.inputs)(feed)))()
    counts.peak_mib = round(_peak_mib() - before, 1)
    return counts


def _one(counts: Counts, run: Any, value: Any, refuses: tuple[type[Exception], ...]) -> None:
    counts.inputs += 1
    began = time.monotonic()
    signal.alarm(LONGEST_SECONDS)
    try:
        run(value)
        counts.accepted += 1
    except refuses as error:
        counts.refused += 1
        if isinstance(error, ConfigErrors):
            return
        if "\n" in str(error) or len(str(error)) > LONGEST_MESSAGE:
            _note(counts, f"message of {len(str(error))} characters: {str(error)[:200]}", value, "message")
    except HangError as error:
        counts.hangs += 1
        _note(counts, f"hang in {_places(error)}", value)
    except Exception as error:
        name, places = type(error).__name__, _places(error)
        _note(counts, f"{name}: {str(error)[:150]} in {places}", value, name + places)
    finally:
        signal.alarm(0)
    counts.slowest_seconds = round(max(counts.slowest_seconds, time.monotonic() - began), 3)


def _note(counts: Counts, words: str, value: Any, key: str | None = None) -> None:
    if not words.startswith("hang"):
        counts.crashes += 1
    shown = repr(value)
    kind = key or words.split(":", maxsplit=1)[0]
    counts.failures.setdefault(kind, f"{words}\n    input: {shown[:600]}")


def _places(error: BaseException) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/xdomain/" in frame.filename]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-4:]))


def _hang(*_: object) -> None:
    raise HangError


def _peak_mib() -> float:
    """Return the most memory that this program held; `ru_maxrss` would include the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    """Run one parser as a command."""
    name, seconds, start = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    if len(sys.argv) > 4:
        limit = int(sys.argv[4]) * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    warnings.simplefilter("ignore")
    sys.stdout.write(json.dumps(asdict(fuzz(PARSERS[name], seconds, start))) + "\n")


if __name__ == "__main__":
    main()
