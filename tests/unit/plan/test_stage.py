"""A stage is the same in the plan and in the worker that reads it."""

from __future__ import annotations

from dataclasses import fields

from pydantic import TypeAdapter

from tests.support.plans import make_plan
from xdomain.core.fingerprint import fingerprint
from xdomain.plan.graph import Plan
from xdomain.plan.stage import BaseStage, EvaluateStage, Purpose, StageKind, StageSpec, TaggedStage, TrainStage

ADAPTER: TypeAdapter[StageSpec] = TypeAdapter(TaggedStage)


def every_shape() -> Plan:
    """A plan with history, pass rates, an adapter and several strategies."""
    return make_plan(
        model={"preset": "tiny_qwen3", "lora": {"r": 4}, "warmup": {"steps": 5, "seed": 3, "domains": ["logic"]}},
        training={"steps": 10, "prompts_per_step": 4, "generations": 2, "self_paced": {"samples": 2, "items": 5}},
        strategies=["joint", "dacsp", {"name": "cgpo", "fixed_order": ["logic", "puzzle"]}],
        evaluation={"items": 10, "temperature": 0.7, "samples": 2},
        curricula=["merge(0.7*(logic -> puzzle), puzzle, method=ties) -> logic@20"],
    )


def test_a_stage_is_read_back_as_it_was_written() -> None:
    for stage in every_shape().stages.values():
        assert (stage.folder, stage.task_group) is not None  # derived values that are kept are not written
        read = ADAPTER.validate_json(ADAPTER.dump_json(stage))
        assert type(read) is type(stage)
        assert fingerprint(read.payload) == stage.key
        for field in fields(stage):
            if field.name != "payload":  # a tuple in it is a list in JSON
                assert getattr(read, field.name) == getattr(stage, field.name), field.name
        assert (read.needs, read.folder, read.task_group) == (stage.needs, stage.folder, stage.task_group)


def test_references_are_named_and_needs_follow_from_them() -> None:
    plan = every_shape()
    history = next(stage for stage in plan.train_stages if len(stage.lineage) > 1)
    earlier = history.lineage[-1]
    assert history.parent == earlier
    assert history.needs == (earlier.stage, *history.pass_rates.values(), plan.base.key)
    assert history.checkpoints_read == (earlier, plan.base.end)
    first = next(stage for stage in plan.train_stages if stage.phase_index == 0)
    assert first.parent == first.base == plan.base.end


def test_what_is_hashed_and_what_is_read_agree() -> None:
    for stage in every_shape().stages.values():
        payload = stage.payload
        assert payload["kind"] == stage.kind
        match stage:
            case BaseStage():
                assert payload["warmup"]["seed"] == stage.seed
            case TrainStage():
                assert (payload["seed"], payload["steps"]) == (stage.seed, stage.steps)
                assert payload["parent"] == stage.parent.stage
            case EvaluateStage():
                sampling, items = payload["sampling"], payload["items"]
                assert (payload["seed"], items["split"], items["domain"]) == (stage.seed, stage.split, stage.domain)
                assert items["count"] == stage.settings.items
                assert sampling["max_completion_tokens"] == stage.settings.completion_tokens
                for name in ("samples", "temperature", "top_p", "backend", "batch_tokens"):
                    assert sampling[name] == getattr(stage.settings, name)


def test_pass_rates_are_measured_apart_from_the_report() -> None:
    plan = every_shape()
    evaluations = [stage for stage in plan.stages.values() if stage.kind is StageKind.EVALUATE]
    apart = [stage for stage in evaluations if stage not in plan.evaluations]
    assert [stage.domain for stage in apart if isinstance(stage, EvaluateStage)] == ["logic", "puzzle"]
    for stage in apart:
        assert isinstance(stage, EvaluateStage)
        assert (stage.purpose, stage.split, stage.task_group) == (Purpose.PASS_RATE, "train", None)
