"""What guests see of this machine's files: the interpreter, its standard library, and the libraries that these need."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import zoneinfo
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from xdomain.domains.sandbox.base import interpreter
from xdomain.domains.sandbox.packages import PACKAGES, extension_modules, package_files

SCREEN_MODULES = ("_tkinter", "_curses", "_curses_panel", "readline", "nis", "_dbm", "_gdbm")
"""Parts of the standard library that need a terminal, a display or an old database. Their libraries stay outside."""

PACKAGE_FOLDERS = ("site-packages", "dist-packages")


@lru_cache(maxsize=1)
def interpreter_mounts() -> tuple[str, ...]:
    """Return bubblewrap's words that mount the interpreter read-only, at the places that it has outside."""
    # A virtual environment has no standard library itself.
    base = {"platbase": sys.base_exec_prefix}
    places = dict.fromkeys(sysconfig.get_path(name, vars=base) for name in ("stdlib", "platstdlib"))
    folders = [Path(place) for place in places if os.path.isdir(place)]
    extensions = [file for folder in folders for file in folder.glob("lib-dynload/*.so")]
    needed = [file for file in extensions if file.name.partition(".")[0] not in SCREEN_MODULES]
    zones = [place for place in zoneinfo.TZPATH if os.path.isdir(place)][:1]
    cache = [place for place in ("/etc/ld.so.cache",) if os.path.exists(place)]
    hidden = [folder / name for folder in folders for name in PACKAGE_FOLDERS if (folder / name).is_dir()]
    return (
        *library_links(),
        *read_only(*cache, *libraries([interpreter(), *needed]), interpreter(), *folders, *zones),
        *(word for place in hidden for word in ("--tmpfs", str(place), "--remount-ro", str(place))),
    )


@lru_cache
def package_mounts(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return words that mount packages read-only in one folder, with the libraries that only they need.

    Raises:
        DependencyMissing: One is not installed.
    """
    files = package_files(names)
    words = ["--perms", "0755", "--dir", PACKAGES] if files else []
    words += [word for file in files for word in ("--ro-bind", str(file), f"{PACKAGES}/{file.name}")]
    own = tuple(f"{file}/" for file in files)
    mounted = set(interpreter_mounts())
    needed = libraries(extension_modules(files)) if files else []
    missing = [file for file in needed if file not in mounted and not os.path.realpath(file).startswith(own)]
    return (*words, *read_only(*missing))


def library_links() -> list[str]:
    """Return words for the links of a merged /usr."""
    places = [place for place in ("/lib", "/lib64") if os.path.islink(place)]
    return [word for place in places for word in ("--symlink", os.readlink(place), place)]


def read_only(*places: str | Path) -> list[str]:
    """Return words that mount files and folders read-only, through folders that every guest may pass."""
    words: list[str] = []
    made = {"/", "/tmp"}  # noqa: S108 -- the guest's
    for place in places:
        # A link in the middle (/lib of a merged /usr) is one inside, too.
        inside = Path(os.path.realpath(os.path.dirname(place)), os.path.basename(place))
        parents = [str(part) for part in reversed(inside.parents) if str(part) not in made]
        made.update(parents)
        words += [word for part in parents for word in ("--perms", "0755", "--dir", part)]
        words += ["--ro-bind", str(place), str(inside)]
    return words


def libraries(files: Iterable[str | Path]) -> list[str]:
    """Return the shared libraries that programs and extension modules load, the loader included, as it looks for them.

    Raises:
        OSError: There is no `ldd`.
    """
    command = ["ldd", *map(str, files)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- files of our interpreter
    return sorted(set(re.findall(r"^\s+(?:\S+ => )?(/\S+) \(0x", found.stdout, re.MULTILINE)))
