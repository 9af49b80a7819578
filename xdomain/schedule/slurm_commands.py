"""Call Slurm's commands: list jobs, cancel them, and check whether a job of some size could ever start."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from xdomain.core.errors import ConfigError, DependencyMissing, StageError

Options = Mapping[str, str | int | bool]
"""sbatch's long options without dashes."""

ALIVE = frozenset({
    "PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESIZING",
    "RESV_DEL_HOLD", "SIGNALING", "SPECIAL_EXIT", "STAGE_OUT", "STOPPED", "SUSPENDED",
})  # fmt: skip
"""States of a job that has not ended for good. Source: squeue's manual, "JOB STATE CODES"."""
NEVER = re.compile(r"PartitionConfig|BadConstraints|Partition\w*Limit|PerJob")
"""Reasons for which a job waits until an administrator acts. Source: squeue's manual, "JOB REASON CODES"."""
COMMAND_SECONDS = 60.0
_FIELDS = "JobArrayID:40,State:20,exit_code:20,Reason:200"


@dataclass(frozen=True)
class SlurmJob:
    """A job in Slurm's queue.

    Attributes:
        state: State in capitals, such as "RUNNING" or "NODE_FAIL".
        exit_code: Exit code of the job's script, once it has ended.
        reason: Slurm's reason why the job waits or ended; "None" if it gives none.
    """

    state: str
    exit_code: int
    reason: str

    @property
    def is_alive(self) -> bool:
        return self.state in ALIVE


def require_slurm() -> None:
    """Check that Slurm's commands are installed and its controller answers.

    Raises:
        DependencyMissing: A command was not found on PATH.
        ConfigError: The controller does not answer.
    """
    missing = [name for name in ("sbatch", "srun", "squeue", "scancel") if shutil.which(name) is None]
    if missing:
        raise DependencyMissing(
            f"`{missing[0]}` was not found on PATH: Slurm is not available.",
            where="execution.executor",
            fix="Run this on a login node of the cluster (Debian: apt-get install slurm-client), or choose `local`.",
        )
    try:
        _run("squeue", "--me", "--noheader")
    except StageError as error:
        raise ConfigError(f"Slurm's controller does not answer: {error.what}", where="execution.executor") from None


def queue() -> dict[str, SlurmJob]:
    """Return this user's jobs that Slurm still lists, by job number. Members of an array have numbers like "12_3".

    Raises:
        StageError: Slurm does not answer.
    """
    return parse_queue(_run("squeue", "--me", "--noheader", "--array", "--states=all", "--Format", _FIELDS))


def parse_queue(text: str) -> dict[str, SlurmJob]:
    """Return the jobs that squeue printed with the columns of `_FIELDS`, by job number."""
    found = {}
    for line in text.splitlines():
        number, state, exit_code, *reason = line.split(maxsplit=3)
        found[number] = SlurmJob(state, _exit_code(exit_code), reason[0].strip() if reason else "None")
    return found


def check_size(options: Options, where: str) -> None:
    """Check that Slurm could ever start a job of this size.

    `--test-only` also refuses a job whose only suitable nodes are drained or down now. So a refused job is submitted
    with a late begin time and cancelled again. Slurm refuses it at once, or queues it with a reason that shows whether
    it could ever start.

    Args:
        options: sbatch's options of the job.
        where: Dotted field for the error.

    Raises:
        ConfigError: No node can run such a job, or Slurm refuses an option.
    """
    if _sbatch("--test-only", *flags(options)).returncode == 0:
        return
    done = _sbatch("--begin=now+1hour", "--parsable", "--output=/dev/null", *flags(options))
    complaint = done.stderr
    if done.returncode == 0:
        number = done.stdout.split(";")[0].strip()
        reason = _run("squeue", "--noheader", f"--jobs={number}", "--format=%r").strip()
        cancel([number])
        if not NEVER.search(reason):
            return
        complaint = f"such a job would wait forever ({reason})"
    words = re.sub(r"^(sbatch|allocation failure): (error: )?", "", complaint.strip(), flags=re.MULTILINE)
    raise ConfigError(
        f"no node has what a stage of this kind requests ({' '.join(flags(options))}): "
        f"{' '.join(words.split()).rstrip('.')}.",
        where=where,
        fix="Request less, or another partition under `execution.slurm`. `sinfo -Nl` lists what the nodes have.",
    )


def cancel(numbers: Iterable[str], *, signal: str | None = None) -> None:
    """Cancel jobs, or send them a signal. Jobs that have ended are ignored."""
    chosen = list(numbers)
    if chosen:
        how = [f"--signal={signal}"] if signal else []
        subprocess.run(["scancel", "--quiet", *how, *chosen], capture_output=True, check=False)  # noqa: S603, S607


def flags(options: Options) -> list[str]:
    """Return options as words of sbatch's command line."""
    return [f"--{name}" if value is True else f"--{name}={value}" for name, value in options.items()]


def _exit_code(text: str) -> int:
    """Parse an exit code: "75:0", or the status of wait(2) that older versions print, 75 << 8."""
    if ":" in text:
        return int(text.split(":", maxsplit=1)[0])
    return int(text) >> 8 if text.isdigit() else 0


def _sbatch(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own words
        ["sbatch", *words, "--wrap=true"],  # noqa: S607 - the cluster's own
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )


def _run(*command: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            command, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise StageError(f"{command[0]} did not answer within {COMMAND_SECONDS:.0f} s.") from None
    if done.returncode:
        raise StageError(f"{command[0]}: {done.stderr.strip()}")
    return done.stdout
