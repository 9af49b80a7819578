"""Check the requirements of TRL's vLLM rollouts without torch, so that a plan reports them before the first stage."""

from __future__ import annotations

from xdomain.config.execution import ExecutionConfig
from xdomain.config.model import ModelConfig
from xdomain.config.rollout_engine import RolloutEngineConfig
from xdomain.config.training import TrainingConfig


def check_rollout(training: TrainingConfig, model: ModelConfig, execution: ExecutionConfig) -> None:
    """Check that `training.rollout` works with the other settings.

    Raises:
        ValueError: TRL would refuse the setting, hang, ignore another setting, or silently train something else.
    """
    given = [f'grpo: "{name}"' for name in sorted(training.grpo) if name.startswith("vllm_")]
    own = [f'vllm: "{name}"' for name, value in training.vllm if value != getattr(RolloutEngineConfig(), name)]
    if not training.uses_vllm:
        if given or own:
            raise ValueError(
                f'training.{[*given, *own][0]} has no effect with rollout "{training.rollout}". Set `training.rollout`.'
            )
        return
    if training.rollout == "vllm-server" and (own := [each for each in own if "largest_gap" not in each]):
        raise ValueError(
            f'training.{own[0]} has no effect with rollout "vllm-server". Remove it, and give it to `trl vllm-serve`.'
        )
    on_cpu = execution.device == "cpu"
    if training.rollout == "vllm-server" and on_cpu:
        raise ValueError(
            'training.rollout: "vllm-server" sends weights to the server by NCCL, which needs a GPU. '
            'Use "vllm-colocate" on a CPU.'
        )
    split = training.grpo.get("vllm_tensor_parallel_size", 1)
    if not isinstance(split, int) or split < 1 or execution.train_processes % split:
        raise ValueError(
            f"training.grpo.vllm_tensor_parallel_size: should divide execution.train_processes = "
            f"{execution.train_processes}, over which TRL splits its engine. Found {split}."
        )
    if training.grpo.get("vllm_enable_sleep_mode") and on_cpu:
        raise ValueError("training.grpo.vllm_enable_sleep_mode: vLLM has no sleep mode on a CPU.")
    if training.rollout == "vllm-server" and model.lora is not None and model.dtype != "float32":
        # https://github.com/huggingface/trl/issues/6688
        raise ValueError(
            f'training.rollout: with LoRA, "{training.rollout}" merges the adapter into the weights and removes it '
            f"again at every step, so that {model.dtype} weights drift. Set `model.dtype: float32`."
        )
