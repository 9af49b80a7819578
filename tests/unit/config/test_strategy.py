"""Strategies in an experiment file and in a plan: names, parameters, labels, keys, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest

from xdomain.config.experiment import Experiment
from xdomain.config.strategy import BUILT_IN, CGPOConfig, MGSConfig, PCGradConfig, StrategyModel
from xdomain.config.validation import validate
from xdomain.core.errors import ConfigError, PlanError
from xdomain.plan.checks import training_notes
from xdomain.plan.graph import Plan, build_plan
from xdomain.plan.identity import Identities
from xdomain.plan.stage import CheckpointRef, TrainStage
from xdomain.plan.strategies import check_strategies, strategy_notes

DOMAINS = ("logic", "math", "science")


def experiment(strategies: list[Any], curricula: tuple[str, ...] = ("math + science",), **training: Any) -> Experiment:
    data = {
        "name": "x",
        "model": {"preset": "tiny_qwen3"},
        "domains": DOMAINS,
        "curricula": curricula,
        "strategies": strategies,
        "training": {"steps": 2, **training},
    }
    return validate(Experiment, data, "x.yaml")


def plan(*arguments: Any, **settings: Any) -> Plan:
    empty: dict[str, dict[str, str]] = {name: {} for name in DOMAINS}
    return build_plan(experiment(*arguments, **settings), Identities({}, empty, empty, empty))


def test_a_name_or_a_mapping() -> None:
    found = experiment(["joint", "cgpo", {"name": "cgpo", "alpha": 1.0}, {"name": "scaled", "weights": {"math": 2}}])
    assert [each.label for each in found.strategies] == [
        "joint",
        "cgpo",
        "cgpo(alpha=1.0)",
        "scaled(weights=math:2.0)",
    ]
    assert Experiment.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize(
    ("strategy", "words"),
    [
        ("cgop", 'unknown strategy "cgop". Did you mean "cgpo"?'),
        ({"name": "cgpo", "alpha": 2.5}, "strategies.0.alpha: should be at most 2"),
        ({"name": "cgpo", "alpha": 0}, "strategies.0.alpha: should be above 0"),
        ({"name": "cgpo", "alhpa": 1.0}, 'strategies.0.alhpa: unknown key "alhpa"'),
        ({"name": "cagrad", "c": 1.0}, "strategies.0.c: should be below 1"),
        ({"name": "famo", "floor": 0}, "strategies.0.floor"),
        ({"name": "dacsp", "rnak": 2}, 'strategies.0.rnak: unknown key "rnak". Did you mean "rank"?'),
        ({"name": "dacsp", "suppress": 1.5}, "strategies.0.suppress: should be at most 1"),
        ({"name": "bandit", "temprature": 1}, 'strategies.0.temprature: unknown key "temprature"'),
        ({"name": "bandit", "temperature": 0}, "strategies.0.temperature: should be above 0"),
        ({"name": "transfer_aware", "memory": 1.0}, "strategies.0.memory: should be below 1"),
        ({"alpha": 1.0}, "strategies.0: should be a strategy's name, or a mapping with `name`. Known: aligned_mtl"),
        (3, "strategies.0: should be a strategy's name"),
        ({"name": "cgpo", "step_scale": "twice"}, "strategies.0.step_scale: should be one of authors, once"),
        ({"name": "mgs", "learning_rate_scale": -1}, "strategies.0.learning_rate_scale: should be above 0"),
        ({"name": "joint", "learning_rate_scale": math.inf}, "learning_rate_scale: should be a finite number"),
        ({"name": "scaled", "weights": {"math": math.inf}}, "strategies.0.weights.math: should be a finite number"),
        ({"name": "famo", "weight_decay": math.nan}, "strategies.0.weight_decay: should be a finite number"),
    ],
)
def test_bad_parameters_are_named(strategy: Any, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        experiment([strategy])
    assert words in str(caught.value)


def one_strategy(**keys: Any) -> Experiment:
    data = experiment(["joint"]).model_dump(mode="json", exclude={"strategies"})
    return validate(Experiment, data | keys, "x.yaml")


@pytest.mark.parametrize("strategy", ["cgpo", {"name": "cgpo", "alpha": 1.0}])
def test_strategy_is_short_for_a_list_of_one(strategy: Any) -> None:
    assert one_strategy(strategy=strategy) == experiment([strategy])


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"strategy": "cgpo", "strategies": ["joint"]}, "Remove one of them"),
        ({"strategy": ["joint", "cgpo"]}, "strategy: should be one strategy"),
        ({"strategies": "cgpo"}, "x.yaml: strategies: should be a list such as [joint, cgpo]"),
        ({"strategies": {"name": "cgpo"}}, "x.yaml: strategies: should be a list such as [joint, cgpo]"),
        ({"strategy": "cgop"}, 'unknown strategy "cgop". Did you mean "cgpo"?'),
    ],
)
def test_strategy_and_strategies_are_not_confused(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        one_strategy(**keys)
    assert words in str(caught.value)


@pytest.mark.parametrize("value", [math.inf, {1, 2}])
def test_free_settings_that_no_key_could_hold_are_refused(value: Any) -> None:
    with pytest.raises(ConfigError, match=r"training.grpo: has no stable identity: \$.delta should be"):
        experiment(["joint"], grpo={"delta": value})


def refusal(strategies: list[Any], **settings: Any) -> str:
    with pytest.raises(PlanError) as caught:
        plan(strategies, **settings)
    return str(caught.value)


def test_a_plan_refuses_what_cannot_act() -> None:
    assert "no curriculum has one" in refusal(["pcgrad"], curricula=("math -> science",))
    assert "a step has 2 prompts" in refusal(["mgs"], curricula=("math + science + logic",), prompts_per_step=2)
    assert 'leaves out "science"' in refusal([{"name": "cgpo", "fixed_order": ["math"]}])
    assert '"poetry" is not under' in refusal([{"name": "cgpo", "fixed_order": ["math", "science", "poetry"]}])
    assert '"poetry" is not under' in refusal([{"name": "scaled", "weights": {"poetry": 2.0}}])
    assert "strategies: cgpo is listed twice" in refusal(["cgpo", "joint", {"name": "cgpo", "alpha": 1.2}])
    assert "top_entropy_quantile" in refusal(["pcgrad"], grpo={"top_entropy_quantile": 0.2})
    assert "floor to at most 0.333" in refusal(
        [{"name": "bandit", "floor": 0.4}], curricula=("math + science + logic",)
    )
    assert "no curriculum has one" in refusal(["bandit"], curricula=("math -> science",))
    assert "training.informative_quotas keeps it fixed" in refusal(["bandit"], informative_quotas=True)


@pytest.mark.parametrize("optimizer", ["lomo", "adalomo", "galore_adamw_layerwise", "apollo_adamw_layerwise"])
def test_an_optimizer_that_steps_in_backward_goes_with_stock_steps_alone(optimizer: str) -> None:
    assert "updates them in every backward pass" in refusal(["pcgrad"], optimizer=optimizer, telemetry_every=None)
    assert "training.telemetry_every: computes the domains' gradients" in refusal(["joint"], optimizer=optimizer)
    plan(["joint", "bandit"], optimizer=optimizer, telemetry_every=None)
    plan(["joint"], ("math",), optimizer=optimizer)


def test_an_unknown_optimizer_is_refused_with_near_matches() -> None:
    with pytest.raises(ConfigError, match=r'training.optimizer: unknown optimizer "adamww_torch". Did you mean'):
        experiment(["joint"], optimizer="adamww_torch")
    with pytest.raises(ConfigError, match="`grpo` repeats optim"):
        experiment(["joint"], grpo={"optim": "lomo"})


def test_joint_is_never_refused() -> None:
    check_strategies(experiment(["joint"], ("math",), prompts_per_step=1), ())


def test_a_plan_says_where_a_strategy_has_no_effect() -> None:
    found = plan(["joint", "cgpo"], ("math", "math -> science", "math + science"))
    (note,) = strategy_notes(found.experiment, list(dict.fromkeys(run.id.curriculum for run in found.runs)))
    assert note == "cgpo has no effect on math, math -> science: joint is trained there instead."
    assert strategy_notes(experiment(["joint"], ("math",)), [run.id.curriculum for run in found.runs]) == []
    assert [run.id.strategy for run in found.runs] == ["joint", "joint", "joint", "cgpo"]


def test_a_plan_says_where_parameters_make_a_strategy_joint_and_refuses_a_step_of_nothing() -> None:
    curricula = ("math + science", "math -> logic + science")

    def notes(strategy: Any) -> list[str]:
        found = plan(["joint", strategy], curricula).experiment
        return strategy_notes(found, found.curricula)

    for weights in ({}, {"math": 1}, {"science": 1.0}):
        (note,) = notes({"name": "scaled", "weights": weights})
        assert "equals joint on math + science, logic + science: it repeats joint's training" in note
    assert "equals joint on logic + science:" in notes({"name": "scaled", "weights": {"math": 2}})[0]
    assert notes("scaled") == notes("pcgrad") == []
    assert "equals joint on" in notes({"name": "dacsp", "amplify": 0, "suppress": 0})[1]
    zero = {"name": "scaled", "weights": {"math": 0, "science": 0}}
    assert 'strategies.0.weights: every domain of "math + science" has the weight 0' in refusal([zero])
    plan([{"name": "scaled", "weights": {"math": 0}}])


def test_a_plan_says_which_domains_most_steps_lack() -> None:
    found = experiment(["joint"], ("math + science", "7*math + science", "logic"), prompts_per_step=7)
    (note,) = training_notes(found, found.curricula)
    assert note.startswith('"7*math + science": 7 prompts per step are too few to include science')
    found = experiment(["joint"], ("7*math + science",), prompts_per_step=8)
    assert training_notes(found, found.curricula) == []


def test_an_unmixed_phase_is_shared_and_gets_joint() -> None:
    found = plan(["joint", "pcgrad"], ("logic -> math + science",))
    joint, pcgrad = (run.stages for run in found.runs)
    assert joint[0] == pcgrad[0]
    assert joint[1] != pcgrad[1]
    stages = [found.stages[key] for key in pcgrad]
    assert [stage.strategy_config.name for stage in stages if isinstance(stage, TrainStage)] == ["joint", "pcgrad"]


def test_dacsp_acts_where_there_is_history_and_gets_the_lineage() -> None:
    found = plan(["joint", "mgs", "dacsp"], ("logic -> math -> science", "math + science"))
    runs = {(str(run.id.curriculum), run.id.strategy): run.stages for run in found.runs}
    assert set(runs) == {
        ("logic -> math -> science", "joint"),
        ("logic -> math -> science", "dacsp"),
        ("math + science", "joint"),
        ("math + science", "mgs"),
    }
    first, second, third = runs["logic -> math -> science", "dacsp"]
    assert first == runs["logic -> math -> science", "joint"][0]  # nothing before it, so it is joint and shared
    stage = found.stages[third]
    assert isinstance(stage, TrainStage)
    assert stage.lineage == (found.base.end, CheckpointRef(first, 2), CheckpointRef(second, 2))
    assert stage.needs == (second, first, found.base.key)
    assert (stage.parent, stage.base) == (CheckpointRef(second, 2), found.base.end)
    joint = found.stages[runs["logic -> math -> science", "joint"][2]]
    assert isinstance(joint, TrainStage)
    assert joint.lineage == ()


def test_a_stage_names_its_base_whatever_else_it_needs() -> None:
    found = plan(["joint", "dacsp"], ("math -> science",), self_paced={"items": 20})
    assert len(found.train_stages) == 3
    assert all(stage.base == found.base.end for stage in found.train_stages)


def test_dacsp_without_history_is_refused() -> None:
    words = refusal(["dacsp"], curricula=("math + science",))
    assert "no curriculum has more than one phase" in words
    assert '"a -> b"' in words


def test_parameters_count_in_the_key_and_the_name_alone_does_not_change_joint() -> None:
    keys = {
        run.id.strategy: run.stages[-1]
        for run in plan(["joint", "cgpo", {"name": "cgpo", "alpha": 1.0}, {"name": "cgpo", "alpha": 1.5}]).runs
    }
    assert len(set(keys.values())) == 4
    assert plan(["joint"]).stages[keys["joint"]].payload["strategy"] == {"name": "joint"}


def test_an_arm_of_joint_at_another_rate_is_a_run_of_its_own() -> None:
    arm = {"name": "joint", "learning_rate_scale": 1.5}
    keys = {run.id.strategy: run.stages[-1] for run in plan(["joint", arm]).runs}
    assert list(keys) == ["joint", "joint(learning_rate_scale=1.5)"]
    assert len(set(keys.values())) == 2
    assert "no curriculum has one" in refusal([arm], curricula=("math -> science",))
    with pytest.raises(ConfigError, match="learning_rate_scale: should be above 0"):
        experiment([{"name": "joint", "learning_rate_scale": 0}])


@pytest.mark.parametrize("name", [*BUILT_IN])
def test_every_strategy_takes_a_learning_rate_scale_which_counts_in_the_key_unless_it_is_one(name: str) -> None:
    curricula = ("logic -> math + science",)
    arms = ["joint", {"name": name, "learning_rate_scale": 0.5}] + ([name] if name != "joint" else [])
    keys = {run.id.strategy: run.stages[-1] for run in plan(arms, curricula).runs}
    assert f"{name}(learning_rate_scale=0.5)" in keys
    assert len(set(keys.values())) == len(keys) == len(arms)
    config = experiment([name]).strategies[0]
    assert "learning_rate_scale" not in config.identity()
    assert config.model_copy(update={"learning_rate_scale": 0.5}).identity()["learning_rate_scale"] == 0.5


def test_a_scaled_strategy_that_directs_as_joint_is_not_called_joint() -> None:
    scaled = {"name": "scaled", "weights": {}, "learning_rate_scale": 2.0}
    found = plan(["joint", scaled]).experiment
    assert strategy_notes(found, found.curricula) == []


def test_one_step_in_all_needs_adam() -> None:
    once = {"name": "cgpo", "step_scale": "once"}
    assert experiment([once]).strategies[0].label == "cgpo(step_scale=once)"
    plan([once], optimizer="adamw_torch_fused")
    for optimizer in ("sgd", "adafactor", "adamw_8bit", "schedule_free_adamw"):
        words = refusal([once], optimizer=optimizer)
        assert "strategies.0.step_scale" in words
        assert f"training.optimizer = {optimizer}" in words
        plan(["cgpo"], optimizer=optimizer)


def test_inner_steps_and_loss_scaling_do_not_go_together() -> None:
    assert "training.grpo.fp16" in refusal(["cgpo"], grpo={"fp16": True})
    plan(["pcgrad"], grpo={"fp16": True})
    plan(["cgpo"], bf16=True)


def test_a_later_field_at_its_neutral_value_keeps_old_keys() -> None:
    class Later(CGPOConfig):
        neutral = {"restart": False}  # noqa: RUF012 - pydantic keeps class variables apart
        restart: bool = False

    assert Later().identity() == CGPOConfig().identity()
    assert Later(restart=True).identity() == {**CGPOConfig().identity(), "restart": True}
    assert isinstance(Later(), StrategyModel)


def test_a_changed_meaning_counts_in_the_key() -> None:
    class Changed(PCGradConfig):
        version = 2

    assert "version" not in PCGradConfig().identity()
    assert Changed().identity() == {**PCGradConfig().identity(), "version": 2}
    assert CGPOConfig().identity()["version"] == MGSConfig().identity()["version"] == 2
