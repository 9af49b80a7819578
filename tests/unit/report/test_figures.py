"""Which figure files are written."""

import sys

import pytest

from tests.support.diagnosis_example import example_diagnoses
from tests.support.report_example import example_result
from tests.unit.report.test_cures import FOUND
from tests.unit.report.test_prediction_scatter import cell, with_cells
from xdomain.core.errors import DependencyMissing
from xdomain.report.figures import write_figures
from xdomain.report.layout import main_matrices


@pytest.mark.parametrize(("kind", "begins"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_every_main_matrix_the_curves_and_the_costs_have_a_file(tmp_path, kind, begins):
    result = example_result(2, 1)
    write_figures(result, tmp_path, kind)
    names = {f"{matrix.name}.{kind}" for matrix in main_matrices(result)} | {
        f"curves.{kind}",
        f"ways-to-combine.{kind}",
    }
    assert {path.name for path in tmp_path.iterdir()} == names
    assert all(path.read_bytes().startswith(begins) for path in tmp_path.iterdir())


def test_every_picture_on_interference_has_a_file(tmp_path):
    predictions = with_cells(cell("logic", 0.1, 0.2), cell("science", 0.3, 0.4)).predictions
    found = {"recoveries": (FOUND,), "diagnoses": example_diagnoses(), "predictions": predictions}
    write_figures(example_result().model_copy(update=found), tmp_path, "svg")
    names = {path.stem for path in tmp_path.iterdir()}
    assert names >= {"attribution", "attribution-4", "modules", "modules-2", "recovery", "predictions"}
    assert not names & {"attribution-5", "modules-3", "recovery-2", "predictions-2"}


def test_figures_without_matplotlib_name_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(DependencyMissing, match=r'pip install (-e )?".+\[figures\]"'):
        write_figures(example_result(), tmp_path, "svg")


def test_curves_of_single_phases_alone_make_no_file(tmp_path):
    result = example_result()
    single = tuple(t for t in result.trajectories if len(t.phase_ends) == 1)
    write_figures(result.model_copy(update={"trajectories": single}), tmp_path, "svg")
    assert (tmp_path / "transfer.svg").is_file()
    assert not (tmp_path / "curves.svg").exists()


def test_a_pdf_of_the_same_result_has_the_same_bytes(tmp_path):
    result = example_result(2, 1)
    folders = [write_figures(result, tmp_path / name, "pdf") for name in ("one", "two")]
    assert [(folder / "transfer.pdf").read_bytes() for folder in folders].count(
        (folders[0] / "transfer.pdf").read_bytes()
    ) == 2
