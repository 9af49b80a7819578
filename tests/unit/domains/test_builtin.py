"""Built-in domains."""

from __future__ import annotations

import pytest

from xdomain.config.domain_registry import PROCEDURAL
from xdomain.domains.base import Split
from xdomain.domains.build import build_domain
from xdomain.domains.builtin import for_reasoners


@pytest.mark.parametrize("name", PROCEDURAL)
def test_a_solution_is_right(name: str) -> None:
    domain = build_domain(name)
    items = list(domain.items(Split.DEV))[:20]
    verdicts = domain.score(items, [domain.render_solution(item) for item in items])
    assert {verdict.score for verdict in verdicts} == {1.0}
    assert (domain.name, domain.control) == (name, False)


def test_reasoners_are_asked_for_a_box() -> None:
    template = for_reasoners("arithmetic", "An example.", "the number").template
    assert template == "{{ question }}\nThink step by step, and put the number in \\boxed{}."
