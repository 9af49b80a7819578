"""`xdomain eval` on an endpoint: a real server over a real model, and every way in which servers fail."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.openai_server import HANG_UP, RETRY_NOW, Reply, Request
from tests.support.small_grid import xdomain
from tests.support.stock_completions import Fault, completion_server
from xdomain.config.evaluation import EvaluationConfig
from xdomain.core.chat_endpoint import EndpointError
from xdomain.core.errors import DependencyMissing
from xdomain.core.parquet import read_records
from xdomain.evaluate.served import served_checkpoint
from xdomain.generation.base import PromptRequest, Sampling
from xdomain.generation.endpoint import EndpointBackend, Pacer
from xdomain.models.checkpoint import save_endpoint
from xdomain.models.tiny import tiny_qwen3

PROMPTS = [f"{number}+1=" for number in range(12)]


@pytest.fixture(scope="module")
def models() -> dict[str, tuple[Any, Any]]:
    model, tokenizer = tiny_qwen3(seed=3)
    return {"tiny": (model.eval(), tokenizer)}


def ask(
    folder: Path, url: str, model: str = "tiny", limit_field: str = "max_tokens", **limits: object
) -> tuple[EndpointBackend, dict[int, Any]]:
    settings = EvaluationConfig.model_validate({"backend": "endpoint", "endpoint": {"attempts": 3, **limits}})
    backend = EndpointBackend(settings, "cpu")
    told = {"base_url": url, "model": model, "protocol": "completions", "max_tokens_field": limit_field}
    save_endpoint(told, folder / model)
    backend.load(served_checkpoint(folder / model, model))
    requests = [PromptRequest((), (0,), prompt) for prompt in PROMPTS]
    return backend, dict(backend.generate(requests, Sampling(6)))


def broken_first_time(reply: Reply) -> Fault:
    """Every prompt fails once."""
    seen: set[str] = set()

    def fault(request: Request) -> Reply | None:
        if request.prompt in seen:
            return None
        seen.add(request.prompt)
        return reply

    return fault


@pytest.mark.parametrize(
    "reply",
    [
        Reply(429, b"slow down", RETRY_NOW),
        Reply(500, b"", RETRY_NOW),
        Reply(503, b"{}", RETRY_NOW),
        Reply(524, b"", RETRY_NOW),
        Reply(200, b'{"choices": []}'),
        Reply(200, b'{"error": {"code": 503, "message": "model overloaded"}}'),
        Reply(200, b'{"choices": [{"text": "half an ans", "finish_reason": "error"}]}'),
    ],
)
def test_what_passes_is_tried_again(reply: Reply, models: dict[str, Any], tmp_path: Path) -> None:
    with completion_server(models) as server:
        _, calm = ask(tmp_path, server.url)
    with completion_server(models, broken_first_time(reply)) as server:
        backend, found = ask(tmp_path, server.url)
        assert len(server.requests) == 2 * len(PROMPTS)
    assert found == calm
    assert backend.events() == [f"{len(PROMPTS)} requests were repeated"]
    assert backend.events() == []


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(429, b"", RETRY_NOW), "3 attempts .status 429"),
        (Reply(200, b"<html>welcome</html>"), "no JSON"),
        (Reply(200, b'{"hello": 1}'), "no completion in the OpenAI format"),
        (Reply(200, b'{"choices": []}'), "no completion in"),
        (Reply(200, b'{"choices": [{"text": 5}]}'), "no completion in"),
        (HANG_UP, "3 attempts"),
        (Reply(200, b'{"error": {"code": 503, "message": "model overloaded"}}'), "3 attempts .*model overloaded"),
        (Reply(404, b'{"error": {"message": "no such model"}}'), "refused with status 404.*no such model"),
        (Reply(400, b'{"error": {"message": "unknown field seed"}}'), "not one of 12 prompts.*unknown field seed"),
    ],
)
def test_what_does_not_pass_is_one_clear_error(
    reply: Reply, words: str, models: dict[str, Any], tmp_path: Path
) -> None:
    with completion_server(models, lambda _: reply) as server, pytest.raises(EndpointError, match=words):
        ask(tmp_path, server.url, timeout_seconds=5)


def test_who_answers_is_kept_and_the_limit_has_the_servers_name(tmp_path: Path) -> None:
    choice = {"text": "4", "finish_reason": "max_tokens"}
    reply = json.dumps({"choices": [choice], "model": "alias-2026-11", "system_fingerprint": "fp_1"}).encode()
    with completion_server({}, lambda _: Reply(200, reply)) as server:
        backend, found = ask(tmp_path, server.url, limit_field="max_completion_tokens")
    assert {(body.get("max_tokens"), body["max_completion_tokens"]) for body in server.requests} == {(None, 6)}
    assert backend.events() == ["answered by alias-2026-11, fp_1"]
    assert {completion.finish_reason for (completion,) in found.values()} == {"length"}


def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(EndpointError, match="no usable reply in 1 attempts"):
        ask(tmp_path, "http://127.0.0.1:9/v1", attempts=1)


def test_one_prompt_that_is_refused_is_missing_not_wrong(models: dict[str, Any], tmp_path: Path) -> None:
    def fault(request: Request) -> Reply | None:
        too_long = b'{"error": {"message": "too many tokens"}}'
        return Reply(400, too_long) if request.prompt == PROMPTS[4] else None

    with completion_server(models, fault) as server:
        _, found = ask(tmp_path, server.url)
    assert len(found) == len(PROMPTS)
    (refused,) = found[4]
    assert (refused.finish_reason, refused.tokens) == ("refused", None)
    assert "too many tokens" in refused.problem
    assert all(completion.finish_reason != "refused" for place in found if place != 4 for completion in found[place])


def test_at_most_so_many_at_once(models: dict[str, Any], tmp_path: Path) -> None:
    def slow(request: Request) -> Reply | None:
        time.sleep(0.05)
        return None

    with completion_server(models, slow) as server:
        ask(tmp_path, server.url, concurrency=3)
        assert 1 < server.most_at_once <= 3


def test_the_rate_is_kept() -> None:
    now, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    pacer = Pacer(30, clock=lambda: now[0], sleep=sleep)
    begun = []
    for _ in range(5):
        pacer.wait()
        begun.append(now[0])
        now[0] += 0.5
    assert begun == pytest.approx([100, 102, 104, 106, 108])
    assert slept == pytest.approx([1.5] * 4)


def test_the_key_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOME_KEY", raising=False)
    endpoint = {"base_url": "http://127.0.0.1:9/v1", "model": "m", "protocol": "chat", "api_key_variable": "SOME_KEY"}
    save_endpoint(endpoint, tmp_path)
    with pytest.raises(DependencyMissing, match="SOME_KEY is not set"):
        EndpointBackend(EvaluationConfig(backend="endpoint"), "cpu").load(served_checkpoint(tmp_path, "m"))


def test_the_command_with_costs_resume_and_refusals(models: dict[str, Any], tmp_path: Path) -> None:
    """The server breaks down in the middle; the same command asks only for what is missing."""
    broken = [True]

    def fault(request: Request) -> Reply | None:
        return Reply(401) if broken[0] and request.number >= 10 else None

    with completion_server(models, fault) as server:
        arguments = ["eval", f"{server.url}#tiny", "--domains", "logic", "--items", "30", "--max-tokens", "6"]
        arguments += ["--set", "evaluation.endpoint.usd_per_million_prompt_tokens=2"]
        arguments += ["--set", "evaluation.endpoint.usd_per_million_completion_tokens=8"]
        arguments += ["--set", "evaluation.endpoint.concurrency=2", "--json", "--store", str(tmp_path / "store")]
        assert "refused with status 401" in xdomain(*arguments, code=1).stderr
        asked_before = len(server.requests)
        broken[0] = False
        result = json.loads(xdomain(*arguments).stdout)
        asked_after = len(server.requests) - asked_before
    assert asked_after == 20, "ten answers were kept"
    assert {request.path for request in server.received} == {"/v1/chat/completions"}
    frame = read_records(sorted((tmp_path / "store").glob("stages/evaluate-*/records.parquet")))
    assert len(frame) == 30
    assert not frame.duplicated("item_id").any()
    (generation,) = result["generation"]
    tokens = int(frame["prompt_tokens"].sum()), int(frame["completion_tokens"].sum())
    assert (generation["prompt_tokens"], generation["completion_tokens"]) == tokens
    assert generation["usd"] == pytest.approx((2 * tokens[0] + 8 * tokens[1]) / 1e6)
    assert generation["chat_template"] == "applied by the server"
    assert set(frame["reproducibility"]) == {EndpointBackend.reproducibility}
    assert sum(generation["finish_reasons"].values()) == 30


def test_an_endpoint_is_not_trained_and_named_in_full(tmp_path: Path) -> None:
    ended = xdomain("eval", "http://127.0.0.1:9/v1", "--domains", "logic", "--store", tmp_path / "s", code=2)
    assert "names an endpoint but no model" in ended.stderr
    text = 'name: x\nmodel: {endpoint: {base_url: "http://h/v1", model: m}}\ndomains: [logic]\n'
    path = tmp_path / "x.yaml"
    path.write_text(text + "curricula: [logic]\nevaluation: {backend: endpoint}\n")
    assert "can be evaluated, not trained" in xdomain("grid", "plan", path, code=2).stderr
    path.write_text(text + "curricula: []\n")
    assert "needs the backend `endpoint`" in xdomain("grid", "plan", path, code=2).stderr
