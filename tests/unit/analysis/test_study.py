"""What intervals speak of."""

from __future__ import annotations

from tests.support.grids import make_grid
from xdomain.analysis.analyse import analyse


def test_one_seed_speaks_of_checkpoints_everywhere():
    result = analyse(make_grid(seeds=(0,)))
    cells = [c for m in result.matrices.values() for row in m.cells.values() for c in row.values() if c.low is not None]
    assert {c.speaks_of for c in cells if c.note != "1 by definition"} == {"these checkpoints"}
    assert any("nothing is said about a re-run" in words for words in result.meta.statements)
    assert "nothing is said about a re-run" in result.sentences[0]
