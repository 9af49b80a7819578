"""What a run shows while it goes on: bars on a real terminal, events as JSON lines, status and logs that follow."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.small_grid import TEXT, checked_events, command, environment, run_events, write_experiment, xdomain

LONG = TEXT.replace("grid: {singles: true, ordered_pairs: true, mixed_pairs: true}", "curricula: [logic + puzzle]")
# Progress is told every 2 seconds of what leases write every 2 seconds: only a stage of more than 4 surely shows some.
STEPS = 200
LONG = LONG.replace("steps: 4, prompts", f"steps: {STEPS}, prompts").replace(
    "every_steps: 2", f"every_steps: {STEPS // 2}"
)
STAGES = 1 + 1 + 2 * (1 + 2)
TITLE = "logic + puzzle, seed 0"


class Terminal:
    """A command whose stdout and stderr are a terminal of 120 columns."""

    def __init__(self, *arguments: str | Path) -> None:
        main, side = pty.openpty()
        self._text = b""
        environ = {key: value for key, value in environment().items() if key not in ("CI", "COLUMNS")}
        self.process = subprocess.Popen(
            command(*arguments), stdin=side, stdout=side, stderr=side, env=environ | {"COLUMNS": "120", "TERM": "xterm"}
        )
        os.close(side)
        self._reader = threading.Thread(target=self._read, args=(main,), daemon=True)
        self._reader.start()

    def _read(self, main: int) -> None:
        """All the time, as a terminal does: it holds little, and a command waits that cannot write."""
        with suppress(OSError):  # its way of saying that the other side is closed
            while part := os.read(main, 65536):
                self._text += part
        os.close(main)

    def text(self) -> str:
        """All that was shown so far, without the terminal's own codes."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self._text.decode(errors="replace"))

    def wait(self) -> int:
        code = self.process.wait(200)
        self._reader.join(10)
        return code


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Outputs of one run, and of what followed it from beside."""
    folder = tmp_path_factory.mktemp("seeing")
    experiment, store = write_experiment(folder, LONG), folder / "store"
    with (folder / "events").open("w") as events:
        run = subprocess.Popen(
            command("grid", "run", experiment, "--store", store, "--json"),
            stdout=events,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        log = Terminal("grid", "logs", experiment, TITLE, "--store", store, "-f")
        watch = Terminal("grid", "status", experiment, "--store", store, "--watch")
        plain = subprocess.run(
            command("grid", "status", experiment, "--store", store, "--watch", "--json"),
            capture_output=True,
            text=True,
            env=environment(),
            timeout=200,
            check=True,
        )
        _, errors = run.communicate(timeout=200)
    assert run.returncode == 0, errors
    assert watch.wait() == 0, watch.text()
    assert log.wait() == 0, log.text()
    return {
        "events": (folder / "events").read_text(),
        "errors": errors,
        "log": log.text(),
        "watch": watch.text(),
        "documents": plain.stdout,
        "experiment": str(experiment),
        "store": str(store),
    }


def test_events_tell_every_change_in_order(seen: dict[str, str]) -> None:
    events = checked_events(seen["events"])
    assert [events[0]["event"], events[-1]["event"]] == ["begun", "ended"]
    assert events[0]["stages"] == STAGES
    assert [event["seconds"] for event in events] == sorted(event["seconds"] for event in events)
    done = [event["key"] for event in events if event["event"] == "done"]
    assert done == events[-1]["ran"]
    assert len(set(done)) == STAGES
    steps = [event for event in events if event["event"] == "progress" and event["title"] == TITLE]
    assert [event["done"] for event in steps] == sorted({event["done"] for event in steps})
    assert steps, "a stage of many seconds showed no progress"
    assert set(steps[-1]["rewards"]) == {"logic", "puzzle"}
    assert steps[-1]["seconds_per_unit"] > 0
    assert "ended" not in seen["errors"]
    assert f"{STAGES}/{STAGES} done" in seen["errors"], "progress for people goes to stderr"


def test_status_follows_on_a_terminal(seen: dict[str, str]) -> None:
    assert re.search(rf"\d+/{STEPS}  .*(s/step|steps/s).* left.*logic [+-]\d\.\d\d", seen["watch"])
    assert re.search(r"about .* left on 1 worker", seen["watch"])


def test_status_follows_as_documents(seen: dict[str, str]) -> None:
    documents = [json.loads(line) for line in seen["documents"].splitlines()]
    assert documents[-1]["counts"]["done"] == STAGES
    assert any(stage["state"] == "running" for each in documents for stage in each["stages"])


def test_logs_wait_for_a_stage_and_end_with_it(seen: dict[str, str]) -> None:
    assert "has not started yet. Waiting" in seen["log"]
    log = xdomain("grid", "logs", seen["experiment"], TITLE, "--store", seen["store"]).stdout
    assert log.replace("\n", "\r\n") in seen["log"]
    assert re.search(rf"{re.escape(TITLE)}: begins, process \d+ on ", log)
    assert re.search(rf"{STEPS}/{STEPS}  logic [+-]\d\.\d+  puzzle [+-]\d\.\d+", log)
    assert f"{TITLE}: published" in log


def test_evaluations_of_one_process_share_a_log(seen: dict[str, str]) -> None:
    titles = [event["title"] for event in checked_events(seen["events"]) if event.get("kind") == "evaluate"]
    together = [title for title in dict.fromkeys(titles) if title.startswith("base on")]
    assert len(together) == 2
    logs = [xdomain("grid", "logs", seen["experiment"], title, "--store", seen["store"]).stdout for title in together]
    assert logs[0] == logs[1]


def test_again_says_so_in_two_lines(seen: dict[str, str]) -> None:
    first, last = run_events(seen["experiment"], "--store", seen["store"])
    assert first["done"] == STAGES
    assert len(last["reused"]) == STAGES


@pytest.mark.slow
def test_bars_on_a_terminal(seen: dict[str, str], tmp_path: Path) -> None:
    terminal = Terminal("grid", "run", seen["experiment"], "--store", tmp_path / "store")
    assert terminal.wait() == 0, terminal.text()
    shown = terminal.text()
    assert re.search(rf"{re.escape(TITLE)} .*\d+/{STEPS} .* left .*logic [+-]\d\.\d\d", shown)
    assert re.search(rf"\d/{STAGES} stages, .* about .* left", shown), "no estimate once each kind was measured"
    assert f"{STAGES} stages run" in shown


@pytest.mark.slow
def test_a_reader_that_goes_away_ends_no_run(seen: dict[str, str], tmp_path: Path) -> None:
    run = subprocess.Popen(
        command("grid", "run", seen["experiment"], "--store", seen["store"], "--set", "training.steps=30", "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert run.stdout is not None
    assert json.loads(run.stdout.readline())["event"] == "begun"
    run.stdout.close()
    assert run.stderr is not None
    errors = run.stderr.read()
    assert run.wait(200) == 0, errors
    assert "BrokenPipe" not in errors


def test_ctrl_c_ends_a_watch_quietly(seen: dict[str, str], tmp_path: Path) -> None:
    watch = Terminal("grid", "status", seen["experiment"], "--store", tmp_path / "empty", "--watch")
    end = time.monotonic() + 60
    while "waiting" not in watch.text():
        assert time.monotonic() < end
        time.sleep(0.1)
    watch.process.send_signal(signal.SIGINT)
    assert watch.wait() == 130
    assert "Traceback" not in watch.text()
