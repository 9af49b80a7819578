"""Control sequences in data sets, completions, names, failures and logs never reach the terminal.

Into a pipe no escape character may arrive at all, on a terminal only Rich's own colours.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.openai_server import Reply, Request, openai_server
from tests.support.small_grid import command, environment, xdomain
from xdomain.api.session import open_experiment
from xdomain.core.foreign_text import UNSAFE
from xdomain.core.states import Cause
from xdomain.store.failures import Failure

HOSTILE = (
    "a\x1b[2J\x1b]0;owned\x07\x1b]8;;http://evil\x1b\\x\x9b31m\x08\r\u202eb[red]c[/] [/nothing] [link=http://evil]d"
)
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
"""What Rich writes for the styles of xdomain's own words."""

WORDS = ("experiment", "title", "question", "definition", "note", "caveat", "sentences", "statements", "row_meaning")
"""Fields of a report that are printed as they are."""

DOMAIN = """
name: hostile
description: %s
source: {kind: jsonl, path: %s}
fields: {question: question, gold: gold, id: id}
template: "{{ question }}"
verifier: {kind: text}
"""


def shown(*arguments: str | Path, codes: tuple[int, ...] = (0,), as_on_terminal: bool = False) -> str:
    """Run a command into a pipe, or with colours too; return what it printed, of which nothing steers a terminal."""
    texts = []
    for colours in (False, True)[: 1 + as_on_terminal]:
        variables = {name: value for name, value in environment().items() if name != "NO_COLOR"}
        variables |= {"FORCE_COLOR": "1", "TERM": "xterm-256color"} if colours else {"NO_COLOR": "1"}
        ended = subprocess.run(command(*arguments), capture_output=True, env=variables, timeout=300, check=False)
        assert ended.returncode in codes, ended.stderr
        text = (ended.stdout + ended.stderr).decode()
        texts.append(COLOURS.sub("", text) if colours else text)
    for text in texts:
        assert not UNSAFE.search(text), repr(UNSAFE.search(text))
        assert "\r" not in text
    return texts[0]


@pytest.fixture
def domain(tmp_path: Path) -> Path:
    texts = [f"{HOSTILE}{number}" for number in range(40)]
    rows = [{"question": f"{text}?", "gold": text, "id": text} for text in texts]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    path = tmp_path / "hostile.yaml"
    path.write_text(DOMAIN % (json.dumps(HOSTILE), tmp_path / "rows.jsonl"))
    return path


def test_a_domain(domain: Path) -> None:
    sampled = shown("domains", "sample", domain, "-n", "2", as_on_terminal=True)
    assert "b[red]c[/] [/nothing] [link=http://evil]d" in sampled, "brackets are no markup"
    assert "owned" in sampled
    assert "hostile" in shown("domains", "check", domain, codes=(0, 2))
    assert json.loads(shown("domains", "show", domain))["name"] == "hostile"
    assert json.loads(xdomain("domains", "sample", domain, "--json").stdout)[0]["prompt"].startswith("a\x1b[2J")


def test_an_evaluation_whose_server_is_hostile(domain: Path, tmp_path: Path) -> None:
    def reply(request: Request) -> Reply:
        said = {"message": {"content": HOSTILE}, "finish_reason": "stop"}
        return Reply(200, json.dumps({"choices": [said], "model": HOSTILE, "system_fingerprint": HOSTILE}).encode())

    with openai_server(reply) as server:
        target = ("eval", f"{server.url}#m", "--domains", domain, "--items", "3", "--store", tmp_path / "store")
        assert "hostile" in shown(*target, as_on_terminal=True)
        shown(*target, "--json")

    def refuse(request: Request) -> Reply:
        return Reply(404, json.dumps({"error": {"message": HOSTILE}}).encode())

    with openai_server(refuse) as server:
        target = ("eval", f"{server.url}#m", "--domains", domain, "--items", "3", "--store", tmp_path / "second")
        assert "refused with status 404" in shown(*target, codes=(1,))


def hostile(value: Any, key: str = "") -> Any:
    """Return the JSON of a report with hostile text behind what its words for people say."""
    if isinstance(value, dict):
        return {name: hostile(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [hostile(each, key) for each in value]
    return f"{value}{HOSTILE}" if isinstance(value, str) and value and key in WORDS else value


def test_a_report_of_others(tmp_path: Path) -> None:
    lines = ["curriculum,domain,accuracy,n_items", "base,left,0.5,100", "left,left,0.7,100", "left,right,0.4,100"]
    (tmp_path / "fine.csv").write_text("\n".join([*lines, "base,right,0.5,100"]) + "\n")
    report = json.loads(xdomain("report", "--from", tmp_path / "fine.csv", "--json").stdout)
    path = tmp_path / "hostile\x1b[31m.json"
    path.write_text(json.dumps(hostile(report)))
    printed = shown("report", "--from", path, "--out", tmp_path / "out\x1b[31m", as_on_terminal=True)
    assert printed.count("owned") > 5
    shown("report", "--from", path, "--json")
    table = tmp_path / "hostile\x1b[31m.csv"
    table.write_text("\n".join([*lines, f'base,"{HOSTILE}",0.5,100']).replace("\r", "") + "\n")
    assert "owned" in shown("report", "--from", table)
    shown("report", "--from", tmp_path / f"nothing{HOSTILE}".replace("/", ""), codes=(2,))


def test_status_logs_and_failures_of_a_grid(tmp_path: Path) -> None:
    experiment, folder = tmp_path / "x.yaml", tmp_path / "store"
    experiment.write_text("name: x\nmodel: {preset: tiny_qwen3}\ndomains: [logic]\ncurricula: [logic]\n")
    session = open_experiment(experiment, store=folder)
    base, store = session.plan.base, session.store
    store.create()
    store.failures.record(base, Failure(Cause.ERROR, HOSTILE, f"/logs/{HOSTILE}"))
    store.log_path(base).write_bytes(f"{HOSTILE}\n".encode())
    target = (experiment, "--store", folder)
    assert "owned" in shown("grid", "status", *target, as_on_terminal=True)
    shown("grid", "status", *target, "--json")
    assert "[link=http://evil]d" in shown("grid", "logs", *target, base.title)
    assert "logic" in shown("grid", "plan", *target)
