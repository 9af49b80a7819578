"""A whole diagnosis of checkpoints with stored answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.damaged_pair import DamagedPair
from xdomain.core.errors import ConfigError
from xdomain.diagnosis.inputs import DomainAnswers, StageFiles
from xdomain.diagnosis.run import run_diagnosis
from xdomain.models.checkpoint import load_plain, save_full
from xdomain.models.tiny import tiny_tokenizer


def test_every_part_is_measured(pair: DamagedPair) -> None:
    right = {name: tuple(answers[:8]) for name, answers in pair.right.items()}
    answers = [
        DomainAnswers("logic", 0.5, 0.4, right["logic"], right["logic"][:3], 1.0),
        DomainAnswers("puzzle", 0.5, None, right["puzzle"], (), 1.0),
    ]
    stages = [
        StageFiles("damaged", "base", pair.damaged, pair.base),
        StageFiles("one block", "base", pair.one_block, pair.base),
    ]
    calls: dict[str, list[tuple[int, int]]] = {}
    found = run_diagnosis(
        stages,
        [answers, answers[:1]],
        share=0.05,
        points=3,
        resets=2,
        watch=lambda what, done, total: calls.setdefault(what, []).append((done, total)),
    )
    assert [(each.stage, each.format) for each in found.edits] == [("damaged", "full"), ("one block", "adapter")]
    assert len(found.pairs) == 1
    assert [(each.stage, each.domain) for each in found.effects] == [
        ("damaged", "logic"), ("damaged", "puzzle"), ("one block", "logic"),
    ]  # fmt: skip
    logic, puzzle, _ = found.effects
    assert logic.divergence is not None
    assert logic.divergence.completions == 3
    assert puzzle.divergence is None
    assert logic.right_completions == 8
    assert sum(each.reset is not None for each in logic.attribution.modules) == 2
    assert logic.line.change == pytest.approx(logic.attribution.change)
    assert calls.keys() == {"edits", "damaged: logic", "damaged: puzzle", "one block: logic"}
    for each in calls.values():
        assert [done for done, _ in each] == list(range(1, len(each) + 1))
        assert each[-1][0] == each[-1][1]
    assert json.loads(json.dumps(found.document()))["effects"][0]["domain"] == "logic"


def test_another_tokenizer_is_refused(pair: DamagedPair, tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.add_tokens(["<more>"])
    save_full(load_plain(pair.base), tokenizer, tmp_path / "other", chat_template=False)
    stages = [
        StageFiles("damaged", "base", pair.damaged, pair.base),
        StageFiles("other", "base", tmp_path / "other", pair.base),
    ]
    with pytest.raises(ConfigError, match='other: has another tokenizer than "damaged"'):
        run_diagnosis(stages, [], share=0.05, points=3, resets=2, watch=lambda what, done, total: None)
