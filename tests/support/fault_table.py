"""The table at the end of `make test-faults`: what was done to grids, and what became of their stages and records."""

from __future__ import annotations

import datetime
import os
import platform
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

OTHER = "other"
CLUSTERS = ("Ray", "Slurm")
KINDS = ("kills", "hangs", "rivals", "failures", "disks", "clocks", "planted files", "network", "fuzzers", *CLUSTERS)
"""Kinds of faults in the order of the table; a test names its kind as the argument of its marker `faults`."""
AMOUNTS = ("stages", "records", "lost", "repeated")
KIND, COUNTS = "kind of fault", "counts of faults"
"""Properties of a test's report."""
WIDTH = 70


@dataclass
class KindCounts:
    """What was counted of one kind of fault, or in one test.

    Attributes:
        faults: Number of times that each fault was injected.
        stages: Stages that disturbed grids should have in the end.
        records: Records that they should have.
        lost: Stages and records that are missing.
        repeated: Stages that ran to their end again, and records that are stored twice.
        remarks: Tests that failed or could not run here, with what became of them.
    """

    faults: Counter[str] = field(default_factory=Counter)
    stages: int = 0
    records: int = 0
    lost: int = 0
    repeated: int = 0
    remarks: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the counts as plain values, which travel in a test's report."""
        amounts = {name: getattr(self, name) for name in AMOUNTS}
        return {"faults": dict(self.faults), **amounts}

    def add(self, counts: Mapping[str, Any]) -> None:
        """Add counts that `as_json` made."""
        self.faults.update(counts["faults"])
        for name in AMOUNTS:
            setattr(self, name, getattr(self, name) + counts[name])

    def lines(self, indent: str = "  ") -> Iterator[str]:
        """Yield the rows of the table."""
        for name, count in sorted(self.faults.items()):
            yield f"{indent}{name:{WIDTH}} {count:6}"
        if self.stages:
            compared = f"{self.stages} stages and {self.records} records compared"
            yield f"{indent}{compared:{WIDTH}} lost {self.lost}, repeated {self.repeated}"
        for name, remark in sorted(self.remarks.items()):
            yield f"{indent}{name:{WIDTH}} {remark}"


class FaultTable:
    """Counts of all kinds of faults.

    Args:
        reports: Reports of all phases of all tests, and other objects, which are passed over.
    """

    def __init__(self, reports: Iterable[object]) -> None:
        self.kinds: defaultdict[str, KindCounts] = defaultdict(KindCounts)
        for report in reports:
            # A module that is skipped whole is reported at collection, without properties.
            properties = dict(getattr(report, "user_properties", ()))
            if KIND in properties and isinstance(report, pytest.TestReport):
                counts = self.kinds[properties[KIND]]
                if report.when == "teardown" and COUNTS in properties:
                    counts.add(properties[COUNTS])
                if not report.passed:
                    counts.remarks[report.nodeid.rpartition("::")[2]] = remark(report)

    def lines(self) -> list[str]:
        """Return the table, or nothing if no test of faults ran."""
        if not self.kinds:
            return []
        found, total, remarks = ["", machine(), ""], KindCounts(), Counter[str]()
        for kind in sorted(self.kinds, key=lambda kind: (KINDS.index(kind) if kind in KINDS else len(KINDS), kind)):
            counts = self.kinds[kind]
            found += [kind, *counts.lines(), ""]
            total.add({**counts.as_json(), "faults": {"faults injected": counts.faults.total()}})
            remarks.update(text.partition(":")[0] for text in counts.remarks.values())
        total.faults |= {f"tests of faults {word}": count for word, count in remarks.items()}
        return [*found, "all", *total.lines()]


@dataclass(frozen=True)
class Tally:
    """Counts the faults of one test.

    Attributes:
        counts: Counts of the test's kind of fault.
    """

    counts: KindCounts

    def fault(self, name: str, count: int = 1) -> None:
        """Count faults of one name."""
        self.counts.faults[name] += count

    def store(self, store: Path, undisturbed: Path, remade: frozenset[str] = frozenset()) -> None:
        """Count what a disturbed grid lost or repeated.

        Args:
            store: Store of the disturbed grid, which was run to its end.
            undisturbed: Store of the same grid that nothing disturbed.
            remade: Stages that had to run once more, since the fault destroyed or delayed them.
        """
        from tests.support.fault_injection import completions, published, record_rows

        stages, records = published(undisturbed), record_rows(undisturbed)
        found = record_rows(store)
        self.counts.stages += len(stages)
        self.counts.records += records.total()
        self.counts.lost += len(stages - published(store)) + (records - found).total()
        self.counts.repeated += (found - records).total()
        ran = completions(store)
        self.counts.repeated += sum(max(0, count - 1 - (name in remade)) for name, count in ran.items())


def kind_of(arguments: Sequence[str]) -> str:
    """Return the kind that the arguments of a test's marker `faults` name."""
    return arguments[0] if arguments else OTHER


def machine() -> str:
    """Return the date and the size of this machine."""
    memory = psutil.virtual_memory().total / 2**30
    today = datetime.datetime.now(datetime.UTC).date()
    system = f"{platform.system()} {platform.release().split('-', maxsplit=1)[0]}"
    return f"{today}, {os.cpu_count()} cores, {memory:.0f} GiB, {system}, Python {platform.python_version()}"


def remark(report: pytest.TestReport) -> str:
    """Return what became of a test that did not pass."""
    if not report.skipped:
        return "failed"
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
    return f"skipped: {reason.removeprefix('Skipped: ')}"
