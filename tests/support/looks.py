"""Stored looks of a stage's alarms, made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.support.published import fill, leased
from xdomain.plan.alarms.decision import Decision
from xdomain.plan.alarms.design import AlarmDesign, DomainDesign, Method
from xdomain.plan.alarms.looks import LOOKS, Look, header
from xdomain.plan.stage import StageSpec
from xdomain.store.store import Store

ITEMS = 20


def with_looks(store: Store, stage: StageSpec, changes: Mapping[str, float]) -> Path:
    """Publish a stage whose last look found these changes, negative ones with an alarm; return its folder."""
    design = AlarmDesign((12,), {name: DomainDesign(Method.SIGN_FLIP, ITEMS) for name in changes}, 0.02, 400, {})
    lines = [header(design, {name: [str(item) for item in range(ITEMS)] for name in changes})]
    for name, change in changes.items():
        right = round(ITEMS * (0.5 + change))
        scores = (1.0,) * right + (0.0,) * (ITEMS - right)
        half = (1.0,) * (ITEMS // 2) + (0.0,) * (ITEMS // 2)
        lines.append(Look(0, name, half, None, ITEMS, 100, 0.1).line())
        lines.append(Look(12, name, scores, None, ITEMS, 100, 0.1, Decision(0.001, change, change < 0)).line())
    fill(store, stage)
    (store.work(stage) / LOOKS).write_text("".join(f"{line}\n" for line in lines))
    lease = leased(store, stage)
    assert store.publish(stage, lease, {})
    store.give_back(stage, lease)
    return store.folder(stage)
