"""A run with fewer finished seeds than its grid: its cells cover checkpoints only, are not tested, and say so."""

from dataclasses import replace

import pytest

from tests.support.grids import make_grid
from xdomain.analysis.accuracy_table import AccuracyTable, Published
from xdomain.analysis.analyse import analyse
from xdomain.analysis.analyse_table import analyse_table
from xdomain.config.run_id import parse_run
from xdomain.report.overview import overview
from xdomain.report.terminal import tables
from xdomain.report.write import write_report

LATE = "math -> science"
ORDERED = ("math", "science", "logic", LATE, "science -> math", "math -> logic", "logic -> math", "math + science")


@pytest.fixture(scope="module")
def partial():
    """Three seeds, of which one run has finished the first alone."""
    grid = make_grid(curricula=ORDERED, seeds=(0, 1, 2), n_items=40, contrasts=("order(math, science) on science",))
    gone = {c.checkpoint for c in grid.checkpoints if str(c.run) == LATE and c.seed in (1, 2)}
    rest = tuple(c for c in grid.checkpoints if c.checkpoint not in gone)
    return analyse(replace(grid, checkpoints=rest, records=grid.records[~grid.records["checkpoint"].isin(gone)]))


def cells(result):
    for name, matrix in result.matrices.items():
        for row, columns in matrix.cells.items():
            for column, cell in columns.items():
                yield name, matrix, row, column, cell


def test_they_keep_the_interval_and_have_neither_p_nor_word(partial):
    short = [(name, cell) for name, matrix, _, _, cell in cells(partial) if matrix.is_exception(cell)]
    assert {"order_effect", "order_sensitivity", "retention", "plasticity", "mix_gain", "sequence"} <= {
        n for n, _ in short
    }
    for name, cell in short:
        assert cell.estimate is not None, name
        assert cell.low is not None, name
        assert (cell.p, cell.p_adjusted, cell.word, cell.smallest_detectable) == (None,) * 4, name
        assert cell.caveat == "1 of 3 seeds; covers only these checkpoints, so it is not tested as the recipe", name
    assert partial.contrasts[0].cell.word is None


def test_every_other_cell_is_tested_as_before(partial):
    families = {name for name, matrix, _, _, cell in cells(partial) if cell.word and not matrix.is_exception(cell)}
    assert {"order_effect", "transfer", "retention", "plasticity", "change"} <= families
    base = partial.accuracy.cells["base"]["math"]
    assert base.caveat == ""


def test_sets_of_the_best_say_that_they_fell_to_one_seed(partial):
    every = [found for found in partial.summary.best if LATE in found.candidates]
    assert every
    assert all(found.margin.caveat.startswith("1 of 3 seeds") for found in every)


def test_a_whole_grid_has_no_exceptions():
    result = analyse(make_grid(("math", "science"), seeds=(0, 1, 2), n_items=20))
    assert not result.has_exceptions
    assert not any(cell.caveat.startswith("1 of 3") for *_, cell in cells(result))
    assert "marked" not in overview(result)


def test_a_grid_of_which_one_seed_is_done_speaks_of_its_checkpoints():
    grid = make_grid(("math", "science"), seeds=(0,), n_items=20)
    result = analyse(replace(grid, seeds=(0, 1, 2)))
    assert result.meta.speaks_of == "these checkpoints"
    assert not result.has_exceptions
    assert result.matrices["order_effect"].cells["math, science"]["math"].word is not None


def test_a_grid_of_which_only_the_base_is_done_is_not_from_elsewhere():
    grid = make_grid(("math", "science"), seeds=(0, 1), n_items=20)
    base = tuple(c for c in grid.checkpoints if str(c.run) == "base")
    records = grid.records[grid.records["checkpoint"] == "base@0"]
    missing = tuple(f"math@{n} on math" for n in range(10))
    result = analyse(replace(grid, checkpoints=base, records=records, missing=missing, planned=12))
    text = overview(result)
    assert "Imported" not in text
    assert "will be trained" in text
    assert "2 of 12 planned evaluations are done" in text
    assert "No training run has ended yet" in text


@pytest.mark.parametrize(("seeds", "warned"), [((0, 1), True), ((0, 1, 2), False)])
def test_two_seeds_are_warned_of_in_the_report(seeds, warned):
    statements = analyse(make_grid(("math", "science"), seeds=seeds, n_items=20)).meta.statements
    assert any("With two seeds, the correlation" in text for text in statements) == warned


def test_a_table_says_items_by_domain_and_counts_unordered_pairs_once():
    lengths = {"base": 300, "math": 200, "science": 300}
    cells = {(parse_run(run), d): Published(0.4, n) for run, n in lengths.items() for d in ("math", "science")}
    result = analyse_table(AccuracyTable("table", "here", ("math", "science"), cells))
    assert "Test items by domain: math 200 to 300, science 200 to 300." in result.meta.statements
    assert "answered the same" not in overview(result)
    assert result.summary.tested["asymmetry"] == 1


@pytest.mark.parametrize(
    ("kind", "marks"),
    [
        ("markdown", ["<sup>a</sup>", "except in marked cells"]),
        ("latex", [r"\textsuperscript{a}", "Inference scope: the recipe, except in marked cells."]),
        ("html", ["<sup>a</sup>", "except in marked cells", "not tested as the recipe"]),
        ("csv", ["these checkpoints", "not tested as the recipe"]),
        ("json", ['"caveat": "1 of 3 seeds']),
        ("svg", ["(a)"]),
    ],
)
def test_every_format_marks_them(partial, tmp_path, kind, marks):
    path = write_report(partial, tmp_path, [kind])[kind]
    text = (path / "order_effect.svg" if path.is_dir() else path).read_text(encoding="utf-8")
    for mark in [*marks, "1 of 3 seeds"]:
        assert mark in text


def test_the_terminal_marks_them(partial):
    from io import StringIO

    from rich.console import Console

    console = Console(width=250, file=StringIO())
    for part in tables(partial):
        console.print(part)
    text = console.file.getvalue()
    assert "(a) 1 of 3 seeds; covers only these checkpoints, so it is not tested as the recipe" in text
    assert "] (a)" in text
    assert "marked cells have one and cover these checkpoints only" in text
    assert f"{LATE} beats" not in text
