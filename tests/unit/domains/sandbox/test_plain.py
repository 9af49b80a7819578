"""No sandbox: resource limits alone."""

from __future__ import annotations

from xdomain.domains.sandbox.base import Limits
from xdomain.domains.sandbox.plain import Unsandboxed
from xdomain.domains.sandbox.runs import run_script


def test_it_says_so_and_still_limits() -> None:
    sandbox = Unsandboxed()
    assert not sandbox.isolated
    assert sandbox.wrap(["a", "b"], Limits()) == ["a", "b"]
    run = run_script(sandbox, "import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE))", "", Limits())
    assert run.stdout == "(64, 64)\n"
    assert run_script(sandbox, "x = 'a' * (1 << 30)", "", Limits(memory_mib=256)).exit_code == 1
