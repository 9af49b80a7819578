"""Track the free resources of one machine: slots, each with a device, and cores and memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from xdomain.plan.stage import StageKind
from xdomain.schedule.resources import Amounts

Slot = str | None
"""The value of CUDA_VISIBLE_DEVICES for a slot; None leaves the variable unchanged."""


class Slots:
    """The free slots of a machine, and the resources that each kind of stage takes.

    Args:
        slots: All slots of the machine. Several may have the same device.
        asked: Amounts that a stage of each kind reserves. A stage that requests several GPUs takes as many slots.
        capacity: Amounts that the machine has.
        train_processes: Number of processes of a training stage, which takes as many slots.
    """

    def __init__(
        self,
        slots: Sequence[Slot],
        asked: Mapping[StageKind, Amounts],
        capacity: Amounts,
        train_processes: int,
    ) -> None:
        self._free = list(slots)
        self._asked = {kind: asked.get(kind, {}) for kind in StageKind}
        self._capacity = capacity
        self._count = {kind: max(1, int(each.get("GPU", 0))) for kind, each in self._asked.items()}
        self._count[StageKind.TRAIN] = max(self._count[StageKind.TRAIN], min(train_processes, len(slots)))

    def __len__(self) -> int:
        return len(self._free)

    def choose(self, kind: StageKind, running: Iterable[StageKind], engines: Collection[Slot]) -> list[Slot]:
        """Return free slots with different devices for a stage; [] if too few slots, cores or memory are free.

        Args:
            kind: Kind of the stage.
            running: Kinds of the stages that run now.
            engines: Slots whose device holds an idle engine, which are chosen last.
        """
        if not self.has_room(kind, running):
            return []
        different = [slot for index, slot in enumerate(self._free) if slot is None or slot not in self._free[:index]]
        different.sort(key=lambda slot: slot is not None and slot in engines)
        count = self._count[kind]
        return different[:count] if len(different) >= count else []

    def has_room(self, kind: StageKind, beside: Iterable[StageKind]) -> bool:
        """Return whether cores and memory suffice for a stage of `kind` in addition to running stages.

        Args:
            kind: Kind of the stage.
            beside: Kinds of the stages that run now.
        """
        taken = [self._asked[each] for each in beside]
        return all(
            amount + sum(each.get(name, 0.0) for each in taken) <= self._capacity[name]
            for name, amount in self._asked[kind].items()
            if name != "GPU"  # slots count these
        )

    def take(self, slots: Iterable[Slot]) -> None:
        """Mark free slots as taken."""
        for slot in slots:
            self._free.remove(slot)

    def give_back(self, slots: Iterable[Slot]) -> None:
        """Mark taken slots as free."""
        self._free += slots

    def visible_devices(self, kind: StageKind, slots: Sequence[Slot]) -> str | None:
        """Return the value of CUDA_VISIBLE_DEVICES for a stage in `slots`; None leaves the variable unchanged."""
        if self._asked[kind].get("GPU") == 0:
            return ""
        return ",".join(slot for slot in slots if slot is not None) or None
