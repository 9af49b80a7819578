"""Runs that are not beaten, as a table."""

from __future__ import annotations

from tests.support.report_example import example_result
from xdomain.report.best import best_table


def test_every_set_has_a_row_with_its_runs_and_their_number() -> None:
    result = example_result(3, 2)
    header, rows = best_table(result)
    assert len(rows) == len(result.summary.best)
    first = result.summary.best[0]
    assert dict(zip(header, rows[0], strict=True)) == {
        "compared": first.group,
        "domain": first.domain,
        "not beaten": ", ".join(first.not_beaten),
        "how many": f"{len(first.not_beaten)} of {len(first.candidates)}",
        "caveat": first.margin.caveat,
    }
