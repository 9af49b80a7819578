"""Run the stages of one task: take their leases, train or evaluate, publish. Results go to the store only."""

from __future__ import annotations

import os
import platform
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from xdomain.config.setups import BaseSetup, TrainingSetup
from xdomain.core.errors import DamagedArtifact, XDomainError
from xdomain.core.stage import StageContext, StageResult
from xdomain.core.states import Cause
from xdomain.derive.merge import run_merge
from xdomain.derive.rollback import run_rollback
from xdomain.evaluate.backend_cache import BackendCache
from xdomain.evaluate.run import run_evaluations
from xdomain.plan.stage import BaseStage, EvaluateStage, MergeStage, RollbackStage, TrainStage
from xdomain.plan.task import TaskFile
from xdomain.store.artifact import check_checkpoint
from xdomain.store.failures import Failure
from xdomain.store.store import Store
from xdomain.train.adopted import run_adopted
from xdomain.train.base_model import run_base
from xdomain.train.command.process import CommandKilled
from xdomain.train.run import run_train
from xdomain.worker.claim import Claim
from xdomain.worker.device import prepare_torch, used_device
from xdomain.worker.log import log_line, log_to
from xdomain.worker.process_group import GroupLost, run_group


def run_task(
    file: TaskFile,
    *,
    stop: threading.Event | None = None,
    on_lost: Callable[[], object] = lambda: None,
    cache: BackendCache | None = None,
) -> None:
    """Run the stages of `file` that no other worker has done or is running. Failures are written to the store.

    Args:
        file: The task.
        stop: Event that is set when stages should stop at their next checkpoint.
        on_lost: Callback for the case that another worker takes a lease over while its stage runs.
        cache: Cache that keeps the engine of evaluations from one task to the next.
    """
    store = Store(Path(file.store))
    claims = list(_claim(store, file, stop or threading.Event(), on_lost))
    if not claims:
        return
    log = store.log_path(claims[0].stage)
    with log_to(log):
        try:
            for claim in claims:
                log_line(f"{claim.stage.title}: begins, process {os.getpid()} on {platform.node()}")
                if claim.lease.damage:
                    log_line(f"{claim.stage.title}: its lease was damaged and is replaced ({claim.lease.damage})")
            prepare_torch(file.execution.threads)
            _run(file, claims, cache)
        except Exception as error:
            traceback.print_exc()
            for claim in claims:
                if not claim.settled:
                    claim.fail(failure_of(error, log))
        finally:
            for claim in claims:
                claim.give_back()


def failure_of(error: Exception, log: Path) -> Failure:
    """Return the failure that the store records for a stage that ended with `error`."""
    cause = Cause.ERROR
    if isinstance(error, MemoryError) or "OutOfMemory" in type(error).__name__:
        cause = Cause.OUT_OF_MEMORY
    elif isinstance(error, GroupLost | CommandKilled):
        cause = Cause.KILLED
    elif isinstance(error, DamagedArtifact):
        cause = Cause.CORRUPT
    text = error.paragraph() if isinstance(error, XDomainError) else f"{type(error).__name__}: {error}"
    return Failure(cause, text, str(log))


def _claim(store: Store, file: TaskFile, stop: threading.Event, on_lost: Callable[[], object]) -> Iterator[Claim]:
    for order in file.orders:
        lease = store.take(order.stage, file.stale_tokens.get(order.stage.key), on_lost)
        if lease is None:
            continue
        # Checked again under the lease: another runner may have published the stage since it was planned.
        if store.settle(order.stage, lease):
            store.give_back(order.stage, lease)
            continue
        yield Claim(store, file, order, lease, stop)


def _run(file: TaskFile, claims: list[Claim], cache: BackendCache | None) -> None:
    first, setup = claims[0].stage, file.setup
    processes = file.execution.train_processes if isinstance(first, TrainStage) and not first.adopted else 1
    device = used_device(file.execution.device, processes)
    contexts = [claim.context(device) for claim in claims]
    for path in dict.fromkeys(path for claim in claims for path in claim.order.checkpoints):
        check_checkpoint(Path(file.store) / path)
    match first:
        case TrainStage():
            assert isinstance(setup, TrainingSetup)
            claims[0].publish(_train(file, setup, first, contexts[0]))
        case BaseStage():
            assert isinstance(setup, BaseSetup)
            claims[0].publish(run_base(setup, contexts[0]))
        case MergeStage():
            claims[0].publish(run_merge(first, contexts[0], cache))
        case RollbackStage():
            claims[0].publish(run_rollback(first, contexts[0], cache))
        case EvaluateStage():
            _evaluate(claims, contexts, cache)


def _train(file: TaskFile, setup: TrainingSetup, stage: TrainStage, context: StageContext) -> StageResult:
    execution = file.execution
    if stage.adopted:
        return run_adopted(setup, stage, context)
    if setup.training.engine is not None:  # it starts its own processes
        return run_train(setup, stage, replace(context, processes=execution.train_processes))
    if execution.train_processes > 1:
        return run_group(setup, stage, context, execution)
    return run_train(setup, stage, context)


def _evaluate(claims: Sequence[Claim], contexts: Sequence[StageContext], cache: BackendCache | None) -> None:
    stages = [claim.stage for claim in claims if isinstance(claim.stage, EvaluateStage)]
    log = claims[0].log
    for index, (_, result) in enumerate(run_evaluations(stages, contexts, cache)):
        claim = claims[index]
        if isinstance(result, XDomainError):
            print(result.paragraph(), flush=True)
            claim.fail(failure_of(result, log))
        else:
            claim.publish(result)
        claim.give_back()
        for later in claims[index + 1 :]:
            later.begun = time.time()
