"""Plugins in an experiment file: parameters, typos, identity, the JSON schema; the same rules for every group."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.support.plugins import write_package
from xdomain.config.backend import backend_version
from xdomain.config.domain import DomainConfig
from xdomain.config.domain_file import anchor
from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.experiment import Experiment
from xdomain.config.json_schema import json_schema
from xdomain.config.validation import validate
from xdomain.core.errors import ConfigError, PluginError
from xdomain.domains.build import build_domain
from xdomain.plan.evaluations import EvaluationPlan
from xdomain.plan.identity import Identities
from xdomain.plan.stage import CheckpointRef

MODULE = """
from typing import ClassVar
from pydantic import Field
from xdomain.config.plugin import PluginParameters
from xdomain.core.records import Verdict
from xdomain.domains.sources.base import Row, Source
from xdomain.domains.verifiers.base import OneByOne

class Inner(PluginParameters):
    depth: int = 1

class Settings(PluginParameters):
    version: ClassVar[int] = 3
    tolerance: float = Field(0.5, ge=0)
    inner: Inner = Inner()

class Fuzzy(OneByOne):
    id = "fuzzy/2"
    def __init__(self, config):
        self.tolerance = config.settings.tolerance
    def judge_one(self, item, completion):
        return Verdict.right() if abs(float(completion) - float(item.gold)) <= self.tolerance else Verdict.wrong()

class Counting(Source):
    def __init__(self, config):
        self.config = config
    def parts(self):
        return ("pool",)
    def rows(self, part):
        return [Row({"question": f"{n} + 1", "gold": str(n + 1)}, f"row {n}") for n in range(50)]
    def identity(self):
        return {"rows": 50, "kind": "file"} | self.config.parameters
    def verifier(self, answer_in=None):
        return Fuzzy(type("Config", (), {"settings": Settings()}))

class Unstable(Counting):
    def identity(self):
        return {"rows": {1, 2}}

class NoId(Fuzzy):
    id = None

def not_a_verifier(config):
    return 3
"""


@pytest.fixture(autouse=True)
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings = "fuzzy_plugin:Settings"
    points = {
        "xdomain.verifiers": {
            **{"fuzzy": "fuzzy_plugin:Fuzzy", "loose": "fuzzy_plugin:Fuzzy", "text": "fuzzy_plugin:Fuzzy"},
            **{"no_id": "fuzzy_plugin:NoId", "odd": "fuzzy_plugin:not_a_verifier", "ill": "fuzzy_plugin:Fuzzy"},
        },
        "xdomain.verifiers.parameters": {"fuzzy": settings, "no_id": settings, "ill": "pathlib:Path"},
        "xdomain.sources": {"counting": "fuzzy_plugin:Counting", "unstable": "fuzzy_plugin:Unstable"},
        "xdomain.strategies": {"wobbly": "fuzzy_plugin:Wobbly", "plain": "fuzzy_plugin:Wobbly"},
        "xdomain.strategies.parameters": {"wobbly": settings},
        "xdomain.backends": {"oracle": "fuzzy_plugin:Oracle", "simple": "fuzzy_plugin:Oracle"},
        "xdomain.backends.parameters": {"oracle": settings},
    }
    folder = tmp_path / "site"
    write_package(folder, "fuzzy-plugin", points, {"fuzzy_plugin": MODULE})
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "fuzzy_plugin", raising=False)
    return folder


def domain(**changes: Any) -> DomainConfig:
    data = {"name": "sums", "source": "counting", "fields": {"question": "question", "gold": "gold"}} | changes
    return validate(DomainConfig, anchor(data, Path("/data")), "sums.yaml")


def experiment(**changes: Any) -> Experiment:
    data = {"name": "x", "model": {"preset": "tiny_qwen3"}, "domains": ["math", "logic"], "training": {"steps": 2}}
    return validate(Experiment, data | {"grid": {"mixed_pairs": True}} | changes, "x.yaml")


FUZZY_TYPOS = [
    ({"tolernce": 1}, '.tolernce: unknown key "tolernce". Did you mean "tolerance"? Known: inner, tolerance.'),
    ({"tolerance": -1}, ".tolerance: should be at least 0. Found -1."),
    ({"inner": {"dept": 2}}, '.inner.dept: unknown key "dept". Did you mean "depth"? Known: depth.'),
]


@pytest.mark.parametrize(("parameters", "words"), FUZZY_TYPOS)
def test_a_typo_in_a_parameter_is_one_paragraph_with_its_field(parameters: dict[str, Any], words: str) -> None:
    told = {"name": "wobbly", "parameters": parameters}
    attempts = {
        "sums.yaml: verifier.parameters": lambda: domain(verifier={"kind": "fuzzy", "parameters": parameters}),
        "x.yaml: strategies.0.parameters": lambda: experiment(strategies=[told]),
        "x.yaml: evaluation.backend_parameters": lambda: experiment(
            evaluation={"backend": "oracle", "backend_parameters": parameters}
        ),
        "x.yaml: domains.0.verifier.parameters": lambda: experiment(
            domains=[{"name": "sums", "source": "counting", "verifier": {"kind": "fuzzy", "parameters": parameters}}]
        ),
    }
    for where, attempt in attempts.items():
        with pytest.raises(ConfigError) as caught:
            attempt()
        assert str(caught.value) == where + words


@pytest.mark.parametrize(
    ("verifier", "words"),
    [
        ("fuzy", 'verifier: unknown verifier "fuzy". Did you mean "fuzzy"? Known: assignment, choice'),
        ("fuzy", "Of these, installed packages bring fuzzy, ill, loose, no_id, odd."),
        ({"kind": "fuzzy", "tolerance": 1}, '"tolerance" is not a key here. Write the settings of "fuzzy" under'),
        ({"kind": "fuzzy", "parameters": 3}, "verifier.parameters: should be a mapping of keys to values"),
        ({"kind": "loose", "parameters": {"x": float("nan")}}, "verifier.parameters: has no stable identity"),
        ({"kind": 3}, "verifier: should be a verifier's kind, or a mapping with `kind`. Known: assignment"),
        ({"kind": "ill"}, 'the parameters of the verifier "ill" (of fuzzy-plugin 1.0) should be a PluginParameters'),
    ],
)
def test_other_mistakes_are_named(verifier: Any, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        domain(verifier=verifier)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_plugin_without_a_model_takes_any_plain_parameters() -> None:
    found = domain(verifier={"kind": "loose", "parameters": {"any": [1, {"thing": None}]}})
    assert found.verifier.parameters == {"any": [1, {"thing": None}]}
    assert found.verifier.settings == found.verifier.parameters
    assert DomainConfig.model_validate_json(found.model_dump_json()) == found


def test_a_built_in_name_is_never_a_plugin() -> None:
    assert type(domain(verifier="text").verifier).__name__ == "TextVerifier"


def test_parameters_and_id_are_a_verifiers_identity_and_defaults_are_left_out() -> None:
    def identity(**parameters: Any) -> Any:
        return build_domain(domain(verifier={"kind": "fuzzy", "parameters": parameters})).verifier_identity()

    assert identity() == identity(tolerance=0.5) == {"scorer": "fuzzy/2", "kind": "fuzzy"}
    assert identity(tolerance=1) == {"scorer": "fuzzy/2", "kind": "fuzzy", "parameters": {"tolerance": 1.0}}


def test_a_source_counts_by_what_it_says_and_by_its_name() -> None:
    found = build_domain(domain(source={"kind": "counting", "parameters": {"from": 1}}))
    assert found.item_identity()["source"] == {"rows": 50, "kind": "file", "from": 1, "plugin": "counting"}
    assert found.config.source.folder == "/data"
    assert found.scorer == "fuzzy/2", "the source brings a verifier"
    assert sum(len(found.items(split)) for split in ("train", "dev", "test")) == 50


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"verifier": "odd"}, 'the verifier "odd" (of fuzzy-plugin 1.0) should give a Verifier. Found int.'),
        ({"verifier": "no_id"}, 'the verifier "no_id" (of fuzzy-plugin 1.0) has no `id`.'),
        ({"verifier": "loose"}, 'the verifier "loose" (of fuzzy-plugin 1.0) cannot be made: AttributeError'),
        ({"source": "unstable"}, 'the identity of the source "unstable" (of fuzzy-plugin 1.0) is not plain JSON'),
    ],
)
def test_a_plugin_that_does_not_keep_its_contract_is_named(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(PluginError) as caught:
        build_domain(domain(**changes)).item_identity()
    assert words in str(caught.value)


def test_a_strategys_parameters_and_version_count() -> None:
    (default,) = experiment(strategies=["wobbly"]).strategies
    (told,) = experiment(strategies=[{"name": "wobbly", "parameters": {"tolerance": 1, "inner": {}}}]).strategies
    (plain,) = experiment(strategies=[{"name": "plain", "parameters": {"x": 1}}]).strategies
    assert default.identity() == {"name": "wobbly", "parameters": {}, "version": 3}
    assert told.identity() == {"name": "wobbly", "parameters": {"tolerance": 1.0}, "version": 3}
    assert plain.identity() == {"name": "plain", "parameters": {"x": 1}}
    assert told.label == "wobbly(parameters=tolerance:1.0)"
    assert told.settings.inner.depth == 1


def test_a_backends_parameters_and_version_count() -> None:
    def sampling(**evaluation: Any) -> Any:
        empty: dict[str, dict[str, str]] = {"math": {}, "logic": {}}
        identities = Identities({}, empty, empty, empty)
        plan = EvaluationPlan(experiment(evaluation=evaluation).evaluation_setup, identities)
        return plan.stage(CheckpointRef("s", 0), "base", "math", "base on math").payload["sampling"]

    assert "backend_parameters" not in sampling()
    assert "backend_version" not in sampling(backend="simple")
    assert sampling(backend="oracle")["backend_version"] == backend_version("oracle") == 3
    told = sampling(backend="oracle", backend_parameters={"tolerance": 1, "inner": {"depth": 1}})
    assert told["backend_parameters"] == {"tolerance": 1.0}
    with pytest.raises(ConfigError, match=r"`backend_parameters` are for backends of other packages"):
        experiment(evaluation={"backend_parameters": {"x": 1}})
    assert EvaluationConfig(backend="simple", backend_parameters={"x": 1}).backend_parameters == {"x": 1}


def test_the_json_schema_takes_plugins_bare_names_and_functions() -> None:
    schema = Draft202012Validator(json_schema("experiment"))
    base = {"name": "x", "model": {"preset": "tiny_qwen3"}, "training": {"steps": 2}}

    def accepts(entry: dict[str, Any], **changes: Any) -> bool:
        described = {"name": "sums", "source": {"kind": "counting"}, "verifier": "text"} | entry
        return schema.is_valid(base | {"domains": [described]} | changes)

    given = {"kind": "fuzzy", "parameters": {"tolerance": 1, "inner": {"depth": 2}}}
    for verifier in ("math", "fuzzy", given, {"function": "a:b"}, {"kind": "number"}):
        assert accepts({"verifier": verifier}), verifier
    for verifier in ({"kind": "number", "nit": "ignored"}, {"kind": "fuzzy", "x": 1}, {"funtion": "a:b"}, 3, "fuzy"):
        assert not accepts({"verifier": verifier}), verifier
    assert accepts({"reward": {"function": "a:b"}})
    assert accepts({}, strategies=["joint", {"name": "wobbly", "parameters": {"tolerance": 1}}], strategy="cgpo")
    assert accepts({}, strategies=["plain"], evaluation={"backend": "oracle"})
    assert not accepts({}, strategies=[{"name": "wobbly", "parameters": {"x": 1}}])
    assert not accepts({"verifier": {"kind": "fuzzy", "parameters": {"inner": {"dept": 2}}}})
    assert not accepts({}, strategies=[{"name": "cgpo", "alhpa": 1}])
    assert not accepts({"source": {"kind": "jsonl", "pth": "x"}})
    without = Draft202012Validator(json_schema("experiment", plugins=False))
    assert without.is_valid(base | {"domains": ["math"]})
    assert not without.is_valid(base | {"domains": [{"name": "sums", "source": "counting", "verifier": "text"}]})
