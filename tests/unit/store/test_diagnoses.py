"""Diagnoses of checkpoints are kept beside the stages, and completed by later ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.diagnosis_example import example_diagnoses
from xdomain.core.errors import StoreError
from xdomain.store.diagnoses import StoredDiagnosis, note_diagnosis, read_diagnosis

FOUND = example_diagnoses()
STAGE = FOUND.stages[1]
KEPT = StoredDiagnosis(STAGE.edits, {each.domain: each for each in STAGE.effects}, {"key@40": FOUND.overlaps[0]})
FOLDER = "train-math-science-seed-0-0123456789abcdef"


def test_a_diagnosis_is_read_as_it_was_stored(tmp_path: Path) -> None:
    note_diagnosis(tmp_path, FOLDER, 40, KEPT)
    assert read_diagnosis(tmp_path, FOLDER, 40) == KEPT
    assert read_diagnosis(tmp_path, FOLDER, 20) is None
    assert read_diagnosis(tmp_path, "train-other", 40) is None


def test_a_later_diagnosis_replaces_its_own_parts_only(tmp_path: Path) -> None:
    note_diagnosis(tmp_path, FOLDER, 40, KEPT)
    newer = replace(KEPT.effects["math"], right_completions=7)
    note_diagnosis(tmp_path, FOLDER, 40, StoredDiagnosis(STAGE.edits, {"math": newer}, {"other@40": FOUND.overlaps[0]}))
    found = read_diagnosis(tmp_path, FOLDER, 40)
    assert found is not None
    assert found.effects == {"math": newer, "science": KEPT.effects["science"]}
    assert found.pairs.keys() == {"key@40", "other@40"}


@pytest.mark.parametrize("content", ["[", "[]", '{"edits": 3}', '{"edits": {}, "effects": {}, "pairs": {}}'])
def test_a_corrupt_diagnosis_is_named_and_replaced(tmp_path: Path, content: str) -> None:
    path = tmp_path / "diagnoses" / FOLDER / "step-000040.json"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    with pytest.raises(StoreError, match=r"step-000040.json: is no diagnosis: .* Delete the file"):
        read_diagnosis(tmp_path, FOLDER, 40)
    note_diagnosis(tmp_path, FOLDER, 40, KEPT)
    assert read_diagnosis(tmp_path, FOLDER, 40) == KEPT


def test_a_store_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "diagnoses").write_text("no folder")
    with pytest.raises(StoreError, match="Make the store writable"):
        note_diagnosis(tmp_path, FOLDER, 40, KEPT)
