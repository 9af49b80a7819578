"""Training stages on the real TRL: chaining of adapters, resuming, references. CPU, seconds each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.support.plans import make_experiment
from tests.support.stage_runs import Stages
from xdomain.config.experiment import Experiment
from xdomain.config.strategy import CGPOConfig, JointConfig, StrategyModel
from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.domains.base import Split
from xdomain.domains.build import build_domain
from xdomain.models.checkpoint import load_adapter, load_plain, load_tokenizer, read_info
from xdomain.models.prompting import encode, render, trl_prompt
from xdomain.train.callbacks import read_metrics
from xdomain.train.displacement import displacement

TRAINING = {"steps": 4, "prompts_per_step": 2, "generations": 4, "learning_rate": 1e-3, "max_completion_tokens": 6}


def experiment_with(lora: Mapping[str, Any] | None = None, **training: Any) -> Experiment:
    warmup = {"steps": 20, "examples_per_step": 16, "domains": ["logic"]}
    model = {"preset": "tiny_qwen3", "warmup": warmup, "lora": lora}
    return make_experiment(model=model, training=TRAINING | training)


def state(model: Any) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(value, other[name]) for name, value in one.items())


@pytest.fixture(scope="module")
def base_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warmed-up base to copy."""
    stages = Stages(tmp_path_factory.mktemp("base"))
    stages.base(experiment_with())
    return stages.root


@pytest.fixture
def stages(base_weights: Path, tmp_path: Path) -> Stages:
    return Stages.on_base_of(base_weights, tmp_path)


def test_merge_folds_the_parent_and_starts_a_new_adapter(stages: Stages) -> None:
    experiment = experiment_with({"r": 4, "chaining": "merge"})
    first = stages.train(experiment, "a", "base", "logic").summary["merge"]
    assert 0 < first["largest_difference"] <= first["tolerance"]
    assert first["lost_share"] < 1e-3
    stages.train(experiment, "ab", "a", "logic -> logic")
    assert read_info(stages.end("ab")).foundation == stages.end("a").resolve()
    folded = load_adapter(stages.end("a"), trainable=False).merge_and_unload()
    under = load_adapter(stages.end("ab"), trainable=False).unload()
    assert same(state(folded), state(under))
    assert not same(state(load_plain(stages.end("ab"))), state(folded))


def test_continue_trains_the_parents_adapter_on_the_base(stages: Stages) -> None:
    experiment = experiment_with({"r": 4, "chaining": "continue"})
    stages.train(experiment, "a", "base", "logic")
    stages.train(experiment, "ab", "a", "logic -> puzzle")
    assert read_info(stages.end("ab")).foundation == stages.end("base").resolve()
    under = load_adapter(stages.end("ab"), trainable=False).unload()
    assert same(state(load_plain(stages.end("base"))), state(under))


@pytest.mark.parametrize("lora", [None, {"r": 4}], ids=["full", "lora"])
def test_a_stopped_stage_resumes_to_the_same_weights(stages: Stages, lora: dict[str, Any] | None) -> None:
    experiment = experiment_with(lora)
    stages.train(experiment, "whole", "base", "logic + puzzle")
    asked = iter([False, True])
    context = stages.train(experiment, "parts", "base", "logic + puzzle", stop_requested=lambda: next(asked, False))
    assert not checkpoint_folder(context.work, 4).exists()
    stages.train(experiment, "parts", "base", "logic + puzzle")
    for step in (2, 4):
        whole, parts = (checkpoint_folder(stages.inputs[key], step) for key in ("whole", "parts"))
        name = "model.safetensors" if lora is None else "adapter_model.safetensors"
        assert same(load_file(whole / name), load_file(parts / name))
    lines = [(stages.inputs[key] / "metrics.jsonl").read_text().splitlines() for key in ("whole", "parts")]
    assert len(lines[0]) == len(lines[1]) == 4


@pytest.mark.parametrize("lora", [None, {"r": 4}], ids=["full", "lora"])
def test_a_stopped_distillation_resumes_to_the_same_weights(stages: Stages, lora: dict[str, Any] | None) -> None:
    experiment, teachers = experiment_with(lora), {"logic": "a", "puzzle": "b"}
    for key, domain in (("a", "logic"), ("b", "puzzle")):
        stages.train(experiment, key, "base", domain)

    def distill(key: str, **changes: Any) -> Mapping[str, Any]:
        return stages.train(experiment, key, "base", "distill(logic, puzzle)", teachers=teachers, **changes).summary

    asked = iter([False, True])
    whole = distill("whole")
    assert distill("parts", stop_requested=lambda: next(asked, False)) == {"step": 2}
    parts = distill("parts")
    name = "model.safetensors" if lora is None else "adapter_model.safetensors"
    assert same(*(load_file(stages.end(key) / name) for key in ("whole", "parts")))
    assert not same(state(load_plain(stages.end("whole"))), state(load_plain(stages.end("base"))))
    for summary in (whole, parts):
        assert summary["informative_groups"] is None
        assert summary["taught_tokens"] == summary["completion_tokens"] > 0
        assert summary["teacher_passes"] == summary["prompts"]
        assert 0 < summary["teacher_seconds"] < summary["training_seconds"]
        assert summary["prompts"] == 8


def test_a_distillation_from_the_base_itself_stays_there(stages: Stages) -> None:
    """Stored weights, loaded once as the student and once as the teacher of both domains."""
    curriculum, teachers = "distill(logic, puzzle)", {"logic": "base", "puzzle": "base"}
    summary = stages.train(experiment_with(), "same", "base", curriculum, teachers=teachers).summary
    assert summary["displacement"] == 0.0
    assert same(state(load_plain(stages.end("same"))), state(load_plain(stages.end("base"))))


def test_kept_rollouts_change_nothing_and_survive_a_stop(stages: Stages) -> None:
    keeping = experiment_with(keep_rollouts={"prompts_per_step": 1})
    stages.train(experiment_with(), "plain", "base", "logic + puzzle")
    stages.train(keeping, "kept", "base", "logic + puzzle")
    asked = iter([False, True])
    stages.train(keeping, "parts", "base", "logic + puzzle", stop_requested=lambda: next(asked, False))
    stages.train(keeping, "parts", "base", "logic + puzzle")
    assert same(*(load_file(stages.end(key) / "model.safetensors") for key in ("plain", "kept")))
    assert not (stages.inputs["plain"] / "rollouts.jsonl").exists()
    kept, parts = ((stages.inputs[key] / "rollouts.jsonl").read_text() for key in ("kept", "parts"))
    assert kept == parts, "a resumed stage writes the same"
    samples = [json.loads(line) for line in kept.splitlines()]
    assert [(each["step"], each["sample"]) for each in samples] == [(s, n) for s in range(1, 5) for n in range(4)]
    domain = build_domain("logic")
    first = [each for each in samples if each["step"] == 1]
    (item,) = [item for item in domain.items(Split.TRAIN) if item.id == first[0]["item_id"]]
    for each in first:
        (verdict,) = domain.score([item], [each["completion"]])
        assert each["truncated"] or (each["outcome"], each["answer"]) == (verdict.outcome, verdict.answer)
        assert each["gold"] == item.gold
    rewards = read_metrics(stages.inputs["kept"] / "metrics.jsonl")[0]["domains"]["logic"]["reward"]
    assert sum(each["reward"] for each in first) / 4 == pytest.approx(rewards), "one prompt of logic, the one kept"


@pytest.mark.parametrize("reference", ["parent", "base"])
def test_the_kl_reference_is_what_the_experiment_says(stages: Stages, reference: str) -> None:
    stages.train(experiment_with(), "a", "base", "logic")
    experiment = experiment_with(beta=0.1, reference=reference, learning_rate=1e-9)
    context = stages.train(experiment, "ab", "a", "logic -> puzzle")
    kl = json.loads((context.work / "metrics.jsonl").read_text().splitlines()[0])["kl"]
    # At the first step the policy is the parent: its divergence from the parent is 0, from the base it is not.
    assert (kl < 1e-6) is (reference == "parent")


@pytest.mark.parametrize(
    "lora",
    [
        None,
        pytest.param({"r": 4, "chaining": "merge"}, marks=pytest.mark.slow),
        {"r": 4, "chaining": "continue"},
    ],
    ids=str,
)
def test_displacement_is_the_length_of_the_change_of_the_plain_weights(
    stages: Stages, lora: dict[str, Any] | None
) -> None:
    experiment = experiment_with(lora)
    stages.train(experiment, "a", "base", "logic")
    result = stages.train(experiment, "ab", "a", "logic -> puzzle")
    for key, parent in (("a", "base"), ("ab", "a")):
        now, before = (state(load_plain(stages.end(each))) for each in (key, parent))
        names = [name for name in now if name != "lm_head.weight"]  # tied to the embedding
        expected = sum(float((now[name].double() - before[name].double()).square().sum()) for name in names) ** 0.5
        assert displacement(stages.end(key), stages.end(parent)) == pytest.approx(expected, rel=1e-4)
    summary = result.summary
    assert summary["displacement"] == displacement(stages.end("ab"), stages.end("a"))
    assert summary["training_seconds"] > summary["rollout_seconds"] > 0
    lines = read_metrics(stages.inputs["ab"] / "metrics.jsonl")
    assert 0 < summary["update_processor_seconds"] < sum(line["processor_seconds"] for line in lines)


@pytest.mark.parametrize("strategy", [JointConfig(), CGPOConfig()], ids=lambda strategy: str(strategy.label))
def test_a_learning_rate_scale_is_that_learning_rate(strategy: StrategyModel, stages: Stages) -> None:
    name, arm = strategy.label, strategy.model_copy(update={"learning_rate_scale": 2.0})
    stages.train(experiment_with(), f"scaled-{name}", "base", "logic + puzzle", strategy=arm)
    stages.train(experiment_with(learning_rate=2e-3), f"plain-{name}", "base", "logic + puzzle", strategy=strategy)
    assert same(*(load_file(stages.end(f"{key}-{name}") / "model.safetensors") for key in ("scaled", "plain")))


def test_trl_tokenises_prompts_as_evaluation_does(stages: Stages) -> None:
    from trl import GRPOTrainer

    from xdomain.domains.base import Item

    tokenizer = load_tokenizer(stages.end("base"))
    template = (
        "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[a]{% endif %}"
    )
    item = Item(id="1", prompt="1+1=", gold="2", system="Be brief.")
    for chat in (False, True):
        tokenizer.chat_template = template if chat else None
        trainer = GRPOTrainer.__new__(GRPOTrainer)
        trainer.processing_class = tokenizer
        trainer._tokenizer = tokenizer
        trainer._is_vlm = False
        trainer.tools, trainer.environments, trainer.environment_factories = [], None, None
        trainer.chat_template, trainer.chat_template_kwargs = None, {}
        found = trainer._tokenize_prompts([trl_prompt(item, chat)])[0]
        assert [list(ids) for ids in found] == encode([render(item, tokenizer, chat)], tokenizer, chat)
