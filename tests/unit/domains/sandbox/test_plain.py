"""No sandbox: resource limits alone."""

from __future__ import annotations

from xdomain.domains.sandbox.base import Limits
from xdomain.domains.sandbox.plain import Unsandboxed
from xdomain.domains.sandbox.runs import run_script


def test_it_says_so_and_still_limits() -> None:
    sandbox = Unsandboxed()
    assert not sandbox.isolated
    assert sandbox.wrap(["a", "b"], Limits(), 7) == ["a", "b"]
    run = run_script(sandbox, "import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE))", "", Limits())
    assert run.stdout == "(64, 64)\n"
    assert run_script(sandbox, "x = 'a' * (1 << 30)", "", Limits(memory_mib=256)).exit_code == 1


def test_system_calls_are_refused_here_too() -> None:
    run = run_script(Unsandboxed(), "import os\nos.memfd_create('x')", "", Limits())
    assert run.exit_code == 1
