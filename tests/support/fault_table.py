"""The table at the end of `make test-faults`: what was done to grids, and what became of their stages and records."""

from __future__ import annotations

import datetime
import os
import platform
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

OTHER = "other"
CLUSTERS = ("Ray", "Slurm")
KINDS = ("kills", "hangs", "rivals", "failures", "disks", "clocks", "planted files", "network", "fuzzers", *CLUSTERS)
"""Kinds of faults in the order of the table; a test names its kind as the argument of its marker `faults`."""
WIDTH = 70


@dataclass
class KindCounts:
    """What was counted of one kind of fault.

    Attributes:
        faults: Number of times that each fault was injected.
        stages: Stages that disturbed grids should have in the end.
        records: Records that they should have.
        lost: Stages and records that are missing.
        repeated: Stages that ran to their end again, and records that are stored twice.
        skipped: Reason of each test that could not run here.
    """

    faults: Counter[str] = field(default_factory=Counter)
    stages: int = 0
    records: int = 0
    lost: int = 0
    repeated: int = 0
    skipped: dict[str, str] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """Yield the rows below the kind's heading."""
        for name, count in sorted(self.faults.items()):
            yield f"  {name:{WIDTH}} {count:6}"
        if self.stages:
            compared = f"{self.stages} stages and {self.records} records compared"
            yield f"  {compared:{WIDTH}} lost {self.lost}, repeated {self.repeated}"
        for name, reason in self.skipped.items():
            yield f"  {name:{WIDTH}} skipped: {reason}"


class FaultTable:
    """Counts of all kinds of faults."""

    def __init__(self) -> None:
        self.kinds: defaultdict[str, KindCounts] = defaultdict(KindCounts)

    @property
    def lost(self) -> int:
        return sum(counts.lost for counts in self.kinds.values())

    @property
    def repeated(self) -> int:
        return sum(counts.repeated for counts in self.kinds.values())

    def lines(self) -> list[str]:
        """Return the table, or nothing if no test of faults ran."""
        if not self.kinds:
            return []
        found = ["", machine(), ""]
        for kind in sorted(self.kinds, key=lambda kind: (_place(kind), kind)):
            found += [kind, *self.kinds[kind].lines(), ""]
        total = KindCounts()
        for counts in self.kinds.values():
            total.faults += counts.faults
            total.stages += counts.stages
            total.records += counts.records
            total.skipped |= counts.skipped
        summary = f"{total.stages} stages and {total.records} records compared"
        return [
            *found,
            f"{'faults injected':{WIDTH + 2}} {total.faults.total():6}",
            f"{'tests of faults skipped':{WIDTH + 2}} {len(total.skipped):6}",
            f"{summary:{WIDTH + 2}} lost {self.lost}, repeated {self.repeated}",
        ]


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


def _place(kind: str) -> int:
    return KINDS.index(kind) if kind in KINDS else len(KINDS)
