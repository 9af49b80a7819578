"""Parsers of what servers, judges and sandboxed programs reply, with hostile inputs for each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests.support.hostile.mutate import damaged, documents, json_bytes, trees
from tests.support.hostile.parsers import Parser, Run
from xdomain.core.chat_endpoint import Unavailable, first_message, parsed, quoted
from xdomain.core.deadline_post import LONGEST_REPLY
from xdomain.domains.judges.reply import stated_object, stated_score
from xdomain.domains.sandbox.runs import read_reply
from xdomain.domains.sandbox.wire import CandidateError, Codec
from xdomain.generation.endpoint import answered_by, read_completion

CHAT = {
    "id": "1",
    "model": "m",
    "system_fingerprint": "f",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "12"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 5, "completion_tokens": 2},
}
PLAIN = {**CHAT, "choices": [{"index": 0, "text": "12", "finish_reason": "length"}]}
ERROR = {"error": {"message": "no such model", "code": 404}}
SAID = (
    '{"score": 8, "reason": "fine", "ticket": "0123abcd"}',
    '<think>hm {"score": 1}</think>```json\n{"score": "8/10"}\n```',
    "Score: 8/10",
    "**Rating** (1-10): [[7]]",
    "{'verdict': True, 'score': 3}",
)
TAGS = (
    "<think>",
    "</think>",
    "{",
    "}",
    '"score":',
    "8",
    "/10",
    "[[",
    "]]",
    "\\boxed{",
    "Score: ",
    "\n",
    "٣",
    "9" * 5000,
)
CALLED = Codec().pack([1, "a", [2, 3], {"a": (1, 2)}])[0]


def endpoint(_folder: Path) -> Run:
    """Read a body as evaluation and judges do."""

    def run(body: bytes) -> None:
        reply = parsed(body)
        quoted(reply)
        completion = read_completion(reply, chat=b'"text"' not in body)
        answered_by(reply)
        assert isinstance(completion.text, str)

    return run


def chat(_folder: Path) -> Run:
    return lambda body: first_message(parsed(body))


def judge(_folder: Path) -> Run:
    """Read a judge's text as verifiers do."""

    def run(said: bytes) -> None:
        text = said.decode("utf-8", "replace")
        stated_object(text)
        stated_object(text, lambda found: found.get("score"))
        stated_score(text, 10)

    return run


def guest(_folder: Path) -> Run:
    """Read a program's reply on the sandbox's pipe."""

    def run(line: bytes) -> Any:
        return read_reply(Codec(), line.decode("utf-8", "replace"), [])

    return run


said = st.one_of(
    st.sampled_from([text.encode() for text in SAID]).flatmap(damaged),
    st.lists(st.sampled_from(TAGS), max_size=80).map(lambda parts: "".join(parts).encode()),
    st.sampled_from(TAGS).map(lambda part: part.encode() * (LONGEST_REPLY // 4 // len(part))),
    trees({"score": 8, "criteria": {"a": 1, "b": [1, 2]}}).map(json_bytes),
)

REPLIES = (
    Parser("endpoint's reply", documents((CHAT, PLAIN, ERROR), json_bytes), endpoint, (Unavailable,)),
    Parser("judge's reply (HTTP)", documents((CHAT, ERROR), json_bytes), chat, (Unavailable,)),
    Parser("judge's reply (text)", said, judge),
    Parser(
        "sandboxed program's reply", documents((json.loads(json.dumps(CALLED)),), json_bytes), guest, (CandidateError,)
    ),
)
