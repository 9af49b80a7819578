"""A real Slurm on this machine for tests: munged, slurmctld and one slurmd in a folder of their own, no systemd."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

APT = "apt-get install slurmctld slurmd slurm-client munge"
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol")
CPUS = 2
MEMORY_MB = 6000
START_SECONDS = 60.0

CONF = """
ClusterName=xdomain
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=10
CredType=cred/munge
SlurmctldPort={controller_port}
SlurmdPort={node_port}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
ReturnToService=2
KillWait=10
SchedulerParameters=batch_sched_delay=0,sched_min_interval=100000
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=60 State=UP PriorityTier=1
PartitionName=urgent Nodes={host} MaxTime=60 State=UP PriorityTier=2
"""


def available() -> None:
    """Skip, with the reason, where no Slurm can be started."""
    pytest.importorskip("submitit", reason="submitit is not installed: pip install '.[slurm]'")
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{missing[0]} is not installed: {APT}")
    if os.geteuid() != 0:
        pytest.skip("only root can start Slurm's daemons for tests")


@dataclass(frozen=True)
class SlurmCluster:
    """One that runs.

    Attributes:
        node: its only node.
        environment: what Slurm's commands need to find it.
    """

    node: str
    environment: dict[str, str]

    def command(self, *words: str) -> str:
        """Output of one of Slurm's commands."""
        return subprocess.run(
            words, env=os.environ | self.environment, capture_output=True, text=True, check=True, timeout=60
        ).stdout

    def jobs(self, state: str = "RUNNING") -> dict[str, str]:
        """Names of the jobs in a state, by number."""
        lines = self.command("squeue", "--noheader", "--array", f"--states={state}", "--format=%i %j").splitlines()
        return dict(line.split() for line in lines)


@contextmanager
def slurm_cluster(folder: Path) -> Iterator[SlurmCluster]:
    """Start one, and end it with all that it runs."""
    folder.chmod(0o755)
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    host = socket.gethostname().split(".", maxsplit=1)[0]
    conf = folder / "slurm.conf"
    ports = _free_ports(2)
    conf.write_text(
        CONF.format(folder=folder, host=host, controller_port=ports[0], node_port=ports[1], cpus=CPUS, memory=MEMORY_MB)
    )
    cluster = SlurmCluster(host, {"SLURM_CONF": str(conf)})
    places = {name: f"--{name}-file={folder}/munge.{name}" for name in ("key", "pid", "log", "seed")}
    munged = ["munged", "--foreground", "--force", f"--socket={folder}/munge.socket", "--num-threads=1"]
    with ExitStack() as stack:
        stack.enter_context(_daemon([*munged, *places.values()], folder, {}))
        _wait((folder / "munge.socket").exists, "munged")
        stack.enter_context(_daemon(["slurmctld", "-D", "-i"], folder, cluster.environment))
        stack.enter_context(_daemon(["slurmd", "-D"], folder, cluster.environment))
        stack.callback(_end_jobs, cluster)
        _wait(lambda: _is_idle(cluster), "slurmd")
        yield cluster


def _is_idle(cluster: SlurmCluster) -> bool:
    try:
        return "idle" in cluster.command("sinfo", "--noheader", "--format=%t")
    except subprocess.CalledProcessError:
        return False


def _end_jobs(cluster: SlurmCluster) -> None:
    subprocess.run(["scancel", "--user=root"], env=os.environ | cluster.environment, check=False)
    _wait(lambda: not cluster.command("squeue", "--noheader").strip(), "the last job's end")


@contextmanager
def _daemon(command: Sequence[str], folder: Path, environment: dict[str, str]) -> Iterator[None]:
    with (folder / f"{command[0]}.out").open("wb") as log:
        # A session of its own: a Ctrl-C is for the tests, which then end their jobs before the daemons.
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env=os.environ | environment, cwd=folder, start_new_session=True
        )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + START_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {START_SECONDS:.0f} s in vain for {what}")
        time.sleep(0.2)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
