"""Checkpoint folders in the form that backends take."""

from __future__ import annotations

from pathlib import Path

import pytest

from xdomain.config.evaluation import EvaluationConfig
from xdomain.core.errors import ConfigError, StoreError
from xdomain.evaluate.served import Served, check_fits, served_checkpoint
from xdomain.generation.build import build_backend
from xdomain.models.checkpoint import save_endpoint, save_full
from xdomain.models.tiny import tiny_qwen3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_full(*tiny_qwen3(seed=1), tmp_path / "full", chat_template=False)
    save_endpoint({"base_url": "http://h/v1", "model": "m", "protocol": "chat"}, tmp_path / "endpoint")
    return tmp_path


def test_weights_are_read_only_when_something_is_generated(folder: Path) -> None:
    served = Served(build_backend(EvaluationConfig(), "cpu"))
    served.choose(folder / "full", "one")
    first = served.checkpoint
    assert (first.dtype, first.foundation, first.adapters) == ("float32", folder / "full", ())
    served.choose(folder / "nothing", "one")
    assert served.checkpoint is first, "the same checkpoint under the same name"
    (folder / "full" / "model.safetensors").unlink()
    with pytest.raises(OSError, match="safetensors"):
        served.load()


def test_another_folder_is_refused_and_leaves_no_checkpoint(folder: Path) -> None:
    served = Served(build_backend(EvaluationConfig(), "cpu"))
    with pytest.raises(StoreError, match="is not a checkpoint"):
        served.choose(folder / "nothing", "one")
    with pytest.raises(AssertionError):
        served.checkpoint  # noqa: B018


def test_weights_and_endpoints_have_their_backends(folder: Path) -> None:
    local, remote = (build_backend(EvaluationConfig(backend=name), "cpu") for name in ("transformers", "endpoint"))
    weights, endpoint = served_checkpoint(folder / "full", "w"), served_checkpoint(folder / "endpoint", "e")
    check_fits(local, weights)
    check_fits(remote, endpoint)
    for backend, checkpoint in ((local, endpoint), (remote, weights)):
        with pytest.raises(ConfigError, match="cannot serve"):
            check_fits(backend, checkpoint)
