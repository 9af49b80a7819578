"""Relative transfer: how much of what training on d itself gives does training on A give to d?"""

from __future__ import annotations

import math
from collections.abc import Mapping

from xdomain.analysis.contrast import Aligned, Blank, Effect
from xdomain.analysis.definitions import RELATIVE_TRANSFER
from xdomain.analysis.inference import Estimate, Measured, pool, t_quantile, to_cell
from xdomain.analysis.ratio import Ratio, fieller
from xdomain.analysis.result import Cell, Matrix
from xdomain.analysis.runs import Run
from xdomain.analysis.study import Study
from xdomain.analysis.transfer import Pair
from xdomain.analysis.variance import components

UNMOVED = 'not defined: training on "{domain}" did not move "{domain}" at all'


def relative_ratios(study: Study, estimates: Mapping[Pair, Measured]) -> dict[Pair, tuple[Ratio, Estimate] | Blank]:
    """Fieller ratio by (A, d), with the estimate of its numerator for the counts."""
    singles = study.singles
    return {
        (name, domain): _relative_ratio(study, singles, name, domain, estimates)
        for name in singles
        for domain in study.domains
        if domain in singles and domain != name
    }


def _relative_ratio(
    study: Study, singles: Mapping[str, Run], name: str, domain: str, estimates: Mapping[Pair, Measured]
) -> tuple[Ratio, Estimate] | Blank:
    run, own, base = singles[name], singles[domain], study.base
    compares = (run.label, own.label, base.label)
    aligned = study.align(domain, [run, own, base])
    top, bottom = estimates[name, domain], estimates[domain, domain]
    for found in (aligned, top, bottom):
        if isinstance(found, Blank):
            return Blank(found.note, compares)
    assert isinstance(aligned, Aligned)
    assert isinstance(top, Estimate)
    assert isinstance(bottom, Estimate)
    left = components(aligned.scores(run) - aligned.scores(base), aligned.clusters)
    right = components(aligned.scores(own) - aligned.scores(base), aligned.clusters)
    both = components(aligned.scores(run) + aligned.scores(own) - 2 * aligned.scores(base), aligned.clusters)
    # The runs A and d are trained apart, so their seed effects are independent; items and the base they share.
    covariance = float(both.items - left.items - right.items) / 2
    seed_part = _seed_variance(study, singles, domain) / len(aligned.seeds)
    variances = (float(left.items) + seed_part, float(right.items) + seed_part)
    critical = t_quantile(0.975, min(top.degrees, bottom.degrees))
    if math.isnan(variances[0] + variances[1]):
        return Blank("no interval: one item or one cluster of items has no spread", compares)
    ratio = fieller(float(left.mean), float(right.mean), variances, covariance, critical)
    if ratio is None:
        return Blank(UNMOVED.format(domain=domain), compares)
    counts = Estimate(
        ratio.value, math.nan, 1.0, len(aligned.items), len(aligned.seeds), None, None, compares, caveat=aligned.caveat
    )
    return ratio, counts


def _seed_variance(study: Study, singles: Mapping[str, Run], domain: str) -> float:
    """Pooled variance between seeds of transfer on one domain, item noise taken off; 0 with one seed."""
    effects = [study.difference(run, study.base, domain) for run in singles.values()]
    several = [found for found in effects if isinstance(found, Effect) and found.parts.n_seeds > 1]
    if not several:
        return 0.0
    shared = pool(several)
    return max(float(shared.between - shared.noise), 0.0)


def relative_transfer_matrix(
    study: Study, ratios: Mapping[Pair, tuple[Ratio, Estimate] | Blank], estimates: Mapping[Pair, Measured]
) -> Matrix:
    cells: dict[Pair, Cell] = {}
    for name, run in study.singles.items():
        for domain in study.domains:
            if domain == name:
                cells[name, domain] = _own_cell(run, domain, estimates[domain, domain])
            elif (name, domain) in ratios:
                cells[name, domain] = ratio_cell(ratios[name, domain])
    return study.matrix(cells, study.domains, RELATIVE_TRANSFER)


def _own_cell(run: Run, domain: str, found: Measured) -> Cell:
    if isinstance(found, Blank):
        return to_cell(found)
    compares = (run.label, run.label)
    if found.value == 0.0:
        return Cell(note=UNMOVED.format(domain=domain), compares=compares)
    return Cell(estimate=1.0, low=1.0, high=1.0, note="1 by definition", compares=compares)


def ratio_cell(found: tuple[Ratio, Estimate] | Blank) -> Cell:
    if isinstance(found, Blank):
        return to_cell(found)
    ratio, counts = found
    cell = to_cell(counts, tested=False)
    note = cell.note
    if ratio.low is None:
        note = "; ".join(filter(None, [note, "unbounded: the denominator's interval holds 0"]))
    return cell.model_copy(update={"low": ratio.low, "high": ratio.high, "note": note})
