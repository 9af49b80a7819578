"""Relative transfer: the effect of training on A as a share of the effect of training on d itself."""

from __future__ import annotations

import math
from collections.abc import Mapping

from xdomain.analysis.blank import UNMOVED, Blank
from xdomain.analysis.contrast import Aligned, Effect
from xdomain.analysis.inference import Estimate, Measured, pool, t_quantile
from xdomain.analysis.ratio import RatioEstimate, fieller
from xdomain.analysis.runs import Run
from xdomain.analysis.study import Study
from xdomain.analysis.variance import components

Pair = tuple[str, str]
"""Trained and evaluated domain."""


def relative_ratios(study: Study, estimates: Mapping[Pair, Measured]) -> dict[Pair, RatioEstimate | Blank]:
    """Return Fieller ratios, keyed by (A, d), with the estimate of the numerator for the counts."""
    singles = study.singles
    return {
        (name, domain): _relative_ratio(study, singles, name, domain, estimates)
        for name in singles
        for domain in study.domains
        if domain in singles and domain != name
    }


def _relative_ratio(
    study: Study, singles: Mapping[str, Run], name: str, domain: str, estimates: Mapping[Pair, Measured]
) -> RatioEstimate | Blank:
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
    # The runs A and d are trained separately, so their seed effects are independent. They share items and the base.
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
    """Return the pooled variance between seeds of transfer on one domain, without item noise; 0 with one seed."""
    effects = [study.difference(run, study.base, domain) for run in singles.values()]
    several = [found for found in effects if isinstance(found, Effect) and found.parts.n_seeds > 1]
    if not several:
        return 0.0
    shared = pool(several)
    return max(float(shared.between - shared.noise), 0.0)
