"""Fixtures and rules for all tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.fault_table import COUNTS, KIND, FaultTable, KindCounts, Tally, kind_of
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


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """Counts the faults of this test for the table at the end; nothing may be lost or repeated."""
    counts = KindCounts()
    yield Tally(counts)
    request.node.user_properties.append((COUNTS, counts.as_json()))
    assert (counts.lost, counts.repeated) == (0, 0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the reports of each test of faults tell its kind; so they come through from the workers of pytest-xdist."""
    for item in items:
        if (marker := item.get_closest_marker("faults")) is not None:
            item.user_properties.append((KIND, kind_of(marker.args)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    table = FaultTable(report for reports in terminalreporter.stats.values() for report in reports)
    for line in [*shown(terminalreporter), *table.lines()]:
        terminalreporter.write_line(line)


def shown(terminalreporter: pytest.TerminalReporter) -> list[str]:
    """What tests gave to `show`, those that failed included."""
    calls = [
        report for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, [])
        if report.when == "call"
    ]  # fmt: skip
    return [str(value) for report in calls for name, value in report.user_properties if name == "shown"]
