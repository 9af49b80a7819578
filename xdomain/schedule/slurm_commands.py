"""What Slurm's commands say: which jobs there are, whether a job of some size could ever start."""

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
"""Reasons for which a job waits until somebody changes the cluster. Source: squeue's manual, "JOB REASON CODES"."""
COMMAND_SECONDS = 60.0
_FIELDS = "JobArrayID:40,State:20,exit_code:20,Reason:200"


@dataclass(frozen=True)
class SlurmJob:
    """A line of the queue.

    Attributes:
        state: "RUNNING", "NODE_FAIL" and so on, in capitals.
        exit_code: of the job's script, once it ended.
        reason: why it waits or ended, in Slurm's words; "None" where there is none.
    """

    state: str
    exit_code: int
    reason: str

    @property
    def is_alive(self) -> bool:
        return self.state in ALIVE


def require_slurm() -> None:
    """See that Slurm's commands are here and its controller answers.

    Raises:
        DependencyMissing: there is no Slurm on PATH.
        ConfigError: nobody answers.
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
    """This user's jobs that Slurm still knows of, by job number; members of an array as "12_3".

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
    """Ask Slurm whether a job of this size could ever start.

    While nodes are drained or down, `--test-only` refuses what they alone could give. So a refused job is submitted to
    begin much later, and taken back: that is refused at once, or waits for a reason that says whether it ever could.

    Raises:
        ConfigError: no node can give this, or Slurm refuses an option.
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
        complaint = f"such a job would wait for ever ({reason})"
    words = re.sub(r"^(sbatch|allocation failure): (error: )?", "", complaint.strip(), flags=re.MULTILINE)
    raise ConfigError(
        f"no node can give what a stage of this kind asks for ({' '.join(flags(options))}): "
        f"{' '.join(words.split()).rstrip('.')}.",
        where=where,
        fix="Ask for less, or for another partition under `execution.slurm`; `sinfo -Nl` lists what the nodes have.",
    )


def cancel(numbers: Iterable[str], *, signal: str | None = None) -> None:
    """End jobs, or send them a signal; those that ended meanwhile are no matter."""
    chosen = list(numbers)
    if chosen:
        how = [f"--signal={signal}"] if signal else []
        subprocess.run(["scancel", "--quiet", *how, *chosen], capture_output=True, check=False)  # noqa: S603, S607


def flags(options: Options) -> list[str]:
    """Options as on sbatch's command line."""
    return [f"--{name}" if value is True else f"--{name}={value}" for name, value in options.items()]


def _exit_code(text: str) -> int:
    """From "75:0", or from what older versions write: the status that wait(2) gives, 75 << 8."""
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
