"""What the engine of vLLM rollouts relies on in TRL; a release that moves it fails here, also without vLLM."""

from __future__ import annotations

import inspect

import pytest
from trl import GRPOTrainer
from trl.generation import vllm_generation
from trl.generation.vllm_generation import VLLMGeneration

from xdomain.train.rollout_engine import VARIABLES


@pytest.mark.parametrize(
    "text",
    [
        "self.llm = LLM(",
        "model=model.name_or_path",
        'distributed_executor_backend="external_launcher"',
        'logprobs_mode="processed_logprobs"',
        "max_num_batched_tokens=",
    ],
)
def test_trl_starts_the_engine_by_its_name(text: str) -> None:
    assert text in inspect.getsource(VLLMGeneration._init_vllm)


def test_trl_asks_for_one_completion_per_prompt_in_order() -> None:
    source = inspect.getsource(VLLMGeneration.generate)
    assert '"n": 1' in source
    assert "self.llm.generate(vllm_prompts, sampling_params=sampling_params, use_tqdm=False)" in source
    # With tensor parallelism, the prompts of a group of neighbouring processes are answered by all of them.
    assert "slice(local_rank_in_group * orig_size, (local_rank_in_group + 1) * orig_size)" in source
    assert "list(range(i * self.tensor_parallel_size, (i + 1) * self.tensor_parallel_size))" in inspect.getsource(
        VLLMGeneration._init_vllm
    )


def test_weights_are_sent_before_the_first_rollout_of_every_step() -> None:
    source = inspect.getsource(GRPOTrainer._generate_single_turn)
    places = [source.index(text) for text in ("self._last_loaded_step", "sync_weights()", "vllm_generation.generate(")]
    assert places == sorted(places)


@pytest.mark.parametrize("name", ["sampling_per_token_logps", "old_per_token_logps"])
def test_a_rollout_holds_both_sides_of_the_gap(name: str) -> None:
    assert f'output["{name}"]' in inspect.getsource(GRPOTrainer._generate_and_score_completions)


def test_trl_sets_the_variables_that_a_stage_restores() -> None:
    source = inspect.getsource(VLLMGeneration._init_vllm) + inspect.getsource(vllm_generation.ensure_master_addr_port)
    assert all(f'"{name}"' in source for name in VARIABLES)


def test_weights_are_taken_from_the_method_that_a_stage_replaces() -> None:
    assert "self._iter_named_params()" in inspect.getsource(VLLMGeneration.sync_weights)
    source = inspect.getsource(VLLMGeneration._iter_named_params)
    assert 'removeprefix("base_model.model.").replace(".base_layer", "")' in source


def test_sharded_parameters_are_gathered_one_at_a_time() -> None:
    assert "param.full_tensor()" in inspect.getsource(VLLMGeneration._iter_fsdp2_params)
