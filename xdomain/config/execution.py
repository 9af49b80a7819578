"""Where stages run. Nothing here changes numbers, but `threads` on a CPU (sums are split differently)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from xdomain.config.model_base import ConfigModel
from xdomain.core.states import Cause


class RetryConfig(ConfigModel):
    """How often a stage is started again in one run, by what ended it."""

    killed: int = Field(2, ge=0)
    """Its worker vanished: a signal, a lost machine."""
    out_of_memory: int = Field(1, ge=0)
    """Memory may have been short because of a neighbour that is done by now."""
    error: int = Field(0, ge=0)
    """The stage itself raised; the same again would most often fail the same way."""

    def after(self, cause: Cause) -> int:
        """Return how often a stage is started again after attempts that ended for `cause`."""
        allowed = {Cause.KILLED: self.killed, Cause.OUT_OF_MEMORY: self.out_of_memory, Cause.ERROR: self.error}
        return allowed.get(cause, 0)


class StageResources(ConfigModel):
    """What is set aside for one stage, by a cluster or by the local executor: a stage waits until so much is free."""

    cpus: int | None = Field(None, ge=1)
    """CPU cores; by default `execution.threads`, on this machine alone none."""
    gpus: float | None = Field(None, ge=0)
    """GPUs; by default one where `execution.device` and the cluster allow it. Ray takes fractions: 0.5 lets two stages
    share one. On this machine 0 hides them from the stage."""
    memory_gb: float | None = Field(None, gt=0)
    """Main memory in 10^9 bytes; by default the cluster's own rule, on this machine alone none."""
    minutes: int | None = Field(None, ge=1)
    """Slurm's time limit; by default the partition's own. A stage that needs longer goes on from its checkpoint."""
    custom: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    """Ray's custom resources: {a100: 1}."""

    @model_validator(mode="after")
    def _as_ray_counts(self) -> StageResources:
        if self.gpus is not None and self.gpus > 1 and self.gpus != int(self.gpus):
            raise ValueError(f"gpus should be a whole number, or a part of one GPU. Found {self.gpus:g}.")
        for name in ("CPU", "GPU", "memory"):
            if name in self.custom:
                raise ValueError(f'custom: "{name}" has a field of its own: cpus, gpus or memory_gb.')
        return self


class ResourcesConfig(ConfigModel):
    """Resources by kind of stage."""

    base: StageResources = StageResources()
    train: StageResources = StageResources()
    evaluate: StageResources = StageResources()


class RayConfig(ConfigModel):
    """Which Ray cluster runs the stages."""

    address: str | None = None
    """`host:port` of a cluster's head, or `auto` for the cluster that this machine is a part of; by default
    $RAY_ADDRESS, else one is started here for the run."""


class SlurmConfig(ConfigModel):
    """How jobs are handed to Slurm. Their sizes stand under `resources`."""

    options: dict[str, str | int | bool] = Field(default_factory=dict)
    """sbatch's long options for every job: {partition: gpu, account: mine, constraint: a100}."""
    base: dict[str, str | int | bool] = Field(default_factory=dict)
    """More of them for the job of the base, over `options`."""
    train: dict[str, str | int | bool] = Field(default_factory=dict)
    """For jobs of training stages."""
    evaluate: dict[str, str | int | bool] = Field(default_factory=dict)
    """For jobs of evaluations, which are submitted as arrays."""
    setup: tuple[str, ...] = ()
    """Shell lines that a job begins with: module load cuda."""
    most_jobs: int = Field(100, ge=1)
    """Jobs in the queue at once, where neither -j nor `workers` says."""
    stop_seconds: int = Field(90, ge=1)
    """So long before its time limit a job is told to stop at the next checkpoint; it is submitted again."""
    poll_seconds: float = Field(5.0, gt=0)
    """Between two looks at the queue."""


class FsdpConfig(ConfigModel):
    """How `sharding: fsdp` (PyTorch's FSDP2, through accelerate) shares a model."""

    cpu_offload: bool = False
    """Whether weights, gradients and optimizer stay in the main memory, and a GPU gets a layer while it is used. Slow,
    and the largest model then depends on the main memory."""
    reshard_after_forward: bool = True
    """Whether a layer's gathered weights are dropped after its forward pass and gathered again for the backward pass.
    False saves that communication, and each process then holds the whole weights during a step."""
    layers: tuple[str, ...] = ()
    """Names of the classes whose instances are gathered one at a time: [Qwen3DecoderLayer]; by default those that the
    model itself names."""


class ExecutionConfig(ConfigModel):
    """Who starts the workers, how many, and with what."""

    executor: Literal["local", "inline", "ray", "slurm"] = "local"
    workers: int | None = Field(None, ge=1)
    """Stages at once; by default one a GPU, or one a `threads` CPU cores; on a cluster as many as it has room for."""
    threads: int = Field(1, ge=1)
    """Torch threads a worker."""
    resources: ResourcesConfig = ResourcesConfig()
    ray: RayConfig = RayConfig()
    slurm: SlurmConfig = SlurmConfig()
    device: Literal["auto", "cpu", "cuda"] = "auto"
    train_processes: int = Field(1, ge=1)
    """Processes that share one training stage, started by `accelerate launch`: one a GPU, or with `threads` cores each
    on a CPU. Their number changes results by rounding only, see `training.rollout_draws`."""
    sharding: Literal["fsdp"] | None = None
    """How the processes of a training stage share its model: with `fsdp` each holds its rows of every weight, gradient
    and optimizer moment, by default each holds them whole. It changes results by rounding only."""
    fsdp: FsdpConfig = FsdpConfig()
    retries: RetryConfig = RetryConfig()
    damaged: Literal["refuse", "remake"] = "refuse"
    """What becomes of a stage that reads a published file whose digest is wrong, or that is gone: it fails and says so,
    or what is damaged is made again first."""
    stale_after_seconds: float = Field(60.0, ge=6)
    """A worker whose lease shows no beat (one every 2 s) for so long is given up: killed where it runs on this machine,
    taken over from another one."""
