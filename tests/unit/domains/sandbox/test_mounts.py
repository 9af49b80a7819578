"""What guests see of the machine's files."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

from xdomain.domains.sandbox.base import interpreter
from xdomain.domains.sandbox.mounts import interpreter_mounts, libraries, read_only


def mounted() -> dict[str, str]:
    words = interpreter_mounts()
    return {words[place + 1]: words[place + 2] for place, word in enumerate(words) if word == "--ro-bind"}


def test_the_interpreter_and_its_library_are_mounted_and_packages_are_not() -> None:
    places = mounted()
    assert all(os.path.exists(place) for place in places)
    library = sysconfig.get_path("stdlib")
    assert {interpreter(), library} <= set(places)
    folders = [place for place in places if os.path.isdir(place)]
    assert [folder for folder in folders if "zoneinfo" not in folder and not folder.startswith(library)] == []
    words = interpreter_mounts()
    hidden = {words[place + 1] for place, word in enumerate(words) if word == "--tmpfs"}
    packages = Path(library, "site-packages")
    assert packages.is_dir() == (str(packages) in hidden)


def test_libraries_of_the_interpreter() -> None:
    found = libraries([interpreter()])
    assert any("libc" in library for library in found)
    assert all(os.path.isabs(library) and os.path.exists(library) for library in found)


def test_folders_on_the_way_can_be_passed(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "file"
    file.parent.mkdir()
    file.touch()
    link = tmp_path / "link"
    link.symlink_to("folder")
    words = read_only(link / "file")
    assert words[-3:] == ["--ro-bind", str(link / "file"), str(file)]
    assert words[: words.index("--ro-bind")][-4:] == ["--perms", "0755", "--dir", str(file.parent)]
