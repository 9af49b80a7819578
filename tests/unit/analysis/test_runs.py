"""Runs are told apart by their strategy."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from xdomain.analysis.analyse import analyse
from xdomain.config.run_id import parse_run


def test_strategies_stand_in_rows_of_their_own(grid):
    mixed = [c for c in grid.checkpoints if str(c.run) == "math + science"]
    run = parse_run("math + science [cgpo(alpha=1.2)]")
    copies = tuple(replace(c, checkpoint="cgpo-" + c.checkpoint, run=run) for c in mixed)
    rows = grid.records[grid.records["checkpoint"].isin({c.checkpoint for c in mixed})]
    records = pd.concat([grid.records, rows.assign(checkpoint="cgpo-" + rows["checkpoint"])])
    result = analyse(replace(grid, runs=(*grid.runs, run), checkpoints=grid.checkpoints + copies, records=records))
    label = "math + science [cgpo(alpha=1.2)]"
    assert label in result.accuracy.rows
    assert (
        result.matrices["mix_gain"].cell(label, "math").estimate
        == result.matrices["mix_gain"].cell("math + science", "math").estimate
    )
    assert any(label in best.candidates for best in result.summary.best)
