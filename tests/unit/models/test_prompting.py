"""Prompts as models see them; tests/contract/test_one_pipeline.py compares training with evaluation."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.hostile.templates import ENDLESS, HOSTILE
from xdomain.config.model import ModelConfig
from xdomain.core.errors import ConfigError
from xdomain.domains.base import Item
from xdomain.models import prompting
from xdomain.models.prompting import (
    encode,
    messages,
    opened_reasoning,
    render,
    scored_text,
    set_up_chat,
    shows_system,
    uses_chat,
)
from xdomain.models.tiny import tiny_tokenizer

ITEM = Item("i", "1+1=", "2", system="Be brief.")
TURNS = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"


def tokenizer(template: str | None) -> Any:
    made = tiny_tokenizer()
    made.chat_template = template
    return made


def config(**settings: Any) -> ModelConfig:
    return ModelConfig(path="x", **settings)


def test_the_chat_template_is_used_where_there_is_one() -> None:
    assert uses_chat(config(), tokenizer(TURNS))
    assert not uses_chat(config(chat_template=False), tokenizer(TURNS))
    assert not uses_chat(config(), tokenizer(None))
    with pytest.raises(ConfigError, match="has no chat template"):
        uses_chat(config(chat_template=True), tokenizer(None))


@pytest.mark.parametrize(
    ("template", "text"),
    [
        (None, "Be brief.\n\n1+1="),
        (TURNS, "[system]Be brief.[user]1+1="),
        ("{{ messages[-1].content }}", "Be brief.\n\n1+1="),
        (
            "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}" + TURNS,
            "[user]Be brief.\n\n1+1=",
        ),
    ],
)
def test_a_system_message_is_always_shown(template: str | None, text: str) -> None:
    assert render(ITEM, tokenizer(template), chat=template is not None) == text


def test_a_server_gets_the_conversation_itself() -> None:
    assert messages(ITEM) == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "1+1="}]
    assert shows_system(tokenizer(TURNS))


def test_arguments_are_written_into_the_template() -> None:
    made = tokenizer(TURNS + "{% if thinking %}<think>{% endif %}")
    assert set_up_chat(config(chat_template_kwargs={"thinking": True}), made)
    assert render(ITEM, made, chat=True).endswith("<think>")
    with pytest.raises(ConfigError, match='does not read "depth"'):
        set_up_chat(config(chat_template_kwargs={"depth": 3}), made)
    with pytest.raises(ConfigError, match="have no effect"):
        set_up_chat(config(chat_template_kwargs={"depth": 3}), tokenizer(None))


def test_a_date_is_fixed_once() -> None:
    made = tokenizer("{{ strftime_now('%Y') }}")
    set_up_chat(config(), made)
    set_up_chat(config(), made)
    assert made.chat_template.count("macro strftime_now") == 1
    assert render(ITEM, made, chat=True).endswith("2025-01-01")


def test_plain_text_gets_the_tokenizers_special_tokens() -> None:
    made = tiny_tokenizer()
    assert encode(["ab", "c"], made, chat=True) == [made("ab")["input_ids"], made("c")["input_ids"]]


def test_open_reasoning_is_judged_with_the_completion() -> None:
    assert opened_reasoning("x<think>\n") == "<think>\n"
    assert opened_reasoning("<think></think>") == ""
    assert scored_text("<think>\n", "a</think>b") == "<think>\na</think>b"
    assert scored_text("<think>\n", "<think>a") == "<think>a"


@pytest.mark.parametrize("template", [*HOSTILE, "{{ 'a' * 20000000 }}"])
def test_a_template_without_bounds_is_refused(template: str) -> None:
    with pytest.raises(ConfigError, match="the chat template cannot render a user's message"):
        render(ITEM, tokenizer(template), chat=True)


def test_a_template_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompting, "LONGEST_SECONDS", 0.5)
    with pytest.raises(ConfigError, match=r"takes longer than 0\.5 seconds"):
        render(ITEM, tokenizer(ENDLESS), chat=True)
