"""Choose a setting of a checkpoint on dev items: write a candidate for each value, evaluate it, keep the best."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xdomain.core.artifact_layout import checkpoint_folder
from xdomain.core.errors import StageError, XDomainError
from xdomain.core.parquet import read_records
from xdomain.core.stage import StageContext
from xdomain.evaluate.backend_cache import BackendCache
from xdomain.evaluate.run import run_evaluations
from xdomain.plan.dev_choice import RULE
from xdomain.plan.stage import CheckpointRef, EvaluateStage


@dataclass(frozen=True)
class Candidate:
    """A value and the dev accuracy of its checkpoint by domain."""

    value: float
    accuracy: Mapping[str, float]

    @property
    def mean(self) -> float:
        """Mean accuracy over the domains."""
        return sum(self.accuracy.values()) / len(self.accuracy)


@dataclass(frozen=True)
class Choice:
    """The chosen value and all that were tried."""

    value: float
    tried: tuple[Candidate, ...]

    def summary(self) -> dict[str, Any]:
        """Return the choice for the stage's summary."""
        tried = [{"value": each.value, "mean": each.mean, "accuracy": dict(each.accuracy)} for each in self.tried]
        return {"choice": {"value": self.value, "rule": RULE, "tried": tried}}


def choose_on_dev(
    values: Sequence[float],
    write: Callable[[float, Path], bool],
    models: Sequence[EvaluateStage],
    target: Path,
    context: StageContext,
    cache: BackendCache | None,
) -> Choice | None:
    """Write the checkpoint with the largest mean dev accuracy to `target`. The first of equal values wins.

    Args:
        values: Candidate values.
        write: Function that writes the checkpoint of a value to a folder. It returns whether it finished.
        models: Evaluation of each domain, with another checkpoint.
        target: Folder of the chosen checkpoint.
        context: Surroundings of the stage. Candidates are in its scratch folder while they are tried.
        cache: Cache of the backend.

    Returns:
        The choice; None if the stage was asked to stop.

    Raises:
        StageError: A domain has no scored dev item.
    """
    tried: list[Candidate] = []
    for number, value in enumerate(values):
        root = context.scratch / f"candidate-{number}"
        if not write(value, checkpoint_folder(root, 0)):
            return None
        accuracy = _dev_accuracy(root, models, context, cache)
        if accuracy is None:
            return None
        found = Candidate(value, accuracy)
        figures = ", ".join(f"{name} {share:.1%}" for name, share in accuracy.items())
        print(f"{value:g} on dev items: {figures}, mean {found.mean:.1%}", flush=True)
        if not tried or found.mean > max(each.mean for each in tried):
            shutil.rmtree(target, ignore_errors=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            checkpoint_folder(root, 0).rename(target)
        shutil.rmtree(root)
        tried.append(found)
    return Choice(max(tried, key=lambda each: each.mean).value, tuple(tried))


def _dev_accuracy(
    root: Path, models: Sequence[EvaluateStage], context: StageContext, cache: BackendCache | None
) -> dict[str, float] | None:
    """Return the accuracy of a candidate by domain; None if the stage was asked to stop."""
    ref = CheckpointRef(root.name, 0)
    stages = [replace(each, checkpoint=ref, checkpoint_title=root.name) for each in models]
    folders = [root / each.domain for each in stages]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    contexts = [replace(context, work=each, scratch=each, inputs={ref.stage: root}) for each in folders]
    found = {}
    for (stage, result), folder in zip(run_evaluations(stages, contexts, cache), folders, strict=True):
        if isinstance(result, XDomainError):
            raise result
        if not result.finished:
            return None
        scores = read_records([folder / "records.parquet"], ("score",))["score"].dropna()
        if scores.empty:
            raise StageError(
                f'no dev item of "{stage.domain}" has a score, so nothing can be chosen on it.',
                where="curricula",
                fix="Write a number instead of `auto`.",
            )
        found[stage.domain] = float(scores.mean())
    return found
