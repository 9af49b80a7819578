"""No input makes a parser crash, hang or take memory without bounds, whoever wrote it.

`make test-faults` gives each parser XDOMAIN_FUZZ_SECONDS in a process of its own; `make test` a few inputs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from tests.support.hostile.every_parser import PARSERS
from tests.support.hostile.fuzz import LONGEST_SECONDS, Counts, fuzz

SECONDS = float(os.environ.get("XDOMAIN_FUZZ_SECONDS", "10"))
MEMORY_MIB = 6000
"""Limit of the address space of a fuzzer's process; Python with our libraries maps nearly half of it."""
MOST_GROWTH_MIB = 600
"""Templates may use 512."""
FEW = 20
START_SECONDS = 180


@pytest.mark.parametrize("name", PARSERS)
def test_a_few_hostile_inputs(name: str) -> None:
    demand_sound(fuzz(PARSERS[name], 1, start=0, most=FEW))


@pytest.mark.slow
@pytest.mark.faults("fuzzers")
@pytest.mark.parametrize("name", PARSERS)
def test_hostile_inputs(name: str, repository: Path, show: Callable[[str], None], tally: Any, first_seed: int) -> None:
    arguments = map(str, (name, SECONDS, first_seed, MEMORY_MIB))
    command = [sys.executable, "-m", "tests.support.hostile.fuzz", *arguments]
    ended = subprocess.run(
        command, cwd=repository, capture_output=True, text=True, timeout=SECONDS + START_SECONDS, check=False
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    counts = Counts(**json.loads(ended.stdout))
    show(row(counts))
    tally.fault("hostile input to a parser", counts.inputs)
    demand_sound(counts)


@pytest.fixture
def first_seed() -> int:
    """A seed that differs from run to run; it is shown with what fails."""
    return int(os.environ.get("XDOMAIN_FUZZ_SEED", str(int(time.time()))))


def demand_sound(counts: Counts) -> None:
    found = "\n".join(counts.failures.values())
    assert (counts.crashes, counts.hangs) == (0, 0), f"{counts.parser}:\n{found}"
    assert counts.inputs > 0, "the parser was given nothing"
    assert counts.slowest_seconds < LONGEST_SECONDS
    assert counts.peak_mib < MOST_GROWTH_MIB


def row(counts: Counts) -> str:
    """A line of the table."""
    return (
        f"{counts.parser:30}{counts.inputs:7} inputs{counts.refused:7} refused{counts.accepted:7} accepted"
        f"{counts.crashes:3} crashes{counts.hangs:3} hangs"
        f"{counts.slowest_seconds:7.2f} s slowest{counts.peak_mib:6.0f} MiB"
    )


def test_the_table_has_every_count() -> None:
    assert {field.name for field in fields(Counts)} - {"failures"} == {
        "parser", "inputs", "refused", "accepted", "crashes", "hangs", "slowest_seconds", "peak_mib"
    }  # fmt: skip
