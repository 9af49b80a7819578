"""Prompts are shown only if their digest proves them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.hostile.templates import ENDLESS, HOSTILE
from xdomain.core.fingerprint import text_digest
from xdomain.domains.base import Item
from xdomain.models.prompting import messages, render
from xdomain.models.tiny import tiny_tokenizer
from xdomain.view.prompts import ChatTemplate, PromptTexts

ITEM = Item("i", "1+1=", "2", system="Be brief.")
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content | tojson }}{% if day %}{{ day }}{% endif %}"
    "{% endfor %}"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(tmp_path)
    return tmp_path


def test_rendering_equals_transformers(folder: Path) -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = TEMPLATE
    template = ChatTemplate.of(folder)
    assert template is not None
    assert template.render(ITEM) == render(ITEM, tokenizer, chat=True)


def test_a_prompt_is_found_by_its_digest(folder: Path) -> None:
    texts = PromptTexts({"c": folder})
    template = ChatTemplate.of(folder)
    assert template is not None
    rendered = template.render(ITEM) or ""
    assert texts.find(ITEM, "c", text_digest(rendered)) == rendered
    assert texts.find(ITEM, "other", text_digest(rendered)) is None
    assert texts.find(ITEM, "other", text_digest("Be brief.\n\n1+1=")) == "Be brief.\n\n1+1="
    sent = json.dumps(messages(ITEM))
    assert texts.find(ITEM, "other", text_digest(sent)) == sent


@pytest.mark.parametrize("settings", [None, {}, {"chat_template": "{{ x"}, {"chat_template": ["a"]}])
def test_a_folder_without_a_template(tmp_path: Path, settings: Any) -> None:
    if settings is not None:
        (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    assert ChatTemplate.of(tmp_path) is None


def test_a_template_that_refuses_shows_nothing() -> None:
    assert ChatTemplate("{{ raise_exception('no') }}", {}).render(ITEM) is None
    assert ChatTemplate("{{ messages.__class__.__mro__[1].x }}", {}).render(ITEM) is None


@pytest.mark.parametrize("template", [*HOSTILE, ENDLESS])
def test_a_template_without_bounds_shows_nothing(tmp_path: Path, template: str) -> None:
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": template}), encoding="utf-8")
    made = ChatTemplate.of(tmp_path)
    assert made is None or made.render(ITEM) is None


def test_a_template_that_is_a_device_shows_nothing(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    (folder / "chat_template.jinja").symlink_to("/dev/zero")
    assert ChatTemplate.of(folder) is None
