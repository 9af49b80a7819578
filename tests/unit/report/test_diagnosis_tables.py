"""Tables of a diagnosis say what was measured, and what its checks found."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from xdomain.diagnosis.modules import Module
from xdomain.diagnosis.result import (
    Attribution,
    Diagnosis,
    Divergence,
    DomainEffect,
    DomainGradient,
    GradientCosine,
    LinePoint,
    LineScan,
    ModuleEdit,
    ModuleScore,
    Overlap,
    Probe,
    StageEdits,
    StagePair,
)
from xdomain.report.diagnosis_tables import CAUTION, PROBE_CAUTION, SHOWN, diagnosis_tables, probe_tables

MODULES = [Module(layer, part) for layer in range(10) for part in ("attention", "mlp")]
EDITS = StageEdits(
    "b step 4", "base", "full", "bfloat16",
    ModuleEdit(None, 2000, 5.0, 0.01, 0.25, 7.25),
    tuple(ModuleEdit(module, 100, float(place), None, 0.5) for place, module in enumerate(MODULES)),
)  # fmt: skip
PAIR = StagePair(
    "a [1]", "b", 0.05, Overlap(None, -0.125, 7, 0.25, 0.026, 4.2), (Overlap(MODULES[3], None, 0, None, None, None),)
)
EFFECT = DomainEffect(
    "b step 4", "science", 0.5, 0.458, 64,
    Divergence(1.5, 0.05, 60, 0.7),
    LineScan((LinePoint(0.0, -2.0), LinePoint(1.0, -2.5)), -0.1, -0.7, -0.45, -0.5),
    Attribution(3, -0.5, -0.49, True, (ModuleScore(MODULES[0], 0.01, None), ModuleScore(MODULES[1], -0.5, 0.4)), 0.9),
)  # fmt: skip


def shown(found: Diagnosis | Probe) -> str:
    console = Console(width=200, file=io.StringIO())
    for part in probe_tables(found) if isinstance(found, Probe) else diagnosis_tables(found):
        console.print(part)
    return console.file.getvalue()


def test_edits_and_overlaps() -> None:
    text = shown(Diagnosis((EDITS,), (PAIR,)))
    assert "Edits of b step 4, from base (full weights, bfloat16)" in text
    assert "Overlap of a [1] and b: rows among the 5% most changed of both" in text
    (whole, pair) = (line.split() for line in text.splitlines() if "whole model" in line)
    assert {"2,000", "5", "1.00e-02", "25.0%", "7.2"} <= set(whole)
    assert {"−0.125", "7", "0.250", "0.026", "+4.2"} <= set(pair)
    assert f"{len(MODULES) - SHOWN} more modules with --json" in text
    assert "layer 9 mlp" in text
    assert "layer 0 attention" not in text  # it changed least
    assert CAUTION in text


def test_an_effect_with_its_checks() -> None:
    text = shown(Diagnosis((), (), (EFFECT,)))
    for sentence in (
        "science after b step 4: accuracy 50.0 to 45.8 in the stored answers; the log-likelihood of 64 right "
        "completions of its parent changes by −0.500 nats per completion.",
        "KL from the parent: 1.500 nats per completion, 0.0500 per token, along 60 completions drawn at "
        "temperature 0.7.",
        "Line from parent (0) to end (1), log-likelihood at 0.0: −2.000, 1.0: −2.500.",
        "The slope at the parent predicts −0.100 nats, slope and curvature −0.450 nats; measured −0.500 nats.",
        "Attribution at 3 points: scores sum to −0.490 nats, measured −0.500 nats (complete).",
        "Resetting 1 module to the parent, one at a time: rank correlation with the scores 0.90.",
    ):
        assert sentence in " ".join(text.split())
    rows = [line for line in text.splitlines() if "layer 0" in line]
    assert "mlp" in rows[0]  # the most damaging first
    assert "−0.5000" in rows[0]
    assert "+0.4000" in rows[0]


def test_a_stage_that_changed_nothing() -> None:
    found = replace(EFFECT.attribution, modules=(), rank_correlation=None)
    assert "The stage changed no weight." in shown(Diagnosis((), (), (replace(EFFECT, attribution=found),)))


def test_an_incomplete_attribution_says_so() -> None:
    found = replace(EFFECT.attribution, complete=False, rank_correlation=None)
    text = shown(Diagnosis((), (), (replace(EFFECT, attribution=found, divergence=None, accuracy_after=None),)))
    assert "NOT complete, so do not use the scores" in text
    assert "rank correlation" not in text
    assert "KL" not in text
    assert "accuracy" not in text


def test_a_probe() -> None:
    gradients = (DomainGradient("math", 60, 12.34, 0.5), DomainGradient("logic", 64, 0.001, 0.0))
    text = shown(Probe("base", gradients, (GradientCosine("math", "logic", -0.25, None),)))
    rows = [line.split() for line in text.splitlines()]
    assert ["│", "math", "│", "60", "│", "12.3", "│", "0.50", "│"] in rows
    assert ["│", "math", "│", "logic", "│", "−0.250", "│", "│"] in rows
    assert PROBE_CAUTION in " ".join(text.split())
