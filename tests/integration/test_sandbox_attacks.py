"""Hostile code in the real sandbox: every attack is contained, and the machine is as before."""

from __future__ import annotations

import errno
import os
import signal
import socket
import threading
import time
from pathlib import Path

import psutil
import pytest

from tests.support.sandbox_users import NOBODY, OtherUser
from xdomain.config.domain_verifier import UnitTestVerifier
from xdomain.core.errors import DependencyMissing
from xdomain.core.records import Outcome
from xdomain.domains.base import Item
from xdomain.domains.sandbox import choose, runs
from xdomain.domains.sandbox.base import Limits
from xdomain.domains.verifiers.unit_tests import UnitTestChecker

USERS = [
    pytest.param(os.getuid(), id="root" if os.getuid() == 0 else "this_user"),
    *([pytest.param(NOBODY, id="nobody", marks=pytest.mark.slow)] if os.getuid() == 0 else []),
]
LIMITS = Limits(wall_seconds=3.0, memory_mib=256, disk_mib=8)
CHECK = "# hidden-3f0c\ndef check(candidate):\n    assert candidate(2) == 4\n    assert candidate(3) == 9\n"


@pytest.fixture(scope="module", autouse=True)
def own_sandbox():
    found = choose.working_sandbox()
    if found is None:
        pytest.skip("no bubblewrap on this machine")
    return found


@pytest.fixture(scope="module", params=USERS)
def sandbox(request, own_sandbox, tmp_path_factory):
    """Call a function of `runs` by name with the sandbox of a user."""
    if request.param == os.getuid():
        yield lambda name, *arguments: getattr(runs, name)(own_sandbox, *arguments)
    else:
        other = OtherUser(request.param, tmp_path_factory.mktemp("other"))
        yield other
        other.close()


def run_script(sandbox, *arguments):
    return sandbox("run_script", *arguments)


def run_calls(sandbox, *arguments):
    return sandbox("run_calls", *arguments)


def run_tests(sandbox, *arguments):
    return sandbox("run_tests", *arguments)


@pytest.fixture(autouse=True)
def machine_as_before():
    """No process, descriptor or file is left by any test."""
    me = psutil.Process()
    before = (set(me.children(recursive=True)), me.num_fds(), set(os.listdir("/tmp")))
    yield
    deadline = time.monotonic() + 5
    while set(me.children(recursive=True)) - before[0] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not set(me.children(recursive=True)) - before[0]
    assert me.num_fds() <= before[1]
    left = {name for name in set(os.listdir("/tmp")) - before[2] if name.startswith(("tmp", "pwned"))}
    assert not [name for name in left if (Path("/tmp") / name).exists() and "pwned" in name]


def test_a_fork_bomb_stops_at_the_process_limit(sandbox):
    bomb = (
        "import os, time\nn = 0\ntry:\n    while True:\n"
        "        if os.fork() == 0:\n            time.sleep(60)\n        n += 1\n"
        "except OSError:\n    print(n, flush=True)\n    time.sleep(60)"
    )
    run = run_script(sandbox, bomb, "", LIMITS)
    assert run.ending == "timeout"
    assert 0 < int(run.stdout) <= LIMITS.processes


def test_endless_forking_is_killed(sandbox):
    bomb = "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass"
    started = time.monotonic()
    assert run_script(sandbox, bomb, "", LIMITS).ending == "timeout"
    assert time.monotonic() - started < LIMITS.wall_seconds + 5


def test_a_fork_bomb_leaves_its_neighbours_their_processes(sandbox):
    bomb = "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass"
    neighbour = "import os, time\nfor _ in range(10):\n    if os.fork() == 0:\n        time.sleep(1)\nprint('all')"
    bombs = [threading.Thread(target=run_script, args=(sandbox, bomb, "", LIMITS)) for _ in range(2)]
    for each in bombs:
        each.start()
    time.sleep(1)
    run = run_script(sandbox, neighbour, "", LIMITS)
    for each in bombs:
        each.join()
    assert run.stdout == "all\n"


def test_memory_of_one_process_is_limited(sandbox):
    run = run_script(sandbox, "x = bytearray(1 << 30)\nprint('got it')", "", LIMITS)
    assert (run.stdout, run.exit_code) == ("", 1)


def test_memory_of_many_processes_is_limited_together(sandbox):
    hoard = "import os, time\nfor _ in range(3):\n    os.fork()\nx = bytearray(b'x') * (120 << 20)\ntime.sleep(60)"
    assert run_script(sandbox, hoard, "", LIMITS).ending == "memory"


def test_disk_is_limited(sandbox):
    fill = (
        "import os\nn = 0\ntry:\n    for i in range(1000):\n        with open(f'/tmp/{i}', 'wb') as f:\n"
        "            f.write(b'x' * (1 << 20))\n        n += 1\nexcept OSError:\n    print(n)"
    )
    run = run_script(sandbox, fill, "", LIMITS)
    assert 0 < int(run.stdout) <= LIMITS.disk_mib


def test_output_is_capped(sandbox):
    run = run_script(sandbox, "while True:\n    print('x' * 65536)", "", LIMITS)
    assert run.ending == "output"
    assert len(run.stdout) <= LIMITS.output_bytes


def test_sleeping_and_spinning_are_killed(sandbox):
    assert run_script(sandbox, "import time\ntime.sleep(60)", "", LIMITS).ending == "timeout"
    spun = run_script(sandbox, "while True:\n    pass", "", LIMITS)
    assert spun.ending == "timeout" or spun.exit_code != 0


def test_no_network(sandbox):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(0.5)
        connect = f"import socket\nsocket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 2)\nprint('in')"
        run = run_script(sandbox, connect, "", LIMITS)
        assert (run.stdout, run.exit_code) == ("", 1)
        with pytest.raises(TimeoutError):
            server.accept()


def test_no_home_no_environment_no_root(sandbox, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "hunter2")
    look = (
        "import os\nhome = [p for p in ('/home', '/etc/passwd', '/etc/shadow', '/work') if os.path.exists(p)]\n"
        "print(home, os.environ.get('SECRET_KEY'), os.getuid(), len([p for p in os.listdir('/proc') if p.isdigit()]))"
    )
    run = run_script(sandbox, look, "", LIMITS)
    seen, secret, user, processes = run.stdout.rsplit(" ", 3)
    assert (seen, secret) == ("[]", "None")
    assert int(user) not in (0, os.getuid())
    assert int(processes) <= 3


def test_no_capabilities(sandbox):
    run = run_script(sandbox, "print([l for l in open('/proc/self/status') if l.startswith('CapEff')][0])", "", LIMITS)
    assert int(run.stdout.split()[1], 16) == 0


def test_nothing_outside_is_written(sandbox, tmp_path):
    target = tmp_path / "pwned"
    write = (
        f"import os\nfor p in ({str(target)!r}, '/pwned', '/usr/pwned', '/dev/shm/pwned', '/tmp/pwned'):\n    try:\n"
        "        open(p, 'w').write('x'); print(p)\n    except OSError: pass"
    )
    assert run_script(sandbox, write, "", LIMITS).stdout == "/tmp/pwned\n"
    assert not target.exists()
    assert not Path("/tmp/pwned").exists()


def test_killing_the_parent_kills_nobody_else(sandbox):
    run = run_script(sandbox, "import os\nos.kill(os.getppid(), 9)\nos.kill(-1, 9)\nprint('alive')", "", LIMITS)
    assert run.ending == "exited"
    assert run_script(sandbox, "print('next')", "", LIMITS).stdout == "next\n"


SOLUTION = "def square(x):\n    return x * x\n"
CHEATS = {
    "exits 0 early": "import os\nos._exit(0)",
    "exits 0 in the call": "import os\ndef square(x):\n    os._exit(0)",
    "sys.exit in the call": "import sys\ndef square(x):\n    sys.exit(0)",
    "prints the verdict": "print('passed')\nprint('\"passed\"', flush=True)\ndef square(x):\n    print('passed')",
    "writes the verdict to every descriptor": (
        "import os\nfor fd in range(64):\n    try:\n        os.write(fd, b'\"passed\"\\n')\n"
        "    except OSError:\n        pass\n"
        "def square(x):\n    return 0"
    ),
    "replaces the test": (
        "import builtins\ndef check(candidate):\n    pass\nbuiltins.check = check\ndef square(x):\n    return 0"
    ),
    "is equal to everything": (
        "class Any(int):\n    def __eq__(self, other): return True\n    __hash__ = int.__hash__\n"
        "def square(x):\n    return Any(0)"
    ),
    "patches AssertionError": "import builtins\nbuiltins.AssertionError = KeyError\ndef square(x):\n    raise KeyError",
    "disables asserts": "import sys\nsys.flags = None\n__debug__ if True else 0\ndef square(x):\n    return None",
    "reads the caller": (
        "import gc, sys\ndef square(x):\n    for o in gc.get_objects():\n"
        "        if isinstance(o, str) and 'assert' in o:\n"
        "            return 4\n    return sys._getframe(1).f_locals.get('expected')"
    ),
    "looks for the tests in memory and files": (
        "import os, re\nSEEN = False\n"
        "def look(place):\n    global SEEN\n    try:\n        with open(place, 'rb', 0) as file:\n"
        "            SEEN = SEEN or re.search(b'hidden-[0-9a-f]{4}', file.read(1 << 20)) is not None\n"
        "    except OSError:\n        pass\n"
        "for folder in ('/tmp', '/dev', '/etc', '/root', '/home', '/work'):\n"
        "    for where, _, names in os.walk(folder):\n"
        "        [look(f'{where}/{name}') for name in names if 'random' not in name and '/lib' not in where]\n"
        "for pid in filter(str.isdigit, os.listdir('/proc')):\n"
        "    [look(f'/proc/{pid}/{name}') for name in ('cmdline', 'environ')]\n"
        "    try:\n        maps, memory = open(f'/proc/{pid}/maps').readlines(), open(f'/proc/{pid}/mem', 'rb', 0)\n"
        "    except OSError:\n        continue\n"
        "    for line in maps:\n        start, end = (int(part, 16) for part in line.split()[0].split('-'))\n"
        "        try:\n            memory.seek(start)\n            part = memory.read(end - start)\n"
        "        except (OSError, OverflowError, ValueError):\n            continue\n"
        "        SEEN = SEEN or re.search(b'hidden-[0-9a-f]{4}', part) is not None\n"
        "def square(x):\n    return x * x if SEEN else 0"
    ),
    "forges the verdict and replies on every pipe": (
        "import json, os\n"
        "LIES = [{'word': 'passed', 'item_fault': False}, {'root': True, 'nodes': []}, {'root': None, 'nodes': []}]\n"
        "def square(x):\n    for fd in os.listdir('/proc/self/fd'):\n        for lie in LIES:\n            try:\n"
        "                os.write(int(fd), json.dumps(lie).encode() + b'\\n')\n            except OSError:\n"
        "                pass\n    return True"
    ),
    "asks the tests for their values": (
        "import json, os\n"
        "ASKED = [{'operation': operation, 'target': target, 'root': [0], 'nodes': [['list', parts]]}\n"
        "         for operation in ('look', 'call', 'get', 'set', 'item', 'repr', 'exit')\n"
        "         for target in ('check', 'candidate', '__builtins__', 0, -1, [0])\n"
        "         for parts in ([], ['check'], ['__globals__', 1])]\n"
        "def square(x):\n    for fd in os.listdir('/proc/self/fd'):\n        for asked in ASKED:\n            try:\n"
        "                os.write(int(fd), json.dumps(asked).encode() + b'\\n')\n            except OSError:\n"
        "                pass\n    return 0"
    ),
    "kills what it can reach": (
        "import os\ndef square(x):\n    os.kill(os.getppid(), 9)\n    os.kill(-1, 9)\n    return 0"
    ),
    "writes into the first process": (
        "import os\ndef square(x):\n    try:\n        line = open('/proc/1/maps').readline()\n"
        "        memory = open('/proc/1/mem', 'r+b', 0)\n        memory.seek(int(line.split('-')[0], 16))\n"
        "        memory.write(b'x' * 4096)\n    except OSError:\n        pass\n    return 0"
    ),
    "raises what the tests raise": "def square(x):\n    raise AssertionError('passed')",
    "leaves the tests without a name": "def square(x):\n    raise UnboundLocalError('candidate')",
    "takes endless time to hash": (
        "import json, os\n"
        "NODES = [['tuple', [1, 1]], *(['tuple', [[n], [n]]] for n in range(60)), ['set', [[60]]]]\n"
        "def square(x):\n    for fd in os.listdir('/proc/self/fd'):\n        try:\n"
        "            os.write(int(fd), json.dumps({'root': [61], 'nodes': NODES}).encode() + b'\\n')\n"
        "        except OSError:\n            pass\n    return 0"
    ),
    "floods": "def square(x):\n    return 'x' * 10_000_000",
    "nests": "def square(x):\n    v = []\n    for _ in range(100000):\n        v = [v]\n    return v",
    "sleeps": "import time\ndef square(x):\n    time.sleep(60)",
    "no such function": "def cube(x):\n    return x ** 3",
    "no Python": "this is not Python (",
}


def test_an_honest_solution_passes(sandbox):
    assert run_tests(sandbox, SOLUTION, "square", "", CHECK, LIMITS).word == "passed"


@pytest.mark.parametrize("cheat", CHEATS.values(), ids=CHEATS.keys())
def test_no_cheat_passes(sandbox, cheat):
    run = run_tests(sandbox, cheat, "square", "", CHECK, LIMITS)
    assert run.word != "passed"


@pytest.mark.parametrize("cheat", CHEATS.values(), ids=CHEATS.keys())
def test_no_cheat_gives_the_values_of_calls(sandbox, cheat):
    run = run_calls(sandbox, cheat, "square", [[2], [3]], LIMITS)
    assert run.values != (4, 9)


def test_verifier_styles():
    stdin = UnitTestChecker(UnitTestVerifier(kind="unit_tests", style="stdin", timeout_seconds=5))
    item = Item("i", "p", "g", metadata={"tests": {"inputs": ["2\n", "3\n"], "outputs": ["4\n", "9"]}})
    codes = ["```python\nprint(int(input()) ** 2)\n```", "print(4)", "", "```python\nexit(1)\n```"]
    found = [verdict.outcome for verdict in stdin.judge([item] * 4, codes)]
    assert found == [Outcome.RIGHT, Outcome.WRONG, Outcome.MALFORMED, Outcome.WRONG]

    function = UnitTestChecker(UnitTestVerifier(kind="unit_tests", style="function", timeout_seconds=5))
    tests = '[{"arguments": [2], "expected": 4}, {"arguments": [3], "expected": 9}]'
    item = Item("i", "p", "g", metadata={"tests": tests, "entry_point": "square"})
    found = [verdict.outcome for verdict in function.judge([item] * 2, [SOLUTION, "def square(x):\n    return 4"])]
    assert found == [Outcome.RIGHT, Outcome.WRONG]

    humaneval = UnitTestChecker(UnitTestVerifier(kind="unit_tests", style="humaneval", timeout_seconds=5))
    prompt = 'def square(x):\n    """x times x"""\n'
    item = Item("i", "p", "g", metadata={"prompt": prompt, "tests": CHECK, "entry_point": "square"})
    found = [verdict.outcome for verdict in humaneval.judge([item] * 3, ["    return x * x", SOLUTION, "    pass"])]
    assert found == [Outcome.RIGHT, Outcome.RIGHT, Outcome.WRONG]


def test_unreadable_tests_are_our_fault_and_unscored():
    function = UnitTestChecker(UnitTestVerifier(kind="unit_tests", style="function"))
    items = [
        Item("i", "p", "g", metadata=metadata) for metadata in ({}, {"tests": "[", "entry_point": "f"}, {"tests": []})
    ]
    assert {verdict.outcome for verdict in function.judge(items, [SOLUTION] * 3)} == {Outcome.UNSCORED}


def test_without_a_sandbox_code_is_refused_unless_allowed(monkeypatch):
    monkeypatch.setattr(choose, "working_sandbox", lambda: None)
    with pytest.raises(DependencyMissing, match="allow_unsandboxed_code"):
        choose.find_sandbox(allow_unsandboxed=False)
    allowed = choose.find_sandbox(allow_unsandboxed=True)
    assert not allowed.isolated
    assert runs.run_script(allowed, "print(input())", "hello", LIMITS).stdout == "hello\n"


def test_many_at_once_from_threads(sandbox):
    results: list[str] = []
    crew = [
        threading.Thread(target=lambda n=n: results.append(run_script(sandbox, f"print({n})", "", LIMITS).stdout))
        for n in range(8)
    ]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    assert sorted(results) == sorted(f"{n}\n" for n in range(8))


OTHER_CALLS = """
import ctypes, mmap, os
code = mmap.mmap(-1, 4096, prot=7, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
code.write(b"\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3")  # mov eax, 20 (getpid on i386); int 0x80; ret
if (child := os.fork()) == 0:
    os._exit(ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))() and 0)
libc = ctypes.CDLL(None, use_errno=True)
x32 = [libc.syscall((1 << 30) + number) for number in (39, 272, 165)]
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), x32, ctypes.get_errno())
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="only x86_64 has calls of 32 bits and of x32")
def test_calls_of_other_architectures(sandbox):
    run = run_script(sandbox, OTHER_CALLS, "", LIMITS)
    assert run.stdout == f"{-signal.SIGSYS} [-1, -1, -1] {errno.ENOSYS}\n"


def test_no_time_is_lost_on_what_takes_endless_time_to_hash(sandbox):
    started = time.monotonic()
    run = run_calls(sandbox, CHEATS["takes endless time to hash"], "square", [[2]], LIMITS)
    assert (run.values, run.failure) == ((), "lied")
    assert time.monotonic() - started < LIMITS.wall_seconds


def test_programs_reach_no_descriptor_but_their_own(sandbox):
    listed = "import os\nprint([os.path.basename(os.readlink(f'/proc/self/fd/{n}')).split(':')[0] for n in range(3)])"
    run = run_script(sandbox, f"{listed}\nprint(len(os.listdir('/proc/self/fd')))", "", LIMITS)
    assert run.stdout == "['pipe', 'pipe', 'null']\n4\n"
