"""Which sandbox this machine has: found by running one, not by looking for its program."""

from __future__ import annotations

from functools import lru_cache

from xdomain.core.errors import DependencyMissing
from xdomain.domains.sandbox.base import Limits, Sandbox
from xdomain.domains.sandbox.bubblewrap import Bubblewrap
from xdomain.domains.sandbox.plain import Unsandboxed
from xdomain.domains.sandbox.runs import run_script

TRIAL = "try:\n    import {name}\nexcept BaseException as error:\n    print(repr(error))\n    raise SystemExit(1)"

PROBE = "import os; print(os.path.exists('/home'), sum(range(4)))"


@lru_cache
def working_sandbox(packages: tuple[str, ...] = ()) -> Sandbox | None:
    """The sandbox that works here, with packages that guests may import, tried once; None if none does.

    Raises:
        DependencyMissing: A package is not installed.
    """
    for disable_userns in (True, False):
        bubblewrap = Bubblewrap(packages, disable_userns=disable_userns)
        if bubblewrap.program is not None and passes(bubblewrap):
            return bubblewrap
    return None


def passes(sandbox: Sandbox) -> bool:
    """Whether a trial run works; no system call of this architecture may be without its number."""
    try:
        return run_script(sandbox, PROBE, "", Limits()).stdout == "False 6\n"
    except (OSError, KeyError):
        return False


def find_sandbox(packages: tuple[str, ...] = (), *, allow_unsandboxed: bool) -> Sandbox:
    """Return the sandbox in which model-written code runs.

    Args:
        packages: Installed packages that programs may import.
        allow_unsandboxed: Whether resource limits suffice if no sandbox works.

    Raises:
        DependencyMissing: No sandbox works and `allow_unsandboxed` is false, or a package cannot be imported.
    """
    sandbox = working_sandbox(packages) if packages else working_sandbox()
    if sandbox is None and allow_unsandboxed:
        sandbox = Unsandboxed(packages)
    if sandbox is not None:
        refuse_packages(sandbox)
        return sandbox
    raise DependencyMissing(
        "there is no working sandbox on this machine, and model-written code does not run without one.",
        where="domains.verifier",
        fix="Install bubblewrap (apt install bubblewrap) and allow user namespaces; or, on a machine that may be lost, "
        "set `allow_unsandboxed_code: true` in the verifier.",
    )


@lru_cache
def refuse_packages(sandbox: Sandbox) -> None:
    """Import each package in a guest, once per sandbox.

    Raises:
        DependencyMissing: One cannot be imported there.
    """
    for name in sandbox.packages:
        run = run_script(sandbox, TRIAL.format(name=name), "", Limits(memory_mib=2048, wall_seconds=60, processes=64))
        if run.exit_code != 0:
            raise DependencyMissing(
                f'the package "{name}" cannot be imported in the sandbox: {run.stdout.strip() or run.ending}.',
                where="domains.verifier.packages",
                fix="Remove it from `packages`, or add the package that it lacks there.",
            )


def describe_sandbox() -> str:
    """One line for `xdomain doctor`."""
    sandbox = working_sandbox()
    return "none: domains with unit tests are refused" if sandbox is None else f"{sandbox.name}, works"
