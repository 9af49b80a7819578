"""Run stages as Slurm jobs, through submitit. Slurm places each job. All other state is in the store.

Only ready stages are submitted, those of one kind together as an array. A job that Slurm preempts is queued again by
Slurm (`--requeue`). A job that stops before its time limit is submitted again by this executor. Both continue from the
last checkpoint. The queue is read only with squeue, so a cluster without accounting works too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from xdomain.config.execution import ExecutionConfig
from xdomain.core.errors import DependencyMissing, StageError
from xdomain.core.exit_codes import STOPPED
from xdomain.core.installation import install_command
from xdomain.core.states import Cause
from xdomain.plan.graph import Setup
from xdomain.plan.stage import StageKind
from xdomain.schedule.base import Task, TaskExit
from xdomain.schedule.slurm_commands import SlurmJob, cancel, check_size, queue, require_slurm
from xdomain.schedule.slurm_options import job_options, job_setup
from xdomain.schedule.worker_door import run_preflight, run_slurm_job

SILENT_SECONDS = 600.0
"""Time to wait for a controller that restarts."""
GONE_LOOKS = 2
"""Number of successive looks at the queue that must miss a job before it counts as gone."""
USUAL_REASONS = frozenset({
    "None", "Priority", "Resources", "BeginTime", "JobArrayTaskLimit", "Prolog", "Cleaning",
})  # fmt: skip
"""Reasons for which jobs wait although nothing is wrong."""
QUEUED = frozenset({"PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT"})
CAUSES = {"CANCELLED": Cause.CANCELLED, "OUT_OF_MEMORY": Cause.OUT_OF_MEMORY}


class SlurmExecutor:
    """An executor that runs tasks as jobs of a Slurm cluster.

    Args:
        execution: Execution settings, of which `slurm`, `resources`, `workers`, `threads`, `train_processes` and
            `device` are used.
        store: The store's folder, which every node must see under this path.
        jobs: Largest number of jobs in the queue; by default `execution.workers`, or else `slurm.most_jobs`.
        on_wait: Called with a waiting task and a message for the user.

    Raises:
        DependencyMissing: submitit or Slurm is not installed.
        ConfigError: Slurm does not answer, or no node has the resources that a stage requests.
    """

    def __init__(
        self,
        execution: ExecutionConfig,
        store: Path,
        jobs: int | None = None,
        on_wait: Callable[[Task, str], None] = lambda *_: None,
    ) -> None:
        try:
            import submitit
        except ModuleNotFoundError:
            raise DependencyMissing('the package "submitit" is not installed.', fix=install_command("slurm")) from None
        require_slurm()
        self._options = {kind: job_options(execution, kind) for kind in StageKind}
        for kind, options in self._options.items():
            check_size(options, f"execution.resources.{kind}")
        self._slurm = execution.slurm
        self._most = jobs or execution.workers or execution.slurm.most_jobs
        self._on_wait = on_wait
        self._submitit = submitit.SlurmExecutor(folder=(store / "slurm").resolve())
        self._setup = job_setup(execution)
        self._queued: list[Task] = []
        """Tasks that were submitted to this executor, but not yet to Slurm."""
        self._running: dict[str, Task] = {}
        self._submissions: dict[str, Any] = {}
        self._seen: dict[str, SlurmJob] = {}
        self._missed: dict[str, int] = {}
        self._killed: set[str] = set()
        self._stopping = False
        self._looked = self._answered = time.monotonic()

    def preflight(self, setup: Setup, *, loads_source: bool = False) -> None:
        run_preflight(setup, loads_source=loads_source)

    def free_slots(self) -> int:
        return max(0, self._most - len(self._running) - len(self._queued))

    def submit(self, task: Task) -> None:
        self._queued.append(task)

    def finished(self, timeout_seconds: float) -> Sequence[TaskExit]:
        self._hand_over()
        if not self._running:
            return []
        wait = self._looked + self._slurm.poll_seconds - time.monotonic()
        if wait > timeout_seconds:
            time.sleep(timeout_seconds)
            return []
        time.sleep(max(0.0, wait))
        return self._look()

    def kill(self, task: Task) -> None:
        numbers = [number for number, running in self._running.items() if running is task]
        self._killed.update(numbers)
        cancel(numbers)

    def stop(self, *, at_once: bool) -> None:
        """Cancel waiting jobs, and signal running jobs to stop.

        The signal is sent again at every look, because a job that still imports its packages misses it.
        """
        self._stopping = True
        if at_once:
            cancel(self._running)
            return
        with suppress(StageError):  # if Slurm does not answer, the last look counts
            self._seen.update((number, job) for number, job in queue().items() if number in self._running)
        waiting = [number for number in self._running if self._state(number) in QUEUED]
        cancel(waiting)
        cancel((number for number in self._running if number not in waiting), signal="TERM")

    def close(self) -> None:
        self._queued.clear()
        cancel(self._running)
        for number, task in list(self._running.items()):
            self._end(number, TaskExit(task))

    def _hand_over(self) -> None:
        """Submit the tasks that were added since the last call, as one array per kind."""
        waiting, self._queued = self._queued, []
        for kind in StageKind:
            tasks = [task for task in waiting if task.stages[0].kind is kind]
            if tasks:
                self._submit(kind, tasks)

    def _submit(self, kind: StageKind, tasks: Sequence[Task]) -> None:
        self._submitit.update_parameters(
            job_name=f"xdomain-{kind}",
            time=None,
            signal_delay_s=self._slurm.stop_seconds,
            setup=self._setup,
            stderr_to_stdout=True,
            additional_parameters={"requeue": True, "ntasks-per-node": 1, **self._options[kind]},
        )
        # submitit pickles the name of `run_slurm_job` and a path, which only the job reads. No answer is read back.
        try:
            with self._submitit.batch():
                submissions = [self._submitit.submit(run_slurm_job, str(task.path.resolve())) for task in tasks]
        except self._refusals() as error:
            raise StageError(f"Slurm refused jobs of kind {kind}: {error}") from error
        for task, submission in zip(tasks, submissions, strict=True):
            number = str(submission.job_id)
            self._running[number], self._submissions[number] = task, submission

    def _refusals(self) -> tuple[type[Exception], ...]:
        from submitit.core.utils import FailedJobError, FailedSubmissionError

        return FailedJobError, FailedSubmissionError

    def _look(self) -> list[TaskExit]:
        self._looked = time.monotonic()
        try:
            jobs = queue()
        except StageError:
            if time.monotonic() - self._answered > SILENT_SECONDS:
                raise
            return []
        self._answered = time.monotonic()
        ended = []
        for number, task in list(self._running.items()):
            job = jobs.get(number)
            if job is None:
                self._missed[number] = self._missed.get(number, 0) + 1
                if self._missed[number] >= GONE_LOOKS:
                    ended.append(self._end(number, TaskExit(task, f"Slurm forgot its job {number}")))
            elif job.is_alive:
                self._note(number, task, job)
            elif self._can_go_on(task, job):
                self._on_wait(task, f"Slurm job {number} stopped at a checkpoint as Slurm asked; it is submitted again")
                self._end(number, TaskExit(task))
                self._queued.append(task)
            else:
                ended.append(self._end(number, self._ended(number, task, job)))
        if self._stopping:
            cancel((number for number in self._running if self._state(number) == "RUNNING"), signal="TERM")
        return ended

    def _can_go_on(self, task: Task, job: SlurmJob) -> bool:
        """Return whether a job that stopped because Slurm asked left a checkpoint to continue from.

        A job without a checkpoint is retried like one that was killed.
        """
        asked = job.state == "FAILED" and job.exit_code == STOPPED and not self._stopping
        return asked and task.stages[0].kind is StageKind.TRAIN

    def _state(self, number: str) -> str:
        return self._seen[number].state if number in self._seen else "PENDING"

    def _note(self, number: str, task: Task, job: SlurmJob) -> None:
        """Report once that a job waits for an unusual reason, or was queued again."""
        before = self._seen.get(number)
        self._seen[number] = job
        if before is not None and before.state not in QUEUED and job.state in QUEUED:
            self._on_wait(task, f"Slurm stopped job {number} and queued it again ({job.reason})")
        elif job.state == "PENDING" and job.reason not in USUAL_REASONS and before != job:
            self._on_wait(task, f"Slurm job {number} waits: {job.reason}")

    def _ended(self, number: str, task: Task, job: SlurmJob) -> TaskExit:
        log = self._submissions[number].paths.stdout
        if job.state == "COMPLETED":
            return TaskExit(task)
        if job.state == "FAILED" and job.exit_code == STOPPED:
            return TaskExit(
                task, f"Slurm job {number} was asked to stop, probably because of its time limit", Cause.KILLED
            )
        if job.state == "FAILED":
            return TaskExit(task, f"exit code {job.exit_code} of Slurm job {number}, see {log}")
        if number in self._killed or (job.state == "CANCELLED" and self._stopping):
            return TaskExit(task, "signal 9")
        words = "was cancelled (scancel)" if job.state == "CANCELLED" else f"ended as {job.state}"
        return TaskExit(task, f"Slurm job {number} {words}, see {log}", CAUSES.get(job.state, Cause.KILLED))

    def _end(self, number: str, ended: TaskExit) -> TaskExit:
        """Remove a job and the files that submitit pickled for it. Return `ended`."""
        del self._running[number]
        self._seen.pop(number, None)
        paths = self._submissions.pop(number).paths
        for path in (paths.submitted_pickle, paths.result_pickle):
            path.unlink(missing_ok=True)
        return ended
