"""What guests of root and of another user can reach: system calls, sockets, files, packages, names of the machine."""

from __future__ import annotations

import errno
import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.sandbox_users import NOBODY, run_as
from xdomain.domains.sandbox.choose import working_sandbox
from xdomain.domains.sandbox.seccomp import ARCHITECTURES
from xdomain.domains.sandbox.system_calls import CHECKED, REFUSED

NEW_NAMESPACES = (0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)

CALLS = """
import ctypes, json, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def error_of(number, *arguments):
    ctypes.set_errno(0)
    result = libc.syscall(number, *arguments)
    if result == 0 and number == NUMBERS["clone"]:
        os._exit(0)
    return ctypes.get_errno() if result < 0 else 0
refused = {name: error_of(NUMBERS[name], 0, 0, 0, 0, 0, 0) for name in REFUSED}
cloned = [error_of(NUMBERS["clone"], flag | 17, 0, 0, 0, 0) for flag in NEW_NAMESPACES]
print(json.dumps([refused, cloned, error_of(NUMBERS["clone3"], 0, 0)]))
"""

SOCKETS = """
import json, socket
def opens(family, kind):
    try:
        socket.socket(family, kind).close()
    except OSError as error:
        return error.errno
    return 0
stream, datagram, raw = socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW
print(json.dumps([[family, sorted({opens(family, kind) for kind in (stream, datagram, raw)})] for family in range(46)]))
"""

VIEW = """
import importlib.util, json, os, sys
def content(place):
    try:
        return open(place).read()
    except OSError as error:
        return error.errno
files = [os.path.join(folder, name) for folder, _, names in os.walk("/") for name in names
         if not folder.startswith(("/proc", "/tmp"))]
packages = [file for file in files if "site-packages" in file or "dist-packages" in file]
library = os.path.dirname(os.__file__)
others = [file for file in files if file.startswith(("/usr", "/lib", "/etc")) and ".so" not in os.path.basename(file)
          and not file.startswith((library, "/usr/share/zoneinfo/")) and file != sys.executable]
programs = [file for file in files if os.access(file, os.X_OK) and ".so" not in file
            and not file.startswith(os.path.dirname(os.__file__))]
found = [name for name in ("numpy", "torch", "pip", "yaml", "xdomain", "setuptools") if importlib.util.find_spec(name)]
print(json.dumps({
    "packages": packages, "others": others, "programs": programs, "found": found, "host": os.uname().nodename,
    "command_line": content("/proc/cmdline"), "settings": os.listdir("/proc/sys"), "executable": sys.executable,
    "top": sorted(os.listdir("/")), "devices": sorted(os.listdir("/dev")), "environment": dict(os.environ),
}))
"""

HONEST = """
import asyncio, bz2, ctypes, datetime, decimal, hashlib, lzma, re, sqlite3, ssl, statistics, subprocess, sys, threading
import unicodedata, uuid, xml.etree.ElementTree, zlib, zoneinfo
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as executor:
    assert list(executor.map(abs, [-1, -2])) == [1, 2]
async def both():
    return await asyncio.gather(asyncio.sleep(0.01, 1), asyncio.to_thread(len, "ab"))
assert asyncio.run(both()) == [1, 2]
assert subprocess.run([sys.executable, "-c", "print(5)"], capture_output=True, text=True).stdout == "5\\n"
assert sqlite3.connect(":memory:").execute("select 1 + 1").fetchone() == (2,)
assert datetime.datetime(2024, 7, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")).utcoffset().seconds == 7200
assert hashlib.sha256(b"x").hexdigest() and zlib.decompress(zlib.compress(b"x")) == b"x"
open("/tmp/file", "w").write("text")
assert open("/dev/stdin").read() == open("/dev/null").read() == "" and len(open("/dev/urandom", "rb").read(4)) == 4
print("all")
"""


def tables() -> str:
    column = ARCHITECTURES[platform.machine()][1]
    numbers = {name: found[column] for name, found in {**REFUSED, **CHECKED}.items() if found[column] is not None}
    refused = [name for name in REFUSED if name in numbers]
    return f"NUMBERS = {numbers}\nREFUSED = {refused}\nNEW_NAMESPACES = {NEW_NAMESPACES}\n"


@pytest.fixture(scope="module", params=["root", "nobody"] if os.getuid() == 0 else ["this user"])
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    if working_sandbox() is None:
        pytest.skip("no bubblewrap on this machine")
    user = NOBODY if request.param == "nobody" else os.getuid()
    programs = {"calls": tables() + CALLS, "sockets": SOCKETS, "view": VIEW, "honest": HONEST}
    folder: Path = tmp_path_factory.mktemp("guests")
    return run_as(user, programs, {"memory_mib": 512, "wall_seconds": 20.0}, folder)


def test_every_refused_system_call_is_refused(found: Mapping[str, Any]) -> None:
    refused, cloned, clone3 = json.loads(found["calls"]["stdout"])
    assert {name for name, error in refused.items() if error != errno.EPERM} == set()
    assert set(cloned) == {errno.EPERM}
    assert clone3 == errno.ENOSYS


def test_only_two_families_of_sockets_open(found: Mapping[str, Any]) -> None:
    answers = dict(json.loads(found["sockets"]["stdout"]))
    assert [family for family, errors in answers.items() if errors != [errno.EAFNOSUPPORT]] == [1, 2]
    assert 0 in answers[1]
    assert 0 in answers[2]


def test_the_machine_shows_its_interpreter_only(found: Mapping[str, Any]) -> None:
    view = json.loads(found["view"]["stdout"])
    assert view["packages"] == []
    assert view["found"] == []
    assert view["others"] == []
    loader = [program for program in view["programs"] if "/ld-" in program or "/ld." in program]
    assert set(view["programs"]) - set(loader) == {view["executable"]}
    assert view["host"] == "guest"
    assert view["command_line"] in ("", errno.EACCES)
    assert view["settings"] == []
    interpreters = {Path(view["executable"]).parts[1]}
    assert not {"home", "bin", "sbin", "var", "run", "opt", "boot", "mnt", "sys"} & set(view["top"]) - interpreters
    assert view["devices"] == ["fd", "null", "random", "stderr", "stdin", "stdout", "urandom"]
    assert set(view["environment"]) <= {"PWD", "LC_CTYPE"}


def test_honest_programs_still_run(found: Mapping[str, Any]) -> None:
    assert found["honest"]["stdout"] == "all\n"
