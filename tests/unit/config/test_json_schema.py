"""The schemas accept what the loader accepts, and refuse unknown keys, wrong types and unknown kinds."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from pydantic import ValidationError

from tests.support.config_corpus import CORPUS, STRUCTURAL, Document
from xdomain.config.domain_reward import load_preset, preset_names
from xdomain.config.json_schema import MODELS, Kind, json_schema
from xdomain.config.load import load_experiment
from xdomain.config.study import load_study
from xdomain.config.yaml_file import read_yaml

ROOT = Path(__file__).parents[3]
SCHEMAS = {kind: Draft202012Validator(json_schema(kind, plugins=False)) for kind in get_args(Kind)}


def mistake(kind: Kind, data: Any) -> str | None:
    """Return what the schema has against a document."""
    wrong = best_match(SCHEMAS[kind].iter_errors(data))
    return None if wrong is None else f"{wrong.json_path}: {wrong.message[:300]}"


@pytest.mark.parametrize("kind", get_args(Kind))
def test_a_schema_is_one_of_the_draft_that_it_names(kind: Kind) -> None:
    Draft202012Validator.check_schema(SCHEMAS[kind].schema)
    assert SCHEMAS[kind].schema["$schema"].endswith("2020-12/schema")
    text = json.dumps(SCHEMAS[kind].schema)
    assert "named_in" not in text
    references = {part.partition('"')[0] for part in text.split('"#/$defs/')[1:]}
    assert references <= set(SCHEMAS[kind].schema["$defs"])


FOLDERS = ("experiments", "experiments/domains", "xdomain/domains/benchmarks", "xdomain/templates/*")
SHIPPED = sorted(path for folder in FOLDERS for path in ROOT.glob(f"{folder}/*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT).with_suffix("")))
def test_every_shipped_file_is_accepted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = read_yaml(path)
    kind: Kind = "study" if "pairs" in data else "experiment" if "domains" in data else "domain"
    assert mistake(kind, data) is None
    monkeypatch.setenv("XDOMAIN_DATA", "/nowhere")
    if kind != "domain":
        assert (load_study if kind == "study" else load_experiment)(path)


def test_every_preset_of_rewards_is_accepted() -> None:
    own = {"name": "d", "source": {"kind": "jsonl", "path": "x"}, "verifier": "text"}
    for name in preset_names():
        assert mistake("domain", own | {"reward": name}) is None
        for table, shape in load_preset(name).tables.items():
            assert mistake("domain", own | {"reward": f"{name}/{table}"}) is None
            assert mistake("domain", own | {"reward": shape.model_dump(mode="json", exclude_unset=True)}) is None


@pytest.mark.parametrize("document", CORPUS, ids=lambda document: document.title)
def test_every_form_is_accepted(document: Document) -> None:
    assert document.errors() == set()
    assert mistake(document.kind, document.data) is None


@pytest.mark.parametrize("document", CORPUS, ids=lambda document: document.title)
def test_an_unknown_key_is_refused_wherever_the_loader_refuses_it(document: Document) -> None:
    for path, value in document.nodes():
        if isinstance(value, dict):
            changed = document.changed(path, {**value, "no_such_key": 1})
            refused = bool(changed.errors() & STRUCTURAL)
            assert refused == (mistake(document.kind, changed.data) is not None), path


VALUES: tuple[Any, ...] = (
    None, True, 0, 7, 2.5, -1, "", "no_such_word", "3", [], ["a"], [1], [{}], [["a"]], {}, {"a": 1}, {"kind": "txt"},
    {"kind": 5}, {"kind": ["text"]}, {"name": "x"}, {"function": 3}, {"file": 2},
)  # fmt: skip


@pytest.mark.parametrize("document", CORPUS, ids=lambda document: document.title)
def test_a_wrong_type_or_kind_is_refused_and_a_right_one_accepted(document: Document) -> None:
    for path, _ in document.nodes():
        for value in VALUES:
            changed = document.changed(path, deepcopy(value))
            errors, told = changed.errors(), not SCHEMAS[document.kind].is_valid(changed.data)
            if not errors or errors & STRUCTURAL:
                assert told == bool(errors), f"{path}: {value!r}: {errors}"


@pytest.mark.parametrize("text", ["${STEPS}", "${A}/b"])
def test_a_variable_may_stand_where_a_value_stands(text: str) -> None:
    base = {"name": "x", "model": {"preset": text, "dtype": text}, "domains": [text], "seeds": [text]}
    own = {"name": text, "source": {"kind": "jsonl", "path": text}, "verifier": text, "limit": text}
    assert mistake("experiment", base | {"training": {"steps": text, "bf16": text, "learning_rate": text}}) is None
    assert mistake("experiment", base | {"domains": [own], "grid": {"singles": text}}) is None
    assert mistake("experiment", base | {"domains": [own | {"verifier": {"kind": text}}]}) is None


def test_a_plugin_is_an_unknown_kind_to_the_committed_schema() -> None:
    own = {"name": "d", "source": {"kind": "jsonl", "path": "x"}, "verifier": {"kind": "fuzzy"}}
    assert mistake("domain", own) is not None
    assert mistake("domain", own | {"verifier": "text"}) is None


def test_every_model_has_a_schema() -> None:
    assert set(MODELS) == set(get_args(Kind))
    with pytest.raises(ValidationError):
        MODELS["domain"].model_validate({})
