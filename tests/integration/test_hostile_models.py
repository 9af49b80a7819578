"""Model folders of others: planning and loading refuse what they cannot use, run nothing of theirs, and never wait."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from tests.support.hostile.models import LOADED, PLANNED, SHARDS, damaged_copy, save_tiny
from tests.support.in_process import xdomain_here
from xdomain.config.model import ModelConfig
from xdomain.core.errors import XDomainError
from xdomain.domains.base import Item
from xdomain.models.examine import examine
from xdomain.models.prompting import render, set_up_chat
from xdomain.models.source import load_source

QUESTION = Item("1", "1 + 1?", "2", system="Be brief.")
LONGEST_SECONDS = 30
"""Of a busy machine's time; a template may use 4 of its processor's."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("whole") / "model")


@pytest.fixture
def experiment(tmp_path: Path, repository: Path) -> Path:
    """The smoke experiment on the folder `model` next to it."""
    smoke = yaml.safe_load((repository / "experiments" / "smoke.yaml").read_text())
    path = tmp_path / "experiment.yaml"
    path.write_text(yaml.safe_dump(smoke | {"model": {"path": "model"}}))
    return path


MAY_PLAN = ("type", "sizes", "context", "text config")
"""Only loading tells whether transformers can use these."""


@pytest.mark.parametrize("name", [*PLANNED, *SHARDS])
def test_planning_refuses_a_folder_or_plans(name: str, whole: Path, experiment: Path) -> None:
    damaged_copy(whole, experiment.parent / "model", (PLANNED | SHARDS)[name])
    ended = xdomain_here("grid", "plan", experiment, "--store", experiment.parent / "store")
    if not (name.startswith(MAY_PLAN) and ended.code == 0):
        ended.demand_told()
    assert ended.seconds < LONGEST_SECONDS


@pytest.mark.slow
@pytest.mark.faults("planted files")
@pytest.mark.parametrize("name", LOADED)
def test_loading_refuses_a_folder_or_loads(
    name: str, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = ModelConfig(path=str(damaged_copy(whole, tmp_path / "model", LOADED[name])))
    begun = time.monotonic()
    with suppress(XDomainError):
        model, tokenizer = load_source(config)
        examine(model, tokenizer, config, None)
        render(QUESTION, tokenizer, set_up_chat(config, tokenizer))
    assert time.monotonic() - begun < LONGEST_SECONDS
    assert [path.name for path in tmp_path.iterdir()] == ["model"], "something of the model was run"


def test_the_folder_that_they_were_made_of_is_planned_and_loaded(whole: Path, experiment: Path) -> None:
    damaged_copy(whole, experiment.parent / "model", lambda folder: None)
    assert xdomain_here("grid", "plan", experiment, "--store", experiment.parent / "store").code == 0
    config = ModelConfig(path=str(whole))
    model, tokenizer = load_source(config)
    examine(model, tokenizer, config, None)
    assert set_up_chat(config, tokenizer)
