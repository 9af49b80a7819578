"""Alarms of each run and seed, with the onset of the damage."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from xdomain.analysis.columns import FloatArray
from xdomain.analysis.result.alarms import AlarmLook, MonitoredDomain, RaisedAlarm
from xdomain.analysis.runs import Run
from xdomain.analysis.study import Study
from xdomain.plan.alarms.design import detectable_drop
from xdomain.plan.alarms.looks import Look, StageLooks, differences
from xdomain.plan.alarms.onset import onset

WORDS = {True: "needed", False: "not needed"}


def monitored_domains(study: Study) -> tuple[MonitoredDomain, ...]:
    """Return what alarms saw, by run in plan order, then seed and domain."""
    return tuple(found for run in study.book.trained for found in _of_run(run))


def _of_run(run: Run) -> Iterator[MonitoredDomain]:
    for seed, end in run.ends.items():
        if end.looks is not None and seed is not None:
            for domain in end.looks.design.domains:
                taken = end.looks.of(domain)
                if len(taken) > 1:
                    found = _monitored(run.label, seed, domain, end.looks, taken)
                    needed = end.refreshes.get(domain)
                    yield found.model_copy(update={"refresh": None if needed is None else WORDS[needed]})


def _monitored(run: str, seed: int, domain: str, stage: StageLooks, taken: list[Look]) -> MonitoredDomain:
    reference, *later = taken
    changes = np.stack([differences(reference.scores, look.scores) for look in later], axis=1)
    own = stage.design.domains[domain]
    return MonitoredDomain(
        run=run,
        seed=seed,
        domain=domain,
        method=own.method,
        items=own.items,
        detectable_drop=detectable_drop(own, stage.design.alpha),
        discordant=float((np.abs(np.nan_to_num(changes[:, -1])) > 0).mean()),
        alarm=next((_raised(look, changes, later) for look in later if look.decision and look.decision.alarm), None),
        looks=tuple(
            AlarmLook(step=look.step, accuracy=look.accuracy, p=look.decision.p if look.decision else None)
            for look in taken
        ),
    )


def _raised(look: Look, changes: FloatArray, later: list[Look]) -> RaisedAlarm:
    """Return the alarm. The onset uses all looks, including those after the alarm."""
    decision = look.decision
    assert decision is not None
    begun = onset(changes, [each.step for each in later])
    return RaisedAlarm(
        step=look.step,
        change=decision.change,
        p=decision.p,
        onset_after=begun.after,
        onset_by=begun.by,
        onset_low=begun.low,
        onset_high=begun.high,
    )
