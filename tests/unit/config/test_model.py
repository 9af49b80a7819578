"""Which model a grid starts from."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from xdomain.config.model import ModelConfig

ENDPOINT = {"base_url": "http://h/v1", "model": "m"}


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ({}, "Found: none"),
        ({"path": "a", "hub": "b"}, "Found: path, hub"),
        ({"endpoint": ENDPOINT, "lora": {}}, "`lora` needs the model itself"),
        ({"path": "a", "revision": "main"}, "can only be used with `hub`"),
        ({"path": "a", "chat_template_kwargs": {"messages": 1}}, "cannot set messages"),
        ({"path": "a", "chat_template_kwargs": {"a b": 1}}, "cannot set a b"),
        ({"path": "a", "chat_template_kwargs": {"x": {1, 2}}}, "no stable identity"),
        ({"path": "a", "warmup": {"domains": []}}, "domains"),
        ({"path": "a", "lora": {"dropout": 1.0}}, "dropout"),
        ({"path": "a", "dtype": "int8"}, "dtype"),
    ],
)
def test_mistakes(model: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ModelConfig.model_validate(model)


@pytest.mark.parametrize(
    ("model", "source"),
    [
        ({"preset": "tiny_qwen3"}, ("preset", "tiny_qwen3")),
        ({"hub": "a/b", "revision": "0" * 40}, ("hub", "a/b")),
        ({"endpoint": ENDPOINT}, ("endpoint", "http://h/v1#m")),
    ],
)
def test_the_one_source(model: dict[str, Any], source: tuple[str, str]) -> None:
    assert ModelConfig.model_validate(model).source == source
