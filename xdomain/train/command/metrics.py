"""The metrics file of a command: its newest step while it runs, and its numbers once it has ended."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

from xdomain.core.errors import StageError
from xdomain.core.files import write_atomic
from xdomain.core.reading import open_regular, size_text

FILE = "metrics.jsonl"
LARGEST = 64 << 20
"""Bytes of a metrics file."""
TAIL = 4096
"""Bytes of the file's end in which its newest line is looked for."""
LARGEST_NUMBER = 1e300
RESERVED = frozenset({"step", "domains", "gradients"})
"""Names that the built-in trainer gives another meaning."""


def newest_step(path: Path) -> int | None:
    """Return the step of the newest whole line; None if there is none yet."""
    try:
        with open_regular(path) as handle:
            handle.seek(max(0, path.stat().st_size - TAIL))
            lines = handle.read(TAIL).split(b"\n")[:-1]
        step = json.loads(lines[-1])["step"] if lines else None
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return step if isinstance(step, int) else None


def take_metrics(source: Path, target: Path, steps: int) -> None:
    """Check the command's metrics file and write its numbers in the order of steps; without a file, nothing.

    Of several lines of one step, as a resumed command writes them, the last one counts. Values that are no finite
    numbers are left out.

    Raises:
        StageError: it is too large, no regular file, or a line is no JSON object with a step of the stage.
    """
    try:
        found = source.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(found.st_mode):
        raise StageError("is not a regular file.", where=FILE, fix="Let the command write a plain file.")
    if found.st_size > LARGEST:
        raise StageError(
            f"is larger than {size_text(LARGEST)}.", where=FILE, fix="Let the command write one short line per step."
        )
    lines: dict[int, dict[str, Any]] = {}
    with open_regular(source) as handle:
        for number, text in enumerate(handle, start=1):
            line = _numbers(text)
            if line is None or not 1 <= line["step"] <= steps:
                raise StageError(
                    f"line {number} should be a JSON object whose step is a whole number from 1 to {steps}.",
                    where=FILE,
                    fix="docs/reference/engine-contract.md describes the file.",
                )
            lines[line["step"]] = line
    write_atomic(target, "".join(f"{json.dumps(lines[step], sort_keys=True)}\n" for step in sorted(lines)))


def _numbers(text: bytes) -> dict[str, Any] | None:
    """Return the step and the finite numbers of a line; None if it is malformed."""
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(line, dict) or type(line.get("step")) is not int:
        return None
    kept = {name: value for name, value in line.items() if name not in RESERVED and _is_finite(value)}
    return {"step": line["step"], **kept}


def _is_finite(value: Any) -> bool:
    return type(value) in (int, float) and -LARGEST_NUMBER < value < LARGEST_NUMBER
