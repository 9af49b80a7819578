"""Stored answers of a stage's parent and end, from the records of a real store."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from xdomain.api.session import Session
from xdomain.api.stored_answers import Evaluated, StoredAnswers
from xdomain.core.errors import ConfigError, DamagedArtifact
from xdomain.core.parquet import read_records
from xdomain.domains.base import Domain
from xdomain.domains.build import build_domain
from xdomain.plan.stage import CheckpointRef
from xdomain.store.store import Store


@pytest.fixture(scope="module")
def logic() -> Domain:
    return build_domain("logic")


def evaluated(session: Session, title: str) -> Evaluated:
    (stage,) = session.store.find(title)
    return Evaluated(title, CheckpointRef(stage.key, int(stage.done["summary"].get("steps", 0))))


def test_answers_are_those_of_the_records(smoke: Session, logic: Domain) -> None:
    parent, end = evaluated(smoke, "math, seed 0"), evaluated(smoke, "math -> logic, seed 0")
    found = StoredAnswers(smoke.store, most=20).of_domain(logic, parent, end)
    records = {}
    for each in (parent, end):
        stages = smoke.store.find(f"{each.title} step * on logic")
        (stage,) = (stage for stage in stages if stage.evaluated == each.checkpoint.name)
        records[each.title] = read_records([stage.records])
    before, after = records[parent.title], records[end.title]
    assert found.accuracy_before == pytest.approx(before["score"].mean())
    assert found.accuracy_after == pytest.approx(after["score"].mean())
    assert len(found.right) == len({each.item.id for each in found.right}) == 20
    right = before[before["outcome"] == "right"].drop_duplicates("item_id").set_index("item_id")
    for each in found.right:
        assert each.completion == right.loc[each.item.id, "completion"]
        assert each.prompt_hash == right.loc[each.item.id, "prompt_hash"]
        assert each.ended
    assert len(found.sampled) == 20
    completions = after.set_index("item_id")["completion"]
    for each in found.sampled:
        assert each.completion in set(completions.loc[[each.item.id]])


def test_a_checkpoint_without_answers_is_refused(smoke: Session, logic: Domain) -> None:
    parent, end = evaluated(smoke, "math, seed 0"), evaluated(smoke, "math -> logic, seed 0")
    nowhere = Evaluated("math, seed 0 step 7", CheckpointRef(parent.checkpoint.stage, 7))
    with pytest.raises(ConfigError, match="math, seed 0 step 7 has no stored completions on logic"):
        StoredAnswers(smoke.store, 20).of_domain(logic, nowhere, end)


def test_an_end_without_answers_leaves_its_part_out(smoke: Session, logic: Domain) -> None:
    parent = evaluated(smoke, "math, seed 0")
    nowhere = Evaluated("math, seed 0 step 7", CheckpointRef(parent.checkpoint.stage, 7))
    found = StoredAnswers(smoke.store, 20).of_domain(logic, parent, nowhere)
    assert found.right
    assert (found.accuracy_after, found.sampled) == (None, ())


def test_items_of_another_domain_are_refused(smoke: Session, logic: Domain) -> None:
    other = build_domain("puzzle")
    other.name = "logic"
    parent, end = evaluated(smoke, "math, seed 0"), evaluated(smoke, "math -> logic, seed 0")
    with pytest.raises(ConfigError, match="which is among the stored answers"):
        StoredAnswers(smoke.store, 20).of_domain(other, parent, end)


def test_corrupt_records_are_refused(smoke: Session, logic: Domain, tmp_path: Path) -> None:
    store = Store(Path(shutil.copytree(smoke.store.root, tmp_path / "store")))
    parent, end = evaluated(smoke, "math, seed 0"), evaluated(smoke, "math -> logic, seed 0")
    for stage in store.find("math, seed 0 step * on logic"):
        stage.records.write_bytes(b"")
    with pytest.raises(DamagedArtifact, match="damaged"):
        StoredAnswers(store, 20).of_domain(logic, parent, end)
