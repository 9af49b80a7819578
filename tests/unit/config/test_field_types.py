"""Regular expressions compile, names make folders, and expressions parse, wherever a file states them."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from xdomain.config.backend import EndpointModel
from xdomain.config.curriculum import Curriculum
from xdomain.config.domain import FieldConfig
from xdomain.config.domain_verifier import JudgeEndpoint, SourceVerifier, TextVerifier
from xdomain.config.field_types import FolderName
from xdomain.config.model_base import ConfigModel
from xdomain.config.validation import validate
from xdomain.core.errors import ConfigError

NAMES = TypeAdapter(FolderName)


@pytest.mark.parametrize("name", ["a", "0", "smoke-2_b"])
def test_a_folders_name(name: str) -> None:
    assert NAMES.validate_python(name) == name


@pytest.mark.parametrize("name", ["", "A", "a b", "../a", "-a", "ä", "a\n"])
def test_no_folders_name(name: str) -> None:
    with pytest.raises(ValueError, match="names a folder"):
        NAMES.validate_python(name)


def test_a_mistake_in_a_regular_expression_is_shown_where_it_stands() -> None:
    with pytest.raises(ConfigError) as caught:
        validate(FieldConfig, {"column": "a", "pattern": "(a"}, "x.yaml")
    assert "x.yaml: pattern" in str(caught.value)
    assert "should be a regular expression. Found '(a'" in str(caught.value)
    with pytest.raises(ConfigError, match=r"x\.yaml: form"):
        validate(TextVerifier, {"kind": "text", "form": "[", "pattern": "fine"}, "x.yaml")
    assert FieldConfig(column="a").pattern is None


def test_a_single_place_needs_no_list() -> None:
    assert SourceVerifier.model_validate({"answer_in": "boxed"}).answer_in == ("boxed",)
    assert SourceVerifier().answer_in is None
    with pytest.raises(ConfigError, match=r"x\.yaml: answer_in"):
        validate(SourceVerifier, {"answer_in": ["boxed", "nowhere"]}, "x.yaml")


@pytest.mark.parametrize("kind", [JudgeEndpoint, EndpointModel])
def test_an_endpoint_holds_no_secret(kind: type[ConfigModel]) -> None:
    fine = {"base_url": "http://h/v1\n", "model": "m", "api_key_variable": "A_KEY"}
    assert validate(kind, fine, "x.yaml").model_dump()["base_url"] == "http://h/v1"
    for wrong in ({"base_url": "http://me:hunter2@h/v1"}, {"api_key_variable": "hunter2-key"}):
        with pytest.raises(ConfigError, match=f"x.yaml: {next(iter(wrong))}") as caught:
            validate(kind, fine | wrong, "x.yaml")
        assert "hunter2" not in str(caught.value)


def test_an_expression_is_text_or_a_value_of_its_class() -> None:
    curriculum = TypeAdapter(Curriculum).validate_python("math -> logic")
    assert TypeAdapter(Curriculum).validate_python(curriculum) is curriculum
    assert TypeAdapter(Curriculum).dump_python(curriculum, mode="json") == "math -> logic"
    with pytest.raises(ValidationError, match=r'should be text such as "math -> logic \+ puzzle"\. Found 3\.'):
        TypeAdapter(Curriculum).validate_python(3)
    with pytest.raises(ValidationError, match="has a phase without a domain"):
        TypeAdapter(Curriculum).validate_python("math ->")
