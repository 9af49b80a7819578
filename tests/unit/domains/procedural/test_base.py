"""What every generator keeps."""

from __future__ import annotations

import random

import pytest

from xdomain.config.domain_registry import GENERATORS
from xdomain.core.records import Outcome
from xdomain.domains.base import Item
from xdomain.domains.verifiers.build import build_verifier


@pytest.mark.parametrize("name", sorted(GENERATORS.builtin))
def test_a_draw_depends_on_its_stream_alone_and_its_solution_is_right(name: str) -> None:
    made = GENERATORS.load(name)()
    verifier = build_verifier(made.verifier)
    for level in made.levels:
        rng = random.Random(level)
        questions = [made.draw(rng, level) for _ in range(30)]
        again = random.Random(level)
        assert questions == [made.draw(again, level) for _ in range(30)]
        items = [Item(str(n), each.text, each.gold, metadata=each.metadata) for n, each in enumerate(questions)]
        verdicts = verifier.judge(items, [each.solution for each in questions])
        assert {verdict.outcome for verdict in verdicts} == {Outcome.RIGHT}
        assert all(set(each.metadata) == set(made.metadata) for each in questions)
