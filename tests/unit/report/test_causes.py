"""Diagnoses as tables of the report."""

from __future__ import annotations

import random

import pytest

from tests.support.diagnosis_example import example_diagnoses, example_effect
from tests.support.report_example import example_result
from xdomain.analysis.read_result import parse_result
from xdomain.analysis.result import AnalysisResult, Diagnoses
from xdomain.diagnosis.modules import Module
from xdomain.report.causes import block_edits, block_order, block_scores, block_table, causes_sections, stage_name
from xdomain.report.diagnosis_words import CAUTION
from xdomain.report.html import render_html
from xdomain.report.latex import render_latex
from xdomain.report.markdown import render_markdown

FOUND = example_diagnoses()


def with_diagnoses(found: Diagnoses) -> AnalysisResult:
    return example_result(3, 1).model_copy(update={"diagnoses": found})


def incomplete(found: Diagnoses) -> Diagnoses:
    """Return only the first stage, with one effect whose scores do not sum to the change."""
    first = found.stages[0]
    modules = [each.module for each in first.edits.modules if each.module is not None]
    effect = example_effect(first.edits.stage, "math", modules, random.Random(1), complete=False)
    return Diagnoses(stages=(first.model_copy(update={"effects": (effect,)}),))


def test_every_stage_and_pair_has_its_row() -> None:
    (section,) = causes_sections(with_diagnoses(FOUND))
    effects, attribution, edits, overlap = section.tables
    assert [row[:2] for row in effects.rows] == [row[:2] for row in attribution.rows]
    assert [row[0] for row in edits.rows] == ["math, seed 0 step 40", "math -> science, seed 0 step 40"]
    assert overlap.rows[0][:2] == ("math, seed 0 step 40", "math -> science, seed 0 step 40")
    assert all(len(row) == len(table.header) for table in section.tables for row in table.rows)
    assert section.meaning.endswith(CAUTION)
    assert "5% most changed rows, against chance" in overlap.title


def test_the_most_damaging_modules_are_named() -> None:
    (section,) = causes_sections(with_diagnoses(FOUND))
    worst = min(FOUND.stages[0].effects[0].attribution.modules, key=lambda each: each.score)
    assert section.tables[1].rows[0][-1].startswith(worst.module.label)


def test_incomplete_scores_are_not_shown() -> None:
    found = incomplete(FOUND)
    attribution = causes_sections(with_diagnoses(found))[0].tables[1]
    assert attribution.rows[0][4] == "NO, 3 points"
    assert attribution.rows[0][-1] == ""
    assert block_scores(found) == {}
    assert block_table(found) is None


def test_edits_alone_are_a_section_without_words_on_scores() -> None:
    found = Diagnoses(stages=tuple(each.model_copy(update={"effects": ()}) for each in FOUND.stages))
    (section,) = causes_sections(with_diagnoses(found))
    assert [table.title for table in section.tables] == ["Edits of the weights"]
    assert "log-likelihood" not in section.meaning


def test_no_diagnosis_is_no_section() -> None:
    assert causes_sections(with_diagnoses(Diagnoses())) == []


def test_blocks_are_attention_then_mlp_by_layer_without_norms() -> None:
    order = block_order(block_scores(FOUND))
    assert order == [Module(layer, part) for part in ("attention", "mlp") for layer in range(4)]
    assert block_edits(FOUND)["math"].keys() == set(order)
    table = block_table(FOUND)
    assert table is not None
    assert table.header == (
        "module",
        "math: math",
        "math: science",
        "math -> science: math",
        "math -> science: science",
    )
    score = next(
        each.score for each in FOUND.stages[0].effects[0].attribution.modules if each.module == Module(2, "mlp")
    )
    row = next(row for row in table.rows if row[0] == "layer 2 mlp")
    assert float(row[1].replace("−", "-")) == pytest.approx(score, abs=1e-4)


def test_seeds_are_named_if_there_are_several() -> None:
    found = example_diagnoses(seeds=(0, 1))
    assert [stage_name(found, each) for each in found.stages[:2]] == ["math, seed 0", "math, seed 1"]


def test_every_format_shows_it() -> None:
    result = with_diagnoses(FOUND)
    markdown = render_markdown(result)
    assert "Causes of interference" in markdown
    assert "<details><summary>Scores by block</summary>" in markdown
    assert "Causes of interference" in render_html(result)
    assert "Causes of interference" in render_latex(result)
    assert parse_result(result.model_dump(mode="json")).diagnoses == FOUND
