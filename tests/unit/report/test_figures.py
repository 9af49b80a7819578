"""Which figure files are written."""

import sys

import pytest

from tests.support.report_example import example_result
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
