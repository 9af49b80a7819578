"""How many items every checkpoint is evaluated on."""

from __future__ import annotations

from pathlib import Path

from tests.support.plans import make_experiment
from xdomain.resolve.sizes import EvaluatedItems, evaluated_items


def with_items(tmp_path: Path, count: int, asked: int) -> dict[str, EvaluatedItems]:
    for split in ("train", "test"):
        lines = "".join(f'{{"q": "{split} {number}", "a": "{number}"}}\n' for number in range(count))
        (tmp_path / f"{split}.jsonl").write_text(lines)
    own = {
        "name": "own",
        "source": {"train": str(tmp_path / "train.jsonl"), "test": str(tmp_path / "test.jsonl")},
        "prompt": "{q}",
        "gold": "{a}",
        "verifier": "exact",
    }
    return evaluated_items(make_experiment(domains=["logic", own], evaluation={"items": asked}))


def test_a_split_may_hold_fewer_than_are_asked_for(tmp_path: Path) -> None:
    assert with_items(tmp_path, 5, 20)["own"] == EvaluatedItems(5, 5)
    assert with_items(tmp_path, 30, 20)["own"] == EvaluatedItems(20, 30)


def test_generated_items_are_as_many_as_asked_for(tmp_path: Path) -> None:
    assert with_items(tmp_path, 5, 20)["logic"] == EvaluatedItems(20, None)
