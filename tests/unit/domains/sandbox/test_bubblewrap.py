"""The command line of bubblewrap; tests/integration/test_sandbox_attacks.py attacks the real one."""

from __future__ import annotations

import os

import pytest

from xdomain.domains.sandbox.base import Limits
from xdomain.domains.sandbox.bubblewrap import FIRST_GUEST, NOBODY, Bubblewrap, is_mapped


@pytest.mark.parametrize("root", [True, False])
def test_nothing_of_the_machine_is_writable(root: bool) -> None:
    sandbox = Bubblewrap(disable_userns=True)
    sandbox.program, sandbox.root = "/usr/bin/bwrap", root
    words = sandbox.wrap(["python", "-c", "1"], Limits(disk_mib=3), 7)
    assert words[-4:] == ["--", "python", "-c", "1"]
    assert {"--unshare-net", "--unshare-pid", "--clearenv", "--die-with-parent", "--new-session"} <= set(words)
    assert ("--unshare-user" in words) is not root
    assert ("--disable-userns" in words) is not root
    assert words[words.index("--seccomp") + 1] == "7"
    assert "--bind" not in words
    assert words[words.index("--size") + 1] == str(3 << 20)


def test_root_gives_each_guest_a_user_of_its_own() -> None:
    sandbox = Bubblewrap()
    sandbox.root = False
    assert sandbox.guest_user() is None
    sandbox.root = True
    users = [sandbox.guest_user() for _ in range(3)]
    assert len(set(users)) == 3 or set(users) == {NOBODY}
    assert all(user is not None and (user >= FIRST_GUEST or user == NOBODY) for user in users)


def test_ids_of_this_user_namespace() -> None:
    assert is_mapped(os.getuid())
    assert not is_mapped(1 << 40)
