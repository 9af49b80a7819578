"""The table "Ways to combine" in every format."""

from __future__ import annotations

import csv
import io

import pytest
from rich.console import Console

from tests.support.grids import make_grid
from tests.support.report_example import example_result
from xdomain.analysis.analyse import analyse
from xdomain.analysis.result import AnalysisResult, ChosenScale, TriedScale, Way
from xdomain.report.delimited import ways_csv
from xdomain.report.figures import write_figures
from xdomain.report.html import render_html
from xdomain.report.latex import render_latex
from xdomain.report.markdown import render_markdown
from xdomain.report.terminal import tables
from xdomain.report.ways import ways_rows, ways_sections
from xdomain.report.write import write_report

CURRICULA = (
    "math", "science", "math -> science", "science -> math", "math + science", "merge(math, science, method=ties)",
    "distill(math, science)",
)  # fmt: skip


@pytest.fixture(scope="module")
def result() -> AnalysisResult:
    return analyse(make_grid(("math", "science"), CURRICULA, (0, 1), n_items=20, samples=2, saved_every=40))


def test_one_table_of_accuracies_and_one_of_costs(result: AnalysisResult) -> None:
    (section,) = ways_sections(result)
    accuracy, cost = section.tables
    assert [row[0] for row in accuracy.rows] == [
        "best order of 2", "worst order of 2", "mixture", "merge", "distillation", "own experts",
    ]  # fmt: skip
    assert {len(row) for row in accuracy.rows} == {len(accuracy.header)}
    assert {len(row) for row in cost.rows} == {len(cost.header)}
    assert cost.header[2:] == ("steps", "prompts", "generated tokens", "taught tokens", "teachers' passes")
    assert cost.rows[3][2] == "80 (+0)"
    assert result.ways_to_combine[0].advice in section.meaning


def test_without_several_ways_there_is_no_section(tmp_path) -> None:
    plain = example_result(2, 1).model_copy(update={"ways_to_combine": (), "findings": ()})
    assert ways_sections(plain) == []
    assert "Ways to combine" not in render_html(plain)
    write_report(plain, tmp_path, ["csv"])
    assert not (tmp_path / "ways-to-combine.csv").exists()


def test_every_format_begins_with_it(result: AnalysisResult, tmp_path) -> None:
    console = Console(width=250, file=io.StringIO())
    for part in tables(result):
        console.print(part)
    texts = {
        "terminal": console.file.getvalue(),
        "markdown": render_markdown(result),
        "latex": render_latex(result),
        "html": render_html(result),
    }
    begins = {
        "terminal": ("Ways to combine: math, science", "percent right"),
        "markdown": ("## Ways to combine", "## Accuracy"),
        "latex": ("Ways to combine: math, science", "label{tab:xdomain-accuracy"),
        "html": ('<section id="ways-to-combine"', '<section id="accuracy"'),
    }
    for name, text in texts.items():
        assert "merge(math, science, method=ties)" in text.replace("\\_", "_"), name
        ways, accuracy = begins[name]
        assert text.index(ways) < text.index(accuracy), name
    assert texts["html"].count("<figcaption>math, science: worst-domain accuracy") == 1
    written = write_report(result, tmp_path, ["csv"])
    assert (written["csv"].parent / "ways-to-combine.csv").read_text() == ways_csv(result)


def test_arrows_are_commands_in_latex() -> None:
    text = render_latex(example_result(2, 2))
    assert "$\\downarrow$" in text
    assert not set("↑↓") & set(text)


def test_caveats_are_notes_of_their_row() -> None:
    accuracy, _ = ways_sections(example_result(2, 2))[0].tables
    assert accuracy.header[-1] == "note"
    assert [row[-1] for row in accuracy.rows] == ["2 of 3 seeds"] * 5 + [""]


def test_scales_that_were_tried_are_notes_of_their_row() -> None:
    example = example_result(2, 2)
    (found,) = example.ways_to_combine
    tried = (TriedScale(scale=0.5, dev_accuracy=0.412), TriedScale(scale=1, dev_accuracy=0.3))
    scales = (ChosenScale(seed=0, scale=0.5, tried=tried),)
    arms = tuple(arm.model_copy(update={"scales": scales if arm.way is Way.MERGE else ()}) for arm in found.arms)
    result = example.model_copy(update={"ways_to_combine": (found.model_copy(update={"arms": arms}),)})
    accuracy, _ = ways_sections(result)[0].tables
    notes = {row[0]: row[-1] for row in accuracy.rows}
    assert notes["merge"] == "2 of 3 seeds; seed 0: scale 0.5 with 41.2% on dev items (1: 30.0%)"
    assert notes["mixture"] == "2 of 3 seeds"


def test_csv_has_a_line_per_arm_and_quantity(result: AnalysisResult) -> None:
    rows = list(csv.DictReader(io.StringIO(ways_csv(result))))
    (found,) = result.ways_to_combine
    assert len(rows) == len(ways_rows(result)) - 1 == len(found.arms) * 4
    merge = next(row for row in rows if row["way"] == "merge" and row["quantity"] == "mean")
    assert float(merge["estimate"]) == pytest.approx(found.arms[3].mean.estimate)
    assert float(merge["total_steps"]) == 80
    assert float(merge["marginal_steps"]) == 0
    assert (merge["n_seeds"], merge["speaks_of"]) == ("2", "the recipe")
    assert merge["not_beaten"] in ("True", "False")


def test_the_picture_is_a_figure(result: AnalysisResult, tmp_path) -> None:
    write_figures(result, tmp_path, "svg")
    assert "worst domain, percent" in (tmp_path / "ways-to-combine.svg").read_text()
