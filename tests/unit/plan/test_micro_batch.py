"""The number behind `training.micro_batch: auto`."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from tests.support.plans import make_plan
from xdomain.core.errors import PlanError
from xdomain.plan.graph import Plan
from xdomain.plan.memory import Division, Memory, training_memory
from xdomain.plan.micro_batch import sized_experiment
from xdomain.plan.model_shape import ModelShape, shape_of
from xdomain.plan.tokens import lengths

TABLE: dict[str, dict[str, Any]] = json.loads((files("xdomain.resolve") / "model_shapes.json").read_text())
TRAINING = {
    "steps": 10, "prompts_per_step": 12, "generations": 8, "max_prompt_tokens": 512, "max_completion_tokens": 512,
    "bf16": True, "micro_batch": "auto",
}  # fmt: skip


def shape(name: str = "Qwen/Qwen3-4B") -> ModelShape:
    found = shape_of(TABLE[name])
    assert found is not None
    return found


def plan(gpu: float | None = 80, processes: int = 1, strategies: Any = ("joint",), **training: Any) -> Plan:
    execution = {"device": "cuda", "gpu_memory_gb": gpu, "train_processes": processes}
    return make_plan(
        model={"hub": "Qwen/Qwen3-4B", "lora": {"r": 16}},
        training={**TRAINING, **({"rollout_draws": "place"} if processes > 1 else {}), **training},
        execution=execution,
        strategies=list(strategies),
    )


def chosen(*arguments: Any, **settings: Any) -> int | None:
    return sized_experiment(plan(*arguments, **settings), shape(), "the table").training.given_micro_batch


def peak(size: int, *, processes: int = 1, gradients: int = 0) -> Memory:
    """The formula of the estimate itself, for a given micro-batch."""
    one = plan(processes=processes, micro_batch=size).experiment
    tokens = lengths(one, one.training.max_completion_tokens, shape())
    division = Division(processes=processes, gradients=gradients)
    found = training_memory(shape(), one.model, one.training, tokens, division)
    assert found is not None
    return found


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("gpu", [60, 80, 140, 300])
def test_it_is_the_largest_divisor_that_fits(gpu: int, processes: int) -> None:
    share = 96 // processes
    sizes = [size for size in range(1, share + 1) if share % size == 0]
    fitting = [size for size in sizes if peak(size, processes=processes).on(gpu * 1e9) <= gpu * 1e9]
    assert fitting
    assert chosen(gpu, processes) == max(fitting)


def test_a_larger_gpu_never_gets_a_smaller_number_and_some_get_all() -> None:
    found = [chosen(gpu) for gpu in (60, 80, 140, 300, 2000)]
    assert found == sorted(found, key=lambda size: size or 0)
    assert len(set(found)) > 2
    assert found[-1] == 96


def test_the_stage_that_needs_most_decides() -> None:
    sizes = [size for size in range(96, 0, -1) if 96 % size == 0]
    gradients = 2  # of pcgrad in the mixture of two domains
    between = next(
        gpu / 1e9 for size in sizes if (gpu := peak(size).on(0) + 1e6) < peak(size, gradients=gradients).on(0)
    )
    alone, together = chosen(between), chosen(between, strategies=["joint", "pcgrad"])
    assert alone is not None
    assert together is not None
    assert together < alone


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"gpu": None}, "needs the memory of a GPU. Set execution.gpu_memory_gb, for example to 80, or write a number"),
        ({"gpu": 1}, r"not even a micro-batch of one completion fits execution.gpu_memory_gb = 1: .* GB exceed 1 GB"),
        ({"optimizer": "adafactor"}, "training.optimizer = adafactor is not known"),
    ],
)
def test_it_is_refused_by_name(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(PlanError, match=words) as caught:
        chosen(**settings)
    assert caught.value.where == "training.micro_batch"


def test_a_model_of_unknown_size_is_refused_with_the_reason() -> None:
    with pytest.raises(PlanError, match="memory is not known: a server holds the model"):
        sized_experiment(plan(), None, "a server holds the model")


def test_a_command_is_refused() -> None:
    engine = {"command": ["x"], "version": "1", "receives": ["micro_batch"]}
    one = make_plan(training={"steps": 10, "micro_batch": "auto", "engine": engine}, execution={"gpu_memory_gb": 80})
    with pytest.raises(PlanError, match=r"only the command of training.engine knows"):
        sized_experiment(one, shape(), "the table")


def test_it_fits_and_divides_the_completions_of_every_phase() -> None:
    def sized(entry: dict[str, Any]) -> int | None:
        one = plan(300)
        experiment = make_plan(**one.experiment.model_dump(mode="json", exclude_unset=True) | {"overrides": [entry]})
        return sized_experiment(experiment, shape(), "the table").training.given_micro_batch

    everywhere = chosen(300)
    assert everywhere is not None
    longer = sized({"where": {"domain": "logic"}, "training": {"max_completion_tokens": 2048}})
    assert longer is not None
    assert longer == chosen(300, max_completion_tokens=2048) < everywhere
    assert sized({"where": {"domain": "logic"}, "training": {"generations": 5}}) == 12  # divides 96 and 60
    own = {"max_completion_tokens": 2048, "micro_batch": 1}
    assert sized({"where": {"domain": "logic"}, "training": own}) == everywhere
