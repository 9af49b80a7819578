"""No sandbox: resource limits alone. Only for those who wrote `allow_unsandboxed_code: true`."""

from __future__ import annotations

from collections.abc import Sequence

from xdomain.domains.sandbox.base import Limits, Sandbox


class Unsandboxed(Sandbox):
    """The guest limits itself, and could still read and write whatever this user can."""

    name = "none (resource limits only)"
    isolated = False

    def wrap(self, command: Sequence[str], limits: Limits, rules: int) -> list[str]:
        return list(command)
