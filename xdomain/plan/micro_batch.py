"""Choose the number behind `training.micro_batch: auto` from the estimate of memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from xdomain.config.experiment import Experiment
from xdomain.core.errors import PlanError
from xdomain.plan.graph import Plan
from xdomain.plan.model_shape import ModelShape
from xdomain.plan.peaks import GIGABYTE, Need, Verdict, kind_memory, need_of, verdict
from xdomain.plan.recipe import settings_of

SETTING = "training.micro_batch"


def sized_experiment(plan: Plan, shape: ModelShape | None, where: str) -> Experiment:
    """Return the experiment with the largest micro-batch that divides a process's completions and fits the GPU.

    All training stages get the same number, so that their results differ by their curricula only.

    Args:
        plan: Plan of the experiment with `micro_batch: auto`.
        shape: Sizes of its model; None if they are not known.
        where: Source of the sizes, or the reason why they are not known.

    Raises:
        PlanError: The memory of the GPU or of a stage is not known, or not even one completion fits.
    """
    experiment = plan.experiment
    gpu = experiment.execution.gpu_memory_gb
    if gpu is None:
        raise _refused("needs the memory of a GPU.", "Set execution.gpu_memory_gb, for example to 80")
    if experiment.training.engine is not None:
        raise _refused("cannot be chosen: only the command of training.engine knows what memory it needs.")
    if shape is None:
        raise _refused(f"cannot be chosen, because the model's memory is not known: {where}.")
    needs = tuple(dict.fromkeys(need_of(stage, experiment) for stage in plan.train_stages if not stage.adopted))
    tried: list[Verdict] = []
    for candidate in _candidates(experiment, needs):
        tried = [verdict(kind_memory(need, candidate, shape), gpu * GIGABYTE) for need in needs]
        if any(each.fits is None for each in tried):
            name = experiment.training.optimizer
            raise _refused(f"cannot be chosen, because the memory of training.optimizer = {name} is not known.")
        if all(each.fits for each in tried):
            return candidate
    reason = next(each.reason for each in tried if not each.fits)
    raise PlanError(
        f"not even a micro-batch of one completion fits execution.gpu_memory_gb = {gpu:g}: {reason}.",
        where=SETTING,
        fix=f"`xdomain grid plan FILE --set {SETTING}=1` names the smallest change that makes it fit.",
    )


def with_micro_batch(experiment: Experiment, size: int) -> Experiment:
    """Return the experiment with another micro-batch."""
    training = experiment.training.model_copy(update={"micro_batch": size})
    return experiment.model_copy(update={"training": training})


def _candidates(experiment: Experiment, needs: Collection[Need]) -> Iterator[Experiment]:
    """Yield the experiment with every number that divides the completions of a process, the largest first.

    With `overrides`, only a number that divides them in every phase that does not set its own `micro_batch` is chosen.
    """
    phases = [settings_of(experiment, need.phase).training for need in needs if need.phase]
    sized = [experiment.training, *(each for each in phases if each.micro_batch == "auto")]
    processes = experiment.execution.train_processes
    shares = {each.prompts_per_step * each.generations // processes for each in sized}
    for size in range(min(shares), 0, -1):
        if all(share % size == 0 for share in shares):
            yield with_micro_batch(experiment, size)


def _refused(reason: str, instead: str = "") -> PlanError:
    fix = f"{instead}, or write a number instead of `auto`." if instead else "Write a number instead of `auto`."
    return PlanError(f"`auto` {reason}", where=SETTING, fix=fix)
