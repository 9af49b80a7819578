"""Names of domains and generators."""

from __future__ import annotations

import pytest

from xdomain.config.domain import DomainConfig
from xdomain.config.domain_registry import DOMAINS, GENERATORS, PROCEDURAL
from xdomain.domains.procedural.base import Generator


@pytest.mark.parametrize("name", sorted(GENERATORS.builtin))
def test_every_generator_can_be_made(name: str) -> None:
    made = GENERATORS.load(name)()
    assert isinstance(made, Generator)
    assert made.default_level in made.levels


@pytest.mark.parametrize("name", sorted(DOMAINS.builtin))
def test_every_domain_has_its_own_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDOMAIN_DATA", "/nowhere")
    config = DOMAINS.load(name)
    assert isinstance(config, DomainConfig)
    assert config.name == name


def test_benchmarks_are_registered_beside_the_procedural_ones() -> None:
    assert {"gsm8k", *PROCEDURAL} < set(DOMAINS.builtin)
