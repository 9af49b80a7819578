"""Names and signatures of TRL and transformers that the trainer subclass relies on; a new release that moves one
fails here."""

from __future__ import annotations

import inspect
import re

import pytest
import torch
from transformers import Trainer
from transformers.training_args import OptimizerNames
from trl import DistillationTrainer, GRPOConfig, GRPOTrainer
from trl.trainer.utils import shuffle_sequence_dict, split_tensor_dict

from xdomain.config.optimizer import OPTIMIZERS
from xdomain.train.distillation import TeacherLoss

SIGNATURES = {
    "training_step": ["model", "inputs", "num_items_in_batch"],
    "compute_loss": ["model", "inputs", "return_outputs", "num_items_in_batch"],
    "_prepare_inputs": ["generation_batch"],
    "_generate_and_score_completions": ["inputs"],
    "_generate_single_turn": ["prompt_ids", "images", "multimodal_fields", "num_generations", "has_tool_images"],
    "_calculate_rewards": ["inputs", "prompts", "completions", "completion_ids_list"],
    "_tokenize_prompts": ["prompts"],
    "_save_optimizer_and_scheduler": ["output_dir"],
    "_load_optimizer_and_scheduler": ["checkpoint"],
    "compute_loss_context_manager": [],
}


@pytest.mark.parametrize("name", [*SIGNATURES])
def test_signature(name: str) -> None:
    found = [each for each in inspect.signature(getattr(GRPOTrainer, name)).parameters if each != "self"]
    assert found == SIGNATURES[name]


def test_log_probabilities_take_ids_mask_and_length_first() -> None:
    found = [*inspect.signature(GRPOTrainer._get_per_token_logps_and_entropies).parameters]
    assert found[:5] == ["self", "model", "input_ids", "attention_mask", "logits_to_keep"]


@pytest.mark.parametrize(
    "name",
    [
        "_step",
        "_current_train_step_time",
        '_metrics["train"]["step_time"]',
        "current_gradient_accumulation_steps",
    ],
)
def test_training_step_counts_and_times_as_we_do(name: str) -> None:
    assert f"self.{name}" in inspect.getsource(GRPOTrainer.training_step)


@pytest.mark.parametrize(
    "text",
    [
        'self.loss_type in ["cispo", "dapo", "vespo"]',
        'inputs["num_items_in_batch"].clamp(min=1.0) / self.accelerator.num_processes',
        "normalizer * self.current_gradient_accumulation_steps / self.args.steps_per_generation",
        'self.loss_type in ["grpo", "sapo"]',
        'inputs.get("old_per_token_logps")',
        "per_token_logps.detach() if old_per_token_logps is None",
        "self.aux_loss_enabled",
    ],
)
def test_loss_has_the_denominators_that_parts_are_weighed_by(text: str) -> None:
    assert text in inspect.getsource(GRPOTrainer._compute_loss)


def test_trl_scales_for_accumulation_itself() -> None:
    assert GRPOTrainer.loss_is_scaled_for_ga is True


def test_optimizer_step_follows_training_step_and_clips_first() -> None:
    source = inspect.getsource(Trainer._run_epoch)
    order = ["self.training_step(", "self._clip_grad_norm(model)", "self.optimizer.step()", "model.zero_grad()"]
    places = [source.index(text) for text in order]
    assert places == sorted(places)


def test_shuffle_and_split_carry_an_extra_row_tensor_and_scalars() -> None:
    batch = {
        "prompt_ids": torch.arange(8).reshape(8, 1),
        "num_items_in_batch": torch.tensor(5),
        "domain_ids": torch.arange(8),
    }
    chunks = split_tensor_dict(shuffle_sequence_dict(batch), 2)
    for chunk in chunks:
        assert chunk["prompt_ids"].flatten().tolist() == chunk["domain_ids"].tolist()
        assert int(chunk["num_items_in_batch"]) == 5
    assert sorted(chunks[0]["domain_ids"].tolist() + chunks[1]["domain_ids"].tolist()) == list(range(8))


def test_batch_has_the_keys_that_parts_are_cut_from() -> None:
    source = inspect.getsource(GRPOTrainer._generate_and_score_completions)
    for key in ("prompt_ids", "prompt_mask", "completion_ids", "completion_mask", "advantages", "num_items_in_batch"):
        assert f'"{key}": {key},' in source


def test_what_our_own_masking_and_counting_replaces_is_there() -> None:
    source = inspect.getsource(GRPOTrainer._generate_and_score_completions)
    assert "if self.mask_truncated_completions:" in source
    assert "self.accelerator.gather(loss_mask.sum()).sum()" in source
    assert '["completions/clipped_ratio"].append(' in inspect.getsource(GRPOTrainer._generate)


def test_config_has_the_fields_that_steps_are_counted_by() -> None:
    fields = GRPOConfig.__dataclass_fields__
    assert {"steps_per_generation", "num_iterations", "max_grad_norm", "gradient_accumulation_steps"} <= fields.keys()


def test_the_distillation_loss_reads_what_a_teacher_has() -> None:
    borrowed = (DistillationTrainer._compute_loss, DistillationTrainer._get_last_hidden_state)
    read = {name for method in borrowed for name in re.findall(r"self\.(\w+)", inspect.getsource(method))}
    written = set(re.findall(r"self\.(\w+) =", inspect.getsource(TeacherLoss)))
    assert read <= written | set(vars(TeacherLoss))
    found = [*inspect.signature(DistillationTrainer._compute_loss).parameters]
    assert found == ["self", "unwrapped_student", "inputs", "num_items_in_batch"]


def test_only_the_config_refuses_one_completion_per_prompt() -> None:
    assert "if self.num_generations < 2:" in inspect.getsource(GRPOConfig.__post_init__)
    assert "if num_generations > 1:" in inspect.getsource(GRPOTrainer._generate_and_score_completions)


def test_a_plan_knows_the_optimizers_that_there_are() -> None:
    assert sorted(OPTIMIZERS) == sorted(each.value for each in OptimizerNames)
