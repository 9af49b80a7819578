"""What `grid plan` says of experiments that need GPUs, before one is rented."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from experiments.stand_ins import write_stand_ins
from tests.support.small_grid import xdomain
from xdomain.api.session import open_experiment
from xdomain.api.templates import start_experiment
from xdomain.config.experiment import Experiment
from xdomain.plan.model_shape import shape_of
from xdomain.plan.peaks import Need, kind_memory, verdict
from xdomain.plan.stage import StageKind

TABLE: dict[str, dict[str, Any]] = json.loads((files("xdomain.resolve") / "model_shapes.json").read_text())
GPU = 80e9


def readme_example(repository: Path) -> Experiment:
    """Return the experiment of the README's "Your own question"."""
    text = (repository / "README.md").read_text(encoding="utf-8")
    block = text[text.index("    # experiment.yaml\n") :].split("\n\n", 1)[0]
    return Experiment.model_validate(yaml.safe_load(re.sub(r"(?m)^    ", "", block)))


def test_the_readmes_example_fits_one_gpu(repository: Path) -> None:
    one = readme_example(repository)
    shape = shape_of(TABLE[one.model.hub or ""])
    assert shape is not None
    found = {kind: verdict(kind_memory(Need(kind), one, shape), GPU) for kind in StageKind}
    print(found)
    assert all(each.fits for each in found.values())


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Made-up rows of the papers' data, where the experiments look for them."""
    write_stand_ins(tmp_path / "data")
    monkeypatch.setenv("XDOMAIN_DATA", str(tmp_path / "data"))
    return tmp_path


def planned(repository: Path, name: str, store: Path, *settings: str) -> dict[str, Any]:
    options = [word for setting in settings for word in ("--set", setting)]
    ended = xdomain(
        "grid", "plan", repository / "experiments" / f"{name}.yaml", "--store", store, "--gpu-memory", "80",
        "--format", "json", *options,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def test_a_grid_for_one_gpu_says_why_it_does_not_fit_and_what_does(repository: Path, data: Path) -> None:
    one = ("execution={device: cuda}", "training.grpo={}", "evaluation.backend=transformers")
    document = planned(repository, "when-domains-interact", data / "store", *one)
    estimates = document["estimates"]
    assert estimates["fits"] is False
    assert estimates["model"]["parameters"] == 4_022_468_096
    for stage in document["stages"]:
        assert stage["tokens"]["most"] >= 0
        assert stage["disk"]["checkpoints"] is not None
        assert stage["memory"]["bytes"] > 0
        assert stage["memory"]["fits"] is (stage["kind"] != "train")
        assert "GB" in stage["memory"]["reason"]
    train = next(stage for stage in document["stages"] if stage["kind"] == "train")
    assert train["tokens"]["most"] == 440 * 64 * 8 * 16384
    assert train["disk"]["checkpoints"] == 5 * 4 * 4_022_468_096
    changes = [f"{name}={json.dumps(value)}" for name, value in estimates["change"].items()]
    changed = planned(repository, "when-domains-interact", data / "store", *one, *changes)
    assert changed["estimates"]["fits"] is True
    assert changed["estimates"]["total"]["disk"]["checkpoints"] < estimates["total"]["disk"]["checkpoints"] / 10


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("when-domains-interact", ()),
        ("cgpo", ()),
        ("cgpo", ("model.hub=Qwen/Qwen2.5-7B-Instruct",)),
        ("care-rl", ()),
        ("care-rl", ("model.hub=Qwen/Qwen2.5-7B",)),
    ],
)
def test_the_papers_fit_eight_gpus(repository: Path, data: Path, name: str, settings: tuple[str, ...]) -> None:
    document = planned(repository, name, data / "store", *settings)
    estimates = document["estimates"]
    assert estimates["fits"] is True
    assert {stage["memory"]["fits"] for stage in document["stages"]} == {True}
    weights = 4 * estimates["model"]["parameters"]
    for kind, each in estimates["kinds"].items():
        print(name, settings, kind, each["reason"])
        if kind.startswith("train"):
            assert each["resident"]["parameters"] == weights // 8
            assert each["resident"]["optimizer"] == 2 * weights // 8
            assert each["resident"]["reference"] == (weights // 8 if name == "cgpo" else 0)
            assert each["gpu_share"] >= 0.5
            assert each["engine_needs"] > weights // 2  # the engine holds them whole, in bfloat16
    whole = planned(repository, name, data / "store", *settings, "execution.sharding=null")
    assert whole["estimates"]["fits"] is False
    assert whole["estimates"]["change"]


def test_the_template_fits_eight_gpus_and_with_adapters_one(tmp_path: Path) -> None:
    experiment, *_ = start_experiment(tmp_path / "new", "gpu-7b")
    adapters = (
        "model.lora={r: 32, alpha: 64}", "training.micro_batch=4", "execution.train_processes=1",
        "execution.sharding=null",
    )  # fmt: skip
    for settings in ((), adapters):
        forecast = open_experiment(experiment, store=tmp_path / "store", settings=settings).forecast()
        assert forecast.estimates.fits is True
        assert forecast.estimates.document()["gpu_memory_gb"] == 80
