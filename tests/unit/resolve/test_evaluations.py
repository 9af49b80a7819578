"""Whom a setting of `xdomain eval` concerns, and what of a study's file concerns which model."""

from __future__ import annotations

from pathlib import Path

import pytest

from xdomain.api.domains import open_domains
from xdomain.config.domain_file import load_domain_file
from xdomain.config.study import StudyConfig
from xdomain.core.errors import ConfigError
from xdomain.resolve.evaluations import domain_entries, evaluation_graph, settings_by_model
from xdomain.store.store import Store

URL = "http://127.0.0.1:9/v1#m"


def test_settings_reach_whom_they_concern(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    settings = ["model.dtype=bfloat16", "model.endpoint.protocol=completions", "evaluation.backend=vllm"]
    settings += ["evaluation.batch_tokens=64"]
    found = settings_by_model(store, ["some/base", URL], settings, "some/base", ["model.chat_template=false"])
    assert found == {
        "some/base": [settings[0], settings[2], settings[3], "model.chat_template=false"],
        URL: [settings[1], settings[3]],
    }


@pytest.mark.parametrize(
    ("model", "settings", "of_base", "words"),
    [
        ("some/model", ["model.endpoint.protocol=chat"], [], "applies to none of the named models"),
        (URL, ["model.dtype=bfloat16"], [], "applies to none of the named models"),
        (URL, ["evaluation.backend=vllm"], [], "applies to none of the named models"),
        ("some/model", [], ["evaluation.items=3"], "cannot be set for the base model"),
    ],
)
def test_settings_that_concern_nobody(
    model: str, settings: list[str], of_base: list[str], words: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=words):
        settings_by_model(Store(tmp_path / "store"), [model], settings, None, of_base)


def test_domains_are_named_by_whatever_domains_check_takes(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("{name: own, source: {kind: csv, path: rows.csv}, verifier: text}")
    head = "name: x\ndomains: [logic, {file: own.yaml}]\n"
    (tmp_path / "exp.yaml").write_text(head + "model: {preset: tiny_qwen3}\ncurricula: []\n")
    (tmp_path / "study.yaml").write_text(
        head + "groups: {g: [logic, own]}\npairs: [{name: p, base: a, tuned: b, trained_on: [g]}]\n"
    )
    own = load_domain_file(tmp_path / "own.yaml")
    for name in ("exp", "study"):
        assert domain_entries(tmp_path / f"{name}.yaml") == ["logic", own]
        assert list(open_domains(tmp_path / f"{name}.yaml")) == ["logic", "own"]
    assert domain_entries(f"logic, {tmp_path}/exp.yaml,math,{tmp_path}/own.yaml") == ["logic", own, "math"]
    assert domain_entries([own, tmp_path / "exp.yaml"]) == [own, "logic"]
    (tmp_path / "other.yaml").write_text("{name: logic, source: {kind: csv, path: rows.csv}, verifier: text}")
    with pytest.raises(ConfigError, match='two different domains have the name "logic"'):
        domain_entries(f"logic,{tmp_path}/other.yaml")


def test_a_study_says_how_its_models_are_loaded(tmp_path: Path) -> None:
    pairs = [{"name": "p", "base": URL, "tuned": "package:some.gguf", "trained_on": ["g"]}]
    data = {"name": "s", "pairs": pairs, "groups": {"g": ["logic"]}, "domains": ["logic"]}
    data["model"] = {"dtype": "bfloat16", "endpoint": {"protocol": "completions"}}
    data["own_settings"] = {"package:some.gguf": {"chat_template": False}}
    config = StudyConfig.model_validate(data)
    assert config.settings_of("package:some.gguf")["chat_template"] is False
    graph = evaluation_graph(Store(tmp_path / "store"), URL, ["logic"], {"model": config.settings_of(URL)})
    model = graph.setup.model
    assert model is not None
    assert (model.dtype, model.endpoint and model.endpoint.protocol) == ("float32", "completions")
    with pytest.raises(ValueError, match="no pair has this model"):
        StudyConfig.model_validate(data | {"own_settings": {"another": {"dtype": "float16"}}})


def test_weights_are_not_asked_for_at_an_endpoint(tmp_path: Path) -> None:
    settings = {"evaluation": {"backend": "endpoint"}}
    with pytest.raises(ConfigError, match=r"has its own weights, which the backend \"endpoint\" cannot serve"):
        evaluation_graph(Store(tmp_path / "store"), "file.gguf", ["logic"], settings)
