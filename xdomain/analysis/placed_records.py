"""Item records with the position of their checkpoint: curriculum, training seed and step."""

from __future__ import annotations

import pandas as pd

from xdomain.core.records import RECORD_COLUMNS
from xdomain.plan.measurement import MeasuredGrid

PLACE_COLUMNS = ("run", "curriculum", "strategy", "training_seed", "phase_step", "total_steps", "is_end")
"""Columns that `placed_records` adds. The column `seed` of a record is the sampling seed."""


def placed_records(grid: MeasuredGrid) -> pd.DataFrame:
    """Return the records of a grid with the columns of `PLACE_COLUMNS` after `checkpoint`.

    `run` is the label that reports use. `phase_step` counts optimizer steps inside the phase, and `total_steps` those
    since the base model. Unknown values are missing: the base model has no curriculum and no training seed.
    """
    places = pd.DataFrame(
        [
            (
                place.checkpoint,
                str(place.run),
                None if place.run.curriculum is None else str(place.run.curriculum),
                place.run.strategy,
                place.seed,
                place.step,
                place.effort.steps,
                place.is_end,
            )
            for place in grid.checkpoints
        ],
        columns=["checkpoint", *PLACE_COLUMNS],
    ).astype({"training_seed": "Int64", "phase_step": "Int64", "total_steps": "Int64"})
    records = grid.records.drop(columns=[name for name in PLACE_COLUMNS if name in grid.records.columns])
    joined = records.merge(places, on="checkpoint", how="left", validate="many_to_one")
    first = ["checkpoint", *PLACE_COLUMNS]
    rest = [name for name in (*RECORD_COLUMNS, *joined.columns) if name in joined.columns and name not in first]
    return joined[[*first, *dict.fromkeys(rest)]]
