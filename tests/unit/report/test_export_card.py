from __future__ import annotations

import ast
import re

import pytest
import yaml

from xdomain.report.export_card import TRAINED, export_card


def card(**changes) -> tuple[dict, str]:
    """Return header and body of a card."""
    facts = {
        "folder": "out", "base_model": "Qwen/Qwen3-4B-Base", "licence": "apache-2.0", "adapter": False,
        "lineage": ["base model: hub Qwen/Qwen3-4B-Base", "math, seed 0: 20 steps of GRPO"], "settings": {"steps": 20},
        "made_by": TRAINED,
        "chat_template": True,
    }  # fmt: skip
    _, header, body = export_card("math, seed 0 step 20", **(facts | changes)).split("---\n", 2)
    return yaml.safe_load(header), body


def test_the_header_is_what_the_hub_reads() -> None:
    header, body = card()
    assert (header["base_model"], header["license"]) == ("Qwen/Qwen3-4B-Base", "apache-2.0")
    assert (header["library_name"], header["pipeline_tag"]) == ("transformers", "text-generation")
    assert "2. math, seed 0: 20 steps of GRPO" in body


def test_what_is_unknown_is_left_out_and_said() -> None:
    header, body = card(base_model=None, licence=None)
    assert not header.keys() & {"base_model", "license"}
    assert "licence of the base model applies" in body


def test_a_base_is_not_called_trained() -> None:
    assert "trained by" not in card(lineage=["base model: preset tiny_qwen3"], made_by="")[1]


@pytest.mark.parametrize("adapter", [False, True])
@pytest.mark.parametrize("chat_template", [False, True])
def test_the_usage_is_python(adapter: bool, chat_template: bool) -> None:
    header, body = card(adapter=adapter, chat_template=chat_template)
    (snippet,) = re.findall(r"```python\n(.*?)```", body, re.DOTALL)
    ast.parse(snippet)
    assert ("AutoPeftModelForCausalLM" in snippet) is adapter is (header["library_name"] == "peft")
    assert ("apply_chat_template" in snippet) is chat_template
