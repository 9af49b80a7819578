"""`xdomain eval` of an adapter against its base, then of the stages that this left in the store, by pattern and key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model

from tests.support.small_grid import xdomain
from xdomain.models.tiny import tiny_qwen3


@pytest.mark.slow
def test_a_model_with_a_chat_template_against_its_base_without_one(tmp_path: Path) -> None:
    model, tokenizer = tiny_qwen3(seed=3)
    for name in ("base", "tuned"):
        model.save_pretrained(tmp_path / name)
        tokenizer.save_pretrained(tmp_path / name)
        tokenizer.chat_template = "{% for message in messages %}{{ message['content'] }} = {% endfor %}"
    arguments = ["eval", tmp_path / "tuned", "--base", tmp_path / "base", "--domains", "logic", "--items", "20"]
    arguments += ["--max-tokens", "6", "--store", tmp_path / "store", "-j", "1"]
    result = json.loads(xdomain(*arguments, "--json").stdout)
    assert result["matrices"]["change"]["cells"][str(tmp_path / "tuned")]["logic"]["n_items"] == 20
    assert result["meta"]["templates"]["base"] == "none"
    assert result["meta"]["templates"][str(tmp_path / "tuned")].startswith("sha256 ")
    assert "asked through different templates" in xdomain(*arguments).stdout
    alike = xdomain(*arguments, "--set", "model.chat_template=false", "--json")
    assert json.loads(alike.stdout)["meta"]["templates"] == {}


def test_a_base_that_fails_does_not_hide_the_model(tmp_path: Path) -> None:
    model, tokenizer = tiny_qwen3(seed=3)
    for name in ("good", "without-tokenizer"):
        model.save_pretrained(tmp_path / name)
    tokenizer.save_pretrained(tmp_path / "good")
    arguments = ["eval", tmp_path / "good", "--base", tmp_path / "without-tokenizer", "--domains", "logic"]
    arguments += ["--items", "10", "--max-tokens", "6", "--store", tmp_path / "store", "--json"]
    ended = xdomain(*arguments, code=1)
    result = json.loads(ended.stdout)
    assert result["matrices"]["accuracy"]["cells"][str(tmp_path / "good")]["logic"]["n_items"] == 10
    (failed,) = result["failed"]
    assert (failed["model"], failed["domain"]) == ("base", "logic")
    assert 'without-tokenizer" has no tokenizer' in failed["reason"]
    assert result["matrices"]["accuracy"]["cells"]["base"]["logic"]["note"] == f"failed: {failed['reason']}"
    assert "1 evaluation failed" in ended.stderr
    (row,) = result["generation"]
    assert row["evaluation"] == "good on logic"
    assert Path(row["records"]).is_file()


def test_an_adapter_against_its_base_and_both_again_from_the_store(tmp_path: Path) -> None:
    base, adapter, store = tmp_path / "base-model", tmp_path / "adapter", tmp_path / "store"
    model, tokenizer = tiny_qwen3(seed=3)
    model.save_pretrained(base)
    tokenizer.save_pretrained(base)
    torch.manual_seed(0)
    both = get_peft_model(model, LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False))
    both.peft_config["default"].base_model_name_or_path = str(base)
    both.save_pretrained(adapter)
    arguments = ["--domains", "logic", "--items", "20", "--max-tokens", "6", "--json", "--store", store, "-j", "1"]
    first = json.loads(xdomain("eval", adapter, "--base", base, *arguments).stdout)
    assert set(first["matrices"]["accuracy"]["cells"]) == {"base", str(adapter)}
    assert first["matrices"]["change"]["cells"][str(adapter)]["logic"]["n_items"] == 20
    folders = sorted(path.name for path in (store / "stages").glob("base-*"))
    assert [folder[:-17] for folder in folders] == ["base-base-base-model", "base-base-base-model-with-adapter"]
    # The pattern matches both, and the base among them is the base.
    again = xdomain("eval", "base base-model*", "--base", "base base-model", *arguments)
    assert "0 stages run" in again.stderr
    found = json.loads(again.stdout)
    estimates = {cells["logic"]["estimate"] for cells in found["matrices"]["accuracy"]["cells"].values()}
    assert estimates == {cells["logic"]["estimate"] for cells in first["matrices"]["accuracy"]["cells"].values()}
