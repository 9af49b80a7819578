"""Asymmetry: does A help B more than B helps A? In points, in logits, and of relative transfer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import permutations

import numpy as np

from xdomain.analysis.contrast import Blank, Effect, effect
from xdomain.analysis.definitions import ASYMMETRY, ASYMMETRY_LOGIT, ASYMMETRY_RELATIVE
from xdomain.analysis.inference import Estimate, Measured, combine, pool_effects, to_cell
from xdomain.analysis.multiplicity import OPPOSITE, adjust_matrix, whole_matrix
from xdomain.analysis.ratio import Ratio, ratio_difference
from xdomain.analysis.relative import ratio_cell
from xdomain.analysis.result import Cell, Matrix
from xdomain.analysis.study import Study
from xdomain.analysis.transfer import Pair


def asymmetry_matrices(
    study: Study, estimates: Mapping[Pair, Measured], ratios: Mapping[Pair, tuple[Ratio, Estimate] | Blank]
) -> tuple[Matrix, Matrix, Matrix]:
    """Asymmetry in points, in logits, and of relative transfer; antisymmetric, no diagonal."""
    names = [name for name in study.singles if name in study.domains]
    logits = pool_effects({(a, b): _logit_transfer(study, a, b) for a, b in permutations(names, 2)})
    on_logits: dict[Pair, Cell] = {}
    relative: dict[Pair, Cell] = {}
    for a, b in permutations(names, 2):
        runs = (study.singles[a].label, study.singles[b].label)
        on_logits[a, b] = to_cell(combine([logits[a, b], logits[b, a]], [1, -1], runs))
        relative[a, b] = _relative_asymmetry(ratios[a, b], ratios[b, a], runs)
    return (
        points_asymmetry(study, estimates),
        _adjust_pairs(study.matrix(on_logits, names, ASYMMETRY_LOGIT)),
        study.matrix(relative, names, ASYMMETRY_RELATIVE),
    )


def points_asymmetry(study: Study, estimates: Mapping[Pair, Measured]) -> Matrix:
    """transfer(A on B) - transfer(B on A): two different tests, so variances add."""
    names = [name for name in study.singles if name in study.domains]
    cells = {
        (a, b): to_cell(
            combine([estimates[a, b], estimates[b, a]], [1, -1], (study.singles[a].label, study.singles[b].label))
        )
        for a, b in permutations(names, 2)
    }
    return _adjust_pairs(study.matrix(cells, names, ASYMMETRY))


def _adjust_pairs(matrix: Matrix) -> Matrix:
    """Adjust over unordered pairs, and give (B, A) the adjusted p of (A, B): they are one question."""
    position = {name: number for number, name in enumerate(matrix.columns)}
    once = [(a, b) for a, b in whole_matrix(matrix) if position[a] < position[b]]
    adjusted = adjust_matrix(matrix, [once])
    cells = {row: dict(columns) for row, columns in adjusted.cells.items()}
    for a, b in once:
        tested = cells[a][b]
        mirrored = {name: getattr(tested, name) for name in ("p_adjusted", "p_equivalent", "equivalent")}
        word = OPPOSITE[tested.word] if tested.word else None
        cells[b][a] = cells[b][a].model_copy(update={**mirrored, "word": word})
    return adjusted.model_copy(update={"cells": cells})


def _logit_transfer(study: Study, name: str, domain: str) -> Effect | Blank:
    """logit R[(A), d] - logit R[base, d], linearised item by item (delta method)."""
    run, base = study.singles[name], study.base
    aligned = study.align(domain, [run, base])
    if isinstance(aligned, Blank):
        return aligned
    total = np.zeros_like(aligned.scores(run))
    for side, sign in ((run, 1), (base, -1)):
        scores = aligned.scores(side)
        share = float(scores.mean())
        if not 0 < share < 1:
            return Blank(f'no logit: "{side.label}" is at {share:g} on "{domain}"', (run.label, base.label))
        total += sign * (math.log(share / (1 - share)) + (scores - share) / (share * (1 - share)))
    return effect([(aligned, total)], (run.label, base.label))


def _relative_asymmetry(
    left: tuple[Ratio, Estimate] | Blank, right: tuple[Ratio, Estimate] | Blank, compares: tuple[str, str]
) -> Cell:
    for found in (left, right):
        if isinstance(found, Blank):
            return Cell(note=found.note, compares=compares)
    assert not isinstance(left, Blank)
    assert not isinstance(right, Blank)
    ratio = ratio_difference(left[0], right[0])
    items, seeds = left[1].n_items + right[1].n_items, min(left[1].n_seeds, right[1].n_seeds)
    counts = Estimate(ratio.value, math.nan, 1.0, items, seeds, compares=compares)
    return ratio_cell((ratio, counts))
