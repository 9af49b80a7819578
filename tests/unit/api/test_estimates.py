"""What a plan's stages take, on the finished smoke store and without a store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xdomain.api.plan_words import lines_in_words
from xdomain.api.session import Session, open_experiment

ROOT = Path(__file__).parents[3]
SMOKE = ROOT / "experiments" / "smoke.yaml"


def test_stored_stages_say_how_long_completions_are(smoke: Session) -> None:
    estimates = smoke.forecast().estimates
    total, left = estimates.total(), estimates.total(open_only=True)
    assert 0 < total["tokens"]["expected"] < total["tokens"]["most"]
    assert left["tokens"] == {"most": 0, "expected": 0}
    assert estimates.seconds_left == 0
    stored = [smoke.store.result(stage)["summary"]["completion_tokens"] for stage in smoke.plan.train_stages]
    train = [estimates.stages[stage.key].expected_tokens for stage in smoke.plan.train_stages]
    assert sum(each or 0 for each in train) == pytest.approx(sum(stored), rel=0.1)


def test_more_stages_at_once_take_less_time_together(smoke: Session) -> None:
    more = open_experiment(SMOKE, store=smoke.store, seeds=[0, 1])
    one, two = (more.forecast(jobs=jobs).estimates for jobs in (1, 2))
    assert one.seconds_left is not None
    assert two.seconds_left is not None
    assert two.seconds_left < one.seconds_left == pytest.approx(one.worker_seconds_left)


def test_a_rate_gives_hours_where_nothing_was_measured(tmp_path: Path) -> None:
    session = open_experiment(SMOKE, store=tmp_path / "s")
    assert session.forecast().estimates.seconds_left is None
    found = session.forecast(tokens_per_second=100.0).estimates
    assert found.seconds_left == pytest.approx(found.total()["tokens"]["most"] / 100)


def test_the_document_has_every_stage_and_its_verdict(tmp_path: Path) -> None:
    forecast = open_experiment(SMOKE, store=tmp_path / "s").forecast(gpu_memory_gb=0.5)
    document = json.loads(json.dumps(forecast.document()))
    assert document["estimates"]["fits"] is False
    kinds = document["estimates"]["kinds"]
    for stage in document["stages"]:
        assert set(stage["disk"]) == {"checkpoints", "after_gc", "resume", "records"}
        assert stage["tokens"]["expected"] is None or stage["kind"] == "base"
        assert stage["memory"]["reason"] == kinds[stage["memory"]["kind"]]["reason"]
    assert forecast.estimates.change is None or forecast.estimates.change


def test_a_distillation_is_a_kind_of_its_own(tmp_path: Path) -> None:
    settings = ["curricula=['distill(math, logic)']"]
    estimates = open_experiment(SMOKE, store=tmp_path / "s", settings=settings).forecast().estimates
    taught, trained = estimates.peaks["distill (all weights, 2 teachers)"][0], estimates.peaks["train (all weights)"][0]
    assert taught is not None
    assert trained is not None
    assert taught.resident["teachers"] == 2 * trained.resident["parameters"]


def test_a_model_without_a_shape_has_tokens_and_no_memory(tmp_path: Path) -> None:
    settings = ["model={hub: nobody/nothing}"]
    forecast = open_experiment(SMOKE, store=tmp_path / "s", settings=settings).forecast(gpu_memory_gb=80)
    found = forecast.estimates
    assert found.fits is None
    assert found.change is None
    assert found.total()["disk"]["checkpoints"] is None
    assert found.total()["tokens"]["most"] > 0
    json.dumps(forecast.document())


def test_the_files_gpu_is_the_default_and_the_chosen_micro_batch_is_shown(tmp_path: Path) -> None:
    settings = ["training.micro_batch=auto", "execution.gpu_memory_gb=1", "execution.device=cpu"]
    forecast = open_experiment(SMOKE, store=tmp_path / "s", settings=settings).forecast()
    document = forecast.estimates.document()
    assert document["gpu_memory_gb"] == 1
    assert document["micro_batch_chosen"] is True
    assert document["micro_batch"] == 32
    line = "32 completions, the most that fit 1 GB in every training stage (`micro_batch: auto`)"
    assert ("micro-batch", line) in list(lines_in_words(forecast))
    larger = open_experiment(SMOKE, store=tmp_path / "s", settings=settings).forecast(gpu_memory_gb=80)
    assert larger.estimates.document()["gpu_memory_gb"] == 80
