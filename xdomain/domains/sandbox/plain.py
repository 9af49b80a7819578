"""No sandbox, only resource limits, for users who set `allow_unsandboxed_code: true`."""

from __future__ import annotations

from collections.abc import Sequence

from xdomain.domains.sandbox.base import Limits, Sandbox
from xdomain.domains.sandbox.packages import package_files


class Unsandboxed(Sandbox):
    """The guest limits itself, and could still read and write whatever this user can."""

    name = "none (resource limits only)"
    isolated = False

    def __init__(self, packages: tuple[str, ...] = ()) -> None:
        self.packages = packages

    def package_folders(self) -> list[str]:
        return sorted({str(file.parent) for file in package_files(self.packages)})

    def wrap(self, command: Sequence[str], limits: Limits, rules: int) -> list[str]:
        return list(command)
