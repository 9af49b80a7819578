"""GRPO training of one stage. What TRL would refuse, or would silently do otherwise, is refused here without torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from xdomain.config.engine import EngineConfig
from xdomain.config.evaluation import COMPLETION_TOKENS
from xdomain.config.grpo_fields import check_effect
from xdomain.config.model_base import ConfigModel, PlainMapping
from xdomain.config.optimizer import OPTIMIZERS
from xdomain.core.registry import suggestion

Budget = Literal["per_phase", "per_domain", "total"]

LossType = Literal["dapo", "grpo", "dr_grpo", "bnpo", "cispo", "luspo"]


class KeepRollouts(ConfigModel):
    """Which sampled training completions a stage keeps."""

    prompts_per_step: int = Field(2, ge=1)
    """The first prompts of each rollout, with all their completions."""


class SelfPacedConfig(ConfigModel):
    """Train items go from easy to hard by the measured pass rate of the base; a mixture keeps its quotas."""

    samples: int = Field(4, ge=2)
    """Completions an item that the pass rate is measured with, sampled as rollouts are."""
    items: int = Field(2000, ge=1)
    """Train items of a domain that are measured, and then trained on, drawn from `evaluation.seed`; a smaller train
    split is used whole."""


class TrainingConfig(ConfigModel):
    """One stage's training. A step is one optimizer step."""

    steps: int = Field(120, ge=1)
    """Optimizer steps; what they are steps of is the budget rule's to say."""
    budget: Budget = "per_phase"
    """per_phase: each phase gets `steps`. per_domain: a phase of k domains gets k x `steps`. total: split over the
    phases."""
    prompts_per_step: int = Field(16, ge=1)
    """Prompts whose groups one optimizer step learns from."""
    generations: int = Field(8, ge=2)
    """Completions sampled a prompt: the GRPO group."""
    updates_per_rollout: int = Field(1, ge=1)
    """Optimizer steps that one rollout batch serves, each on its own part (2602.01365: 256 prompts, mini-batch 64:
    4)."""
    epochs_per_rollout: int = Field(1, ge=1)
    """Times a rollout batch is gone through (TRL `num_iterations`, the mu of GRPO)."""
    micro_batch: int | None = Field(None, ge=1)
    """Completions a forward and backward pass; by default the whole step. Fewer save memory (gradient accumulation)."""
    learning_rate: float = Field(1e-6, gt=0)
    """Peak learning rate."""
    lr_schedule: Literal["constant", "constant_with_warmup", "linear", "cosine"] = "constant"
    """Course of the learning rate in one stage."""
    warmup_ratio: float = Field(0.0, ge=0, lt=1)
    """Share of the steps in which the rate rises to `learning_rate`; not with `lr_schedule: constant`."""
    weight_decay: float = Field(0.0, ge=0)
    """Weight decay of the optimizer."""
    max_grad_norm: float = Field(1.0, gt=0)
    """Longer gradients are cut to this norm."""
    optimizer: str = "adamw_torch"
    """As transformers names it. `lomo`, `adalomo` and the layerwise ones move the weights in every backward pass, so
    that no strategy and no gradient telemetry can act beside them."""
    loss_type: LossType = "dapo"
    beta: float = Field(0.0, ge=0)
    """KL coefficient; above 0 `reference` says what the KL is measured from."""
    reference: Literal["parent", "base"] = "parent"
    epsilon: float = Field(0.2, gt=0, lt=1)
    """Clipping range of the probability ratio, below 1."""
    epsilon_high: float | None = Field(None, gt=0)
    """Clipping range above 1; by default `epsilon`."""
    scale_rewards: Literal["group", "none", "batch"] = "group"
    """`batch` divides by the standard deviation over all domains of a batch, so domains scale one another; the plan
    warns."""
    temperature: float = Field(1.0, gt=0)
    """Sampling temperature of rollouts."""
    top_p: float = Field(1.0, gt=0, le=1)
    """Nucleus sampling of rollouts."""
    max_prompt_tokens: int | None = Field(None, ge=1)
    """Longer prompts are left out of the schedule, and counted."""
    max_completion_tokens: int = Field(COMPLETION_TOKENS, ge=1)
    """Longest completion in training."""
    bf16: bool = False
    """Mixed precision over the model's own dtype."""
    gradient_checkpointing: bool = False
    """Recompute activations, for less memory and more time."""
    rollout: Literal["transformers", "vllm-colocate", "vllm-server"] = "transformers"
    """vLLM's (TRL's own modes) are drawn without the stage's seed, so such a stage does not repeat bit by bit."""
    rollout_draws: Literal["stream", "place"] = "stream"
    """What a completion's random draws follow from. stream: the process's random generator, so another number of
    processes samples other completions. place: the stage's seed, the step and the completion's place in the batch,
    however many processes share it; `execution.train_processes` above 1 needs it."""
    telemetry_every: int | None = Field(20, ge=1)
    """Optimizer steps of a mixed phase between two looks at the domains' gradients (norms, cosines, conflicts); null is
    never. It costs one more forward and backward pass and, until the step's end, one copy of the trainable parameters
    and one of each domain's gradient in the CPU's memory; it changes no number."""
    self_paced: SelfPacedConfig | None = None
    """Order each phase's prompts from easy to hard; by default they are shuffled."""
    informative_quotas: bool = False
    """Hold a mixed phase's informative groups (rewards not all equal) to the ratio of its weights over the stage: those
    of a domain that is ahead are dropped at random. Without it a 50/50 mixture teaches in whatever ratio is left."""
    offload_gradients: bool = False
    """Keep the domains' gradients in the CPU's memory, so that a GPU holds one at a time; without a GPU it changes
    nothing. What it saves on a GPU is still to be measured."""
    keep_rollouts: KeepRollouts | None = None
    """Keep sampled completions with their rewards and verdicts, for `xdomain view`. It changes no number."""
    report_to: tuple[str, ...] = ()
    """Trackers as transformers names them; a tracker's failure never fails a stage."""
    grpo: PlainMapping = Field(default_factory=dict)
    """Further GRPOConfig fields, passed through and checked against TRL before the first stage starts. Those that
    another setting here says, or that change nothing, are refused by name."""
    engine: EngineConfig | None = None
    """A command that trains the stages; by default the built-in trainer does, on TRL."""

    @field_validator("optimizer")
    @classmethod
    def _known_optimizer(cls, name: str) -> str:
        if name not in OPTIMIZERS:
            raise ValueError(f'unknown optimizer "{name}".{suggestion(name, OPTIMIZERS)}')
        return name

    @model_validator(mode="after")
    def _divisible(self) -> TrainingConfig:
        completions = self.prompts_per_step * self.generations
        if self.micro_batch is not None and completions % self.micro_batch:
            raise ValueError(
                f"`micro_batch` should divide prompts_per_step x generations = {completions}. Found {self.micro_batch}."
            )
        if self.rollout != "transformers" and self.rollout_draws == "place":
            raise ValueError("`rollout_draws: place` needs `rollout: transformers`: vLLM draws for itself.")
        if self.warmup_ratio and self.lr_schedule == "constant":
            raise ValueError(
                "`warmup_ratio` has no effect with `lr_schedule: constant`; set `lr_schedule: constant_with_warmup`."
            )
        check_effect(self)
        return self

    @property
    def rollout_period(self) -> int:
        """Optimizer steps from one rollout to the next; checkpoints that can be resumed lie on its multiples."""
        return self.updates_per_rollout * self.epochs_per_rollout
