"""Fixtures and rules for all tests."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from xdomain.core.secrets import Known

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def forgotten_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test mask what an earlier one had in its environment."""
    monkeypatch.setattr(Known, "variables", None)
    monkeypatch.setattr(Known, "pattern", None)


@pytest.fixture
def repository() -> Path:
    return REPOSITORY


@pytest.fixture
def require_program():
    """Skip with a reason where a program is missing; CI installs them all, so there it fails."""

    def require(name: str) -> str:
        found = shutil.which(name)
        if found is None:
            message = f"{name} is not installed"
            if os.environ.get("CI"):
                pytest.fail(message)
            pytest.skip(message)
        return found

    return require


@pytest.fixture
def show(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Prints a line at the very end, where it is not captured; as a property of the test's report it also comes through
    from the workers of pytest-xdist."""
    return lambda line: record_property("shown", line)


class Tally:
    """What was done to grids, and what became of their stages: counted in their stores, not assumed."""

    def __init__(self) -> None:
        self.faults: Counter[str] = Counter()
        self.expected = self.lost = self.repeated = 0

    def fault(self, name: str, count: int = 1) -> None:
        self.faults[name] += count

    def store(self, store: Path, expected: set[str], remade: frozenset[str] = frozenset()) -> None:
        """Count one grid: stages that are missing in the end, and those that ran to their end more than once."""
        from tests.support.fault_injection import completions, published

        self.expected += len(expected)
        self.lost += len(expected - published(store))
        ran = completions(store)
        self.repeated += sum(max(0, count - 1 - (name in remade)) for name, count in ran.items())

    def lines(self) -> list[str]:
        faults = [f"{name:55} {count:5}" for name, count in sorted(self.faults.items())]
        ends = {"faults injected": self.faults.total(), "stages of disturbed grids": self.expected}
        ends |= {"stages lost": self.lost, "stages repeated": self.repeated}
        return ["", *faults, "", *(f"{name:55} {count:5}" for name, count in ends.items())]


TALLY = pytest.StashKey[Tally]()


@pytest.fixture(scope="session")
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """Counts faults; its table is printed at the very end."""
    counts = request.config.stash[TALLY] = Tally()
    yield counts
    assert (counts.lost, counts.repeated) == (0, 0)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in shown(terminalreporter):
        terminalreporter.write_line(line)
    counts = config.stash.get(TALLY, None)
    for line in [*(counts.lines() if counts else ()), *skipped_faults(terminalreporter)]:
        terminalreporter.write_line(line)


def shown(terminalreporter: pytest.TerminalReporter) -> list[str]:
    """What tests gave to `show`, those that failed included."""
    calls = [
        report for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, [])
        if report.when == "call"
    ]  # fmt: skip
    return [str(value) for report in calls for name, value in report.user_properties if name == "shown"]


def skipped_faults(terminalreporter: pytest.TerminalReporter) -> list[str]:
    """Tests of faults that could not be done here, and why: they belong to the table."""
    # A module that is skipped whole is reported at collection, without keywords.
    reports = [report for report in terminalreporter.stats.get("skipped", []) if isinstance(report, pytest.TestReport)]
    skipped = [report for report in reports if "faults" in report.keywords]
    lines = []
    for report in skipped:
        reason = report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else ""
        lines.append(f"{'skipped: ' + report.nodeid.rpartition('::')[2]:75} {reason}")
    return [*lines, f"{'tests of faults skipped':55} {len(skipped):5}"] if skipped else []
