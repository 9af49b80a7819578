"""Which sandbox this machine has: found by running one, not by looking for its program."""

from __future__ import annotations

from functools import lru_cache

from xdomain.core.errors import DependencyMissing
from xdomain.domains.sandbox.base import Limits, Sandbox
from xdomain.domains.sandbox.bubblewrap import Bubblewrap
from xdomain.domains.sandbox.plain import Unsandboxed
from xdomain.domains.sandbox.runs import run_script

PROBE = "import os; print(os.path.exists('/home'), sum(range(4)))"


@lru_cache(maxsize=1)
def working_sandbox() -> Sandbox | None:
    """The sandbox that works here, tried once; None if none does."""
    for disable_userns in (True, False):
        bubblewrap = Bubblewrap(disable_userns=disable_userns)
        if bubblewrap.program is not None and passes(bubblewrap):
            return bubblewrap
    return None


def passes(sandbox: Sandbox) -> bool:
    """Whether a trial run works; no system call of this architecture may be without its number."""
    try:
        return run_script(sandbox, PROBE, "", Limits()).stdout == "False 6\n"
    except (OSError, KeyError):
        return False


def find_sandbox(*, allow_unsandboxed: bool) -> Sandbox:
    """The sandbox to run model-written code in.

    Raises:
        DependencyMissing: there is none, and running without one was not allowed.
    """
    sandbox = working_sandbox()
    if sandbox is not None:
        return sandbox
    if allow_unsandboxed:
        return Unsandboxed()
    raise DependencyMissing(
        "there is no working sandbox on this machine, and model-written code does not run without one.",
        where="domains.verifier",
        fix="Install bubblewrap (apt install bubblewrap) and allow user namespaces; or, on a machine that may be lost, "
        "set `allow_unsandboxed_code: true` in the verifier.",
    )


def describe_sandbox() -> str:
    """One line for `xdomain doctor`."""
    sandbox = working_sandbox()
    return "none: domains with unit tests are refused" if sandbox is None else f"{sandbox.name}, works"
