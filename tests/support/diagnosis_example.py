"""Diagnoses made by hand, for tests of the report. The numbers come from a seeded generator and mean nothing."""

from __future__ import annotations

import random
from collections.abc import Sequence

from xdomain.analysis.result import DiagnosedStage, Diagnoses
from xdomain.diagnosis.modules import Module
from xdomain.diagnosis.result import (
    Attribution,
    Divergence,
    DomainEffect,
    LinePoint,
    LineScan,
    ModuleEdit,
    ModuleScore,
    Overlap,
    StageEdits,
    StagePair,
)

PARTS = ("attention", "mlp", "norms")


def example_diagnoses(
    runs: Sequence[str] = ("math", "math -> science"),
    domains: Sequence[str] = ("math", "science"),
    layers: int = 4,
    seeds: Sequence[int] = (0,),
) -> Diagnoses:
    """Return one diagnosed stage per run and seed, with an effect on each domain, and all overlaps."""
    draw = random.Random(0)
    modules = [Module(None, "embeddings"), *(Module(layer, part) for layer in range(layers) for part in PARTS)]
    stages = [_stage(run, seed, modules, domains, draw) for run in runs for seed in seeds]
    names = [stage.edits.stage for stage in stages]
    overlaps = [
        StagePair(first, second, 0.05, _overlap(None, draw), tuple(_overlap(module, draw) for module in modules))
        for place, first in enumerate(names)
        for second in names[place + 1 :]
    ]
    return Diagnoses(stages=tuple(stages), overlaps=tuple(overlaps))


def _stage(
    run: str, seed: int, modules: Sequence[Module], domains: Sequence[str], draw: random.Random
) -> DiagnosedStage:
    title = f"{run}, seed {seed} step 40"

    def edit(module: Module | None) -> ModuleEdit:
        return ModuleEdit(module, 1_000, draw.uniform(0.1, 1), draw.uniform(0.001, 0.01), 0.98)

    edits = StageEdits(title, "base", "full", "float32", edit(None), tuple(map(edit, modules)))
    effects = tuple(example_effect(title, domain, modules, draw) for domain in domains)
    return DiagnosedStage(run=run, seed=seed, edits=edits, effects=effects)


def example_effect(
    stage: str, domain: str, modules: Sequence[Module], draw: random.Random, *, complete: bool = True
) -> DomainEffect:
    """Return an effect whose scores sum to the change."""
    scores = [ModuleScore(module, draw.gauss(-0.02, 0.05), None) for module in modules]
    resets = tuple(ModuleScore(each.module, each.score, -1.1 * each.score) for each in scores)
    total = sum(each.score for each in scores)
    change = total if complete else total + 1
    line = LineScan((LinePoint(0.0, -2.0), LinePoint(1.0, -2.0 + change)), 0.8 * change, 0.4 * change, change, change)
    attribution = Attribution(3, change, total, complete, resets, 1.0)
    return DomainEffect(stage, domain, 0.61, 0.55, 48, Divergence(0.3, 0.05, 48, 1.0), line, attribution)


def _overlap(module: Module | None, draw: random.Random) -> Overlap:
    return Overlap(module, draw.uniform(-0.1, 0.4), 31, draw.uniform(0.02, 0.1), 0.026, draw.uniform(-2, 6))
