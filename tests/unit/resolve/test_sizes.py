"""How many items every checkpoint is evaluated on."""

from __future__ import annotations

from pathlib import Path

from tests.support.domains_from_rows import write_jsonl
from tests.support.plans import make_experiment
from xdomain.resolve.sizes import EvaluatedItems, evaluated_items


def with_items(folder: Path, count: int, asked: int) -> dict[str, EvaluatedItems]:
    splits = {
        split: write_jsonl(folder / f"{split}.jsonl", [{"q": f"{split} {n}", "a": str(n)} for n in range(count)])
        for split in ("train", "test")
    }
    source = {"kind": "jsonl", **splits}
    own = {"name": "own", "source": source, "fields": {"question": "q", "gold": "a"}, "verifier": "text"}
    return evaluated_items(
        make_experiment(domains=["logic", own], model={"preset": "tiny_qwen3"}, evaluation={"items": asked})
    )


def test_a_split_may_hold_fewer_than_are_asked_for(tmp_path: Path) -> None:
    assert with_items(tmp_path, 5, 20)["own"] == EvaluatedItems(5, 5)
    assert with_items(tmp_path, 30, 20)["own"] == EvaluatedItems(20, 30)


def test_a_split_that_is_generated_has_a_size_too(tmp_path: Path) -> None:
    found = with_items(tmp_path, 5, 20)["logic"]
    assert found.count == 20
    assert found.in_split is not None
    assert found.in_split > 20
