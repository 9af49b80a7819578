"""Prompt templates: sandboxed, without silent blanks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.hostile.templates import ENDLESS, HOSTILE
from xdomain.core.errors import ConfigError, DataError
from xdomain.domains import templates
from xdomain.domains.bad_rows import BadRow
from xdomain.domains.templates import compile_template, render


@pytest.mark.parametrize(
    ("template", "fields", "text"),
    [
        ("{{ q }}", {"q": "a<b>"}, "a<b>"),
        ("{% for o in options %}{{ o }};{% endfor %}", {"options": ["x", 1]}, "x;1;"),
        ("{% if p %}{{ p }}{% else %}none{% endif %}", {"p": None}, "none"),
        ("{{ p | default('-', true) }}", {"p": None}, "-"),
        ("{{ q | tojson }}", {"q": {"b": None, "a": 1}}, '{"a": 1, "b": null}'),
    ],
)
def test_filled(template: str, fields: dict[str, Any], text: str) -> None:
    assert render(template, fields, where="f:1") == text


@pytest.mark.parametrize(("fields", "name"), [({"q": None}, "`q` is null"), ({"q": float("nan")}, "`q` is null")])
def test_a_missing_value_is_never_written(fields: dict[str, Any], name: str) -> None:
    with pytest.raises(BadRow, match=name):
        render("{{ q }}", fields, where="f:1")


@pytest.mark.parametrize(
    "template", ["{{ other }}", "{{ q.__class__.__mro__ }}", "{{ 1 / 0 }}", "{{ q + 1 }}", "{{ range(10**9) | list }}"]
)
def test_what_cannot_be_filled_names_the_fields(template: str) -> None:
    with pytest.raises(DataError, match="The row has the fields q"):
        render(template, {"q": "a"}, where="f:1")


def test_what_is_no_template() -> None:
    with pytest.raises(ConfigError, match="not valid Jinja2"):
        compile_template("{{ q")


@pytest.mark.parametrize("template", HOSTILE)
def test_a_template_without_bounds_is_refused(template: str) -> None:
    with pytest.raises((DataError, ConfigError), match="the template"):
        render(template, {"q": "a", "x": "a"}, where="f:1")


def test_a_template_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "LONGEST_SECONDS", 0.5)
    with pytest.raises(DataError, match=r"takes longer than 0\.5 seconds"):
        render(ENDLESS, {"q": "a"}, where="f:1")


def test_a_filled_template_has_a_longest_text() -> None:
    with pytest.raises(DataError, match="writes 20000000 characters, more than 10000000"):
        render("{{ q * 20 }}", {"q": "a" * 10**6}, where="f:1")
