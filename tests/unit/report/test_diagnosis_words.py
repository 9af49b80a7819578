"""Texts that the terminal and the report share."""

from __future__ import annotations

import random

from tests.support.diagnosis_example import example_diagnoses, example_effect
from xdomain.diagnosis.modules import Module
from xdomain.diagnosis.result import ModuleEdit, Overlap
from xdomain.report.diagnosis_words import (
    SHOWN,
    attribution_sentences,
    edit_texts,
    most_scored,
    nats,
    overlap_texts,
    weights_words,
)

FOUND = example_diagnoses()


def test_missing_figures_are_empty() -> None:
    assert edit_texts(ModuleEdit(None, 1_000, 0.5, None, None)) == ("1,000", "0.5", "", "", "")
    assert overlap_texts(Overlap(None, None, 0, None, None, None)) == ("", "0", "", "", "")


def test_weights_in_words() -> None:
    assert weights_words(FOUND.stages[0].edits) == "full weights, float32"


def test_the_largest_scores_in_order_of_damage() -> None:
    attribution = FOUND.stages[0].effects[0].attribution
    found = most_scored(attribution)
    assert len(found) == SHOWN
    assert [each.score for each in found] == sorted(each.score for each in found)
    smallest = min(abs(each.score) for each in found)
    assert sum(abs(each.score) > smallest for each in attribution.modules) == SHOWN - 1


def test_the_checks_of_an_attribution() -> None:
    modules = [Module(layer, "mlp") for layer in range(3)]
    good, bad = (example_effect("a", "b", modules, random.Random(0), complete=each) for each in (True, False))
    assert "(complete)" in " ".join(attribution_sentences(good.attribution))
    assert "NOT complete" in " ".join(attribution_sentences(bad.attribution))
    assert "Resetting 3 modules to the parent" in " ".join(attribution_sentences(good.attribution))
    assert nats(-0.5) == "−0.500 nats"
