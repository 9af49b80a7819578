"""Read leases and the beats of their holders.

leases/<folder>.json           the lease: written once, atomically, and never changed
leases/<folder>.<token>.beat   the latest beat and progress of the holder with that token

A file that is not a valid lease is ignored: the next process that wants the stage replaces it, and a holder whose lease
was overwritten this way stops at its next beat.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass

from xdomain.core.files import read_json
from xdomain.core.process import end_worker, host_identity, process_started

KILL_SECONDS = 10.0
"""Longest time to wait until a killed process has ended."""
LEASE_BYTES = 1 << 20
"""Upper limit of the size of a lease, or of a beat with its progress."""
TOKEN = r"^[A-Za-z0-9]{1,64}$"  # noqa: S105 -- no password; it is a part of file names
AMOUNTS = ("done", "total", "seconds_per_unit")


def sound_progress(value: Any) -> dict[str, Any]:
    """Return the progress that a holder wrote, without values of unexpected types."""
    told = value if isinstance(value, Mapping) else {}
    found = {name: told[name] for name in AMOUNTS if _is_amount(told.get(name))}
    rewards = told.get("rewards")
    if isinstance(rewards, Mapping):
        found["rewards"] = {str(name): each if _is_number(each) else None for name, each in rewards.items()}
    if isinstance(told.get("alarm"), Mapping):
        found["alarm"] = dict(told["alarm"])
    return found


Count = Annotated[int, Field(ge=0, lt=2**63)]
Progress = Annotated[dict[str, Any], BeforeValidator(sound_progress)]


@dataclass(frozen=True, config=ConfigDict(strict=True))
class Holder:
    """The holder of a lease.

    Attributes:
        token: Unique name of one acquisition.
        host: Machine and boot on which the holder runs.
        pid: Process number on that machine.
        started: Start time of that process.
        beat: Counter that grows while the holder lives.
        progress: Progress of the stage, shown by `grid status`.
    """

    token: Annotated[str, Field(pattern=TOKEN)]
    host: str
    pid: Annotated[int, Field(gt=0, lt=2**31)]
    started: Annotated[float, Field(allow_inf_nan=False)] | None
    beat: Count = 0
    progress: Progress = Field(default_factory=dict)

    def is_dead_here(self) -> bool:
        """Return whether the holder ran on this machine and has ended; False for holders on other machines."""
        return self.host == host_identity() and not self._lives()

    def end_here(self, lease: Path) -> None:
        """Kill a holder that hangs on this machine, if it is an xdomain worker (`end_worker`).

        A holder that survives does no harm: its folders were renamed and belong to its successor.
        """
        if self.host == host_identity() and self.started is not None and self._lives():
            end_worker(self.pid, self.started, lease, KILL_SECONDS)

    def _lives(self) -> bool:
        started = process_started(self.pid)
        return started is not None and started == self.started


def read_lease(path: Path) -> Holder | None:
    """Return the holder that a lease names, without its beat; None if there is no valid lease."""
    try:
        return Holder(**read_json(path, LEASE_BYTES))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def read_holder(path: Path) -> Holder | None:
    """Return the holder that a lease names, with its latest beat; None if there is no valid lease."""
    holder = read_lease(path)
    if holder is None:
        return None
    try:
        last = read_json(beat_path(path, holder.token), LEASE_BYTES)
        return Holder(**asdict(holder) | {"beat": last["beat"], "progress": last["progress"]})
    except (OSError, ValueError, TypeError, LookupError):
        return holder


def lease_damage(path: Path) -> str | None:
    """Return why the file at a lease's path is not a lease; None if it is one or does not exist."""
    try:
        Holder(**read_json(path, LEASE_BYTES))
    except FileNotFoundError:
        return "it is a link to nothing" if os.path.lexists(path) else None
    except ValidationError as error:
        return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:3])
    except TypeError:
        return "it is not a JSON object"
    except (OSError, ValueError) as error:
        return " ".join(str(error).split())
    return None


def beat_path(lease: Path, token: str) -> Path:
    """Return the path of the file in which the holder with `token` writes its beats."""
    return lease.with_name(f"{lease.stem}.{token}.beat")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53


def _is_amount(value: Any) -> bool:
    return _is_number(value) and value >= 0
