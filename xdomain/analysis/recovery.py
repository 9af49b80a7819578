"""Recovery: the share of a phase's damage that a repair undoes, and the share of its new skill that is left.

For a run A -> B, the domain a of A's last phase and the domain b of B:

    recovered = (R[repair, a] - R[A -> B, a]) / (R[A, a] - R[A -> B, a])
    kept      = (R[repair, b] - R[A, b]) / (R[A -> B, b] - R[A, b])

Repairs are short returns (A -> B -> a@k, dose k), interpolations (merge((1 - t)*A, t*(A -> B)), dose t), and rollbacks
(rollback(A -> B, to=A, share=s), dose s) with random resets as their control. Intervals are Fieller's over items, for
these checkpoints.

Source: ours; the repairs are those of 2606.02398 (refresh) and of Wortsman et al. 2022 (interpolation).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from xdomain.analysis.blank import Blank
from xdomain.analysis.inference import Estimate, t_quantile
from xdomain.analysis.ratio import RatioEstimate, fieller, ratio_cell
from xdomain.analysis.result import Cell, Recovery, Repair, RepairPoint
from xdomain.analysis.runs import Run, RunBook
from xdomain.analysis.study import Study
from xdomain.analysis.variance import components
from xdomain.config.curriculum import Curriculum
from xdomain.config.phases import Merge, MergeMethod, Phase, Rollback, RollbackMethod
from xdomain.config.run_id import RunId

TOLERANCE = 1e-6
"""Largest distance of the sum of an interpolation's weights from 1."""
TWO_ARGUMENTS = 2
KIND_OF: Mapping[RollbackMethod, Repair] = {
    RollbackMethod.ATTRIBUTION: "rollback",
    RollbackMethod.RANDOM: "random reset",
}


@dataclass(frozen=True)
class _Damage:
    """A run whose last phase may have damaged the domain of the phase before."""

    damaged: Run
    parent: Run
    domain: str
    skill: str


def recoveries(study: Study) -> tuple[Recovery, ...]:
    """Return the repairs of each damaged domain, in plan order."""
    damages: dict[RunId, _Damage] = {}
    found: dict[RunId, list[RepairPoint]] = {}
    for run in study.book.trained:
        for damage, repair, dose in _repairs(run, study.book):
            point = RepairPoint(
                repair=repair,
                dose=dose,
                run=run.label,
                recovered=_recovered(study, damage, run),
                kept=_kept(study, damage, run),
            )
            damages[damage.damaged.id] = damage
            found.setdefault(damage.damaged.id, []).append(point)
    return tuple(
        Recovery(
            damaged=damages[name].damaged.label,
            parent=damages[name].parent.label,
            domain=damages[name].domain,
            skill=damages[name].skill,
            points=tuple(sorted(points, key=_by_dose)),
        )
        for name, points in found.items()
    )


def _by_dose(point: RepairPoint) -> tuple[Repair, bool, float]:
    return point.repair, point.dose is None, point.dose or 0.0


def _repairs(run: Run, book: RunBook) -> Iterator[tuple[_Damage, Repair, float | None]]:
    """Yield what a run repairs, how and with which dose."""
    curriculum = run.id.curriculum
    if curriculum is None:
        return
    first, before = curriculum.phases[0], curriculum.before
    if isinstance(first, Merge) and before is None:
        yield from _interpolation(first, run, book)
    elif isinstance(first, Rollback) and before is None:
        damage = _damage(first.curriculum, run, book) if first.to == first.curriculum.before else None
        if damage is not None:
            yield damage, KIND_OF[first.method], first.share
    elif before is not None and run.ends:
        damage = _damage(before, run, book)
        if damage is not None and _only_domain(curriculum) == damage.domain:
            yield damage, "refresh", next(iter(run.ends.values())).step


def _interpolation(merge: Merge, run: Run, book: RunBook) -> Iterator[tuple[_Damage, Repair, float]]:
    weights = {curriculum: weight for weight, curriculum in merge.arguments}
    total = sum(weights.values())
    if len(weights) != TWO_ARGUMENTS or merge.method is not MergeMethod.LINEAR or abs(total - 1) > TOLERANCE:
        return
    for curriculum, weight in weights.items():
        damage = _damage(curriculum, run, book) if curriculum.before in weights else None
        if damage is not None:
            yield damage, "interpolation", weight


def _damage(curriculum: Curriculum, run: Run, book: RunBook) -> _Damage | None:
    """Return the damage that the last phase of `curriculum` may have done; None unless both phases train one domain."""
    before = curriculum.before
    if before is None:
        return None
    domain, skill = _only_domain(before), _only_domain(curriculum)
    damaged, parent = (book.of_curriculum(each, run.id.strategy) for each in (curriculum, before))
    if None in (domain, skill, damaged, parent) or domain == skill:
        return None
    assert damaged is not None
    assert parent is not None
    return _Damage(damaged, parent, str(domain), str(skill))


def _only_domain(curriculum: Curriculum) -> str | None:
    """Return the one domain that the last phase trains on."""
    last = curriculum.phases[-1]
    return last.domains[0] if isinstance(last, Phase) and not last.is_mixed else None


def _recovered(study: Study, damage: _Damage, repaired: Run) -> Cell:
    unmoved = f'not defined: "{damage.damaged.label}" did not lower "{damage.domain}"'
    return _share(study, damage.domain, (repaired, damage.parent), damage.damaged, unmoved)


def _kept(study: Study, damage: _Damage, repaired: Run) -> Cell:
    unmoved = f'not defined: "{damage.damaged.label}" did not raise "{damage.skill}"'
    return _share(study, damage.skill, (repaired, damage.damaged), damage.parent, unmoved)


def _share(study: Study, domain: str, sides: tuple[Run, Run], origin: Run, unmoved: str) -> Cell:
    """Return (R[side 0] - R[origin]) / (R[side 1] - R[origin]), if the denominator is positive."""
    compares = tuple(run.label for run in (*sides, origin))
    aligned = study.align(domain, [*sides, origin])
    if isinstance(aligned, Blank):
        return ratio_cell(Blank(aligned.note, compares))
    top, bottom = (aligned.scores(side) - aligned.scores(origin) for side in sides)
    left, right, both = (components(values, aligned.clusters) for values in (top, bottom, top + bottom))
    if not float(right.mean) > 0:
        return ratio_cell(Blank(unmoved, compares))
    covariance = float(both.items - left.items - right.items) / 2
    critical = t_quantile(0.975, float(left.item_degrees))
    ratio = fieller(float(left.mean), float(right.mean), (float(left.items), float(right.items)), covariance, critical)
    assert ratio is not None
    counts = Estimate(
        ratio.value, math.nan, 1.0, len(aligned.items), len(aligned.seeds), compares=compares, caveat=aligned.caveat
    )
    found: RatioEstimate = (ratio, counts)
    return ratio_cell(found)
