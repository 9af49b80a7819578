"""Files that a session hands to its workers: they hold sections of the experiment, so only this user may read them.

work/.tasks-<session>/         of one session; goes when it ends, or when the next one finds that it is dead
  session.json                 whose it is, in the words of a lease
  <name>.json                  a task
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from xdomain.core.files import write_private
from xdomain.core.process import host_identity, process_started
from xdomain.store.holder import read_lease

FOLDER = ".tasks-"
SESSION = "session.json"
JOBS_MARK = "jobs"
"""File that says that the session's workers may outlive it: jobs in a queue."""


class SessionFiles:
    """The private folder of a session.

    Args:
        root: Folder of the store.
        session: Name of the session.
        outlived: Whether workers may start after the session has ended, as queued jobs do.
    """

    def __init__(self, root: Path, session: str, *, outlived: bool) -> None:
        self._folder = root / "work" / f"{FOLDER}{session}"
        self._session = session
        self._outlived = outlived
        self._written = 0

    def write(self, name: str, text: str) -> Path:
        """Write a file that only this user may read, and return its path."""
        if not self._written:
            self._begin()
        self._written += 1
        path = self._folder / f"{name}-{self._written}.json"
        write_private(path, text)
        return path

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _begin(self) -> None:
        self._folder.mkdir(mode=0o700)
        pid = os.getpid()
        owner = {"token": self._session, "host": host_identity(), "pid": pid, "started": process_started(pid)}
        write_private(self._folder / SESSION, json.dumps(owner))
        if self._outlived:
            (self._folder / JOBS_MARK).touch()


def dead_sessions(root: Path, *, with_jobs: bool) -> Iterator[Path]:
    """Yield the folders of sessions of this machine that ended without removing them.

    Args:
        root: Folder of the store.
        with_jobs: Also those whose queued jobs may still start; such a job then ends at once.
    """
    for folder in (root / "work").glob(f"{FOLDER}*"):
        try:
            owner = read_lease(folder / SESSION)
        except OSError:  # another user's
            continue
        if owner is not None and owner.is_dead_here() and (with_jobs or not (folder / JOBS_MARK).exists()):
            yield folder
