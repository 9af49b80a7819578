"""Keys and passwords do not leave the environment, however hostile the servers and careless the settings are.

Each test searches everything that the commands wrote and printed.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.support.openai_server import RETRY_NOW, Reply, Request, chat_reply, openai_server, ticket_in
from tests.support.small_grid import xdomain

KEY = "sk-hunter2-0123456789"
HALVES = (KEY[:10], KEY[-10:])
GRID = """
name: judged
model: {preset: tiny_qwen3}
domains:
  - name: lines
    source: {kind: jsonl, path: %(rows)s}
    fields: {question: question, gold: gold}
    template: "{{ question }}"
    verifier:
      kind: pairwise_judge
      answer_in: whole
      judge: {base_url: "%(url)s", model: m, api_key_variable: JUDGE_VARIABLE, cache: %(folder)s/cache, attempts: 1}
curricula: [lines]
training: {steps: 1, prompts_per_step: 2, generations: 2, max_completion_tokens: 64}
evaluation: {items: 8, temperature: 1.0}
execution: {workers: 1, device: cpu}
"""


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("WANDB_API_KEY", "wandb-0123456789")


def everything(folder: Path) -> str:
    """Return the text of every file below a folder, with that of Parquet files uncompressed."""
    texts = [str(path) + path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file()]
    return "".join([*texts, *(pd.read_parquet(path).to_csv() for path in folder.rglob("*.parquet"))])


def repeats_the_key(request: Request) -> Reply:
    """Reply with the key in a completion, in a refusal, or in the server's name for the model."""
    said = f"You sent {request.headers['Authorization']}."
    if request.number % 3 == 1:
        return Reply(400, json.dumps({"error": {"message": said}}).encode())
    reply = json.loads(chat_reply(said if request.number % 3 else "4").body)
    return Reply(200, json.dumps({**reply, "model": said, "system_fingerprint": said}).encode())


def evaluated(store: Path, url: str, code: int = 0) -> str:
    """Return what an evaluation of a served model printed."""
    arguments = ["eval", f"{url}#m", "--domains", "logic", "--items", "6", "--store", store]
    arguments += ["--set", "model.endpoint.api_key_variable=SERVED_VARIABLE", "--set", "evaluation.endpoint.attempts=2"]
    ended = xdomain(*arguments, code=code)
    return ended.stdout + ended.stderr


@pytest.mark.parametrize("around", [pytest.param("", marks=pytest.mark.slow), "\r\n"])
def test_a_server_that_repeats_the_key(around: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVED_VARIABLE", KEY + around)
    with openai_server(repeats_the_key) as server:
        shown = evaluated(tmp_path, server.url)
        assert {request.headers["Authorization"] for request in server.received} == {f"Bearer {KEY}"}
    found = everything(tmp_path) + shown
    assert "You sent Bearer $SERVED_VARIABLE." in found
    assert not [half for half in HALVES if half in found]


def test_an_endpoint_that_refuses_with_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVED_VARIABLE", KEY)
    body = json.dumps({"error": {"message": f"{KEY} is not valid, nor is wandb-0123456789"}}).encode()
    with openai_server(lambda request: Reply(401, body)) as server:
        shown = evaluated(tmp_path, server.url, code=1)
    found = everything(tmp_path) + shown
    assert found.count("$SERVED_VARIABLE is not valid, nor is $WANDB_API_KEY") >= 3, "log, failure, output"
    assert not [text for text in (*HALVES, "wandb-0123456789") if text in found]


def test_a_key_with_a_line_break_inside_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVED_VARIABLE", f"{KEY[:10]}\r{KEY[10:]}")
    with openai_server(repeats_the_key) as server:
        shown = evaluated(tmp_path, server.url, code=1)
        assert server.received == []
    assert "the environment variable SERVED_VARIABLE holds a line break" in shown
    assert not [half for half in HALVES if half in everything(tmp_path) + shown]


def test_a_grid_with_a_judge_that_repeats_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"question": f"say {number}", "gold": str(number)} for number in range(40)]
    data = tmp_path / "rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setenv("JUDGE_VARIABLE", KEY)

    def judge(request: Request) -> Reply:
        if request.number % 5 == 4:
            return Reply(500, json.dumps({"error": {"message": KEY}}).encode(), RETRY_NOW)
        stated = {"ticket": ticket_in(request.prompt), "better": "first", "reason": f"{KEY} told me"}
        return chat_reply(f"{KEY} {json.dumps(stated)}")

    with openai_server(judge) as server:
        experiment = tmp_path / "judged.yaml"
        experiment.write_text(GRID % {"rows": data, "url": server.url, "folder": tmp_path})
        ended = xdomain("grid", "run", experiment, "--store", tmp_path / "store")
        assert server.received
    found = everything(tmp_path) + ended.stdout + ended.stderr
    assert "$JUDGE_VARIABLE told me" in found, "the judge's reply is in its cache"
    assert not [half for half in HALVES if half in found]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("%(url)s", "http://me:hunter2-pass@h/v1", "should contain no user or password"),
        ("%(url)s", "http://h/v1?key=hunter2-pass", "should contain no query"),
        ("JUDGE_VARIABLE", "hunter2-pass", "not the key itself"),
        ("%(url)s", "http://h/${WANDB_API_KEY}", "${WANDB_API_KEY} names a secret"),
    ],
)
def test_a_file_that_holds_a_secret_is_refused_unseen(before: str, after: str, words: str, tmp_path: Path) -> None:
    store, experiment = tmp_path / "store", tmp_path / "x.yaml"
    experiment.write_text(GRID.replace(before, after) % {"rows": "rows.jsonl", "url": "http://h/v1", "folder": "."})
    ended = xdomain("grid", "run", experiment, "--store", store, code=2)
    assert words in ended.stderr
    assert not [text for text in ("hunter2", "wandb-") if text in ended.stderr + ended.stdout + everything(store)]


def test_an_address_with_a_password_is_refused_unseen(tmp_path: Path) -> None:
    for target in ("http://me:hunter2-pass@127.0.0.1:9/v1#m", "http://me:hunter2-pass@127.0.0.1:9/v1"):
        ended = xdomain("eval", target, "--domains", "logic", "--store", tmp_path, code=2)
        assert "hunter2" not in ended.stderr + ended.stdout + everything(tmp_path)
