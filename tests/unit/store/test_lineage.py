"""Prompts that a checkpoint was trained on, by way of all stages that it was made from."""

from __future__ import annotations

from pathlib import Path

from tests.support.plans import make_plan
from xdomain.domains.base import Item
from xdomain.domains.trained import SCHEDULE, schedule_line
from xdomain.plan.graph import Plan
from xdomain.plan.stage import StageSpec
from xdomain.store.lease import acquire
from xdomain.store.lineage import Lineage
from xdomain.store.store import Store

ITEM = {name: Item(f"{name}/1", f"What is {name}?", "1") for name in ("logic", "puzzle")}


def publish(plan: Plan, store: Store, trained: dict[str, list[str]]) -> None:
    """Publish base and training stages; `trained` holds the domain of each scheduled prompt, by curriculum."""
    stages: list[StageSpec] = [plan.base, *plan.train_stages]
    for stage in stages:
        lease = acquire(store.lease_path(stage))
        assert lease is not None
        work = store.work(stage, lease)
        work.mkdir(parents=True)
        names = [] if stage is plan.base else trained[stage.title.removesuffix(", seed 0")]
        (work / SCHEDULE).write_text("".join(f"{schedule_line(name, 0, ITEM[name])}\n" for name in names))
        assert store.publish(stage, lease, {"summary": {}})
        lease.release()


def test_a_student_was_trained_on_the_prompts_of_its_teachers(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    store.create()
    curriculum = "distill(logic: logic -> puzzle)"
    plan = make_plan(grid={}, curricula=[curriculum])
    publish(plan, store, {"logic": ["logic"], "logic -> puzzle": ["puzzle"], curriculum: ["logic"]})
    logic, _, student = plan.train_stages
    found = Lineage(store).trained_on(student.end)
    assert set(found) == {"logic", "puzzle"}
    assert set(Lineage(store).trained_on(logic.end)) == {"logic"}
