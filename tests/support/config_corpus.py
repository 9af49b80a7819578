"""Documents that the loader accepts, which between them use every section, every kind and every short form."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from xdomain.config.domain_file import anchor
from xdomain.config.json_schema import MODELS, Kind

STRUCTURAL = frozenset({
    "extra_forbidden", "int_type", "int_from_float", "float_type", "bool_type", "string_type", "tuple_type",
    "dict_type", "model_type", "list_type", "literal_error", "unknown_key", "unknown_name", "wrong_kind", "domain",
    "reward",
})  # fmt: skip
"""Types of errors for an unknown key, a wrong type, or an unknown kind or name."""


@dataclass(frozen=True)
class Document:
    """A mapping as a YAML file holds it."""

    title: str
    kind: Kind
    data: Any

    def errors(self) -> set[str]:
        """Return the types of the loader's errors."""
        data = self.data
        if isinstance(data, dict) and self.kind == "domain":
            data = anchor(data, Path("/nowhere"))
        try:
            MODELS[self.kind].model_validate(data)
        except ValidationError as error:
            return {each["type"] for each in error.errors()}
        return set()

    def nodes(self) -> Iterator[tuple[tuple[str | int, ...], Any]]:
        """Yield every value in the document with the way to it."""
        yield from _nodes((), self.data)

    def changed(self, path: tuple[str | int, ...], value: Any) -> Document:
        """Return the document with another value at `path`."""
        if not path:
            return replace(self, data=value)
        data = deepcopy(self.data)
        inner = data
        for part in path[:-1]:
            inner = inner[part]
        inner[path[-1]] = value
        return replace(self, data=data)


def _nodes(path: tuple[str | int, ...], value: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    yield path, value
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from _nodes((*path, key), child)


def domain(title: str, **changes: Any) -> Document:
    """Return a domain of JSON lines judged as text, with changes."""
    data = {"name": "d", "source": {"kind": "jsonl", "path": "rows.jsonl"}, "verifier": "text"}
    return Document(title, "domain", data | changes)


def experiment(title: str, **changes: Any) -> Document:
    """Return an experiment on two domains, with changes."""
    data = {"name": "x", "model": {"preset": "tiny_qwen3"}, "domains": ["math", "logic"], "grid": {"singles": True}}
    return Document(title, "experiment", data | changes)


JUDGE = {"base_url": "https://example.org/v1", "model": "m", "api_key_variable": None, "concurrency": 2}
EXTRACTING = {"answer_in": "whole", "reasoning": "keep", "pattern": "a", "form": "b|c"}
FILES = {"train": ["a", "b"], "dev": "c", "test": "d"}
VERIFIERS: list[Any] = [
    *("text", "number", "math", "choice", "assignment"),
    {"kind": "text", "normalise": True, "answer_in": ["boxed", "tag"], "reasoning": ["think", "plan"]},
    {"kind": "choice", "choices": "ABCDE", **EXTRACTING},
    {"kind": "number", "relative_tolerance": 0.1, "absolute_tolerance": 1, "unit": "required", **EXTRACTING},
    {"kind": "math", "timeout_seconds": 2, "workers": 2},
    {"kind": "assignment", "values": ["x", "y"], "roles": 3},
    {"kind": "unit_tests", "style": "stdin", "compare": "exact", "timeout_seconds": 3, "memory_mib": 128,
     "relative_tolerance": None, "absolute_tolerance": 0.5, "allow_unsandboxed_code": False},
    {"kind": "pairwise_judge", "judge": JUDGE, "criterion": "Better?"},
    {"kind": "rubric_judge", "judge": {**JUDGE, "cache": "folder", "attempts": 2}, "pass_score": 0.5, "graded": True},
    {"kind": "criteria_judge", "judge": JUDGE, "demand_ticket": False},
    {"function": "json:loads"}, {"kind": "function", "function": "json:loads"},
]  # fmt: skip
SOURCES: list[Any] = [
    {"kind": "jsonl", **FILES},
    {"kind": "json", "path": ["a"], "records": "examples"},
    {"kind": "csv", "path": "a", "delimiter": ";"},
    {"kind": "parquet", "path": "a"},
    {"kind": "verl", "path": "a", "data_sources": ["x"]},
    {"kind": "hf", "id": "openai/gsm8k", "config": "main", "revision": "a" * 40, "train": "train", "test": "test"},
    {"kind": "hf", "id": "folder", "pool": "train", "dev": None},
    {"kind": "reasoning_gym", "tasks": "number_sorting", "size": 100, "seed": 1},
    {"kind": "reasoning_gym", "tasks": ["a", {"name": "b", "weight": 2, "parameters": {"n": [1, {"x": None}]}}]},
    {"kind": "procedural", "generator": "letters", "level": 2, "sizes": [10, 10, 10]},
]
REWARDS: list[Any] = [
    *("cgpo", "cgpo/code", "plain", "when-domains-interact/math"),
    {"right": 2, "wrong": -1, "tie": 0.5, "malformed": -2.0, "graded": False, "control": False},
    {"gate": {"think_tag": None, "answer_tag": "answer", "value": -1}, "length": {"per_unit": 0.1, "unit": "tokens"}},
    {"gate": None, "length": {"per_character": 0.1, "cap": 3}},
    {"function": "json:loads", "control": True},
]
STRATEGIES: list[Any] = [
    "joint", "pcgrad", {"name": "joint", "learning_rate_scale": 1.5}, {"name": "scaled", "weights": {"math": 2}},
    {"name": "scaled", "weights": "equal"}, {"name": "cgpo", "alpha": 1, "fixed_order": ["math"], "step_scale": "once"},
    {"name": "famo", "learning_rate": 0.1, "weight_decay": 0, "floor": 0.1}, {"name": "cagrad", "c": 0.5},
    {"name": "aligned_mtl", "scale_mode": "rmse"}, {"name": "dacsp", "rank": 2, "amplify": 0, "suppress": 1},
    {"name": "bandit", "temperature": 1, "exploration": 2, "memory": 0.5, "floor": 0.1},
    {"name": "transfer_aware", "transfer": 2}, "mgda", "upgrad", "mgs",
]  # fmt: skip
TRAINING = {
    "steps": 8, "budget": "per_domain", "prompts_per_step": 4, "generations": 4, "updates_per_rollout": 2,
    "epochs_per_rollout": 1, "micro_batch": 4, "learning_rate": 1, "lr_schedule": "cosine", "warmup_ratio": 0.1,
    "weight_decay": 0.1, "max_grad_norm": 1, "optimizer": "sgd", "loss_type": "grpo", "beta": 0.1,
    "reference": "base", "epsilon": 0.1, "epsilon_high": None, "scale_rewards": "none", "temperature": 1, "top_p": 0.9,
    "max_prompt_tokens": None, "max_completion_tokens": 8, "bf16": True, "gradient_checkpointing": False,
    "rollout": "transformers", "rollout_draws": "place", "telemetry_every": None,
    "self_paced": {"samples": 2, "items": 5}, "informative_quotas": True, "offload_gradients": True,
    "keep_rollouts": {"prompts_per_step": 1}, "report_to": ["tensorboard"], "grpo": {"top_k": 5, "fsdp": ["x"]},
}  # fmt: skip
ROLLOUT_ENGINE = {
    "dtype": "bfloat16", "enforce_eager": True, "arguments": {"block_size": 16, "swap": None}, "largest_gap": 1,
}  # fmt: skip
EVALUATION = {
    "items": 5, "samples": 2, "temperature": 1, "top_p": 0.5, "max_completion_tokens": 9, "seed": -1,
    "backend": "vllm", "backend_parameters": {}, "split": "dev", "batch_tokens": 100,
    "vllm": {"tensor_parallel_size": 2, "gpu_memory_utilization": 0.5, "max_model_len": None, "enforce_eager": True},
    "endpoint": {"concurrency": 2, "timeout_seconds": 5, "attempts": 2, "requests_per_minute": None},
}  # fmt: skip
EXECUTION = {
    "executor": "slurm", "workers": 2, "threads": 2, "device": "cpu", "train_processes": 1, "damaged": "remake",
    "gpu_memory_gb": 80,
    "resources": {"base": {"cpus": 1}, "train": {"gpus": 0.5, "memory_gb": 1, "minutes": 3, "custom": {"a100": 1}}},
    "ray": {"address": "auto"}, "retries": {"killed": 0, "out_of_memory": 1, "error": 2}, "stale_after_seconds": 10,
    "slurm": {"options": {"partition": "gpu", "nodes": 1, "exclusive": True}, "setup": ["module load"], "most_jobs": 3},
}  # fmt: skip
STUDY = {
    "name": "s",
    "pairs": [{"name": "p", "base": "hub:a/b", "tuned": "hub:c/d", "trained_on": ["math"]}],
    "groups": {"math": ["math"], "code": ["own"]},
    "domains": ["math", {"name": "own", "source": {"kind": "csv", "path": "x"}, "verifier": "text"}],
    "samples": {"own": 2},
    "model": {"dtype": "float16", "chat_template": None, "endpoint": {"protocol": "completions"}},
    "own_settings": {"hub:a/b": {"trust_remote_code": True}},
    "evaluation": EVALUATION,
    "execution": EXECUTION,
    "store": "here",
}
FIELDS = {"question": "q", "gold": {"column": "a.b", "pattern": "(.+)"}}
CORPUS = [
    *(domain(f"verifier {index}", verifier=each) for index, each in enumerate(VERIFIERS)),
    *(domain(f"source {index}", source=each) for index, each in enumerate(SOURCES)),
    *(domain(f"reward {index}", reward=each) for index, each in enumerate(REWARDS)),
    domain("verifier of a source", source=SOURCES[-1], verifier={"kind": "source", "answer_in": "tag"}),
    domain(
        "every key of a domain", description="d", fields=FIELDS, template="{{ question }}", system=None, stop=["\n"],
        solution="{{ gold }}", on_bad_row="skip", limit={"train": 5, "dev": None}, split={"dev": 0, "by": "prompt"},
        allow_overlap=["d"], options={"right": "r", "wrong": ["w"]},
        filters=[{"field": "q", "min_length": 1, "maximum": 2.5, "one_of": ["a", 1, 2.5]}],
    ),
    domain("one limit", limit=5, split={"dev": 0.1, "test": 0.1}),
    experiment("the shortest"),
    experiment("training", training=TRAINING, checkpoints={"every_steps": 2, "keep": "ends"}),
    experiment("vLLM rollouts", training={"rollout": "vllm-colocate", "vllm": ROLLOUT_ENGINE}),
    experiment("evaluation", evaluation=EVALUATION),
    experiment("execution", execution=EXECUTION, store=None, seeds=[0, 1, 2]),
    experiment("grid", grid={"ordered_pairs": True, "refresh": 10, "all_mixed": False}, curricula=["math -> logic@3"]),
    experiment("analysis", analysis={"contrasts": ["order(math, logic) on math"], "margin": 0.02, "estimands": ["x"]}),
    experiment("strategies", strategies=STRATEGIES),
    experiment("one strategy", strategy="cgpo"),
    experiment("one strategy with settings", strategy={"name": "cgpo", "alpha": 1.1}),
    experiment("domain described", domains=["math", domain("").data]),
    experiment("warm-up", model={"preset": "tiny_qwen3", "warmup": {"steps": 5, "domains": ["math"], "seed": 1}}),
    experiment(
        "hub and LoRA",
        model={"hub": "a/b", "revision": "main", "dtype": "bfloat16", "chat_template_kwargs": {"enable_thinking": True},
               "lora": {"r": 4, "alpha": 8, "target_modules": ["q_proj"], "chaining": "continue"}},
    ),
    experiment("LoRA everywhere", model={"path": "a", "lora": {"target_modules": "all-linear", "merge_dtype": None}}),
    experiment(
        "endpoint",
        model={"endpoint": {"base_url": "https://x/v1", "model": "m", "protocol": "chat"}},
        evaluation={"backend": "endpoint"}, grid={}, curricula=[],
    ),
    Document("study", "study", STUDY),
]  # fmt: skip
