"""Texts under fields."""

from __future__ import annotations

from pydantic import BaseModel

from xdomain.core.field_docs import add_field_docs, field_docs


class Inner(BaseModel):
    depth: int = 1
    """How deep."""
    width: int = 1


class Outer(Inner):
    inner: Inner = Inner()
    """A part,
    in two lines."""
    depth: int = 2
    width: int = 2
    """How wide."""
    other: str = "x"


def test_texts_are_read_from_the_source_and_inherited() -> None:
    assert field_docs(Inner) == {"depth": "How deep."}
    found = {"depth": "How deep.", "width": "How wide.", "inner": "A part,\nin two lines."}
    assert field_docs(Outer) == found, "a field that is declared again keeps the text, unless it has its own"


def test_a_schema_gets_them_at_any_depth() -> None:
    schema = Outer.model_json_schema()
    add_field_docs(schema, Outer)
    assert schema["properties"]["inner"]["description"].startswith("A part")
    assert schema["$defs"]["Inner"]["properties"]["depth"]["description"] == "How deep."
    assert "description" not in schema["properties"]["other"]
