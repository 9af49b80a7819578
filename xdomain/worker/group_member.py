"""One process of a group that `accelerate launch` started. It trains its share of a stage (see `process_group`)."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

# Before slow imports: Ctrl-C reaches the whole process group, but the worker passes on the order to stop.
signal.signal(signal.SIGINT, signal.SIG_IGN)

from xdomain.core.error_json import error_to_json  # noqa: E402 -- see above
from xdomain.core.errors import XDomainError  # noqa: E402
from xdomain.core.files import write_json  # noqa: E402
from xdomain.core.process import process_started  # noqa: E402
from xdomain.core.secrets import masked  # noqa: E402
from xdomain.core.stage import Sharding, StageContext, StageResult  # noqa: E402
from xdomain.core.states import NoteKind  # noqa: E402
from xdomain.train.processes import agreed  # noqa: E402
from xdomain.train.run import run_train  # noqa: E402
from xdomain.worker.device import prepare_torch  # noqa: E402
from xdomain.worker.log import mask_output  # noqa: E402
from xdomain.worker.process_group import LOOK_SECONDS, GroupTask, MemberFailure  # noqa: E402


class GroupReporter:
    """A reporter that passes the first process's progress and alarms to the worker and its events to the stage's log.

    Args:
        folder: Folder of the group.
        speaks: Whether this is the first process. The others report nothing.
    """

    def __init__(self, folder: Path, *, speaks: bool) -> None:
        self._path = folder / "progress.json"
        self._speaks = speaks
        self._alarm: dict[str, Any] = {}

    def progress(self, done: int, total: int, **values: Any) -> None:
        if self._speaks:
            told = {"done": done, "total": total, "values": values | self._alarm}
            write_json(self._path, told, durable=False)

    def event(self, kind: NoteKind, **values: Any) -> None:
        if self._speaks:
            print(json.dumps({"event": kind, **values}), flush=True)
        if kind is NoteKind.ALARM:
            self._alarm = {"alarm": values}


def main(task_path: Path) -> int:
    """Train, write the result or the error to the task's folder, and return the exit code."""
    folder = task_path.parent
    task = GroupTask.model_validate_json(task_path.read_text(encoding="utf-8"))
    mask_output()
    _end_with_worker(task)
    rank = int(os.environ["RANK"])
    try:
        result = _train(task, folder, rank)
    except Exception as error:
        traceback.print_exc()
        write_json(folder / f"error-{rank}.json", masked(_answer(error).model_dump()))
        return 1
    if rank == 0:
        write_json(folder / "result.json", {"finished": result.finished, "summary": dict(result.summary)})
    return 0


def _train(task: GroupTask, folder: Path, rank: int) -> StageResult:
    prepare_torch(task.threads)
    if task.sharding is not None and task.sharding.cpu_offload:
        # accelerate reads these when it starts the group: gradients in the main memory are reduced by gloo.
        os.environ |= {"ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "2", "FSDP_OFFLOAD_PARAMS": "true"}
    context = StageContext(
        work=Path(task.work),
        scratch=Path(task.scratch),
        inputs={key: Path(path) for key, path in task.inputs.items()},
        seed=task.seed,
        device=task.device,
        reporter=GroupReporter(folder, speaks=rank == 0),
        stop_requested=agreed((folder / "stop").exists),
        processes=int(os.environ["WORLD_SIZE"]),
        sharding=_sharding(task),
    )
    return run_train(task.setup, task.stage, context)


def _sharding(task: GroupTask) -> Sharding | None:
    """Return how the processes share the model; on a CPU everything is in main memory anyway."""
    if task.sharding is None:
        return None
    chosen = task.sharding.model_dump()
    return Sharding(**chosen | {"cpu_offload": task.sharding.cpu_offload and task.device != "cpu"})


def _answer(error: Exception) -> MemberFailure:
    return MemberFailure(
        what=f"{type(error).__name__}: {error}",
        error_json=error_to_json(error) if isinstance(error, XDomainError) else None,
        out_of_memory=isinstance(error, MemoryError) or "OutOfMemory" in type(error).__name__,
        of_another=_says_another_is_gone(error),
    )


def _says_another_is_gone(error: Exception) -> bool:
    """Return whether the error only says that another process is gone.

    gloo has no exception class, so its errors are recognised by its name in the message.
    """
    names = {kind.__name__ for kind in type(error).__mro__}
    return "DistError" in names or (isinstance(error, RuntimeError) and "gloo" in str(error))


def _end_with_worker(task: GroupTask) -> None:
    """Exit at once when the worker is gone, since another worker may restart the stage in the same folders."""

    def watch() -> None:
        while process_started(task.worker_pid) == task.worker_started:
            time.sleep(LOOK_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
