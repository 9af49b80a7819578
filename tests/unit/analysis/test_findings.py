"""The findings: which come first, what they count, and that every sentence is in one list."""

from __future__ import annotations

from tests.support.grids import make_grid
from tests.support.report_example import example_result, with_matrices
from xdomain.analysis.analyse import analyse
from xdomain.analysis.findings import findings, worded
from xdomain.analysis.result import AnalysisResult, Finding

MAIN = ("ways", "transfer", "order", "retention", "mixture")


def named(result: AnalysisResult) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings(result)}


def test_the_questions_of_every_report_come_first_and_each_has_one_sentence() -> None:
    found = findings(example_result(4, 3))
    assert tuple(finding.name for finding in found[: len(MAIN)]) == MAIN
    assert all(finding.is_main for finding in found[: len(MAIN)])
    places = [number for number, finding in enumerate(found) if finding.is_main and finding.name != "missing"]
    assert places == list(range(len(places)))


def test_counts_of_an_answer_are_those_of_its_matrix() -> None:
    result = example_result(4, 3)
    found = named(result)["order"]
    words = [cell.word for cells in result.matrices["order_effect"].cells.values() for cell in cells.values()]
    assert found.tested == sum(word is not None for word in words)
    assert found.shown == sum(word in ("gain", "loss") for word in words)
    assert f"shown in {found.shown} of {found.tested} comparisons" in found.sentence


def test_sentences_are_the_answers_and_then_their_details() -> None:
    result = example_result(4, 3)
    answers = [finding.sentence for finding in result.findings]
    details = [line for finding in result.findings for line in finding.details]
    assert list(result.sentences) == answers + details


def test_an_old_result_without_findings_gets_them() -> None:
    result = example_result(3, 1)
    assert worded(result.model_copy(update={"findings": (), "sentences": ()})) == result


def test_a_question_that_no_curriculum_asks_is_named() -> None:
    found = named(analyse(make_grid(("math", "science"), ("math", "science"), n_items=40)))
    assert found["absent"].sentence == "No curricula were compared for: order, retention, mixture."
    assert "order" not in found


def test_models_side_by_side_are_compared_with_the_base() -> None:
    result = example_result(3, 1)
    empty = [result.matrices[name].model_copy(update={"cells": {}}) for name in MATRICES]
    found = named(with_matrices(result, *empty))
    assert found["change"].is_main
    assert found["change"].tested


def test_missing_evaluations_are_counted_among_the_main_findings() -> None:
    found = named(example_result(3, 1))["missing"]
    assert found.is_main
    assert found.sentence == "1 planned evaluation is missing; cells that need it are blank."


def test_runs_not_beaten_are_counted_and_their_sets_are_details() -> None:
    result = example_result(4, 3)
    found = named(result)["not beaten"]
    assert len(found.details) == len(result.summary.best)
    assert not found.is_main
    assert f"of {len(result.summary.best)} comparisons" in found.sentence


MATRICES = ("transfer", "order_effect", "retention", "mix_gain", "strategy_effect", "plasticity", "refresh")
