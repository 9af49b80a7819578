"""A command that trains stages instead of the built-in trainer. docs/reference/engine-contract.md is its contract."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator

from xdomain.config.model_base import ConfigModel
from xdomain.core.registry import suggestion

INTERPRETER = "python"
"""First word of a command that stands for the Python that runs xdomain."""

ALWAYS_USED = frozenset({"steps", "budget", "prompts_per_step", "max_prompt_tokens", "self_paced", "engine"})
"""Fields of `training` that act whatever trains: on the stages' lengths and on their prompt schedules."""

RECEIVABLE = (
    "generations", "updates_per_rollout", "epochs_per_rollout", "micro_batch", "learning_rate", "lr_schedule",
    "warmup_ratio", "weight_decay", "max_grad_norm", "optimizer", "loss_type", "beta", "reference", "epsilon",
    "epsilon_high", "scale_rewards", "temperature", "top_p", "max_completion_tokens", "bf16",
    "gradient_checkpointing", "rollout", "rollout_draws", "grpo",
)  # fmt: skip
"""Fields of `training` that a command may receive."""


class EngineGuarantees(ConfigModel):
    """Properties that the author of a command declares. Plans and reports print them; nothing checks them."""

    seed: bool = False
    """A stage that is trained twice from the same files with the same seed ends with the same weights."""
    schedule: bool = False
    """A stage trains on exactly the scheduled prompts, in their order."""
    resume: bool = False
    """A stage that was killed continues from its state folder. Without it the stage begins again."""


class EngineConfig(ConfigModel):
    """A command that trains every stage. See docs/reference/engine-contract.md.

    The command, its version and the fields that it receives are part of a stage's identity.
    """

    command: tuple[str, ...] = Field(min_length=1)
    """The program and its arguments; the path of the stage's task file is added as the last one. `python` as the first
    word is the Python that runs xdomain. The command runs in the folder of the experiment file."""
    version: str = Field(min_length=1)
    """Version of what the command runs, such as "trl 1.16.0, script 2". Change it whenever the numbers may change:
    the program's files are not part of identity."""
    receives: tuple[str, ...] = ()
    """Fields of `training` that the command obeys. A field that is set and not listed here is refused."""
    guarantees: EngineGuarantees = EngineGuarantees()
    """Properties that the command's author declares. By default, none is declared."""
    stop_seconds: float = Field(30.0, gt=0)
    """Time between SIGTERM and SIGKILL when a stage is stopped or cancelled."""
    folder: str | None = None
    """Folder that the command runs in, filled in with that of the experiment file. It is not part of identity."""

    @field_validator("receives")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name in ALWAYS_USED:
                raise ValueError(f'"{name}" acts on every stage and need not be listed.')
            if name not in RECEIVABLE:
                raise ValueError(f'a command cannot receive "{name}".{suggestion(name, RECEIVABLE)}')
        return names

    def identity(self) -> dict[str, Any]:
        """Return what the command adds to a stage's identity."""
        return {"command": list(self.command), "version": self.version, "receives": sorted(self.receives)}

    def sentence(self) -> str:
        """Return one sentence on the command and what its author declares, for plans and reports."""
        named = {"the same weights for the same seed": self.guarantees.seed}
        named |= {"the exact prompt schedule": self.guarantees.schedule, "resuming": self.guarantees.resume}
        parts = []
        if declared := [words for words, holds in named.items() if holds]:
            parts.append(f"declared by its author: {', '.join(declared)}")
        if others := [words for words, holds in named.items() if not holds]:
            parts.append(f"not declared: {', '.join(others)}")
        return f"Trained by the command `{' '.join(self.command)}`, version {self.version}; {'; '.join(parts)}."
