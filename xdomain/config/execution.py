"""Configuration of execution. Only `threads` on a CPU changes results, because sums are split differently."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from xdomain.config.model_base import ConfigModel
from xdomain.core.states import Cause


class RetryConfig(ConfigModel):
    """Number of times that a stage is started again in one session, by the cause that ended it."""

    killed: int = Field(2, ge=0)
    """After the worker disappeared, for example by a signal or with a lost machine."""
    out_of_memory: int = Field(1, ge=0)
    """After memory ran out. Another process may have used it that has finished by now."""
    error: int = Field(0, ge=0)
    """After the stage raised an error. Most such errors happen again."""

    def after(self, cause: Cause) -> int:
        """Return how often a stage is started again after attempts that `cause` ended."""
        allowed = {Cause.KILLED: self.killed, Cause.OUT_OF_MEMORY: self.out_of_memory, Cause.ERROR: self.error}
        return allowed.get(cause, 0)


class StageResources(ConfigModel):
    """Resources reserved for one stage, on a cluster or this machine. A stage waits until they are free."""

    cpus: int | None = Field(None, ge=1)
    """CPU cores. The default is `execution.threads` on a cluster, and no reservation with the local executor."""
    gpus: float | None = Field(None, ge=0)
    """GPUs; by default one, if `execution.device` and the cluster allow it. Ray accepts fractions: with 0.5, two stages
    share a GPU. With the local executor, 0 hides GPUs from the stage."""
    memory_gb: float | None = Field(None, gt=0)
    """Main memory in 10^9 bytes. The default is the cluster's rule, and no reservation with the local executor."""
    minutes: int | None = Field(None, ge=1)
    """Slurm's time limit; by default the partition's. A longer stage continues from its checkpoint in a new job."""
    custom: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    """Custom resources of Ray, such as {a100: 1}."""

    @model_validator(mode="after")
    def _as_ray_counts(self) -> StageResources:
        if self.gpus is not None and self.gpus > 1 and self.gpus != int(self.gpus):
            raise ValueError(f"gpus should be a whole number, or a part of one GPU. Found {self.gpus:g}.")
        for name in ("CPU", "GPU", "memory"):
            if name in self.custom:
                raise ValueError(f'custom: "{name}" has its own field: cpus, gpus or memory_gb.')
        return self


class ResourcesConfig(ConfigModel):
    """Resources by kind of stage."""

    base: StageResources = StageResources()
    """The stage that prepares the base model, with its warm-up."""
    train: StageResources = StageResources()
    """Training stages. With `train_processes`, the amounts cover all processes of a stage."""
    merge: StageResources = StageResources()
    """Merges compute on the CPU. With `gpus: 0`, they do not wait for a GPU."""
    rollback: StageResources = StageResources()
    """Rollbacks. They compute on `execution.device`; those with `method=random` on the CPU."""
    evaluate: StageResources = StageResources()
    """Evaluations. An engine on several GPUs needs as many `gpus` here."""


class RayConfig(ConfigModel):
    """The Ray cluster that runs the stages."""

    address: str | None = None
    """`host:port` of a cluster's head, or `auto` for the cluster that this machine is part of. The default is
    $RAY_ADDRESS. If that is not set, a cluster is started on this machine for the session."""


class SlurmConfig(ConfigModel):
    """Submission of jobs to Slurm. Their sizes are set under `resources`."""

    options: dict[str, str | int | bool] = Field(default_factory=dict)
    """sbatch's long options for every job: {partition: gpu, account: mine, constraint: a100}."""
    base: dict[str, str | int | bool] = Field(default_factory=dict)
    """Further options for the job of the base model. They override `options`."""
    train: dict[str, str | int | bool] = Field(default_factory=dict)
    """Further options for jobs of training stages."""
    merge: dict[str, str | int | bool] = Field(default_factory=dict)
    """Further options for jobs of merges."""
    rollback: dict[str, str | int | bool] = Field(default_factory=dict)
    """Further options for jobs of rollbacks."""
    evaluate: dict[str, str | int | bool] = Field(default_factory=dict)
    """Further options for jobs of evaluations, which are submitted as arrays."""
    setup: tuple[str, ...] = ()
    """Shell lines that every job begins with, such as `module load cuda`."""
    most_jobs: int = Field(100, ge=1)
    """Largest number of jobs in the queue, if neither -j nor `workers` sets it."""
    stop_seconds: int = Field(90, ge=1)
    """Seconds before its time limit at which a job is asked to stop at the next checkpoint. It is submitted again."""
    poll_seconds: float = Field(5.0, gt=0)
    """Seconds between two looks at the queue."""


class FsdpConfig(ConfigModel):
    """How `sharding: fsdp` (PyTorch's FSDP2, through accelerate) shares a model."""

    cpu_offload: bool = False
    """Whether weights, gradients and optimizer stay in main memory, and a GPU gets a layer only while it is used. It is
    slow. On a CPU it changes nothing."""
    reshard_after_forward: bool = True
    """Whether a layer's gathered weights are dropped after its forward pass and gathered again for the backward pass.
    If false, nothing is gathered twice, but each process holds the whole weights during a step."""
    layers: tuple[str, ...] = ()
    """Names of the classes whose instances are gathered one at a time: [Qwen3DecoderLayer]; by default those that the
    model itself names."""


class ExecutionConfig(ConfigModel):
    """The executor that starts the workers, their number, and their resources."""

    executor: Literal["local", "inline", "ray", "slurm"] = "local"
    """Executor of stages. local: worker processes on this machine. inline: the current process, one stage after
    another, for a debugger. ray: a Ray cluster. slurm: Slurm jobs."""
    workers: int | None = Field(None, ge=1)
    """Number of stages that run at the same time. The default is one per GPU, or one per `threads` CPU cores. On a
    cluster, it is as many as fit."""
    threads: int = Field(1, ge=1)
    """Torch threads per worker."""
    resources: ResourcesConfig = ResourcesConfig()
    """Resources that each kind of stage reserves."""
    ray: RayConfig = RayConfig()
    """Cluster of `executor: ray`."""
    slurm: SlurmConfig = SlurmConfig()
    """Jobs of `executor: slurm`."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Device of the stages. auto: a GPU if torch can use one, otherwise the CPU. cuda: a GPU, and an error without one.
    cpu: no GPU. Slurm jobs request a GPU by default only with `cuda`."""
    gpu_memory_gb: float | None = Field(None, gt=0)
    """Memory of one GPU in 10^9 bytes. `xdomain grid plan` says whether each stage fits it, and
    `training.micro_batch: auto` is chosen for it."""
    train_processes: int = Field(1, ge=1)
    """Number of processes that share one training stage, started by `accelerate launch`: one per GPU, or with `threads`
    cores each on a CPU. It changes results only by rounding, see `training.rollout_draws`."""
    sharding: Literal["fsdp"] | None = None
    """How the processes of a training stage share its model. With `fsdp` each holds its rows of every weight, gradient
    and optimizer moment. By default each holds the whole model. It changes results only by rounding."""
    fsdp: FsdpConfig = FsdpConfig()
    """Settings of `sharding: fsdp`. They are refused without it."""
    retries: RetryConfig = RetryConfig()
    """Number of times that a stage is started again, by the cause that ended it."""
    damaged: Literal["refuse", "remake"] = "refuse"
    """Reaction to a corrupt file, which is one that is missing or whose digest is not the published one. With `refuse`,
    a stage that reads it fails. With `remake`, the stage that wrote it is rebuilt first."""
    stale_after_seconds: float = Field(60.0, ge=6)
    """Seconds without a beat (one every 2 s) after which a worker is given up. It is killed if it runs on this machine.
    If it ran on another one, its stage is taken over."""
