"""What is refused before the first stage starts."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from xdomain.cli.app import app
from xdomain.config.domain import DomainConfig
from xdomain.config.experiment import Experiment
from xdomain.core.errors import ConfigError, DataError, DependencyMissing
from xdomain.domains.base import Split
from xdomain.domains.build import build_domain, build_domains
from xdomain.domains.preflight import preflight_domains
from xdomain.worker.preflight import run_preflight

ROWS = [{"q": f"What is {n} plus {n}?", "a": str(2 * n)} for n in range(20)]


def describe(tmp_path, train=None, test=None, **settings) -> dict:
    source = {"kind": "jsonl"}
    for part, rows in (("train", train), ("test", test)):
        if rows:
            source[part] = str(tmp_path / f"{part}.jsonl")
            (tmp_path / f"{part}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    fields = {"question": "q", "gold": "a"}
    return {"name": "sums", "source": source, "fields": fields, "verifier": "text", "split": {"dev": 0}, **settings}


def make(tmp_path, **settings):
    return build_domain(DomainConfig.model_validate(describe(tmp_path, **settings)))


def test_a_domain_without_train_may_be_evaluated_but_not_trained(tmp_path):
    domain = make(tmp_path, test=ROWS)
    preflight_domains([domain], trained={}, evaluated=Split.TEST)
    with pytest.raises(DataError, match=r"domains\.sums: its train split is empty"):
        preflight_domains([domain], trained={"sums": 4}, evaluated=Split.TEST)


def test_a_missing_test_split_is_told(tmp_path):
    with pytest.raises(DataError, match="its test split is empty"):
        preflight_domains([make(tmp_path, train=ROWS)], trained={"sums": 4}, evaluated=Split.TEST)


def test_a_train_split_smaller_than_one_steps_share_is_refused(tmp_path):
    described = describe(tmp_path, train=ROWS[:7], test=ROWS[10:])
    data = {"name": "small", "model": {"preset": "tiny_qwen3"}, "domains": [described, "logic"]}
    data["training"] = {"prompts_per_step": 14, "generations": 2}
    mixed = Experiment.model_validate(data | {"curricula": ["sums + logic"]})
    run_preflight(mixed)  # half of a step: 7
    alone = Experiment.model_validate(data | {"curricula": ["sums + logic", "sums"]})
    with pytest.raises(DataError, match="train split has 7 items, but one training step draws 14"):
        run_preflight(alone)


def test_a_test_split_without_variance_is_refused(tmp_path):
    preflight_domains([make(tmp_path, test=ROWS[:2])], trained={}, evaluated=Split.TEST)
    with pytest.raises(DataError, match="its test split has 1 item, too few"):
        preflight_domains([make(tmp_path, test=ROWS[:1])], trained={}, evaluated=Split.TEST)


def test_plan_and_check_say_that_there_are_fewer_items_than_asked_for(tmp_path):
    data = {"name": "few", "model": {"preset": "tiny_qwen3"}, "grid": {"singles": True}, "evaluation": {"items": 8}}
    data["domains"] = [describe(tmp_path, train=ROWS[:10], test=ROWS[10:15])]
    path = tmp_path / "few.yaml"
    path.write_text(json.dumps(data))
    told = "sums: evaluation.items asks for 8, but its test split has 5."
    commands = (["grid", "plan", str(path), "--store", str(tmp_path / "store")], ["domains", "check", str(path)])
    for command in commands:
        shown = CliRunner().invoke(app, command)
        assert shown.exit_code == 0, shown.output
        assert told in " ".join(shown.output.split())
    path.write_text(json.dumps(data | {"evaluation": {"items": 5}}))
    assert all("asks for" not in CliRunner().invoke(app, command).output for command in commands)


def test_a_missing_key_is_told(tmp_path, monkeypatch):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    judge = {"base_url": "http://127.0.0.1:9/v1", "model": "m", "api_key_variable": "NO_SUCH_KEY"}
    domain = make(tmp_path, test=ROWS, verifier={"kind": "pairwise_judge", "judge": judge})
    with pytest.raises(DependencyMissing, match="NO_SUCH_KEY"):
        preflight_domains([domain], trained={}, evaluated=Split.TEST)


def test_a_grid_over_overlapping_domains_does_not_start(tmp_path):
    described = describe(tmp_path, train=ROWS, test=ROWS[:3])
    experiment = Experiment.model_validate(
        {"name": "leak", "model": {"preset": "tiny_qwen3"}, "domains": [described], "grid": {"singles": True}}
    )
    with pytest.raises(DataError, match=r'3 of 3 test prompts of "sums" are in the train split'):
        run_preflight(experiment)


def test_a_hub_model_that_cannot_be_reached_is_told_in_one_paragraph(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    experiment = Experiment.model_validate(
        {"name": "far", "model": {"hub": "nobody/nothing"}, "domains": ["logic"], "grid": {"singles": True}}
    )
    with pytest.raises(ConfigError, match='"nobody/nothing" cannot be loaded') as refused:
        run_preflight(experiment, loads_source=True)
    assert refused.value.where == "model.hub"
    assert "\n" not in refused.value.paragraph()
    run_preflight(experiment)  # as where the base is published: nobody asks the hub then


def test_a_graded_reward_needs_a_rubric_that_grades(tmp_path):
    verifier = {"kind": "rubric_judge", "judge": {"base_url": "http://127.0.0.1:9/v1", "model": "m"}}
    with pytest.raises(ConfigError, match="graded: true"):
        make(tmp_path, test=ROWS, verifier=verifier, reward={"graded": True})
    make(tmp_path, test=ROWS, verifier=verifier | {"graded": True}, reward={"graded": True})
    make(tmp_path, test=ROWS, verifier=verifier)


def test_a_warm_up_on_test_questions_is_refused(tmp_path):
    warm = build_domains((), ["logic"])["logic"].items(Split.TRAIN)[7]
    tested = describe(tmp_path, train=ROWS[3:], test=[*ROWS[:2], {"q": warm.prompt, "a": warm.gold}])
    data = {"name": "warmed", "domains": [tested], "curricula": ["sums"]}
    data["training"] = {"prompts_per_step": 4, "generations": 2}
    model = {"preset": "tiny_qwen3"}
    run_preflight(Experiment.model_validate(data | {"model": model}))
    run_preflight(Experiment.model_validate(data | {"model": model | {"warmup": {"domains": ["puzzle"]}}}))
    with pytest.raises(DataError, match='1 of 3 test prompts of "sums" are in the train split of "logic"'):
        run_preflight(Experiment.model_validate(data | {"model": model | {"warmup": {"domains": ["logic"]}}}))
