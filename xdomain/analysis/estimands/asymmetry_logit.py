"""Asymmetry in logits, because a point near 0 or 1 means more than a point near one half."""

from __future__ import annotations

import math
from itertools import permutations
from typing import TYPE_CHECKING

from xdomain.analysis.blank import Blank
from xdomain.analysis.estimand import BENJAMINI_HOCHBERG, Address, Estimand
from xdomain.analysis.estimands.asymmetry import compared_domains, pair_of_domains, tested_once
from xdomain.analysis.matrix import Matrix

if TYPE_CHECKING:
    from xdomain.analysis.contrast import Effect
    from xdomain.analysis.measurements import Measurements


def compute(measurements: Measurements, template: Matrix) -> Matrix:
    """Return the difference of two changes of logit accuracy."""
    study = measurements.study
    names = compared_domains(study)
    logits = measurements.pooled({(a, b): _logit_transfer(measurements, a, b) for a, b in permutations(names, 2)})
    cells = {
        (a, b): measurements.cell(
            measurements.combined(
                [logits[a, b], logits[b, a]], [1, -1], (study.singles[a].label, study.singles[b].label)
            )
        )
        for a, b in permutations(names, 2)
    }
    return tested_once(measurements, template, cells, names)


def _logit_transfer(measurements: Measurements, name: str, domain: str) -> Effect | Blank:
    """Return logit R[(A), d] - logit R[base, d], linearised item by item (delta method)."""
    study = measurements.study
    run, base = study.singles[name], study.base
    compares = (run.label, base.label)
    aligned = study.align(domain, [run, base])
    if isinstance(aligned, Blank):
        return aligned
    parts = []
    for side in (run, base):
        scores = aligned.scores(side)
        share = float(scores.mean())
        if not 0 < share < 1:
            return Blank(f'no logit: "{side.label}" is at {share:g} on "{domain}"', compares)
        parts.append(math.log(share / (1 - share)) + (scores - share) / (share * (1 - share)))
    return measurements.contrast(aligned, parts[0] - parts[1], compares)


ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="asymmetry_logit",
            title="Asymmetry in logits",
            definition=(
                "The same on logit accuracies, since a point near 0 or 1 means more than near one half; delta method"
            ),
            source="ours",
            row_meaning="A",
            unit="logit",
            column_meaning="B",
            family=f"{BENJAMINI_HOCHBERG} over unordered pairs",
            question="Does the asymmetry hold on the logit scale?",
            mirrored=True,
        ),
        compute=compute,
        rank=20,
        addresses=(Address("asymmetry_logit", (2,), domain=False, places=pair_of_domains),),
    ),
)
