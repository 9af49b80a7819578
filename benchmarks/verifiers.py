"""Measure the rate of verdicts: plain and symbolic mathematics, and sandboxed Python against `subprocess.run`.

    python benchmarks/verifiers.py

Each figure is the median of several rounds; the ratio is taken within a round, both sides on the same cores.
Targets: 1,000 plain math verdicts per second, and 60 sandboxed processes per second on 2 cores or a ratio of at
most 2.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from xdomain.config.domain_verifier import MathVerifier
from xdomain.domains.base import Item
from xdomain.domains.sandbox.base import Limits, interpreter
from xdomain.domains.sandbox.choose import working_sandbox
from xdomain.domains.sandbox.runs import run_script
from xdomain.domains.verifiers.math import MathChecker

ROUNDS = 5
PLAIN = 5000
SYMBOLIC = 200
RUNS = 60
PROGRAM = "print(sum(range(100)))"


def rate(count: int, work: Callable[[], object]) -> float:
    """Return the number of calls per second."""
    started = time.perf_counter()
    work()
    return count / (time.perf_counter() - started)


def math_rates() -> dict[str, float]:
    """Return verdicts per second with a new verifier in each round, so that nothing is cached; workers are warm."""
    rounds = [math_round(turn) for turn in range(ROUNDS)]
    plain, symbolic = (statistics.median(figures) for figures in zip(*rounds, strict=True))
    return {"plain_per_second": plain, "symbolic_per_second": symbolic}


def math_round(turn: int) -> tuple[float, float]:
    """Return plain and symbolic verdicts per second, on pairs that no other round has."""
    checker = MathChecker(MathVerifier(kind="math"))
    checker.judge([Item("i", "p", "x+1")], ["\\boxed{1+x}"])
    numbers = [Item(str(n), "p", str(n * 7 + turn)) for n in range(PLAIN)]
    texts = [f"Therefore the answer is \\boxed{{{n * 7 + turn}}}." for n in range(PLAIN)]
    plain = rate(PLAIN, lambda: checker.judge(numbers, texts))
    terms = [Item(str(n), "p", f"x^2+{n + 2}x+{turn}") for n in range(SYMBOLIC)]
    forms = [f"\\boxed{{{turn}+{n + 2}x+x^2}}" for n in range(SYMBOLIC)]
    symbolic = rate(SYMBOLIC, lambda: checker.judge(terms, forms))
    checker.close()
    return plain, symbolic


def sandbox_rates() -> dict[str, float | str]:
    """Return sandboxed processes per second on all cores, and the ratio of their time to bare ones of the same program.

    Guests start without site packages (-S), so bare runs are timed both ways.
    """
    sandbox = working_sandbox()
    if sandbox is None:
        return {"sandbox": "none"}
    cores = os.cpu_count() or 1

    def boxed(_: int) -> None:
        assert run_script(sandbox, PROGRAM, "", Limits()).stdout == "4950\n"

    def bare(command: list[str]) -> None:
        assert subprocess.run(command, capture_output=True, check=True).stdout == b"4950\n"

    as_is, without_site = [interpreter(), "-c", PROGRAM], [interpreter(), "-I", "-S", "-c", PROGRAM]
    rounds = []
    with ThreadPoolExecutor(max_workers=cores) as executor:
        for _ in range(ROUNDS):
            inside = rate(RUNS, lambda: list(executor.map(boxed, range(RUNS))))
            outside = rate(RUNS, lambda: list(executor.map(bare, [as_is] * RUNS)))
            barest = rate(RUNS, lambda: list(executor.map(bare, [without_site] * RUNS)))
            rounds.append((inside, outside / inside, barest / inside))
    runs, ratio, ratio_without_site = (statistics.median(figures) for figures in zip(*rounds, strict=True))
    return {
        "sandbox": sandbox.name,
        "cores": cores,
        "runs_per_second": runs,
        "time_ratio_to_bare": ratio,
        "time_ratio_to_bare_without_site": ratio_without_site,
    }


def measure() -> dict[str, dict[str, float | str]]:
    """Return all figures."""
    return {"math": {**math_rates()}, "sandbox": sandbox_rates()}


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
