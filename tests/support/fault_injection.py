"""What tests of faults share: grids of seconds, waiting for a moment, counting in the store what became of stages."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
from typer.testing import CliRunner

from tests.support.small_grid import TEXT, WAIT_SECONDS, all_records, command, environment, weights
from xdomain.cli.app import app
from xdomain.core.errors import XDomainError
from xdomain.store.artifact import damaged_file

TINY = TEXT.replace("steps: 80, examples_per_step: 32", "steps: 5, examples_per_step: 8").replace(
    "items: 24", "items: 8"
)
"""The small grid with next to nothing to learn: what counts is that every stage is there."""

ONE_STAGE = TINY.replace("{singles: true, ordered_pairs: true, mixed_pairs: true}", "{}\ncurricula: [logic + puzzle]")
"""A base and one training stage on a mixture, with the evaluations of three checkpoints."""


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    stdout: str
    stderr: str


def here(*arguments: str | Path, code: int = 0, inline: bool = True) -> Answer:
    """Run a command of xdomain in this process, stages too: torch is imported once for all tests."""
    extra = ("--set", "execution.executor=inline") if inline and "grid" in arguments else ()
    ended = CliRunner().invoke(app, [*map(str, arguments), *extra])
    error = ended.exception
    if error is not None and not isinstance(error, XDomainError | SystemExit):
        raise error
    said = error.paragraph() if isinstance(error, XDomainError) else ""
    found = error.exit_code if isinstance(error, XDomainError) else ended.exit_code
    assert found == code, f"exit {found}\n{ended.output}\n{said}"
    return Answer(ended.stdout, f"{ended.stderr}\n{said}")


def stages_of(experiment: Path, store: Path) -> list[dict[str, Any]]:
    """The plan's stages, parents first."""
    found: list[dict[str, Any]] = json.loads(here("grid", "plan", experiment, "--store", store, "--json").stdout)[
        "stages"
    ]
    return found


def start(experiment: Path, store: Path, *options: str) -> subprocess.Popen[str]:
    """`grid run` as a process of its own, with its workers."""
    return subprocess.Popen(
        command("grid", "run", experiment, "--store", store, *options),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for(condition: Callable[[], Any], process: subprocess.Popen[str], pause_seconds: float = 0.02) -> Any:
    """The first true value of `condition` while the run lives."""
    end = time.monotonic() + WAIT_SECONDS
    while not (found := condition()):
        assert process.poll() is None, f"the run ended before it could be disturbed: {process.communicate()[0]}"
        assert time.monotonic() < end, "the run did not get far enough in time"
        time.sleep(pause_seconds)
    return found


def holders(store: Path, kind: str = "") -> list[psutil.Process]:
    """Living processes that hold a lease of a kind of stage."""
    found = []
    for path in (store / "leases").glob(f"{kind}*.json"):
        try:
            found.append(psutil.Process(json.loads(path.read_text())["pid"]))
        except (FileNotFoundError, psutil.NoSuchProcess):
            continue
    return found


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """All processes below a run, while it lives."""
    return psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []


def assert_gone(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=30)
    assert [each.cmdline() for each in alive] == [], "orphans live on"


def completions(store: Path) -> Counter[str]:
    """How often each stage ran to its end, whoever ran it, as the logs in the store tell."""
    found: Counter[str] = Counter()
    for log in (store / "logs").glob("*.log"):
        for line in log.read_text(errors="replace").splitlines():
            _, mark, rest = line.partition('{"event": "completed", ')
            if mark:
                found[json.loads("{" + rest)["stage"]] += 1
    return found


def record_rows(store: Path) -> Counter[tuple[str, str, int]]:
    """How often each record is stored: its stage, item and sample."""
    frames = [
        pd.read_parquet(path, columns=["stage_key", "item_id", "sample"])
        for path in (store / "stages").glob("evaluate-*/records.parquet")
    ]
    return Counter(row for frame in frames for row in frame.itertuples(index=False, name=None))


def assert_whole(store: Path, undisturbed: Path) -> None:
    """Both stores hold the same stages, weights and records, as their digests say, and nobody holds a lease."""
    stages = [path.parent for path in (store / "stages").glob("*/done.json")]
    assert {stage.name: damaged for stage in stages if (damaged := damaged_file(stage))} == {}
    assert published(store) == published(undisturbed)
    assert weights(store) == weights(undisturbed)
    pd.testing.assert_frame_equal(all_records(store), all_records(undisturbed))
    assert not list((store / "leases").glob("*.json"))


def published(store: Path) -> set[str]:
    return {path.parent.name for path in (store / "stages").glob("*/done.json")}
