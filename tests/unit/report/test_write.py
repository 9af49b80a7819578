"""Markdown, CSV, JSON, LaTeX, terminal and figures say the same numbers, and take hostile text literally."""

import csv
import io
import json
import re

import pytest
from rich.console import Console

from tests.support.report_example import HOSTILE, example_result, with_matrices
from xdomain.analysis.result import AnalysisResult, Cell, DeclaredContrast, Finding
from xdomain.core.errors import ConfigError
from xdomain.report import latex, markdown
from xdomain.report.contrasts import contrast_views
from xdomain.report.delimited import long_csv, wide_csv
from xdomain.report.html import render_html
from xdomain.report.terminal import tables
from xdomain.report.write import WRITERS, write_report


def hostile(result: AnalysisResult) -> AnalysisResult:
    """The same result with hostile text wherever text comes from a file."""
    meta = result.meta.model_copy(
        update={"experiment": HOSTILE, "model": HOSTILE, "statements": (HOSTILE,), "missing": (HOSTILE,)}
    )
    finding = Finding(name="order", title=HOSTILE, sentence=HOSTILE, is_main=True, details=(HOSTILE,))
    return result.model_copy(update={"meta": meta, "findings": (finding,), "sentences": (HOSTILE,)})


def printed(result: AnalysisResult, **options) -> str:
    console = Console(width=200, file=io.StringIO(), force_terminal=False)
    for part in tables(result, **options):
        console.print(part)
    return console.file.getvalue()


def test_every_format_is_written_and_named(tmp_path):
    written = write_report(example_result(), tmp_path, list(WRITERS))
    assert set(written) == set(WRITERS)
    names = {
        "report.md",
        "report.csv",
        "report.json",
        "report.tex",
        "report.html",
        "figures",
        "matrices",
        "ways-to-combine.csv",
        "model-cards",
        "every-eval-ever",
    }
    assert {path.name for path in tmp_path.iterdir()} == names
    assert (tmp_path / "matrices" / "order_effect.csv").is_file()
    assert (tmp_path / "figures" / "transfer.svg").is_file()
    assert (tmp_path / "figures" / "curves.png").is_file()


def test_every_format_shows_how_the_gradients_lie_and_leaves_missing_ones_blank():
    result = example_result()
    assert f"| {result.strategies[0].reference} | 4 | 75% | −0.126 |  |" in markdown.render_markdown(result)
    for text in (printed(result), render_html(result)):
        assert all(word in text for word in ("gradients relate", "75%", "−0.126", "63%"))
    bare = result.strategies[0].model_copy(update={"gradients": ()})
    assert "gradients relate" not in render_html(result.model_copy(update={"strategies": (bare,)}))


def test_an_unknown_format_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ConfigError, match='Did you mean "html"'):
        write_report(example_result(), tmp_path, ["json", "htm"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["svg", "html", "markdown"])
def test_the_same_result_gives_the_same_bytes(tmp_path, kind):
    first, second = (write_report(example_result(), tmp_path / name, [kind])[kind] for name in "ab")
    if kind == "svg":
        first, second = first / "order_effect.svg", second / "order_effect.svg"
    assert first.read_bytes() == second.read_bytes()


def test_json_reads_back_as_the_same_result(tmp_path):
    result = example_result()
    path = write_report(result, tmp_path, ["json"])["json"]
    assert AnalysisResult.model_validate_json(path.read_text(encoding="utf-8")) == result


def test_long_csv_holds_every_cell_exactly_and_leaves_missing_ones_empty():
    result = example_result()
    rows = list(csv.DictReader(io.StringIO(long_csv(result))))
    cells = {
        (name, r, c): cell for name, m in result.matrices.items() for r, x in m.cells.items() for c, cell in x.items()
    }
    assert len(rows) == len(cells) + len(result.contrasts)
    for row in rows[: len(cells)]:
        cell = cells[row["matrix"], row["row"], row["column"]]
        for field in ("estimate", "low", "high", "p", "p_adjusted"):
            value = getattr(cell, field)
            assert row[field] == ("" if value is None else str(value))


def test_wide_csv_is_the_matrix():
    transfer = example_result().matrices["transfer"]
    header, *rows = csv.reader(io.StringIO(wide_csv(transfer)))
    ends = ("", ".low", ".high")
    columns = [f"{column}{end}" for column in transfer.columns for end in ends]
    assert header == [transfer.row_meaning, *columns, "speaks_of"]
    for row in rows:
        cells = [transfer.cells[row[0]][column] for column in transfer.columns]
        expected = [value for cell in cells for value in (cell.estimate, cell.low, cell.high)]
        assert row[1:] == [*("" if value is None else str(value) for value in expected), "the recipe"]


def test_csv_text_cannot_become_a_formula():
    result = example_result(2, 1)
    row = "=HYPERLINK(1)"
    matrix = result.matrices["transfer"].model_copy(
        update={"rows": (row,), "cells": {row: result.matrices["transfer"].cells["math"]}}
    )
    assert f"'{row}" in wide_csv(matrix)


def test_markdown_takes_hostile_text_literally():
    text = markdown.render_markdown(hostile(example_result()))
    assert "\x1b" not in text
    assert "\\<script\\>alert(1)\\</script\\>" in text
    outside_code = re.sub(r"`[^`]*`", "", text)
    assert "<script" not in outside_code.replace("\\<script", "")


def test_markdown_tables_have_as_many_cells_in_every_line():
    blocks = markdown.render_markdown(example_result(4, 3)).split("\n\n")
    found = [block.splitlines() for block in blocks if block.startswith("|")]
    assert len(found) > 10
    for lines in found:
        widths = {line.replace("\\|", "").count("|") for line in lines}
        assert len(widths) == 1, lines[0]


def test_latex_takes_hostile_text_literally_and_its_braces_match():
    text = latex.escaped(HOSTILE)
    assert r"\write18" not in text.replace(r"\textbackslash{}write18", "")
    assert r"100\% \$x\$" in text
    whole = latex.render_latex(hostile(example_result(4, 3)))
    bare = whole.replace(r"\{", "").replace(r"\}", "")
    assert bare.count("{") == bare.count("}")
    assert whole.count(r"\begin{tabular}") == whole.count(r"\end{tabular}") > 10


def test_the_terminal_gets_no_control_characters_and_no_markup():
    result = hostile(example_result())
    meta = result.meta.model_copy(update={"statements": ("[bold red]not markup[/]",)})
    out = printed(result.model_copy(update={"meta": meta}))
    assert "\x1b" not in out
    assert "[bold red]not markup[/]" in out


def test_a_declared_contrast_is_written_in_its_own_unit(tmp_path):
    result = example_result()
    cell = Cell(estimate=0.5, low=0.25, high=0.75, p=0.01, p_adjusted=0.02, word="gain")
    names = ("asymmetry_logit(math, science)", "relative_transfer(math) on logic", "bwt(math -> science)")
    declared = tuple(DeclaredContrast(contrast=name, cell=cell) for name in names)
    found = [view.value for view in contrast_views(result.model_copy(update={"contrasts": declared}))]
    assert found == ["+0.50 logits", "+0.50 ratio", "+50.0 percentage points"]


def test_the_terminal_shows_estimates_with_their_intervals_and_says_what_is_missing():
    result = example_result()
    out = printed(result)
    words = " ".join(out.split())
    assert all(finding.sentence in words for finding in result.findings)
    for statement in result.meta.statements:
        assert statement in out
    assert "Not measured: train-math@120 on logic" in out
    assert "Odds ratio" not in out
    assert "Odds ratio" in printed(result, everything=True)


def test_one_seed_says_in_every_file_that_nothing_is_said_of_a_rerun(tmp_path):
    write_report(example_result(3, 1), tmp_path, [name for name in WRITERS if name not in ("png", "pdf")])
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 40
    for path in files:
        assert "these checkpoints" in path.read_text(encoding="utf-8"), path.name


def test_effort_of_both_sides_stands_beside_every_comparison(tmp_path):
    result = example_result(2, 3)
    kept = {"math -> science": result.matrices["retention"].cells["math -> science"]}
    result = with_matrices(result, result.matrices["retention"].model_copy(update={"cells": kept}))
    rows = list(csv.DictReader(io.StringIO(long_csv(result))))
    (row,) = [row for row in rows if row["matrix"] == "retention" and row["row"] == "math -> science"]
    run = ("run", "steps", "steps_phase_1", "steps_phase_2", "prompts", "completion_tokens", "informative_groups")
    assert [row[name] for name in run] == ["math -> science", "240.0", "120", "120", "3840.0", "", "2622.0"]
    against = [row[f"against_{name}"] for name in run[1:]]
    assert [row["against"], *against] == ["math", "120.0", "120", "", "1920.0", "98304.5", "1311.0"]
    assert "| math -\\> science against math | 240 against 120 | 3,840 against 1,920 |" in markdown.render_markdown(
        result
    )
    page = render_html(result)
    shown = ("240 against 120", "3,840 against 1,920", "not recorded against 98,304.5", "2,622 against 1,311")
    assert "".join(f"<td>{text}</td>" for text in shown) in page
    assert "Steps of the runs compared: 240 against 120." in latex.render_latex(result)
    assert "Steps of the runs compared: 240 against 120." in printed(result)


def test_what_stands_beside_an_accuracy_is_in_every_table_of_accuracies():
    result = example_result(2, 3)
    for text in (markdown.render_markdown(result), latex.render_latex(result).replace("\\%", "%")):
        assert "w 30%, m 4%, t 2%, l 7.4" in text
        assert re.search(r"^(\| )?chance .*25\.0", text, re.MULTILINE)
    assert "m 4%, t 2%, l 7.4" in printed(result)
    row = next(row for row in csv.DictReader(io.StringIO(long_csv(result))) if row["matrix"] == "accuracy")
    beside = ("chance", "wrong_share", "malformed_share", "truncated_share", "mean_tokens", "mean_entropy")
    assert [row[name] for name in beside] == ["0.25", "0.3", "0.04", "0.021", "7.4", ""]


def test_latex_holds_the_declared_contrasts_before_the_matrices():
    result = example_result(2, 3)
    text = latex.render_latex(result)
    assert text.index("tab:xdomain-contrasts") < text.index("tab:xdomain-accuracy")
    assert "order(math, science) on science" in text
    without = latex.render_latex(result.model_copy(update={"contrasts": ()}))
    assert "tab:xdomain-contrasts" not in without


def test_a_report_without_a_single_number_is_still_a_report(tmp_path):
    written = write_report(example_result(2, 1, measured=False), tmp_path, list(WRITERS))
    assert "not measured" in written["markdown"].read_text(encoding="utf-8")
    document = json.loads(written["json"].read_text(encoding="utf-8"))
    assert document["matrices"]["transfer"]["cells"]["math"]["math"]["estimate"] is None


def test_each_contrast_prints_its_own_deviation_between_seeds(tmp_path):
    result = example_result(2, 3)
    written = write_report(result, tmp_path, ["markdown", "latex"])
    texts = [path.read_text(encoding="utf-8") for path in written.values()]
    for text in [*texts, printed(result)]:
        assert "SD: between training seeds." in text
        assert "SD 1.2" in text
    assert "SD 1.2" not in printed(example_result(2, 1))


def test_seeds_that_differ_unusually_are_said_below_the_table(tmp_path):
    result = example_result(2, 3)
    caveat = "its seeds differ more (SD 5.6 points) than those it is pooled with (1.6)"
    cells = {
        row: {c: x.model_copy(update={"caveat": caveat}) for c, x in columns.items() if x.estimate is not None}
        for row, columns in result.matrices["order_effect"].cells.items()
    }
    result = with_matrices(result, result.matrices["order_effect"].model_copy(update={"cells": cells}))
    written = write_report(result, tmp_path, ["markdown", "latex", "html", "csv"])
    texts = [path.read_text(encoding="utf-8").replace("\\", "") for path in written.values()]
    for text in [*texts, printed(result)]:
        assert caveat in text
    assert f"(a) {caveat}" in printed(result)
