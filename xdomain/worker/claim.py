"""A stage whose lease this worker holds."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

from xdomain.core.files import remove
from xdomain.core.provenance import provenance
from xdomain.core.seeds import derive_seed
from xdomain.core.stage import Lender, StageContext, StageResult, StoppedByAlarm
from xdomain.core.states import Cause
from xdomain.plan.alarms.stopped import stopped_stage
from xdomain.plan.borrowing import repeats_samples
from xdomain.plan.stage import EvaluateStage, StageSpec, TrainStage
from xdomain.plan.task import Order, TaskFile
from xdomain.store.failures import Failure
from xdomain.store.lease import Lease
from xdomain.store.lenders import DrawnAlike, as_lender, is_sound
from xdomain.store.store import Store
from xdomain.worker.device import used_device
from xdomain.worker.log import log_line
from xdomain.worker.progress import LeaseReporter

DRAWS_AGAIN = (
    "the backend {backend} does not promise the same sample for the same seed, so stored samples are not reused"
)


class Claim:
    """A stage on which this worker works, from taking its lease to releasing it.

    Args:
        store: The store.
        file: Task that the stage belongs to.
        order: Order for the stage.
        lease: Lease of the stage.
        stop: Event that is set when the stage should stop at its next checkpoint.

    Attributes:
        settled: Whether the stage was published, stopped on request, or failed with its own error.
        begun: When work on the stage began, in seconds since the epoch.
    """

    def __init__(self, store: Store, file: TaskFile, order: Order, lease: Lease, stop: threading.Event) -> None:
        self.order = order
        self.stage = order.stage
        self.lease = lease
        self.settled = False
        self.begun = time.time()
        self._store = store
        self._file = file
        self._stop = stop

    @property
    def log(self) -> Path:
        """Log of the stage."""
        return self._store.log_path(self.stage)

    def context(self, device: str) -> StageContext:
        """Create the stage's folders and return its surroundings."""
        store, stage = self._store, self.stage
        work, scratch = store.work(stage, self.lease), store.scratch(stage, self.lease)
        for folder in (work, scratch):
            folder.mkdir(parents=True, exist_ok=True)
        return StageContext(
            work=work,
            scratch=scratch,
            inputs={key: store.root / "stages" / folder for key, folder in self.order.inputs.items()},
            seed=derive_seed("stage", stage.key),
            device=device,
            reporter=LeaseReporter(self.lease),
            stop_requested=lambda: self._stop.is_set() or store.failures.is_cancelled(stage),
            lenders=_lenders(store, stage) if isinstance(stage, EvaluateStage) else (),
        )

    def fail(self, failure: Failure) -> None:
        """Record why the stage failed, unless another worker has taken it over."""
        self.settled = True
        if self.lease.is_ours():
            self._store.failures.record(self.stage, failure)

    def give_back(self) -> None:
        """Release the lease."""
        self._store.give_back(self.stage, self.lease)

    def publish(self, result: StageResult) -> None:
        """Publish the stage, unless it stopped on request."""
        self.settled = not result.finished
        if self.settled:
            log_line(f"{self.stage.title}: stopped on request")
            return
        if result.alarm is not None:
            self._publish_stopped(result, result.alarm)
            return
        published = self._publish(self.stage, result)
        self.settled = True
        completed = {"event": "completed", "stage": self.stage.folder, "published": published}
        log_line(json.dumps(completed))  # so the log shows how often a stage was completed
        end = "published" if published else "not published, another runner has it"
        log_line(f"{self.stage.title}: {end}, {time.time() - self.begun:.1f} s")

    def _publish_stopped(self, result: StageResult, alarm: StoppedByAlarm) -> None:
        """Publish the checkpoints before the damage under another key, and record the alarm as the stage's failure."""
        store, lease = self._store, self.lease
        assert isinstance(self.stage, TrainStage)
        where = "The damage began before the first look, so no checkpoint is kept."
        if alarm.good_step > 0:
            stopped = stopped_stage(self.stage, alarm)
            store.work(self.stage, lease).rename(store.work(stopped, lease))
            self._publish(stopped, result)
            where = f"Its last checkpoint before the damage, of step {alarm.good_step}, is in stages/{stopped.folder}."
        for folder in (store.work(self.stage, lease), store.scratch(self.stage, lease)):
            remove(folder)  # a retry begins anew
        message = f"an alarm stopped it: {alarm.message}. {where} `xdomain grid retry` undoes that."
        log_line(f"{self.stage.title}: {message}")
        self.fail(Failure(Cause.ALARM, message, str(self.log)))

    def _publish(self, stage: StageSpec, result: StageResult) -> bool:
        return self._store.publish(
            stage,
            self.lease,
            {
                "summary": dict(result.summary),
                "seconds": time.time() - self.begun,
                "finished": time.time(),
                "runner": self._file.runner,
                "provenance": provenance(
                    command=list(self._file.command),
                    executor=self._file.execution.executor,
                    device=used_device(self._file.execution.device),
                    threads=self._file.execution.threads,
                    seeds={"stage": derive_seed("stage", self.stage.key), "named": self.stage.seed},
                ),
            },
        )


def _lenders(store: Store, stage: EvaluateStage) -> tuple[Lender, ...]:
    """Return the evaluations that `stage` may reuse. Corrupt ones are left out and logged."""
    alike = DrawnAlike(store)
    found = alike.lenders(stage)
    if not repeats_samples(stage.settings) and len(found) < len(alike.of(stage.payload)):
        log_line(f"{stage.title}: {DRAWS_AGAIN.format(backend=stage.settings.backend)}")
    corrupt = [each for each in found if not is_sound(each)]
    for each in corrupt:
        log_line(f"{stage.title}: {each.path.name} is corrupt, so its completions are not reused")
    return tuple(as_lender(each, stage) for each in found if each not in corrupt)
