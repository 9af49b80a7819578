"""Tests of the inference scope of intervals, and of the runs that curricula map to."""

from __future__ import annotations

from dataclasses import replace

from tests.support.grids import make_grid
from xdomain.analysis.analyse import analyse
from xdomain.analysis.contrast import Blank
from xdomain.analysis.study import build_study
from xdomain.config.run_id import BASE_RUN, parse_run


def test_one_seed_speaks_of_checkpoints_everywhere():
    result = analyse(make_grid(seeds=(0,)))
    cells = [c for m in result.matrices.values() for row in m.cells.values() for c in row.values() if c.low is not None]
    assert {c.speaks_of for c in cells if c.note != "1 by definition"} == {"these checkpoints"}
    assert any("not a re-run of training" in words for words in result.meta.statements)
    (scope,) = [finding.sentence for finding in result.findings if finding.name == "scope"]
    assert "not a re-run of training" in scope


def test_a_single_without_steps_of_its_own_stands_for_its_domain():
    grid = make_grid(("math", "science"), ("math@20", "math", "science@10"), (0,), n_items=10, saved_every=40)
    study = build_study(grid)
    assert {domain: run.label for domain, run in study.singles.items()} == {"math": "math", "science": "science@10"}
    assert study.base.id == BASE_RUN


def test_a_run_that_the_grid_does_not_have_is_blank_with_its_name():
    study = build_study(make_grid(("math",), ("math",), (0,), n_items=10, saved_every=40))
    found = study.difference(study.book.run(parse_run("math -> logic")), study.base, "math")
    assert isinstance(found, Blank)
    assert found.note == 'not measured: "math -> logic" has no evaluated end checkpoint'
    assert found.compares == ("math -> logic", "base")


def test_several_domains_are_aligned_to_the_seeds_that_all_have():
    grid = make_grid(("math", "science"), ("math", "science"), (0, 1, 2), n_items=6, samples=1, saved_every=40)
    gone = grid.records["checkpoint"].eq("math-s1@40") & grid.records["domain"].eq("science")
    study = build_study(replace(grid, records=grid.records[~gone]))
    runs = [study.singles["math"], study.singles["science"]]
    aligned = study.align_domains([("math", runs), ("science", runs)])
    assert [part.seeds for part in aligned] == [(0, 2), (0, 2)]
    absent = study.align_domains([("math", runs), ("logic", runs)])
    assert isinstance(absent, Blank)
