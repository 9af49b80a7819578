"""The report on a terminal."""

from __future__ import annotations

from rich.console import Console

from tests.support.report_example import HOSTILE, example_result
from xdomain.analysis.result import AnalysisResult
from xdomain.core.terminal_text import text
from xdomain.report.layout import further_matrices, main_matrices
from xdomain.report.terminal import tables


def printed(result: AnalysisResult, *, width: int = 200, everything: bool = False) -> str:
    console = Console(width=width, no_color=True)
    with console.capture() as capture:
        for part in tables(result, everything=everything):
            console.print(part)
    return capture.get()


def test_main_matrices_are_always_shown_and_further_ones_on_request() -> None:
    result = example_result(3, 2)
    short, long = printed(result), printed(result, everything=True)
    assert all(matrix.title in short for matrix in main_matrices(result))
    only_long = [matrix.title for matrix in further_matrices(result) if f"{matrix.title} (" not in short]
    assert only_long
    assert all(f"{title} (" in long for title in only_long)


def test_names_are_no_markup_and_no_control_characters() -> None:
    console = Console(width=300, no_color=True)
    with console.capture() as capture:
        console.print(text(f"[bold red]x[/] {HOSTILE}"))
    assert "[bold red]x[/]" in capture.get()
    assert "\x1b" not in capture.get()


def test_the_report_ends_with_the_main_findings_and_what_they_rest_on() -> None:
    result = example_result(3, 2)
    lines = " ".join(printed(result).split("Findings")[-1].split())
    main = [finding for finding in result.findings if finding.is_main]
    places = [lines.index(f"{finding.title} {finding.sentence}") for finding in main]
    others = [lines.index(finding.sentence) for finding in result.findings if not finding.is_main]
    assert places == sorted(places)
    assert max(others) < min(places)
    assert lines.endswith("Inference scope: the recipe")
    assert "Training seeds: 2; Test items per domain: 300; Samples per item: 4" in lines


def test_lists_of_runs_not_beaten_are_counted_and_listed_on_request() -> None:
    result = example_result(3, 2)
    (best,) = [finding for finding in result.findings if finding.name == "not beaten"]
    assert f"({len(best.details)} lines more with --all)" in " ".join(printed(result).split())
    assert best.details[0] not in " ".join(printed(result).split())
    assert best.details[0] in " ".join(printed(result, everything=True).split())


def test_missing_evaluations_are_counted_not_listed_forever() -> None:
    result = example_result(2, 1)
    missing = tuple(f"run {number}" for number in range(15))
    shown = printed(result.model_copy(update={"meta": result.meta.model_copy(update={"missing": missing})}))
    assert "run 9 and 5 more." in shown
    assert "run 12" not in shown
