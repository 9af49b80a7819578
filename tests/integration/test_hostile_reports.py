"""`xdomain report --from` with a file that somebody damaged or made up: one paragraph with exit code 2, in no time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.hostile.reports import CONTENT, PLACED, REPORT_BYTES
from tests.support.in_process import xdomain_here

LONGEST_SECONDS = 10


@pytest.mark.parametrize("name", [*CONTENT, *PLACED], ids=lambda name: name[:40])
def test_a_hostile_file_is_refused_in_one_paragraph(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name in CONTENT:
        path.write_bytes(CONTENT[name])
    else:
        PLACED[name](path)
    ended = xdomain_here("report", "--from", path, "--out", tmp_path / "out")
    ended.demand_told()
    assert ended.seconds < LONGEST_SECONDS
    assert not (tmp_path / "out").exists(), "nothing is written of what cannot be read"


def test_the_report_that_they_were_made_of_is_read(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_bytes(REPORT_BYTES)
    assert xdomain_here("report", "--from", tmp_path / "report.json").code == 0


OUTPUTS = ("a file", "below a file", "a device", "below a missing link", "a loop", "below /proc", "long")


@pytest.mark.parametrize("kind", OUTPUTS)
def test_an_output_folder_that_cannot_be_written_is_named(kind: str, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_bytes(REPORT_BYTES)
    (tmp_path / "file").write_text("mine")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "missing").symlink_to(tmp_path / "nowhere" / "at" / "all")
    folder = {
        "a file": tmp_path / "file",
        "below a file": tmp_path / "file" / "out",
        "a device": Path("/dev/null"),
        "below a missing link": tmp_path / "missing" / "out",
        "a loop": tmp_path / "loop",
        "below /proc": Path("/proc/out"),
        "long": tmp_path / ("a" * 300),
    }[kind]
    xdomain_here("report", "--from", tmp_path / "report.json", "--out", folder).demand_told()
    assert (tmp_path / "file").read_text() == "mine"


def test_a_file_in_the_place_of_a_report_that_is_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_bytes(REPORT_BYTES)
    (tmp_path / "out" / "report.md").mkdir(parents=True)
    xdomain_here("report", "--from", tmp_path / "report.json", "--out", tmp_path / "out").demand_told()
