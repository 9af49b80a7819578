"""What other verdicts on the same completions change."""

from __future__ import annotations

from dataclasses import replace

from tests.support.grids import make_grid
from xdomain.analysis.analyse import analyse
from xdomain.analysis.rescored import VerdictChange, accuracy_changes, flipped_findings, verdict_changes
from xdomain.plan.measurement import MeasuredGrid


def judged_strictly(grid: MeasuredGrid) -> MeasuredGrid:
    """The same completions of science, all wrong now."""
    records = grid.records.copy()
    science = records["domain"] == "science"
    records.loc[science, "score"] = 0.0
    records.loc[science, "outcome"] = "wrong"
    return replace(grid, records=records)


def test_findings_flip_where_verdicts_change_and_nowhere_else() -> None:
    grid = make_grid(("math", "science"), n_items=200)
    before, after = analyse(grid), analyse(judged_strictly(grid))
    assert before.matrices["transfer"].cells["science"]["science"].word == "gain"
    flips = {(each.matrix, each.row, each.column): each for each in flipped_findings(before, after)}
    assert flips["transfer", "science", "science"].before.word == "gain"
    assert flips["transfer", "science", "science"].after.word != "gain"
    assert {each.column for each in accuracy_changes(before, after)} == {"science"}
    assert not flipped_findings(before, before)
    assert not accuracy_changes(before, before)


def test_verdicts_are_counted_by_kind_and_domain() -> None:
    grid = make_grid(("math", "science"), ("math",), (0,), n_items=20)
    strict = judged_strictly(grid).records
    found = verdict_changes(grid.records, strict)
    assert sum(each.completions for each in found) == len(strict)
    right = (grid.records["outcome"] == "right") & (grid.records["domain"] == "science")
    expected = VerdictChange(domain="science", before="right", after="wrong", completions=int(right.sum()))
    assert expected in found
    assert all(each.before == each.after for each in found if each.domain == "math")
