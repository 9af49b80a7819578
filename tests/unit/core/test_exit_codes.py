"""Exit codes of workers."""

from __future__ import annotations

import inspect
import os

from xdomain.core import errors, exit_codes


def test_they_are_no_exit_code_of_a_command() -> None:
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.XDomainError)]
    of_commands = {0, errors.OWN_FAULT, *(kind.exit_code for kind in kinds)}
    assert of_commands.isdisjoint({exit_codes.STOPPED, exit_codes.LOST_LEASE})
    assert exit_codes.STOPPED == os.EX_TEMPFAIL
