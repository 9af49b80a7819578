"""Records with the place of their checkpoint."""

from __future__ import annotations

import pandas as pd

from tests.support.grids import make_grid
from xdomain.analysis.placed_records import PLACE_COLUMNS, placed_records


def test_every_record_has_the_place_of_its_checkpoint() -> None:
    grid = make_grid(("math", "science"), seeds=(0, 1), n_items=5)
    found = placed_records(grid)
    assert len(found) == len(grid.records)
    assert list(found.columns[: 1 + len(PLACE_COLUMNS)]) == ["checkpoint", *PLACE_COLUMNS]
    places = {place.checkpoint: place for place in grid.checkpoints}
    for row in found.drop_duplicates("checkpoint").itertuples():
        place = places[row.checkpoint]
        assert row.run == str(place.run)
        assert row.phase_step == place.step
        known = None if pd.isna(row.curriculum) else row.curriculum
        assert known == (None if place.run.is_base else str(place.run.curriculum))
        assert (None if pd.isna(row.training_seed) else row.training_seed) == place.seed


def test_records_group_by_curriculum_and_seed_without_a_join() -> None:
    found = placed_records(make_grid(("math", "science"), seeds=(0, 1), n_items=5))
    ends = found[found["is_end"] & (found["curriculum"] == "math -> science")]
    assert sorted(ends.groupby("training_seed")["score"].mean().index) == [0, 1]
    assert set(ends["total_steps"]) == {80}
