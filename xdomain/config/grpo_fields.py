"""Check `training.grpo`: every field of TRL's GRPOConfig is set by xdomain, passed through, or refused.

`training.grpo` may contain only the fields in `PASSED`, and those in `NEEDS` only if they have an effect. The check
does not import TRL, so that a plan can refuse a field. tests/contract/test_grpo_fields.py compares the table with the
installed TRL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

REPEATED = {
    "learning_rate": "training.learning_rate",
    "lr_scheduler_type": "training.lr_schedule",
    "warmup_steps": "training.warmup_ratio",
    "optim": "training.optimizer",
    "weight_decay": "training.weight_decay",
    "max_grad_norm": "training.max_grad_norm",
    "bf16": "training.bf16",
    "gradient_checkpointing": "training.gradient_checkpointing",
    "activation_checkpointing": "training.gradient_checkpointing",
    "per_device_train_batch_size": "training.prompts_per_step and training.micro_batch",
    "gradient_accumulation_steps": "training.micro_batch",
    "generation_batch_size": "training.prompts_per_step",
    "steps_per_generation": "training.updates_per_rollout",
    "num_iterations": "training.epochs_per_rollout",
    "num_generations": "training.generations",
    "max_steps": "training.steps",
    "max_completion_length": "training.max_completion_tokens",
    "temperature": "training.temperature",
    "top_p": "training.top_p",
    "generation_kwargs": "training.temperature, training.top_p, `stop` of a domain, or top_k, min_p and "
    "repetition_penalty of training.grpo",
    "chat_template_kwargs": "model.chat_template_kwargs",
    "use_vllm": "training.rollout",
    "vllm_mode": "training.rollout",
    "use_transformers_continuous_batching": "training.rollout",
    "use_transformers_paged": "training.rollout",
    "transformers_continuous_batching_config": "training.rollout",
    "loss_type": "training.loss_type",
    "beta": "training.beta",
    "epsilon": "training.epsilon",
    "epsilon_high": "training.epsilon_high",
    "scale_rewards": "training.scale_rewards",
    "sync_ref_model": "training.reference",
    "ref_model_mixup_alpha": "training.reference",
    "ref_model_sync_steps": "training.reference",
    "model_init_kwargs": "model.dtype and the other fields of model",
    "trust_remote_code": "model.trust_remote_code",
    "seed": "seeds",
    "data_seed": "seeds",
    "report_to": "training.report_to",
    "use_cpu": "execution.device",
    "save_steps": "checkpoints.every_steps",
    "reward_weights": "the domain's reward",
    "vllm_importance_sampling_cap": "training.grpo.vllm_importance_sampling_clip_max",
    "disable_tqdm": "the options of the command",
}
"""Setting of xdomain that replaces a field, by field."""

SET_BY_STAGE = frozenset({
    "output_dir", "num_train_epochs", "shuffle_dataset", "save_strategy", "logging_steps", "logging_strategy",
    "remove_unused_columns", "resume_from_checkpoint", "save_total_limit", "run_name", "project",
})  # fmt: skip
"""Fields whose values a stage must set itself."""

WITHOUT_EFFECT = {
    **dict.fromkeys(
        (
            "eval_strategy", "eval_steps", "eval_delay", "per_device_eval_batch_size", "prediction_loss_only",
            "eval_on_start", "eval_do_concat_batches", "eval_use_gather_object", "eval_accumulation_steps",
            "include_for_metrics", "batch_eval_metrics", "bf16_full_eval", "fp16_full_eval", "num_generations_eval",
            "do_train", "do_eval", "do_predict", "load_best_model_at_end", "metric_for_best_model",
            "greater_is_better",
        ),
        "checkpoints are evaluated by separate stages; see `evaluation`",
    ),
    **dict.fromkeys(
        (
            "save_only_model", "save_on_each_node", "enable_jit_checkpoint", "ignore_data_skip",
            "restore_callback_states_from_checkpoint", "push_to_hub", "hub_token", "hub_private_repo", "hub_model_id",
            "hub_strategy", "hub_always_push", "hub_revision",
        ),
        "the store keeps checkpoints; see `checkpoints`",
    ),
    **dict.fromkeys(
        ("train_sampling_strategy", "length_column_name", "dataloader_drop_last"),
        "a stage's prompts are drawn before it starts, and each batch is full",
    ),
    **dict.fromkeys(
        ("label_names", "label_smoothing_factor", "average_tokens_across_devices", "use_cache"),
        "the GRPO loss does not read it",
    ),
    **dict.fromkeys(
        (
            "log_completions", "log_multimodal", "num_completions_to_print", "log_unique_prompts",
            "log_completions_hub_repo",
        ),
        "set training.keep_rollouts; `evaluation` keeps every completion",
    ),
    **dict.fromkeys(
        ("logging_first_step", "log_on_each_node", "include_num_input_tokens_seen", "skip_memory_metrics"),
        "every step is written to metrics.jsonl",
    ),
    **dict.fromkeys(
        ("sapo_temperature_neg", "sapo_temperature_pos", "vespo_k_pos", "vespo_lambda_pos", "vespo_k_neg",
         "vespo_lambda_neg"),
        "it belongs to a loss that training.loss_type does not offer",
    ),
    "max_tool_calling_iterations": "models call no tools here",
    "auto_find_batch_size": "a smaller batch would be another experiment; set training.micro_batch",
    "local_rank": "the launcher sets it; see execution.train_processes",
}  # fmt: skip
"""Reason why setting a field has no effect, by field."""

NO_SHARE = frozenset({
    "entropy_coef", "use_adaptive_entropy", "entropy_coef_min", "entropy_coef_max", "entropy_coef_delta",
    "entropy_target",
})  # fmt: skip
"""Fields of TRL's entropy bonus."""

PASSED = frozenset({
    "lr_scheduler_kwargs", "optim_args", "adam_beta1", "adam_beta2", "adam_epsilon", "optim_target_modules", "fp16",
    "tf32", "activation_checkpointing_kwargs", "gradient_checkpointing_kwargs", "torch_compile",
    "torch_compile_backend", "torch_compile_mode", "use_liger_kernel", "liger_kernel_config", "neftune_noise_alpha",
    "torch_empty_cache_steps", "logging_nan_inf_filter", "log_level", "log_level_replica", "trackio_space_id",
    "trackio_bucket_id", "trackio_static_space_id", "full_determinism", "accelerator_config", "parallelism_config",
    "dataloader_num_workers", "dataloader_pin_memory", "dataloader_persistent_workers", "dataloader_prefetch_factor",
    "dataloader_multiprocessing_context", "dataloader_in_order", "ddp_find_unused_parameters", "ddp_bucket_cap_mb",
    "ddp_broadcast_buffers", "ddp_static_graph", "ddp_backend", "ddp_timeout", "fsdp", "fsdp_config", "deepspeed",
    "debug", "router_aux_loss_coef", "disable_dropout", "cast_lm_head_to_fp32", "ds3_gather_for_generation",
    "pad_to_multiple_of", "top_k", "min_p", "repetition_penalty", "cache_implementation", "vllm_model_impl",
    "vllm_enable_sleep_mode", "vllm_structured_outputs_regex", "vllm_server_base_url", "vllm_server_host",
    "vllm_server_port", "vllm_server_timeout", "vllm_group_port", "vllm_gpu_memory_utilization",
    "vllm_max_model_length", "vllm_tensor_parallel_size", "vllm_importance_sampling_correction",
    "vllm_importance_sampling_mode", "vllm_importance_sampling_clip_max", "vllm_importance_sampling_clip_min",
    "delta", "importance_sampling_level", "multi_objective_aggregation", "mask_truncated_completions",
    "top_entropy_quantile", "off_policy_mask_threshold", "use_bias_correction_kl",
})  # fmt: skip
"""Fields that have the effect that TRL documents."""

Need = tuple[Callable[[Any], bool], str]

_WITHOUT_BETAS = ("sgd", "adagrad", "rmsprop", "adafactor", "lomo")
_ADAM: Need = (
    lambda training: not any(word in training.optimizer for word in _WITHOUT_BETAS),
    "an optimizer of the Adam family in training.optimizer",
)
_LOW_RANK: Need = (
    lambda training: training.optimizer.startswith(("galore", "apollo")),
    "a GaLore or APOLLO optimizer in training.optimizer",
)
_CHECKPOINTING: Need = (lambda training: training.gradient_checkpointing, "training.gradient_checkpointing: true")
_TRACKIO: Need = (lambda training: "trackio" in training.report_to, "trackio in training.report_to")
_SERVER: Need = (lambda training: training.rollout == "vllm-server", "training.rollout: vllm-server")
_COLOCATE: Need = (lambda training: training.rollout == "vllm-colocate", "training.rollout: vllm-colocate")
_LIGER: Need = (lambda training: bool(training.grpo.get("use_liger_kernel")), "training.grpo.use_liger_kernel: true")
_COMPILE: Need = (lambda training: bool(training.grpo.get("torch_compile")), "training.grpo.torch_compile: true")

NEEDS: Mapping[str, Need] = {
    "lr_scheduler_kwargs": (lambda training: training.lr_schedule == "cosine", "training.lr_schedule: cosine"),
    "adam_beta1": _ADAM,
    "adam_beta2": _ADAM,
    "adam_epsilon": _ADAM,
    "optim_target_modules": _LOW_RANK,
    "activation_checkpointing_kwargs": _CHECKPOINTING,
    "gradient_checkpointing_kwargs": _CHECKPOINTING,
    "torch_compile_backend": _COMPILE,
    "torch_compile_mode": _COMPILE,
    "liger_kernel_config": _LIGER,
    "trackio_space_id": _TRACKIO,
    "trackio_bucket_id": _TRACKIO,
    "trackio_static_space_id": _TRACKIO,
    "cache_implementation": (
        lambda training: training.rollout == "transformers",
        "training.rollout: transformers",
    ),
    **dict.fromkeys(
        ("top_k", "min_p", "repetition_penalty"),
        (lambda training: training.rollout != "batched", "another training.rollout than batched"),
    ),
    **dict.fromkeys(
        ("vllm_server_base_url", "vllm_server_host", "vllm_server_port", "vllm_server_timeout", "vllm_group_port"),
        _SERVER,
    ),
    **dict.fromkeys(
        ("vllm_model_impl", "vllm_enable_sleep_mode", "vllm_gpu_memory_utilization", "vllm_max_model_length",
         "vllm_tensor_parallel_size"),
        _COLOCATE,
    ),
    "delta": (lambda training: training.loss_type != "cispo", "another training.loss_type than cispo"),
    "off_policy_mask_threshold": (
        lambda training: training.rollout_period > 1 or training.uses_vllm,
        "training.updates_per_rollout or training.epochs_per_rollout above 1, or a vLLM rollout",
    ),
    "use_bias_correction_kl": (lambda training: training.beta > 0, "training.beta above 0"),
}  # fmt: skip
"""Condition under which a field has an effect, as a test and in words, by field. `vllm_` fields without vLLM are
refused in `config.rollout`."""


def check_effect(training: Any) -> None:
    """Check that each field of `training.grpo` has an effect. TRL checks unknown names, and lists near matches.

    Raises:
        ValueError: A field is set elsewhere, or would have no effect.
    """
    for name in training.grpo:
        if name in NO_SHARE:
            raise ValueError(
                f"`grpo.{name}`: an entropy bonus has no defined share per domain and is refused. Remove it."
            )
        if name in REPEATED:
            raise ValueError(f"`grpo` repeats {name}: a stage sets these itself. Remove it and set {REPEATED[name]}.")
        if name in SET_BY_STAGE:
            raise ValueError(f"`grpo` cannot set {name}: a stage sets these itself. Remove it.")
        if name in WITHOUT_EFFECT:
            raise ValueError(f"`grpo.{name}` has no effect: {WITHOUT_EFFECT[name]}. Remove it.")
        if name in type(training).model_fields:
            raise ValueError(f"`grpo` repeats {name}: remove it and set training.{name}.")
        without_vllm = name.startswith("vllm_") and not training.uses_vllm
        if name in NEEDS and not without_vllm and not NEEDS[name][0](training):
            raise ValueError(f"`grpo.{name}` has no effect here: it needs {NEEDS[name][1]}.")
