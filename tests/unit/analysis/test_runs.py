"""Which checkpoint stands for which run, and what a run started from."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from xdomain.analysis.analyse import analyse
from xdomain.analysis.runs import RunBook, build_runs
from xdomain.config.run_id import BASE_RUN, RunId, parse_run
from xdomain.core.errors import AnalysisError
from xdomain.plan.measurement import EvaluatedCheckpoint, MeasuredGrid


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


def checkpoint(run: str, seed: int | None = None, *, parent: str | None = None, step: int = 40, **more: object):
    name = f"{run}-{seed}@{step}"
    started = parse_run(parent) if parent else None
    return EvaluatedCheckpoint(name, parse_run(run), seed, step, parent=started, **more)


def book(*checkpoints: EvaluatedCheckpoint, planned: tuple[str, ...] = (), seeds: tuple[int, ...] = ()) -> RunBook:
    runs = tuple(map(parse_run, planned))
    return build_runs(MeasuredGrid("test", ("math",), runs, checkpoints, pd.DataFrame(), seeds))


def test_planned_runs_have_rows_with_and_without_checkpoints():
    found = book(checkpoint("base"), checkpoint("math", 0), planned=("math", "math -> logic"), seeds=(0, 1))
    assert [(run.label, run.planned, sorted(run.ends)) for run in found] == [
        ("base", True, [0, 1]),
        ("math", True, [0]),
        ("math -> logic", True, []),
    ]
    assert found.measured_seeds == (0,)
    assert not found.run(parse_run("science")).ends, "a run that the grid does not have is empty"


def test_a_parent_is_what_the_checkpoint_says_else_the_phases_before_under_the_same_strategy():
    mixed = "logic + math [cgpo]"
    found = book(
        *(checkpoint(run, 0) for run in ("base", mixed, "logic + math -> math [cgpo]", "math", "math -> logic [cgpo]")),
        checkpoint("math -> science", 0, parent="math@20"),
    )
    parents = {run.label: str(run.parent) for run in found}
    assert parents == {
        "base": "None",
        mixed: "base",
        "math": "base",
        "logic + math -> math [cgpo]": mixed,
        "math -> logic [cgpo]": "math",
        "math -> science": "math@20",
    }
    assert found.parent(found.run(parse_run("math"))).id == BASE_RUN


def test_checkpoints_of_a_seed_stand_in_step_order_and_the_end_is_apart():
    inner = checkpoint("math", 1, step=20, is_end=False)
    run = book(checkpoint("math", 1), inner, checkpoint("math", 0)).run(parse_run("math"))
    assert [saved.step for saved in run.saved[1]] == [20, 40]
    assert list(run.ends) == [0, 1]
    assert run.ends[1].step == 40


def test_a_comparison_has_no_seed_and_no_base_that_was_not_asked_for():
    models = tuple(EvaluatedCheckpoint(name, RunId(model=name)) for name in ("one", "math"))
    grid = MeasuredGrid("eval", ("math",), tuple(model.run for model in models), models, pd.DataFrame())
    found = build_runs(grid)
    assert found.is_comparison
    assert [run.label for run in found.planned] == ["one", "math"]
    assert [list(run.ends) for run in found.planned] == [[None], [None]]
    assert found.measured_seeds == ()
    assert not any(run.id.is_single for run in found), "a model called math is no training on math"
    with_base = build_runs(replace(grid, checkpoints=(*models, EvaluatedCheckpoint("b", BASE_RUN))))
    assert [run.label for run in with_base.planned] == ["base", "one", "math"]
    failed = build_runs(replace(grid, failed={(BASE_RUN, "math"): "no such file"}))
    assert [run.label for run in failed.planned] == ["base", "one", "math"]


@pytest.mark.parametrize(
    ("checkpoints", "words"),
    [
        ([checkpoint("math", 0), checkpoint("math", 0)], "listed twice"),
        ([checkpoint("math", 0), checkpoint("math", 0, step=50)], '"math" has 2 end checkpoints for seed 0'),
        ([checkpoint("base"), checkpoint("base", step=50)], '"base" has 2 end checkpoints:'),
        ([checkpoint("math")], 'of "math" has no seed'),
        ([checkpoint("math", 0), EvaluatedCheckpoint("m", RunId(model="math"))], '2 different .* called "math"'),
        (
            [checkpoint("a -> b", 0, parent="a"), checkpoint("a -> b", 1, parent="a@3")],
            "different parents: a, a@3",
        ),
    ],
)
def test_what_cannot_be_told_apart_is_refused(checkpoints, words):
    with pytest.raises(AnalysisError, match=words):
        book(*checkpoints)
