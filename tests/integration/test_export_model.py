"""Exported checkpoints load in transformers and peft alone, and answer as the checkpoints in the store do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from peft import AutoPeftModelForCausalLM
from transformers import AutoModelForCausalLM, AutoTokenizer

import xdomain
from tests.support.small_grid import xdomain as xdomain_command
from xdomain.api.export_model import ExportOptions, export_model
from xdomain.api.session import Session
from xdomain.core.errors import ConfigError

EXPERIMENT = {
    "name": "lora",
    "model": {
        "preset": "tiny_qwen3",
        "warmup": {"steps": 60, "examples_per_step": 16, "domains": ["logic", "math"]},
        "lora": {"r": 4, "alpha": 8},
    },
    "domains": ["logic", "math"],
    "curricula": ["logic -> math"],
    "training": {
        "steps": 2, "prompts_per_step": 4, "generations": 4, "learning_rate": 0.01, "max_completion_tokens": 8,
    },
    "evaluation": {"items": 2, "samples": 1},
    "execution": {"executor": "inline", "device": "cpu"},
}  # fmt: skip
LAST, FIRST = "logic -> math, seed 0", "logic, seed 0"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A finished grid of two phases with LoRA: the second adapter is on the first."""
    opened = xdomain.open_experiment(EXPERIMENT, store=tmp_path_factory.mktemp("lora") / "store")
    opened.run()
    return opened


def logits(model, tokenizer) -> torch.Tensor:
    with torch.no_grad():
        return model(**tokenizer("T&F|T^F,F|T&T^F:", return_tensors="pt")).logits


def answers_as_stored(session: Session, stage: str, folder: Path, loader=AutoModelForCausalLM) -> bool:
    stored = session.checkpoint(stage)
    expected = logits(stored.model().eval(), stored.tokenizer())
    found = logits(loader.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder))
    return torch.allclose(found, expected, atol=1e-4)


def test_a_merged_adapter_is_a_plain_folder(session: Session, tmp_path: Path) -> None:
    folder = export_model(LAST, tmp_path / "out", ExportOptions(merge=True, licence="mit"), store=session.store)
    assert not list(folder.glob("*adapter*"))
    assert not (folder / "checkpoint.json").exists()
    assert "license: mit" in (folder / "README.md").read_text()
    assert answers_as_stored(session, LAST, folder)
    assert not answers_as_stored(session, "base tiny_qwen3", folder), "otherwise nothing was merged"
    with pytest.raises(ConfigError, match=r"is not empty.*--force"):
        export_model(LAST, folder, store=session.store)


def test_an_adapter_names_a_base_that_readers_can_load(session: Session, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"on another adapter.*--merge"):
        export_model(LAST, tmp_path / "out", store=session.store)
    with pytest.raises(ConfigError, match=r"not on the hub.*--base-model"):
        export_model(FIRST, tmp_path / "out", store=session.store)
    assert not (tmp_path / "out").exists()
    base = export_model("base tiny_qwen3", tmp_path / "base", store=session.store)
    assert answers_as_stored(session, "base tiny_qwen3", base)
    folder = export_model(FIRST, tmp_path / "out", ExportOptions(base_model=str(base)), store=session.store)
    assert answers_as_stored(session, FIRST, folder, AutoPeftModelForCausalLM)


def test_the_command_says_how_to_publish(session: Session, tmp_path: Path) -> None:
    ended = xdomain_command("export-model", "base*", tmp_path / "out", "--store", session.store.root)
    assert ended.stdout == f"{tmp_path}/out\n"
    assert ended.stderr.endswith(f"hf upload OWNER/NAME {tmp_path}/out\n")


def test_the_store_stays_as_it_is(session: Session, tmp_path: Path) -> None:
    copy = tmp_path / "store"
    shutil.copytree(session.store.root, copy)
    export_model(LAST, tmp_path / "out", ExportOptions(merge=True), store=copy)
    for path in (path for path in copy.rglob("*") if path.is_file()):
        assert path.read_bytes() == (session.store.root / path.relative_to(copy)).read_bytes()
