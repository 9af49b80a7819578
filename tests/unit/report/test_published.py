"""A report of published accuracies: what was never measured is said once, and nothing is claimed of training."""

import html
import io

import pytest
from rich.console import Console
from typer.testing import CliRunner

from tests.support.report_example import example_result
from xdomain.analysis.analyse_table import analyse_table
from xdomain.analysis.reference import load_reference, published_study
from xdomain.analysis.result import AnalysisResult, PublishedStudy
from xdomain.cli.app import app
from xdomain.core.errors import ConfigError
from xdomain.report import latex, markdown
from xdomain.report.html import render_html
from xdomain.report.layout import main_matrices, unmeasured
from xdomain.report.markdown import render_markdown
from xdomain.report.numbers import estimate_text, interval_text
from xdomain.report.terminal import tables
from xdomain.report.write import write_report


@pytest.fixture(scope="module")
def published():
    return analyse_table(load_reference().table)


def test_tables_without_a_number_are_named_and_not_drawn(published):
    assert "transfer" not in {matrix.name for matrix in main_matrices(published)}
    assert published.matrices["transfer"].title in dict(unmeasured(published))
    text = render_markdown(published)
    assert f"> {published.matrices['transfer'].title}: " in text
    assert "## Transfer" not in text
    assert 'id="transfer"' not in render_html(published)


def test_the_opening_does_not_claim_that_anything_was_trained_here(published):
    text = render_markdown(published)
    assert "Imported results: 32 curricula over math, science, logic and puzzle" in text
    assert "was trained" not in text


def test_the_published_order_effects_are_on_the_page_with_bounds(published):
    page = render_html(published)
    assert "+15.5" in page
    assert "an effect is shown in <strong>0 of 12</strong> cells tested" in page


@pytest.fixture(scope="module")
def study():
    return published_study(load_reference())


def beside(study: PublishedStudy) -> AnalysisResult:
    return example_result(2, 3).model_copy(update={"references": (study,)})


def printed(result: AnalysisResult, width: int) -> str:
    console = Console(width=width, file=io.StringIO(), force_terminal=False)
    for part in tables(result):
        console.print(part)
    return console.file.getvalue()


def test_the_terminal_says_which_published_effects_stand_and_what_contradicts(study):
    out = printed(beside(study), 160)
    for effect in study.effects:
        assert effect.name in out
    standing = sum(effect.stands == "for any pairing" for effect in study.effects)
    text = " ".join(out.split())
    assert f"Unadjusted: {standing} of {len(study.effects)} for any pairing" in text
    assert f"Adjusted for the number of effects: 1 of {len(study.effects)} for any pairing" in text
    assert "69.99" in out


def test_nothing_of_a_published_study_is_cut_in_a_narrow_terminal():
    out = printed(beside(published_study(load_reference(), example_result())), 80).partition("Published effects")[2]
    first = out[out.index("order") : out.index("order", out.index("order") + 1)]
    assert {"+5.4", "3.5", "2.5", "500", "0.9", "+8.7", "[4.7,", "12.6]", "answers", "no"} <= set(first.split())
    assert "…" not in out


def test_every_format_holds_the_published_effects_with_the_seed_sd_that_would_undo_them(study, tmp_path):
    write_report(beside(study), tmp_path, ["markdown", "csv", "json", "html", "latex"])
    written = {
        "report.md": markdown.escaped,
        "report.html": html.escape,
        "report.tex": latex.escaped,
        "references/when-domains-interact.csv": str,
    }
    for name, escaped in written.items():
        lines = (tmp_path / name).read_text(encoding="utf-8").splitlines()
        for effect in study.effects:
            line = next(line for line in lines if escaped(effect.name) in line and effect.stands in line)
            points = estimate_text("fraction", effect.seed_sd_to_undo, signed=False)
            assert (str(effect.seed_sd_to_undo or "") if name.endswith("csv") else points) in line, name
    read = AnalysisResult.model_validate_json((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert read.references == (study,)


def test_ones_own_cells_stand_beside_the_published_ones():
    result = example_result()
    study = published_study(load_reference(), result)
    own = {effect.name for effect in study.effects if effect.own}
    assert "order(math, science) on science" in own
    assert "order(math, puzzle) on math" not in own, "the example has three domains"
    lines = printed(beside(study), 200).partition("Published effects")[2].splitlines()
    line = next(line for line in lines if "order(math, science) on science" in line)
    cell = result.matrices["order_effect"].cells["math, science"]["science"]
    shown = f"{estimate_text('fraction', cell.estimate)} {interval_text('fraction', cell.low, cell.high)}"
    assert shown in line


def test_the_command_puts_the_study_into_what_it_writes_and_refuses_to_write_nowhere(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("curriculum,domain,accuracy,n_items\nmath -> science,math,0.5,500\nmath,math,0.6,500\n")
    options = ["report", "--from", str(table), "--format", "latex", "--reference", "when-domains-interact"]
    nowhere = CliRunner().invoke(app, options)
    assert isinstance(nowhere.exception, ConfigError)
    assert "--out" in nowhere.exception.paragraph()
    assert CliRunner().invoke(app, [*options, "--out", str(tmp_path / "out")]).exit_code == 0
    assert "tab:xdomain-published-when-domains-interact" in (tmp_path / "out" / "report.tex").read_text()
