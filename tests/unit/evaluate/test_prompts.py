"""Prompts of items as requests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support.backends import served
from xdomain.core.fingerprint import text_digest
from xdomain.domains.base import Item
from xdomain.evaluate.prompts import prepare
from xdomain.models.tiny import tiny_tokenizer

ITEMS = [Item("a", "1+1=", "2", system="Be brief."), Item("b", "2+2=", "4")]
TEMPLATE = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}<think>"


class Unread:
    """A model that prompts do not need."""

    def eval(self) -> None:
        raise AssertionError("weights are not needed for prompts")


def prepared(checkpoint: Any, *, chat: bool = False, **settings: Any) -> Any:
    return prepare(ITEMS, checkpoint, chat=chat, **{"domain": "d", "seed": 0, "samples": 2, **settings})


def test_seeds_are_common_to_checkpoints_and_differ_between_items_and_samples() -> None:
    one, other = (prepared(served(Unread(), tiny_tokenizer(), name)) for name in "ab")
    assert [request.seeds for request in one.requests] == [request.seeds for request in other.requests]
    seeds = [seed for request in one.requests for seed in request.seeds]
    assert len(set(seeds)) == 4
    assert set(seeds).isdisjoint(
        seed for request in prepared(served(Unread(), tiny_tokenizer()), domain="e").requests for seed in request.seeds
    )


def test_a_chat_template_is_named_by_its_digest() -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = TEMPLATE
    found = prepared(served(Unread(), tokenizer), chat=True)
    assert found.requests[0].text == "[system]Be brief.[user]1+1=<think>"
    assert found.hashes[0] == text_digest(found.requests[0].text)
    assert found.opened == ["<think>", "<think>"]
    assert found.template == f"sha256 {text_digest(TEMPLATE)[:16]}"


@pytest.mark.parametrize(("protocol", "template"), [("completions", "none"), ("chat", "applied by the server")])
def test_a_server_gets_text_or_messages(protocol: str, template: str) -> None:
    checkpoint = replace(served(Unread(), None), endpoint={"protocol": protocol})
    found = prepared(checkpoint)
    assert found.template == template
    assert all(request.token_ids == () for request in found.requests)
    assert bool(found.requests[0].messages) == (protocol == "chat")
    assert len(set(found.hashes)) == 2
