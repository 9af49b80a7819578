"""One worker process: take the leases, run the stages, publish them. It reads JSON and answers through the store."""

from __future__ import annotations

import importlib
import io
import json
import logging
import os
import platform
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from xdomain.config.experiment import Experiment
from xdomain.core.errors import DamagedArtifact, XDomainError
from xdomain.core.exit_codes import LOST_LEASE
from xdomain.core.provenance import provenance
from xdomain.core.seeds import derive_seed
from xdomain.core.stage import Lender, StageContext, StageResult
from xdomain.core.states import Cause
from xdomain.core.threads import thread_environment
from xdomain.domains.base import Split
from xdomain.domains.build import build_domains
from xdomain.domains.preflight import preflight_domains
from xdomain.plan.borrowing import repeats_samples
from xdomain.plan.graph import most_prompts_a_step
from xdomain.plan.spec import EvaluateSpec, TrainSpec
from xdomain.plan.stage import Stage, StageKind
from xdomain.plan.task import StageRecord, TaskFile
from xdomain.store.artifact import check_checkpoint
from xdomain.store.lease import Lease, acquire
from xdomain.store.lenders import DrawnAlike, as_lender, is_sound
from xdomain.store.store import Failure, Store
from xdomain.worker.device import used_device
from xdomain.worker.process_group import GroupLost, run_group
from xdomain.worker.progress import LeaseReporter, log_line

PRELOAD = ("torch", "transformers", "trl", "peft", "xdomain.train.run", "xdomain.train.base", "xdomain.evaluate.run")
"""What a forkserver imports once; by name, so that nothing here loads torch."""

DRAWS_AGAIN = (
    "the backend {backend} does not promise the same sample for the same seed, so stored samples are not reused"
)

stop_requested = threading.Event()


def run_task_file(path: str, kept: Any = None) -> None:
    """Entry point of a worker process; `kept` as in `run_task`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; orders come from the scheduler
    signal.signal(signal.SIGTERM, _request_stop)
    task_path = Path(path)
    file = TaskFile.model_validate_json(task_path.read_text(encoding="utf-8"))
    # Somebody who took the lease over may be writing to the same folder.
    run_task(file, on_lost=lambda: os._exit(LOST_LEASE), kept=kept)


def run_preflight(experiment: Experiment, *, loads_source: bool = False) -> None:
    """Read every domain's data, and build every stage's GRPOConfig once.

    Args:
        loads_source: see that the model's folder or hub can be read, too.

    Raises:
        ConfigError: TRL refuses a setting, or this machine is to run the stages and has no GPU for them.
        DataError: a split is empty, too small or malformed, or train and test overlap.
        DependencyMissing: scoring needs what is not here.
    """
    execution = experiment.execution
    if execution.executor in ("local", "inline"):
        used_device(execution.device, execution.train_processes)
    domains = build_domains(experiment.domains, experiment.domain_names)
    warmed_up = experiment.model.warmup.domains if experiment.model.warmup else ()
    warmup = build_domains(experiment.domains, [name for name in warmed_up if name not in domains])
    evaluated = Split(experiment.evaluation.split)
    preflight_domains(list(domains.values()), most_prompts_a_step(experiment), evaluated, list(warmup.values()))
    build = importlib.import_module("xdomain.generation.build")
    build.require_backend(experiment.evaluation.backend, "evaluation.backend")
    if loads_source and experiment.model.source[0] in ("hub", "path"):
        importlib.import_module("xdomain.models.source").load_tokenizer(experiment.model)
    importlib.import_module("xdomain.train.arguments").preflight(experiment, "cpu")


def run_task(file: TaskFile, on_lost: Callable[[], object] = lambda: None, kept: Any = None) -> None:
    """Run the stages of `file` that nobody else has done or is at; failures are written to the store.

    Args:
        on_lost: called should somebody take a lease over while the stage runs.
        kept: the process's `xdomain.evaluate.kept.KeptBackend`, where it runs one task after another.
    """
    store = Store(Path(file.store))
    claims = list(_claim(store, file, on_lost))
    if not claims:
        return
    stage = claims[0].stage
    with _log_to(store.log_path(stage)):
        try:
            for claim in claims:
                log_line(f"{claim.stage.title}: begins, process {os.getpid()} on {platform.node()}")
            prepare_torch(file.threads)
            _run(file, store, claims, kept)
        except Exception as error:
            traceback.print_exc()
            for claim in claims:
                if not claim.settled:
                    store.fail(claim.stage, _failure(error, store.log_path(stage)))
        finally:
            for claim in claims:
                claim.lease.release()


class _Claim:
    """A stage that this worker holds the lease of."""

    def __init__(self, file: TaskFile, index: int, stage: Stage, lease: Lease, record: StageRecord) -> None:
        self.file = file
        self.index = index
        self.stage = stage
        self.lease = lease
        self.record = record
        self.settled = False  # published, stopped on request, or failed for a reason of its own
        self.begun = time.time()

    def context(self, store: Store, device: str) -> StageContext:
        work, scratch = store.work(self.stage), store.scratch(self.stage)
        for folder in (work, scratch):
            folder.mkdir(parents=True, exist_ok=True)
        return StageContext(
            work=work,
            scratch=scratch,
            inputs={
                key: store.root / "stages" / folder
                for key, folder in zip(self.record.needs, self.record.input_folders, strict=True)
            },
            seed=derive_seed("stage", self.stage.key),
            device=device,
            reporter=LeaseReporter(self.lease),
            stop_requested=lambda: stop_requested.is_set() or store.is_cancelled(self.stage),
            lenders=_lenders(store, self.stage) if self.stage.kind is StageKind.EVALUATE else (),
        )

    def _named_seed(self) -> int | None:
        """The seed that the experiment file says: of training, of the evaluation's items, or of the warm-up."""
        payload = self.stage.payload
        seed = payload.get("seed", (payload.get("warmup") or {}).get("seed"))
        return None if seed is None else int(seed)

    def publish(self, store: Store, result: StageResult) -> None:
        self.settled = not result.finished
        if self.settled:
            log_line(f"{self.stage.title}: stopped on request")
            return
        published = store.publish(
            self.stage,
            self.lease,
            {
                "summary": dict(result.summary),
                "seconds": time.time() - self.begun,
                "finished": time.time(),
                "runner": self.file.runner,
                "provenance": provenance(
                    command=list(self.file.command),
                    executor=self.file.task.experiment.execution.executor,
                    device=used_device(self.file.device),
                    threads=self.file.threads,
                    seeds={"stage": derive_seed("stage", self.stage.key), "named": self._named_seed()},
                ),
            },
        )
        self.settled = True
        completed = {"event": "completed", "stage": self.stage.folder, "published": published}
        log_line(json.dumps(completed))  # so the log tells how often a stage ran to its end
        end = "published" if published else "not published, another runner has it"
        log_line(f"{self.stage.title}: {end}, {time.time() - self.begun:.1f} s")


def _lenders(store: Store, stage: Stage) -> tuple[Lender, ...]:
    """Return the evaluations that `stage` may reuse; corrupt ones are left out and logged."""
    alike = DrawnAlike(store)
    found = alike.lenders(stage)
    if not repeats_samples(stage.payload) and len(found) < len(alike.of(stage.payload)):
        log_line(f"{stage.title}: {DRAWS_AGAIN.format(backend=stage.payload['sampling']['backend'])}")
    damaged = [each for each in found if not is_sound(each)]
    for each in damaged:
        log_line(f"{stage.title}: {each.folder.name} is corrupt, so its completions are not reused")
    return tuple(as_lender(each, stage) for each in found if each not in damaged)


def stage_from_record(record: StageRecord) -> Stage:
    payload = json.loads(record.payload_json)
    return Stage(StageKind(record.kind), record.key, record.title, payload, record.needs, filed_as=record.filed_as)


def _claim(store: Store, file: TaskFile, on_lost: Callable[[], object]) -> Iterator[_Claim]:
    for index, record in enumerate(file.records):
        stage = stage_from_record(record)
        lease = acquire(store.lease_path(stage), file.stale_tokens.get(record.key), on_lost)
        if lease is None:
            continue
        # Under the lease: another runner may have published between planning and now.
        if store.settle(stage):
            lease.release()
            continue
        yield _Claim(file, index, stage, lease, record)


def _run(file: TaskFile, store: Store, claims: list[_Claim], kept: Any) -> None:
    experiment = file.task.experiment
    specs = [file.task.stages[claim.index] for claim in claims]
    processes = experiment.execution.train_processes if isinstance(specs[0], TrainSpec) else 1
    device = used_device(file.device, processes)
    contexts = [claim.context(store, device) for claim in claims]
    for path in dict.fromkeys(path for claim in claims for path in claim.record.checkpoints_read):
        check_checkpoint(store.root / path)
    first = specs[0]
    if isinstance(first, EvaluateSpec):
        evaluate = importlib.import_module("xdomain.evaluate.run")
        results = evaluate.run_evaluations(experiment, specs, contexts, kept)
        for claim, (_, result) in zip(claims, results, strict=True):
            if isinstance(result, XDomainError):
                print(result.paragraph(), flush=True)
                store.fail(claim.stage, _failure(result, store.log_path(claims[0].stage)))
                claim.settled = True
            else:
                claim.publish(store, result)
            claim.lease.release()
            for later in claims[claims.index(claim) + 1 :]:
                later.begun = time.time()
    elif isinstance(first, TrainSpec):
        claims[0].publish(store, _train(file, first, contexts[0]))
    else:
        claims[0].publish(store, importlib.import_module("xdomain.train.base").run_base(experiment, contexts[0]))


def _train(file: TaskFile, spec: TrainSpec, context: StageContext) -> StageResult:
    experiment, processes = file.task.experiment, file.task.experiment.execution.train_processes
    if processes > 1:
        return run_group(experiment, spec, context, processes=processes, threads=file.threads)
    result: StageResult = importlib.import_module("xdomain.train.run").run_train(experiment, spec, context)
    return result


def prepare_torch(threads: int) -> None:
    """Set what must be set before torch computes anything."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.update(thread_environment(threads))
    torch = importlib.import_module("torch")
    torch.set_num_threads(threads)
    transformers = importlib.import_module("transformers")
    transformers.utils.logging.disable_progress_bar()
    logging.captureWarnings(True)


def _failure(error: Exception, log: Path) -> Failure:
    out_of_memory = isinstance(error, MemoryError) or "OutOfMemory" in type(error).__name__
    cause = Cause.OUT_OF_MEMORY if out_of_memory else Cause.ERROR
    if isinstance(error, GroupLost):
        cause = Cause.KILLED
    elif isinstance(error, DamagedArtifact):
        cause = Cause.CORRUPT
    text = error.paragraph() if isinstance(error, XDomainError) else f"{type(error).__name__}: {error}"
    return Failure(cause, text, str(log))


def _request_stop(signum: int, frame: FrameType | None) -> None:
    stop_requested.set()


@contextmanager
def _log_to(path: Path) -> Iterator[None]:
    """Append this process's stdout and stderr, those of libraries in C too, to the stage's log."""
    path.parent.mkdir(parents=True, exist_ok=True)
    saved = os.dup(1), os.dup(2)
    with path.open("ab", buffering=0) as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        try:
            # Python's own streams may lie elsewhere: in a notebook, or where somebody captures them.
            with redirect_stdout(_stream(1)), redirect_stderr(_stream(2)):
                yield
        finally:
            for descriptor, number in zip(saved, (1, 2), strict=True):
                os.dup2(descriptor, number)
                os.close(descriptor)


@cache
def _stream(descriptor: int) -> TextIO:
    """Writes to whatever the descriptor is at that moment; never closed, since loggers keep it."""
    return io.TextIOWrapper(
        io.FileIO(descriptor, "w", closefd=False), encoding="utf-8", errors="replace", write_through=True
    )
