"""From a configuration to its verifier."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from xdomain.config.domain_verifier import SourceVerifier, VerifierConfig
from xdomain.core.errors import ConfigError
from xdomain.domains.verifiers.build import build_verifier


@pytest.mark.parametrize(
    ("settings", "scorer"),
    [("choice", "choice/2"), ("text", "text/2"), ("number", "number/2"), ("assignment", "assignment/2"),
     ({"kind": "unit_tests", "style": "stdin"}, "unit_tests/2"), ("math", "math/2")],
)  # fmt: skip
def test_the_version_of_each_kind(settings: Any, scorer: str) -> None:
    assert build_verifier(TypeAdapter[Any](VerifierConfig).validate_python(settings)).id == scorer


def test_a_sources_own_verifier_comes_from_the_source() -> None:
    with pytest.raises(ConfigError, match="belongs to a source that brings one"):
        build_verifier(SourceVerifier())
