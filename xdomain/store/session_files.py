"""Files that a session passes to its workers. They contain sections of the experiment, so only this user may read them.

work/.tasks-<session>/         folder of one session; removed when it ends, or when a later session finds that it died
  session.json                 the session's process, in the format of a lease
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
"""Marker file: workers of this session may outlive it, because they are queued jobs."""


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
        """Write a file that only this user may read. Return its path."""
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
    """Yield the folders of sessions on this machine that ended without removing them.

    Args:
        root: Folder of the store.
        with_jobs: Also yield folders of sessions whose queued jobs may still start. Without its task file, such a job
            ends at once.
    """
    for folder in (root / "work").glob(f"{FOLDER}*"):
        try:
            owner = read_lease(folder / SESSION)
        except OSError:  # the folder belongs to another user
            continue
        if owner is not None and owner.is_dead_here() and (with_jobs or not (folder / JOBS_MARK).exists()):
            yield folder
