"""From item records through the real analysis to every format of the report."""

import json

import pytest
from markupsafe import escape

from tests.support.grids import family, make_grid
from xdomain.analysis.analyse import analyse
from xdomain.report.heatmap import heat_map
from xdomain.report.layout import main_matrices
from xdomain.report.numbers import estimate_text
from xdomain.report.write import WRITERS, write_report

DOMAINS = ("math", "science", "logic")


@pytest.fixture(scope="module")
def result():
    curricula = family(DOMAINS, triples=True, controls=True)
    contrasts = ("order(math, science) on science", "transfer(math on logic)")
    return analyse(make_grid(DOMAINS, curricula, (0, 1), n_items=30, contrasts=contrasts))


def test_every_format_is_written(result, tmp_path):
    for path in write_report(result, tmp_path, list(WRITERS)).values():
        assert path.is_dir() or path.stat().st_size > 0
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8")) == json.loads(result.model_dump_json())


def test_every_number_of_the_main_matrices_and_every_sentence_is_on_the_page(result, tmp_path):
    page = write_report(result, tmp_path, ["html"])["html"].read_text(encoding="utf-8")
    for sentence in result.sentences:
        assert escape(sentence) in page
    for contrast in result.contrasts:
        assert str(contrast.contrast) in page
    for matrix in main_matrices(result):
        for view in heat_map(result, matrix, None, report_command="x").cells:
            cell = matrix.cells[view.row][view.column]
            expected = estimate_text(matrix.unit, cell.estimate, signed=False)
            assert expected.lstrip("−") in view.value.lstrip("+−")
            assert f'id="{view.anchor}"' in page


def test_pairs_are_squares_with_their_controls_and_triples_follow(result):
    square, listed = heat_map(result, result.matrices["plasticity"], None, report_command="x").pictures
    assert [label for label, _ in square.rows] == list(square.columns) == list(DOMAINS)
    assert all(view is not None for _, views in square.rows for view in views)
    assert [label.count("->") for label, _ in listed.rows] == [2] * 6


def test_the_counts_beside_a_matrix_are_those_of_the_analysis(result):
    for matrix in main_matrices(result):
        drawn = heat_map(result, matrix, None, report_command="x")
        assert (drawn.shown, drawn.tested) == (
            result.summary.shown.get(matrix.name, 0),
            result.summary.tested.get(matrix.name, 0),
        )
