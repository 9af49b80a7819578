"""What `xdomain eval` prints and writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.grids import as_comparison, make_grid
from xdomain.analysis.analyse import analyse
from xdomain.api.evaluation import Evaluation
from xdomain.cli.eval_view import show_evaluation, write_evaluation


@pytest.fixture(scope="module")
def found() -> Evaluation:
    grid = as_comparison(make_grid(("math",), ("math",), (0,), n_items=40, saved_every=40))
    return Evaluation(analyse(grid), grid, base="some/model")


def test_accuracies_come_with_the_base_and_the_number_of_items(
    found: Evaluation, capsys: pytest.CaptureFixture[str]
) -> None:
    show_evaluation(found, 300)
    said = capsys.readouterr().out
    assert "base: some/model\nmath: 40 items x " in said
    assert "(300 were requested, but the test split has fewer)" in said


def test_paths_of_files_are_printed(found: Evaluation, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_evaluation(found, tmp_path, ["json", "markdown"])
    said = capsys.readouterr()
    assert said.out == ""
    for line in said.err.splitlines():
        assert Path(line.partition(": ")[2]).exists()
    assert list(tmp_path.rglob("*.json"))
