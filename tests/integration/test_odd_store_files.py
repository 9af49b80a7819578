"""A store in which somebody put something odd in the place of each file: one paragraph, and never a fault of ours."""

from __future__ import annotations

import os
import shutil
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.fixtures.keep_smoke import EXPERIMENT, FOLDER
from xdomain.cli.app import app
from xdomain.core.errors import XDomainError, refusal
from xdomain.core.files import remove

LONGEST_SECONDS = 10
"""Processor time of one command; the clock may show more on a busy machine."""
HUNG_SECONDS = 120
BYTES = {
    "empty": b"",
    "null": b"null",
    "list": b"[]",
    "text": b'"text"',
    "object": b"{}",
    "deep list": b"[" * 200_000,
    "deep object": b'{"a":' * 200_000,
    "huge number": b'{"schema": 1' + b"0" * 5000 + b"}",
    "not a number": b'{"schema": NaN, "seconds": NaN, "needs": NaN}',
    "binary": bytes(range(256)),
}
FILES = (
    "store.json",
    "stages/base-*/stage.json",
    "stages/base-*/manifest.json",
    "stages/base-*/done.json",
    "stages/train-*/stage.json",
    "stages/train-*/metrics.jsonl",
    "stages/train-*/schedule.jsonl",
    "stages/train-*/checkpoints/*/checkpoint.json",
    "stages/evaluate-*/stage.json",
    "stages/evaluate-*/manifest.json",
    "stages/evaluate-*/records.parquet",
    "experiments/smoke.json",
    "settings/smoke.json",
    "leases/EVALUATION.json",
    "failures/EVALUATION.json",
    "attempts/EVALUATION.jsonl",
    "work/EVALUATION",
    "drawn",
    "leases",
)
COMMANDS = (("grid", "status"), ("grid", "plan"), ("grid", "gc"), ("grid", "retry"))
REPORTED = ("list", "deep list", "pipe", "device")
"""Kinds of which a report is made too, which takes longer."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept") / "store"
    with tarfile.open(FOLDER / "store.tar.xz") as archive:
        archive.extractall(folder)  # our own archive; Python 3.11.2 knows no `filter`
    return folder


@pytest.fixture(scope="module")
def store(kept: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(kept, tmp_path_factory.mktemp("odd") / "store"))


def placed(path: Path, kind: str) -> None:
    """Put something odd at a path."""
    remove(path)
    path.parent.mkdir(exist_ok=True)
    if kind in BYTES:
        path.write_bytes(BYTES[kind])
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        (path / "below").mkdir(parents=True)
    elif kind == "large":
        with path.open("wb") as handle:
            handle.truncate(50 << 30)
    else:
        path.symlink_to({"device": "/dev/zero", "loop": path.name, "dangling": "nowhere"}[kind])


KINDS: tuple[str, ...] = (*BYTES, "pipe", "folder", "large", "device", "loop", "dangling")


@pytest.fixture
def disturbed(store: Path, kept: Path, file: str) -> Iterator[Path]:
    """The path of a file that tests replace; it is put back afterwards. An evaluation is unpublished where its lease,
    failure or work folder is meant, or nobody would look at them."""
    evaluation = sorted((kept / "stages").glob("evaluate-*"))[0].name
    path = next(iter(sorted(store.glob(file))), store / file.replace("EVALUATION", evaluation))
    own = "EVALUATION" in file
    if own:
        shutil.rmtree(store / "stages" / evaluation)
    yield path
    remove(path)
    original = kept / path.relative_to(store)
    if original.exists():
        (shutil.copytree if original.is_dir() else shutil.copy2)(original, path)
    if own:
        shutil.copytree(kept / "stages" / evaluation, store / "stages" / evaluation)


@pytest.mark.slow
@pytest.mark.faults("planted files")
@pytest.mark.parametrize("file", FILES)
def test_commands_on_a_store_with_an_odd_file(
    disturbed: Path, file: str, store: Path, tmp_path: Path, tally: Any
) -> None:
    for kind in KINDS:
        placed(disturbed, kind)
        for words in (*COMMANDS, *([("report",)] if kind in REPORTED else [])):
            out = ("--out", str(tmp_path)) if words == ("report",) else ()
            begun, busy = time.monotonic(), time.process_time()
            ended = CliRunner().invoke(app, [*words, str(EXPERIMENT), "--store", str(store), *out])
            seconds, busy = time.monotonic() - begun, time.process_time() - busy
            assert_told(ended.exception, f"{' '.join(words)} with {kind} as {file}")
            told = f"{words} took {busy:.0f} s of the processor, {seconds:.0f} s in all, with {kind} as {file}"
            assert busy < LONGEST_SECONDS, told
            assert seconds < HUNG_SECONDS, told
        tally.fault("odd file in a store")


def assert_told(error: BaseException | None, case: str) -> None:
    """Nothing went wrong, or the user is told what, with exit code 2 or 1."""
    if error is None or isinstance(error, XDomainError | SystemExit):
        return
    if isinstance(error, OSError) and refusal(error) is not None:
        return
    raise AssertionError(f"{case}: {type(error).__name__}: {str(error)[:300]}") from error
