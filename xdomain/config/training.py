"""Configuration of GRPO training. It refuses what TRL would refuse or silently change, without importing torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from xdomain.config.alarms import AlarmsConfig
from xdomain.config.engine import EngineConfig
from xdomain.config.evaluation import COMPLETION_TOKENS
from xdomain.config.grpo_fields import check_effect
from xdomain.config.model_base import ConfigModel, PlainMapping
from xdomain.config.optimizer import OPTIMIZERS
from xdomain.config.rollout_engine import RolloutEngineConfig
from xdomain.core.registry import suggestion

Budget = Literal["per_phase", "per_domain", "total"]

LossType = Literal["dapo", "grpo", "dr_grpo", "bnpo", "cispo", "luspo"]


class KeepRollouts(ConfigModel):
    """The sampled training completions that are stored with a stage."""

    prompts_per_step: int = Field(2, ge=1)
    """Number of prompts per rollout whose completions are kept. The first ones are used."""


class SelfPacedConfig(ConfigModel):
    """An order of train items from easy to hard, by the pass rate of the base model. A mixture keeps its quotas."""

    samples: int = Field(4, ge=2)
    """Completions per item with which the pass rate is measured. They are sampled like rollouts."""
    items: int = Field(2000, ge=1)
    """Number of train items per domain that are measured, and then trained on. They are drawn with `evaluation.seed`. A
    smaller train split is used completely."""


class PhaseTraining(ConfigModel):
    """Training settings that may differ from phase to phase (`overrides`)."""

    steps: int = Field(120, ge=1)
    """Number of optimizer steps. `budget` sets whether they count per phase, per domain or in total."""
    prompts_per_step: int = Field(16, ge=1)
    """Prompts per optimizer step. Each has a group of completions."""
    generations: int = Field(8, ge=2)
    """Completions sampled per prompt, which form a GRPO group."""
    updates_per_rollout: int = Field(1, ge=1)
    """Optimizer steps per rollout batch, each on its own part of the batch (2602.01365: 256 prompts and a mini-batch of
    64 give 4)."""
    epochs_per_rollout: int = Field(1, ge=1)
    """Number of passes over a rollout batch (TRL's `num_iterations`, the mu of GRPO)."""
    micro_batch: Annotated[int, Field(ge=1)] | Literal["auto"] | None = None
    """Completions per forward and backward pass; by default all of a step. Fewer save memory (gradient accumulation).
    `auto` takes the largest number with which every training stage fits `execution.gpu_memory_gb`, by the estimate of
    `xdomain grid plan`. The chosen number is part of a stage's identity."""
    learning_rate: float = Field(1e-6, gt=0)
    """Peak learning rate."""
    lr_schedule: Literal["constant", "constant_with_warmup", "linear", "cosine"] = "constant"
    """Schedule of the learning rate in one stage."""
    warmup_ratio: float = Field(0.0, ge=0, lt=1)
    """Share of the steps in which the rate rises to `learning_rate`. Not allowed with `lr_schedule: constant`."""
    weight_decay: float = Field(0.0, ge=0)
    """Weight decay of the optimizer."""
    max_grad_norm: float = Field(1.0, gt=0)
    """Largest norm of a gradient. Longer gradients are clipped to it."""
    loss_type: LossType = "dapo"
    """Loss of TRL. Losses differ in how they average over tokens. dapo: over all tokens of a rollout batch. bnpo: over
    all tokens of a micro-batch. grpo: over the tokens of each completion, then over completions. dr_grpo: like grpo,
    but each completion's sum is divided by `max_completion_tokens`. luspo: like grpo, but each completion's sum is not
    divided; it is meant for `grpo: {importance_sampling_level: sequence}`. cispo: like dapo, but the clipped ratio is a
    constant factor of the gradient."""
    beta: float = Field(0.0, ge=0)
    """Coefficient of the KL penalty. Above 0, `reference` sets the model that the KL is measured from."""
    reference: Literal["parent", "base"] = "parent"
    """Model that the KL penalty is measured from, if `beta` is above 0: the checkpoint that the stage starts from
    (`parent`), or the base model (`base`)."""
    epsilon: float = Field(0.2, gt=0, lt=1)
    """Clipping range of the probability ratio, below 1."""
    epsilon_high: float | None = Field(None, gt=0)
    """Clipping range above 1; by default `epsilon`. With `loss_type: cispo`, it is the largest ratio itself and
    has to be set; TRL recommends 5."""
    scale_rewards: Literal["group", "none", "batch"] = "group"
    """Scaling of advantages. `batch` divides by the standard deviation over all domains of a batch, so that domains
    affect each other's scale. `grid plan` warns about that."""
    temperature: float = Field(1.0, gt=0)
    """Sampling temperature in rollouts."""
    top_p: float = Field(1.0, gt=0, le=1)
    """Probability mass of nucleus sampling in rollouts."""
    max_completion_tokens: int = Field(COMPLETION_TOKENS, ge=1)
    """Largest number of completion tokens in training."""
    gradient_checkpointing: bool = False
    """Recompute activations, which saves memory and costs time."""


class TrainingConfig(PhaseTraining):
    """Training of one stage. A step is one optimizer step."""

    budget: Budget = "per_phase"
    """Meaning of `steps`. per_phase: each phase gets `steps`. per_domain: a phase of k domains gets k x `steps`. total:
    the phases of a curriculum share `steps`."""
    optimizer: str = "adamw_torch"
    """Name of the optimizer in transformers. `lomo`, `adalomo` and the layerwise ones update the weights in every
    backward pass, so strategies and gradient telemetry cannot be used with them."""
    max_prompt_tokens: int | None = Field(None, ge=1)
    """Largest number of prompt tokens. Longer prompts are left out of the schedule, and counted."""
    bf16: bool = False
    """Mixed precision on top of the model's dtype."""
    rollout: Literal["transformers", "batched", "vllm-colocate", "vllm-server"] = "transformers"
    """Engine that samples training completions. transformers: TRL's `generate`. batched: evaluation's sampler, which
    reads a prompt once for all its completions and drops finished rows; draws follow from a completion's position, as
    with `rollout_draws: place`. vllm-colocate: an engine in the stage's process; every completion has a seed that
    follows from the stage's seed, the step and its position. vllm-server: TRL's server, whose draws have no seed."""
    vllm: RolloutEngineConfig = RolloutEngineConfig()
    """The engine of vLLM rollouts."""
    rollout_draws: Literal["stream", "place"] = "stream"
    """Source of the random draws of a completion. stream: the process's random generator, so that another number of
    processes samples other completions. place: the stage's seed, the step and the completion's position in the batch,
    independent of the number of processes. `execution.train_processes` above 1 needs `place`."""
    telemetry_every: int | None = Field(20, ge=1)
    """Optimizer steps between two measurements of the domains' gradients (norms, cosines, conflicts) in a mixed phase;
    null measures none. A measurement costs one more forward and backward pass. Until the end of the step, it also needs
    CPU memory for one copy of the trainable parameters and one of each domain's gradient. It does not change results.
    """
    self_paced: SelfPacedConfig | None = None
    """Order the prompts of each phase from easy to hard. By default, they are shuffled."""
    informative_quotas: bool = False
    """Keep the informative groups (rewards not all equal) of a mixed phase in the ratio of its weights over the stage,
    by dropping random groups of domains that are ahead. Otherwise the ratio depends on how many groups of each domain
    are informative, even in a 50/50 mixture."""
    offload_gradients: bool = False
    """Keep the domains' gradients in CPU memory, so that a GPU holds only one at a time. It has no effect without a
    GPU. The memory that it saves on a GPU has not been measured yet."""
    keep_rollouts: KeepRollouts | None = None
    """Keep sampled completions with their rewards and verdicts, for `xdomain view`. It does not change results."""
    alarms: AlarmsConfig | None = None
    """Watch the accuracy of domains on dev items during training, and raise an alarm if one gets worse. By default, no
    domain is watched."""
    report_to: tuple[str, ...] = ()
    """Names of trackers in transformers. An error of a tracker never makes a stage fail."""
    grpo: PlainMapping = Field(default_factory=dict)
    """Further GRPOConfig fields, which are passed through and checked against TRL before the first stage starts. Fields
    that another setting replaces, or that have no effect, are refused."""
    engine: EngineConfig | None = None
    """A command that trains the stages. By default, the built-in trainer does, on TRL."""

    @field_validator("optimizer")
    @classmethod
    def _known_optimizer(cls, name: str) -> str:
        if name not in OPTIMIZERS:
            raise ValueError(f'unknown optimizer "{name}".{suggestion(name, OPTIMIZERS)}')
        return name

    @model_validator(mode="after")
    def _divisible(self) -> TrainingConfig:
        completions = self.prompts_per_step * self.generations
        if isinstance(self.micro_batch, int) and completions % self.micro_batch:
            raise ValueError(
                f"`micro_batch` should divide prompts_per_step x generations = {completions}. Found {self.micro_batch}."
            )
        if self.rollout != "transformers" and self.rollout_draws == "place":
            server = self.rollout == "vllm-server"
            reason = "a vLLM server makes its own draws" if server else f"{self.rollout} always draws so"
            raise ValueError(f"`rollout_draws: place` needs `rollout: transformers`: {reason}. Remove it.")
        if self.warmup_ratio and self.lr_schedule == "constant":
            raise ValueError(
                "`warmup_ratio` has no effect with `lr_schedule: constant`; set `lr_schedule: constant_with_warmup`."
            )
        if self.loss_type == "cispo" and (self.epsilon_high is None or self.epsilon_high < 1):
            raise ValueError(
                "`loss_type: cispo` needs `epsilon_high` of at least 1, such as 5: it is the largest ratio itself, and "
                "a smaller one shrinks every gradient."
            )
        check_effect(self)
        return self

    @property
    def given_micro_batch(self) -> int | None:
        """`micro_batch` as a number; None for all completions of a process.

        Raises:
            ValueError: `auto` was not replaced by the number that a plan chooses.
        """
        if self.micro_batch == "auto":
            raise ValueError("`micro_batch: auto` has no number before the experiment is planned.")
        return self.micro_batch

    @property
    def uses_vllm(self) -> bool:
        """Whether a vLLM engine samples completions."""
        return self.rollout.startswith("vllm-")

    @property
    def rollout_period(self) -> int:
        """Number of optimizer steps between two rollouts. Only multiples of it have checkpoints that can be resumed."""
        return self.updates_per_rollout * self.epochs_per_rollout
