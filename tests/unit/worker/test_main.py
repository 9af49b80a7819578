"""Tasks through the worker's door, with real stages of a tiny model."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from tests.support.plans import make_experiment
from xdomain.config.setups import EvaluationSetup
from xdomain.core.error_json import error_from_json
from xdomain.core.errors import DataError
from xdomain.core.exit_codes import STOPPED
from xdomain.core.states import Cause
from xdomain.plan.graph import Plan, build_plan
from xdomain.plan.stage import StageSpec
from xdomain.resolve.identities import resolve_identities
from xdomain.schedule.task_file import task_file
from xdomain.store.failures import Failure
from xdomain.store.store import Store
from xdomain.worker.main import BackendCache, preflight_complaint, run_slurm_job, run_task, run_task_file


@pytest.fixture(scope="module")
def plan() -> Plan:
    experiment = make_experiment(
        model={"preset": "tiny_qwen3"},
        grid={},
        curricula=["logic"],
        training={"steps": 2, "prompts_per_step": 4, "generations": 2, "max_completion_tokens": 8},
        evaluation={"items": 4},
        execution={"device": "cpu"},
    )
    return build_plan(experiment, resolve_identities(experiment))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    store.create()
    return store


@pytest.fixture(autouse=True)
def _signal_handlers():
    kinds = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR2)
    before = [signal.getsignal(kind) for kind in kinds]
    yield
    for kind, handler in zip(kinds, before, strict=True):
        signal.signal(kind, handler)


def written(plan: Plan, store: Store, *stages: StageSpec) -> str:
    path = store.root / "work" / ".task.json"
    path.write_text(task_file(plan, store, stages, {}).model_dump_json())
    return str(path)


def test_a_task_is_run_to_its_end_and_its_engine_kept(plan: Plan, store: Store) -> None:
    run_task_file(written(plan, store, plan.base))
    assert store.done([plan.base])
    provenance = store.result(plan.base)["provenance"]
    assert (provenance["device"], provenance["threads"], provenance["seeds"]["named"]) == ("cpu", 1, None)
    cache = BackendCache()
    of_base = [stage for stage in plan.evaluations if stage.checkpoint == plan.base.end]
    run_task_file(written(plan, store, *of_base), cache=cache)
    assert store.done(of_base) == {stage.key for stage in of_base}
    assert not cache.is_empty
    cache.close()
    assert store.result(of_base[0])["provenance"]["seeds"]["named"] == of_base[0].settings.seed


def test_a_stage_that_is_asked_to_stop_is_left_open(plan: Plan, store: Store) -> None:
    run_task_file(written(plan, store, plan.base))
    (train,) = plan.train_stages
    stop = threading.Event()
    stop.set()
    run_task(task_file(plan, store, [train], {}), stop=stop)
    assert not store.done([train])
    assert store.failures.last(train) is None
    assert "stopped on request" in store.log_path(train).read_text()
    run_task(task_file(plan, store, [train], {}))
    assert store.done([train])


def test_a_slurm_job_says_that_something_is_left_to_do(plan: Plan, store: Store) -> None:
    run_task_file(written(plan, store, plan.base))
    before = signal.signal(signal.SIGUSR2, signal.SIG_IGN)

    def ask() -> None:
        """Send Slurm's signal as soon as the job listens."""
        while signal.getsignal(signal.SIGUSR2) is signal.SIG_IGN:
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGUSR2)

    asking = threading.Thread(target=ask)
    asking.start()
    with pytest.raises(SystemExit) as left:
        run_slurm_job(written(plan, store, *plan.train_stages))
    asking.join()
    assert left.value.code == STOPPED
    assert not store.done(plan.train_stages)
    run_slurm_job(written(plan, store, *plan.train_stages))
    assert store.done(plan.train_stages)
    signal.signal(signal.SIGUSR2, before)


def test_a_cancelled_stage_stops_at_its_next_step(plan: Plan, store: Store) -> None:
    run_task_file(written(plan, store, plan.base))
    (train,) = plan.train_stages
    store.failures.record(train, Failure(Cause.CANCELLED, "asked for", ""))
    run_task(task_file(plan, store, [train], {}))
    assert not store.done([train])


def test_a_failure_is_written_with_its_cause(plan: Plan, store: Store) -> None:
    run_task_file(written(plan, store, plan.base))
    weights = store.folder(plan.base) / "checkpoints" / "step-000000" / "model.safetensors"
    weights.write_bytes(b"other weights")
    (train,) = plan.train_stages
    run_task(task_file(plan, store, [train], {}))
    failure = store.failures.last(train)
    assert failure is not None
    assert failure.cause is Cause.CORRUPT
    assert "model.safetensors" in failure.message


def test_a_complaint_travels_as_json(plan: Plan) -> None:
    assert preflight_complaint(plan.experiment.model_dump_json(), loads_source=True) == ""
    assert preflight_complaint(plan.experiment.evaluation_setup.model_dump_json(), loads_source=True) == ""
    missing = {
        "name": "missing",
        "source": {"kind": "jsonl", "path": "nowhere.jsonl"},
        "fields": {"question": "question", "gold": "answer"},
        "verifier": {"kind": "text"},
    }
    refused = EvaluationSetup.model_validate({"domains": [missing], "execution": {"device": "cpu"}})
    error = error_from_json(preflight_complaint(refused.model_dump_json(), loads_source=False))
    assert isinstance(error, DataError)
    assert "nowhere.jsonl" in error.paragraph()
