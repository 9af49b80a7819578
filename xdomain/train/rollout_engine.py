"""The vLLM engine that TRL starts in a training stage, with what TRL leaves out: precision, seeds, end tokens, an end.

TRL 1.16 calls `LLM` by its name in `trl.generation.vllm_generation`, copies the weights into it after every step and
calls its `generate`. That name is replaced while a stage runs. TRL merges an adapter into the frozen weights for the
copy and subtracts it again, which changes their last bits at every step. Here the sum is made outside the model.
tests/contract/test_trl_vllm_seam.py pins the seam.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from peft import PeftModel
from peft.tuners.lora import LoraLayer
from trl.generation import vllm_generation

from xdomain.config.rollout_engine import RolloutEngineConfig
from xdomain.config.training import TrainingConfig
from xdomain.core.stage import StageContext
from xdomain.generation.vllm_engine import close_engine, prepare_process
from xdomain.strategies.gradients import whole

SEEDS = 1 << 63
"""vLLM takes seeds below it; torch takes one bit more."""
VARIABLES = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""Environment variables that TRL sets for vLLM. A later stage in this process would take itself for one of several."""


@dataclass(frozen=True)
class Draw:
    """How one completion is drawn.

    Attributes:
        seed: Seed of its random numbers.
        stop: Texts that end it.
    """

    seed: int
    stop: tuple[str, ...] = ()


class RolloutEngine:
    """A vLLM engine that draws each completion with its own seed, and otherwise does what TRL asks for.

    Args:
        arguments: Arguments of vLLM's `LLM`.
    """

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._llm = vllm_generation.LLM(**arguments)
        self._draws: Sequence[Draw] = ()
        self._ends: list[int] = []

    def expect(self, draws: Sequence[Draw], ends: Sequence[int]) -> None:
        """Set the draws of the prompts of the next call of `generate`, and the ids of the tokens that end them."""
        self._draws, self._ends = draws, list(ends)

    def generate(self, prompts: Sequence[Any], sampling_params: Any, use_tqdm: bool) -> Any:
        """Answer each prompt once. See `vllm.LLM.generate`."""
        each = [self._sampling(sampling_params, draw) for draw in self._draws]
        assert len(each) == len(prompts)
        return self._llm.generate(prompts, sampling_params=each, use_tqdm=use_tqdm)

    def _sampling(self, given: Any, draw: Draw) -> Any:
        sampling = given.clone()
        sampling.seed = draw.seed % SEEDS
        sampling.stop_token_ids = self._ends
        sampling.stop, sampling.detokenize = list(draw.stop), bool(draw.stop)
        sampling.__post_init__()  # derives other fields from these
        return sampling

    def __getattr__(self, name: str) -> Any:
        return getattr(self._llm, name)

    def close(self) -> None:
        """Release memory, so that another engine can start in this process."""
        close_engine(self._llm)
        del self._llm


def free_port() -> int:
    """Return a port of this machine that the system chose from the free ones."""
    with socket.socket() as found:
        found.bind(("localhost", 0))
        return int(found.getsockname()[1])


def weights_dtype(model: Any) -> str:
    """Return the torch dtype name of a model's weights."""
    return str(model.dtype).removeprefix("torch.")


def stage_engines(training: TrainingConfig, model: Any, context: StageContext) -> AbstractContextManager[None]:
    """Return a block in which TRL's vLLM engine starts with the stage's settings, and at whose end it is closed.

    Args:
        training: Settings of the stage. Other rollouts than `vllm-colocate` have no engine.
        model: The model that the stage trains.
        context: Surroundings of the stage.
    """
    if training.rollout != "vllm-colocate":
        return nullcontext()
    return rollout_engines(training.vllm, weights_dtype(model), context.device, context.processes)


@contextmanager
def rollout_engines(settings: RolloutEngineConfig, dtype: str, device: str, processes: int) -> Iterator[None]:
    """Start TRL's engines as `RolloutEngine` while the block runs, and close them at its end.

    Args:
        settings: Settings of the engine.
        dtype: Torch dtype name of the trained weights.
        device: "cpu" or "cuda".
        processes: Number of processes of the stage. If there are several, each ends with the stage, and the engine
            shares their connections, so it is left open.

    Raises:
        ConfigError: The installed vLLM was built for another device.
    """
    prepare_process(device)
    original, variables = vllm_generation.LLM, {name: os.environ.get(name) for name in VARIABLES}
    generation = vllm_generation.VLLMGeneration
    weights = generation._iter_named_params
    set_threads = torch.set_num_threads  # vLLM disables it on a CPU
    opened: list[RolloutEngine] = []

    def start(**arguments: Any) -> RolloutEngine:
        vllm_generation.LLM = original
        try:
            opened.append(RolloutEngine(engine_arguments(arguments, settings, dtype, device)))
        finally:
            vllm_generation.LLM = start
        return opened[-1]

    if processes == 1:
        # TRL would take 29500 if it is free at that moment, so stages that start together would collide.
        os.environ |= {"MASTER_ADDR": "localhost", "MASTER_PORT": str(free_port())}
    vllm_generation.LLM = start
    generation._iter_named_params = lambda own: (
        adapted_weights(own.model, own.accelerator.device) if isinstance(own.model, PeftModel) else weights(own)
    )
    try:
        yield
    finally:
        vllm_generation.LLM, generation._iter_named_params = original, weights
        torch.set_num_threads = set_threads
        if processes == 1:
            for engine in opened:
                engine.close()
            for name, value in variables.items():
                os.environ.pop(name, None)
                os.environ |= {} if value is None else {name: value}


@torch.no_grad()
def adapted_weights(model: Any, device: torch.device) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the weights of a model with a LoRA adapter, merged, whole, and under their names without the adapter.

    All processes that share the model must take every weight.

    Args:
        model: The peft model, which is not changed.
        device: Device of the engine.
    """
    layers = {
        f"{name}.base_layer.weight": layer for name, layer in model.named_modules() if isinstance(layer, LoraLayer)
    }
    for name, parameter in model.named_parameters():
        if model.prefix in name:
            continue
        value = parameter.detach()
        for adapter in layers[name].active_adapters if name in layers else ():
            value = (value + layers[name].get_delta_weight(adapter)).to(value.dtype)
        plain = name.removeprefix("base_model.model.").replace(".base_layer", "")
        yield plain.replace("_checkpoint_wrapped_module.", ""), whole(value.to(device))


def engine_arguments(
    given: Mapping[str, Any], settings: RolloutEngineConfig, dtype: str, device: str
) -> dict[str, Any]:
    """Return the arguments of vLLM's `LLM`: those that TRL gives, completed and changed by ours.

    Args:
        given: Arguments that TRL gives.
        settings: Settings of the engine.
        dtype: Torch dtype name of the trained weights.
        device: "cpu" or "cuda".
    """
    arguments = {
        **given,
        "dtype": settings.dtype or dtype,
        "enforce_eager": settings.enforce_eager or device == "cpu",
        "generation_config": "vllm",  # else it takes sampling settings from the model's folder
    }
    if device == "cpu":
        # Prompts are read whole, see `generation.vllm_engine`, so TRL's limit of tokens at once would limit prompts.
        arguments["enable_chunked_prefill"] = False
        del arguments["max_num_batched_tokens"]
    return arguments | settings.arguments
