"""Looks during real stages: training is untouched, no look is paid twice, damage alarms and nothing else does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import TrainerCallback

from tests.support.plans import make_experiment
from tests.support.stage_runs import Silent, Stages, TrainedStage, training_setup
from tests.support.stages import evaluate_stage, train_stage
from xdomain.config.experiment import Experiment
from xdomain.core.parquet import read_rows
from xdomain.core.stage import StageResult
from xdomain.core.states import NoteKind
from xdomain.evaluate.run import run_evaluations
from xdomain.plan.alarms.looks import LOOKS, StageLooks, read_looks
from xdomain.train import alarms
from xdomain.train.alarms import AlarmCallback
from xdomain.train.callbacks import read_metrics
from xdomain.train.dev_items import DevItems
from xdomain.train.run import run_train
from xdomain.train.trainer import DomainGRPOTrainer

TRAINING = {"steps": 4, "prompts_per_step": 16, "generations": 8, "learning_rate": 1e-4, "max_completion_tokens": 9}
ALARMS = {"budget": 1.0}
STILL, DESTRUCTIVE = 1e-9, 1e-2


def experiment_with(alarms: dict[str, Any] | None = ALARMS, **training: Any) -> Experiment:
    warmup = {"steps": 120, "examples_per_step": 32, "domains": ["logic", "puzzle"]}
    return make_experiment(
        model={"preset": "tiny_qwen3", "warmup": warmup},
        domains=["logic", "puzzle"],
        training=TRAINING | {"alarms": alarms} | training,
        evaluation={"temperature": 1.0},
    )


class Noted(Silent):
    """A reporter that keeps the events."""

    def __init__(self) -> None:
        self.events: list[tuple[NoteKind, dict[str, Any]]] = []

    def event(self, kind: NoteKind, **values: Any) -> None:
        self.events.append((kind, values))


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Stages:
    """A warmed-up base and stages under keys that no two tests share."""
    made = Stages(tmp_path_factory.mktemp("stages"))
    made.base(experiment_with())
    return made


@pytest.fixture(scope="module")
def mild(stages: Stages) -> TrainedStage:
    return stages.train(experiment_with(), "mild", "base", "logic")


@pytest.fixture(scope="module")
def destroyed(stages: Stages) -> tuple[TrainedStage, Noted]:
    reporter = Noted()
    experiment = experiment_with(learning_rate=DESTRUCTIVE)
    return stages.train(experiment, "destroyed", "base", "logic", reporter=reporter), reporter


def weights(stages: Stages, key: str) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = load_file(stages.end(key) / "model.safetensors")
    return found


def looks(stages: Stages, key: str) -> StageLooks:
    return read_looks(stages.inputs[key] / LOOKS)


@contextmanager
def added_to_every_trainer(callback: TrainerCallback) -> Iterator[None]:
    """Add a callback to the trainers that run inside the block."""
    begin = DomainGRPOTrainer.train

    def train(self: Any, *arguments: Any, **named: Any) -> Any:
        self.add_callback(callback)
        return begin(self, *arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DomainGRPOTrainer, "train", train)
        yield


def test_training_is_bitwise_the_same_with_alarms_and_without(stages: Stages) -> None:
    generators: dict[str, list[torch.Tensor]] = {"with": [], "without": []}

    class Generator(TrainerCallback):  # type: ignore[misc]
        def __init__(self, key: str) -> None:
            self.key = key

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            generators[self.key].append(torch.get_rng_state())

    for key, settings in (("without", None), ("with", ALARMS)):
        with added_to_every_trainer(Generator(key)):
            stages.train(experiment_with(settings), key, "base", "logic + puzzle")
    with_, without = weights(stages, "with"), weights(stages, "without")
    assert all(torch.equal(value, without[name]) for name, value in with_.items())
    before = load_file(stages.end("base") / "model.safetensors")
    assert not any(torch.equal(value, before[name]) for name, value in with_.items() if "mlp" in name)
    assert all(torch.equal(*pair) for pair in zip(generators["with"], generators["without"], strict=True))
    assert len(generators["with"]) == 4
    plain, watched = (read_metrics(stages.inputs[key] / "metrics.jsonl") for key in ("without", "with"))
    assert [line["loss"] for line in plain] == [line["loss"] for line in watched]
    assert not (stages.inputs["without"] / LOOKS).exists()


def test_looks_cost_what_the_design_says_and_are_stored(stages: Stages, mild: TrainedStage) -> None:
    found = looks(stages, "mild")
    assert found.design.looks == (2, 4)
    assert [(look.step, look.domain) for look in found.looks] == [
        (step, name) for step in (0, 2, 4) for name in ("logic", "puzzle")
    ]
    spent = sum(look.completions for look in found.looks)
    assert spent == found.design.completions == mild.summary["alarms"]["completions"]
    assert spent <= 4 * 16 * 8
    for name in ("logic", "puzzle"):
        reference = found.of(name)[0]
        assert len(reference.scores) == len(found.items[name]) == found.design.domains[name].items
        assert 0.1 < (reference.accuracy or 0) < 0.95
        line = read_metrics(mild.work / "metrics.jsonl")[1]
        assert line[f"alarms/{name}/accuracy"] == pytest.approx(found.of(name)[1].accuracy)


def test_a_destroyed_policy_alarms_and_a_still_one_does_not(
    stages: Stages, destroyed: tuple[TrainedStage, Noted]
) -> None:
    result, reporter = destroyed
    alarmed = [values for kind, values in reporter.events if kind is NoteKind.ALARM]
    assert {each["domain"] for each in alarmed} == {"logic", "puzzle"}
    assert result.summary["alarms"]["steps"].keys() == {"logic", "puzzle"}
    assert "began between steps 0 and" in alarmed[0]["message"]
    quiet = Noted()
    result = stages.train(experiment_with(learning_rate=STILL), "still", "base", "logic", reporter=quiet)
    assert result.summary["alarms"]["steps"] == {}
    assert [kind for kind, _ in quiet.events] == []


def test_a_stopped_stage_pays_for_no_look_twice_and_decides_alike(
    stages: Stages, destroyed: tuple[TrainedStage, Noted], monkeypatch: Any
) -> None:
    experiment = experiment_with(learning_rate=DESTRUCTIVE)
    paid: list[range] = []
    answer = DevItems.answer

    def counted(self: Any, sampler: Any, ends: Any, places: range) -> Any:
        paid.append(places)
        return answer(self, sampler, ends, places)

    monkeypatch.setattr(DevItems, "answer", counted)
    asked = iter([False, True])
    stages.train(experiment, "parts", "base", "logic", stop_requested=lambda: next(asked, False))
    assert len(paid) == 4  # reference and step 2, two domains
    again = Noted()
    stages.train(experiment, "parts", "base", "logic", reporter=again)
    assert len(paid) == 6
    whole, parts = looks(stages, "destroyed"), looks(stages, "parts")
    assert [(each.step, each.domain, each.scores, each.decision) for each in whole.looks] == [
        (each.step, each.domain, each.scores, each.decision) for each in parts.looks
    ]
    assert {values["domain"] for kind, values in again.events if kind is NoteKind.ALARM} == {"logic", "puzzle"}


def test_a_look_that_a_kill_cut_short_is_taken_again(stages: Stages, mild: TrainedStage) -> None:
    stages.train(experiment_with(), "killed", "base", "logic")
    path = stages.inputs["killed"] / LOOKS
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]) + lines[-1][:40])
    stages.train(experiment_with(), "killed", "base", "logic")  # its last state is that of step 2
    assert [each.scores for each in looks(stages, "killed").looks] == [
        each.scores for each in looks(stages, "mild").looks
    ]


def test_other_settings_in_a_resumed_stage_end_the_monitoring(stages: Stages) -> None:
    asked = iter([False, True])
    stages.train(experiment_with(), "other", "base", "logic", stop_requested=lambda: next(asked, False))
    reporter = Noted()
    other = experiment_with({"budget": 1.0, "alpha": 0.1})
    result = stages.train(other, "other", "base", "logic", reporter=reporter)
    assert "alarms" not in result.summary
    ((kind, values),) = reporter.events
    assert kind is NoteKind.MONITORING
    assert "was not monitored with these settings" in values["message"]
    assert not (result.work / LOOKS).exists()


def test_a_stage_that_is_too_short_for_its_budget_trains_without_alarms(stages: Stages) -> None:
    reporter = Noted()
    result = stages.train(experiment_with({"budget": 0.05}), "short", "base", "logic", reporter=reporter)
    assert "alarms" not in result.summary
    assert "no alarms in this stage: 0.05 of a stage's 512 completions is 25" in reporter.events[0][1]["message"]
    assert not (result.work / LOOKS).exists()


def test_a_stage_that_stops_keeps_the_checkpoint_before_the_damage(stages: Stages) -> None:
    settings = {"budget": 1.0, "on_alarm": "stop"}
    experiment = experiment_with(
        settings, steps=8, learning_rate=DESTRUCTIVE, lr_schedule="constant_with_warmup", warmup_ratio=0.75
    )
    context = stages.context("stopping")
    stage = train_stage("logic", key="stopping", steps=8, checkpoint_steps=(8,))
    result = run_train(training_setup(experiment, stage), stage, context)
    alarm = result.alarm
    assert alarm is not None
    found = looks(stages, "stopping")
    assert alarm.step == found.looks[-1].step < 8  # it did not train to its end
    assert alarm.good_step < alarm.step
    assert read_metrics(context.work / "metrics.jsonl")[-1]["step"] == alarm.step
    kept = {folder.name for folder in (context.work / "checkpoints").glob("step-*")}
    assert kept == ({f"step-{alarm.good_step:06d}"} if alarm.good_step else set())


@pytest.mark.parametrize("action", ["stop", "refresh"])
def test_a_stage_that_is_not_stopped_is_bitwise_the_same(stages: Stages, mild: TrainedStage, action: str) -> None:
    result = stages.train(experiment_with({"budget": 1.0, "on_alarm": action}), action, "base", "logic")
    assert all(torch.equal(value, weights(stages, "mild")[name]) for name, value in weights(stages, action).items())
    names = [{folder.name for folder in (each.work / "checkpoints").iterdir()} for each in (mild, result)]
    assert names[0] == names[1]


def test_a_fall_below_the_threshold_does_not_stop(stages: Stages) -> None:
    experiment = experiment_with({"budget": 1.0, "on_alarm": "stop", "threshold": 0.99}, learning_rate=DESTRUCTIVE)
    result = stages.train(experiment, "tolerated", "base", "logic")
    assert result.summary["alarms"]["steps"]
    assert result.summary["steps"] == 4


def test_the_reference_is_what_an_evaluation_of_the_start_on_dev_gives(stages: Stages, mild: TrainedStage) -> None:
    found = looks(stages, "mild")
    settings = experiment_with().evaluation_setup.evaluation.model_copy(update={"split": "dev", "items": 85})
    evaluations = [
        evaluate_stage(name, checkpoint="base", key=f"on-{name}", **settings.model_dump())
        for name in ("logic", "puzzle")
    ]
    contexts = [stages.context(each.key) for each in evaluations]
    for context in contexts:
        context.scratch.mkdir(parents=True)
    for _, result in run_evaluations(evaluations, contexts):
        assert isinstance(result, StageResult)
    for name in ("logic", "puzzle"):
        rows = {row.item_id: row.score for row in read_rows(stages.inputs[f"on-{name}"] / "records.parquet")}
        assert dict(zip(found.items[name], found.of(name)[0].scores, strict=True)) == rows


def test_no_callback_has_no_summary() -> None:
    assert alarms.summary(None) == {}
    assert issubclass(AlarmCallback, TrainerCallback)
