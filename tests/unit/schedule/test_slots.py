"""Free places of one machine."""

from __future__ import annotations

import pytest

from xdomain.plan.stage import StageKind
from xdomain.schedule.slots import Slots

BASE, TRAIN, EVALUATE = StageKind.BASE, StageKind.TRAIN, StageKind.EVALUATE


def test_slots_are_taken_and_given_back() -> None:
    slots = Slots([None, None], {}, {}, 1)
    chosen = slots.choose(TRAIN, [], set())
    slots.take(chosen)
    assert (chosen, len(slots)) == ([None], 1)
    slots.give_back(chosen)
    assert len(slots) == 2


def test_processes_of_a_group_get_different_devices() -> None:
    slots = Slots(["0", "0", "1"], {}, {}, 2)
    chosen = slots.choose(TRAIN, [], set())
    assert chosen == ["0", "1"]
    assert slots.visible_devices(TRAIN, chosen) == "0,1"
    slots.take(chosen)
    assert slots.choose(TRAIN, [TRAIN], set()) == [], "one device is left for two processes"
    assert slots.choose(EVALUATE, [TRAIN], set()) == ["0"]


def test_a_device_with_an_idle_engine_is_chosen_last() -> None:
    slots = Slots(["0", "1"], {}, {}, 1)
    assert slots.choose(TRAIN, [], {"0"}) == ["1"]
    slots.take(["1"])
    assert slots.choose(TRAIN, [], {"0"}) == ["0"]


@pytest.mark.parametrize(("memory", "fits"), [(9.0, False), (10.0, True)])
def test_memory_is_counted_beside_what_runs(memory: float, fits: bool) -> None:
    slots = Slots([None] * 3, {TRAIN: {"memory": 6.0}, BASE: {"memory": 4.0}}, {"memory": memory}, 1)
    assert slots.has_room(TRAIN, [BASE, EVALUATE]) is fits
    assert bool(slots.choose(TRAIN, [BASE, EVALUATE], set())) is fits


def test_no_gpu_hides_every_device() -> None:
    slots = Slots(["0"], {EVALUATE: {"GPU": 0.0}}, {"GPU": 1}, 1)
    assert slots.visible_devices(EVALUATE, ["0"]) == ""
    assert slots.visible_devices(TRAIN, ["0"]) == "0"
    assert Slots([None], {}, {}, 1).visible_devices(TRAIN, [None]) is None
