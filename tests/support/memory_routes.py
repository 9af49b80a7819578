"""Programs that try to hold more memory than a guest may, each on another route.

As a program (`python memory_routes.py ROUTE GROUP`) it runs one of them in the sandbox and prints as JSON how that
ended and how much memory the machine gave at most: it enters the control group GROUP first, which only measures. Any
interpreter that has the sandbox's modules on its path will do.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from xdomain.domains.sandbox.base import Limits
from xdomain.domains.sandbox.choose import working_sandbox
from xdomain.domains.sandbox.control_group import places_here
from xdomain.domains.sandbox.runs import run_script

LIMITS = Limits(wall_seconds=4.0, memory_mib=256, disk_mib=32)

START = """
import ctypes, mmap, os, socket, sys, time
MIB = 1 << 20
libc = ctypes.CDLL(None, use_errno=True)
def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
def fill(size):
    held = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    held.madvise(14)  # huge pages fill faster
    ctypes.memset(ctypes.addressof(ctypes.c_char.from_buffer(held)), 1, size)
    return held
def forked(count, work):
    for _ in range(count):
        if os.fork() == 0:
            work()
            time.sleep(60)
            os._exit(0)
"""

ROUTES = {
    "heap": "held = b'x' * (400 * MIB)",
    "two forks, each below the limit": "forked(2, lambda: globals().update(held=fill(200 * MIB)))\ntime.sleep(60)",
    "twelve forks, each below the limit": "forked(12, lambda: globals().update(held=fill(150 * MIB)))\ntime.sleep(60)",
    "forks, while output drips every 4 ms": (
        "def drip():\n    while True:\n        print('x', flush=True)\n        time.sleep(0.004)\n"
        "forked(1, drip)\nforked(12, lambda: globals().update(held=fill(150 * MIB)))\ntime.sleep(60)"
    ),
    "forks, after standard output was closed": (
        "os.close(1)\nforked(12, lambda: globals().update(held=fill(150 * MIB)))\ntime.sleep(60)"
    ),
    "forks whose first thread ended": (
        "import threading\ndef hide():\n    threading.Thread(target=lambda: (time.sleep(0.1), fill(150 * MIB), "
        "time.sleep(60))).start()\n    libc.syscall(60 if os.uname().machine == 'x86_64' else 93, 0)\n"
        "forked(6, hide)\ntime.sleep(60)"
    ),
    "tmpfs in a user and mount namespace": (
        "checked(libc.unshare(0x10020000))\nchecked(libc.mount(b'x', b'/tmp', b'tmpfs', 0, b'size=4g'))\n"
        "open('/tmp/x', 'wb').write(b'x' * (200 * MIB))\nopen('/tmp/y', 'wb').write(b'x' * (200 * MIB))\ntime.sleep(60)"
    ),
    "tmpfs in a namespace made by clone": (
        "checked(libc.syscall(56 if os.uname().machine == 'x86_64' else 220, 0x10020011, 0, 0, 0, 0))\ntime.sleep(60)"
    ),
    "SysV shared memory, detached": (
        "libc.shmat.restype = ctypes.c_void_p\n"
        "for _ in range(8):\n    name = checked(libc.shmget(0, 100 * MIB, 0o1600))\n"
        "    place = libc.shmat(name, None, 0)\n    ctypes.memset(place, 1, 100 * MIB)\n"
        "    libc.shmdt(ctypes.c_void_p(place))\ntime.sleep(60)"
    ),
    "memfd": (
        "held = [os.memfd_create(str(n)) for n in range(16)]\nfor each in held:\n"
        "    for _ in range(50):\n        os.write(each, b'x' * MIB)\ntime.sleep(60)"
    ),
    "shared anonymous memory of processes that ended": (
        "held = []\nfor _ in range(8):\n    held.append(mmap.mmap(-1, 20 * MIB))\n    if os.fork() == 0:\n"
        "        held[-1].write(b'x' * (20 * MIB))\n        os._exit(0)\n    os.wait()\n"
        "forked(8, lambda: [held.append(mmap.mmap(-1, 50 * MIB)) or held[-1].write(b'x' * (50 * MIB))])\ntime.sleep(60)"
    ),
    "/dev/zero, shared": (
        "forked(8, lambda: mmap.mmap(os.open('/dev/zero', os.O_RDWR), 100 * MIB).write(b'x' * (100 * MIB)))\n"
        "held = mmap.mmap(os.open('/dev/zero', os.O_RDWR), 100 * MIB)\ntime.sleep(60)"
    ),
    "/dev/shm": (
        "for n in range(8):\n    with open(f'/dev/shm/{n}', 'wb') as file:\n        file.write(b'x' * (100 * MIB))\n"
        "time.sleep(60)"
    ),
    "files in /tmp beside the heap": (
        "held = fill(200 * MIB)\nfor n in range(4):\n    with open(f'/tmp/{n}', 'wb') as file:\n"
        "        file.write(b'x' * (30 * MIB))\nheld = [held, fill(20 * MIB)]\ntime.sleep(60)"
    ),
    "empty files in /tmp": (
        "def make():\n    for n in range(10**7):\n        os.close(os.open(f'/tmp/{os.getpid()}-{n}', os.O_CREAT))\n"
        "forked(8, make)\ntime.sleep(60)"
    ),
    "pipes": (
        "import fcntl\ndef fill_pipes():\n    for _ in range(28):\n        out = os.pipe()[1]\n"
        "        os.set_blocking(out, False)\n        fcntl.fcntl(out, 1031, MIB)\n        os.write(out, b'x' * MIB)\n"
        "forked(14, fill_pipes)\ntime.sleep(60)"
    ),
    "buffers of sockets": (
        "def fill_sockets():\n    held = []\n    for _ in range(28):\n        held.append(socket.socketpair())\n"
        "        for end in held[-1]:\n            end.setblocking(False)\n            try:\n"
        "                while True:\n                    end.send(b'x' * 65536)\n            except OSError:\n"
        "                pass\n    time.sleep(60)\n"
        "forked(14, fill_sockets)\ntime.sleep(60)"
    ),
    "larger buffers of sockets": (
        "for _ in range(28):\n    one = socket.socketpair()[0]\n"
        "    one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MIB)\ntime.sleep(60)"
    ),
    "TCP on the guest's own address": (
        "def fill_sockets():\n    server = socket.create_server(('127.0.0.1', 0))\n    held = []\n"
        "    for _ in range(25):\n        one = socket.create_connection(server.getsockname())\n"
        "        held += [one, server.accept()[0]]\n        one.settimeout(0.05)\n        try:\n"
        "            while True:\n                one.send(b'x' * 65536)\n        except OSError:\n            pass\n"
        "    time.sleep(60)\nforked(14, fill_sockets)\ntime.sleep(60)"
    ),
    "memory given to a pipe": (
        "class Vector(ctypes.Structure):\n    _fields_ = [('place', ctypes.c_void_p), ('size', ctypes.c_size_t)]\n"
        "held = []\nfor _ in range(8):\n    size = 60 * MIB\n    area = fill(size)\n"
        "    start = ctypes.addressof(ctypes.c_char.from_buffer(area))\n    held.append(os.pipe())\n"
        "    for n in range(16):\n        vector = Vector(start + n * 2 * MIB, 4096)\n"
        "        checked(libc.vmsplice(held[-1][1], ctypes.byref(vector), 1, 0))\ntime.sleep(60)"
    ),
}
"""By name: what follows `START`."""


def attack(route: str, group: Path) -> dict[str, object]:
    """Run one route; the memory of this process itself does not count."""
    sandbox = working_sandbox()
    assert sandbox is not None, "no sandbox"
    peak = group / ("memory.max_usage_in_bytes" if (group / "memory.max_usage_in_bytes").exists() else "memory.peak")
    usage = group / ("memory.usage_in_bytes" if (group / "memory.usage_in_bytes").exists() else "memory.current")
    before = int(usage.read_text())
    run = run_script(sandbox, START + ROUTES[route], "", LIMITS)
    return {
        "ending": run.ending,
        "exit_code": run.exit_code,
        "peak_mib": (int(peak.read_text()) - before) / (1 << 20),
        "groups": bool(places_here()),
        "seconds": run.seconds,
    }


if __name__ == "__main__":
    print(json.dumps(attack(sys.argv[1], Path(sys.argv[2]))))
