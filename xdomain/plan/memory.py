"""Estimate the peak memory of a process by kind of stage, from the model's shape and the settings, without torch.

Memory that is held for the whole stage (weights, optimizer, reference, engine) is counted once. The largest of the
successive phases is added to it: sampling a rollout, the forward and backward pass of a micro-batch, or the optimizer's
step. CUDA's own context and fragmentation of the allocator are not counted. `docs/how-to/plan-memory-disk-and-time.md`
compares the estimates with measurements.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from xdomain.config.evaluation import EvaluationConfig
from xdomain.config.model import ModelConfig
from xdomain.config.training import TrainingConfig
from xdomain.plan.activations import Pass, pass_phases, prefill_bytes
from xdomain.plan.model_shape import ModelShape
from xdomain.plan.optimizer_state import optimizer_bytes

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
ADAPTER_BYTES = 4
"""Bytes of an adapter's parameter: peft keeps adapters in float32."""
COLOCATED_SHARE = 0.3
"""TRL's default share of a GPU's memory for the engine of `rollout: vllm-colocate`."""
DIVERGENCE_TOKENS, DIVERGENCE_VOCABULARY = 4096, 32768
"""Size of the tiles of logits from which TRL computes a divergence, one of the student's and one of the teacher's."""
LOGITS_COPIES = 3
"""Float32 copies of the next-token logits while `generate` draws a token: logits, probabilities, one intermediate."""
SAMPLER_COPIES = 7
"""The same in evaluation's sampler, whose sums of probabilities are in float64."""


@dataclass(frozen=True)
class Memory:
    """Bytes that one process needs at its peak.

    Attributes:
        resident: Memory held for the whole stage, keyed by name.
        phases: Additional memory in each phase, keyed by name. Phases follow one another.
        engine_share: Share of a GPU's memory that a vLLM engine takes.
        engine_needs: Minimum bytes of such an engine: its weights, and the keys and values of one sequence.
        engine_sleeps: True if the engine releases its memory while weights are trained.
    """

    resident: Mapping[str, int]
    phases: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    engine_share: float = 0.0
    engine_needs: int = 0
    engine_sleeps: bool = False

    @property
    def peak_phase(self) -> str | None:
        """Name of the phase that needs most memory; None without phases."""
        return max(self.phases, key=lambda name: sum(self.phases[name].values()), default=None)

    @property
    def own(self) -> int:
        """Bytes at the peak, excluding a vLLM engine's share."""
        largest = max((sum(parts.values()) for parts in self.phases.values()), default=0)
        return sum(self.resident.values()) + largest

    def on(self, gpu: float) -> float:
        """Return the bytes at the peak on a GPU of `gpu` bytes, including a vLLM engine's share."""
        share = self.engine_share * gpu
        if not self.engine_sleeps:
            return self.own + share
        return max(self.own, sum(self.resident.values()) + share)


@dataclass(frozen=True)
class Lengths:
    """Tokens of the longest prompt and of the longest completion of a stage."""

    prompt: int
    completion: int

    @property
    def total(self) -> int:
        return self.prompt + self.completion


@dataclass(frozen=True)
class Division:
    """The way in which a training stage is divided among processes.

    Attributes:
        processes: Number of processes that share each step's completions.
        shards: Number of processes that share weights, gradients and optimizer state; 1 if each holds all of them.
        gradients: Copies of the gradient that a mixed phase's strategy holds, one per domain; 0 for the plain step.
        teachers: Models that a distillation learns from, which each process holds whole.
        device: "cpu" or "cuda".
    """

    processes: int = 1
    shards: int = 1
    gradients: int = 0
    teachers: int = 0
    device: str = "cuda"


def training_memory(
    shape: ModelShape, model: ModelConfig, training: TrainingConfig, lengths: Lengths, division: Division
) -> Memory | None:
    """Return the peak memory of one process of a training stage; None if the optimizer's state has no known size."""
    trainable, width = _trainable(shape, model)
    state = optimizer_bytes(training.optimizer, trainable, width)
    if state is None:
        return None
    shards, gradient = division.shards, trainable * width
    weights = shape.parameters * BYTES[model.dtype]
    resident = {
        "parameters": (weights + (gradient if model.lora else 0)) // shards,
        "optimizer": state // shards,
        "reference": weights // shards if training.beta > 0 else 0,
    }
    if division.teachers:
        resident["teachers"] = division.teachers * weights
        rows = micro_batch(training, division.processes) * lengths.completion
        resident["divergence"] = 2 * BYTES["float32"] * min(rows, DIVERGENCE_TOKENS) * DIVERGENCE_VOCABULARY
    if shards > 1:
        resident["gathered"] = _gathered(shape, model)
    gradients = {"gradients": gradient // shards + _extra_gradients(gradient, training, division)}
    step = Pass(
        rows=micro_batch(training, division.processes),
        tokens=lengths.total,
        width=BYTES[model.dtype],
        mixed=training.bf16,
        checkpointing=training.gradient_checkpointing,
        scored=lengths.completion,
        keeps_casts=shards == 1,
    )
    passes = pass_phases(shape, step, model.lora, trained=model.lora is None, device=division.device)
    phases = {name: {**gradients, **parts} for name, parts in passes.items()}
    # Torch's multi-tensor step, the default on a GPU, keeps an additional copy of its results.
    phases["optimizer step"] = {**gradients, "temporary": gradient // shards if division.device != "cpu" else 0}
    if not training.uses_vllm:
        phases |= _rollout(shape, model, training, lengths, division)
    if training.rollout != "vllm-colocate":
        return Memory(resident, phases)
    split = int(training.grpo.get("vllm_tensor_parallel_size", 1))
    return Memory(
        resident,
        phases,
        engine_share=float(training.grpo.get("vllm_gpu_memory_utilization", COLOCATED_SHARE)),
        engine_needs=_engine(shape, BYTES[training.vllm.dtype or model.dtype], lengths.total, split),
        engine_sleeps=bool(training.grpo.get("vllm_enable_sleep_mode")),
    )


def evaluation_memory(
    shape: ModelShape, model: ModelConfig, evaluation: EvaluationConfig, lengths: Lengths
) -> Memory | None:
    """Return the peak memory of an evaluation; None for a backend of another package."""
    dtype = (model.lora.merge_dtype if model.lora else None) or model.dtype
    width = BYTES[dtype]
    if evaluation.backend == "endpoint":
        return Memory({})
    if evaluation.backend == "vllm":
        vllm = evaluation.vllm
        engine = _engine(shape, width, vllm.max_model_len or lengths.total, vllm.tensor_parallel_size)
        return Memory({}, engine_share=vllm.gpu_memory_utilization, engine_needs=engine)
    if evaluation.backend != "transformers":
        return None
    # A batch holds at most `batch_tokens`, but always all samples of one prompt.
    rows = max(evaluation.samples, evaluation.batch_tokens // lengths.total)
    read = {
        "kv_cache": _cache(shape, rows * lengths.prompt, width),
        "activations": prefill_bytes(shape, max(1, rows // evaluation.samples), lengths.prompt, width),
    }
    sampled = {
        "kv_cache": _cache(shape, rows * lengths.total, width),
        "logits": rows * shape.vocabulary * (width + 4 * SAMPLER_COPIES),
    }
    return Memory({"parameters": shape.parameters * width}, {"reading prompts": read, "sampling": sampled})


def base_memory(shape: ModelShape, model: ModelConfig, lengths: Lengths, device: str) -> Memory:
    """Return the peak memory of the base stage.

    This is the memory of its weights (in float32 if an adapter is tried on them), or of a warm-up's training.
    """
    width = BYTES[model.dtype]
    if model.warmup is None:
        return Memory({"parameters": shape.parameters * (BYTES["float32"] if model.lora else width)})
    weights = shape.parameters * width
    step = Pass(rows=model.warmup.examples_per_step, tokens=lengths.total, width=width)
    passes = pass_phases(shape, step, None, trained=True, device=device)
    phases = {name: {"gradients": weights, **parts} for name, parts in passes.items()}
    return Memory({"parameters": weights, "optimizer": 2 * weights}, phases)


def micro_batch(training: TrainingConfig, processes: int) -> int:
    """Return the number of completions in one forward and backward pass of each process."""
    completions = training.prompts_per_step * training.generations // processes
    return min(training.given_micro_batch or completions, completions)


def _trainable(shape: ModelShape, model: ModelConfig) -> tuple[int, int]:
    """Return the number of trained parameters and the bytes of each."""
    if model.lora is not None:
        return shape.adapter_parameters(model.lora), ADAPTER_BYTES
    return shape.parameters, BYTES[model.dtype]


def _rollout(
    shape: ModelShape, model: ModelConfig, training: TrainingConfig, lengths: Lengths, division: Division
) -> dict[str, dict[str, int]]:
    """Return the memory of the phases of a rollout, which samples all of its completions at once.

    `generate` reads a prompt once per completion, evaluation's sampler once for all of them.
    """
    batched = training.rollout == "batched"
    rows = training.prompts_per_step * training.generations * training.updates_per_rollout // division.processes
    width = BYTES[model.dtype]
    mixed = training.bf16 and width == BYTES["float32"]
    computed = BYTES["bfloat16"] if training.bf16 else width
    each = BYTES["float32"] if mixed else computed  # under autocast, the rotation returns keys in float32
    # Autocast keeps its copies of trained weights during a forward pass and always copies the output layer.
    kept = shape.layers if model.lora is None and division.shards == 1 else 0
    copied = shape.embedding + kept * shape.layer_matrices
    casts = {"casts": computed * copied if mixed else 0}
    read = max(1, rows // training.generations) if batched else rows
    copies = SAMPLER_COPIES if batched else LOGITS_COPIES
    return {
        "reading prompts": {
            "kv_cache": _cache(shape, read * lengths.prompt, each),
            "activations": prefill_bytes(shape, read, lengths.prompt, computed),
            **casts,
        },
        "sampling": {
            "kv_cache": _cache(shape, rows * lengths.total, each),
            "logits": rows * shape.vocabulary * (computed + 4 * copies),
            **casts,
        },
    }


def _cache(shape: ModelShape, tokens: int, width: int) -> int:
    """Return the bytes of keys and values. Growing the cache by a token copies one layer at a time."""
    return tokens * shape.cached_values * width * (shape.layers + 1) // shape.layers


def _engine(shape: ModelShape, width: int, tokens: int, split: int) -> int:
    return (shape.parameters * width + tokens * shape.cached_values * width) // split


def _extra_gradients(gradient: int, training: TrainingConfig, division: Division) -> int:
    """Return the bytes of additional gradients: data parallelism's buckets, and those of a strategy per domain."""
    own = min(division.gradients, 1) if training.offload_gradients else division.gradients
    buckets = 1 if division.processes > 1 and division.shards == 1 else 0
    return gradient * (own + buckets) // division.shards


def _gathered(shape: ModelShape, model: ModelConfig) -> int:
    """Return the bytes of full weights and gradients that a sharded process holds temporarily.

    They cover two layers, since one is fetched ahead, and the embedding with the output layer.
    """
    width = BYTES[model.dtype]  # under `bf16` too: autocast copies what was gathered
    outside = shape.embedding * (1 if shape.tied else 2)
    gradients = 0 if model.lora else shape.layer_parameters + outside
    return width * (2 * shape.layer_parameters + outside + gradients)
