"""Checks of an experiment's domains before the first stage starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from xdomain.config.evaluation import EvaluationConfig
from xdomain.core.errors import DataError, DependencyMissing
from xdomain.domains.base import Domain, Split
from xdomain.domains.overlap import refuse_overlaps
from xdomain.domains.reward_check import refuse_reward

FEWEST_EVALUATED = 2
"""Least number of items with which an accuracy has a variance, and so an interval."""

REWARDED = 5
"""Number of train items on which a reward is tried before training starts."""


def preflight_domains(
    domains: Sequence[Domain], trained: Mapping[str, int], evaluated: Split, warmup: Sequence[Domain] = ()
) -> None:
    """Read every domain's data, and check that its completions can be judged and rewarded.

    Args:
        domains: Domains of the experiment.
        trained: Largest number of prompts that one training step draws from each trained domain.
        evaluated: Split on which checkpoints are evaluated.
        warmup: Further domains on which the base model is warmed up.

    Raises:
        ConfigError: A right answer would not earn more than a wrong one.
        DataError: A needed split is empty or too small, data is malformed, or train and test overlap without
            permission.
        DependencyMissing: Judging needs something that is missing (a sandbox, a judge's key).
    """
    for domain in domains:
        needed = {evaluated} | ({Split.TRAIN} if domain.name in trained else set())
        for split in sorted(needed):
            refuse_empty_split(domain, split, len(domain.items(split)))
        refuse_small_splits(domain, trained.get(domain.name, 0), evaluated)
        if domain.name in trained:
            refuse_reward(domain, domain.items(Split.TRAIN)[:REWARDED])
        domain.preflight()
    refuse_overlaps(domains, warmup)


def refuse_empty_split(domain: Domain, split: Split, size: int | None) -> None:
    """Refuse a needed split without items.

    Args:
        domain: Domain of the split.
        split: The split.
        size: Number of its items; None if they were not counted.

    Raises:
        DataError: It has none.
    """
    if size == 0:
        raise DataError(
            f"its {split} split is empty.",
            where=f"domains.{domain.name}",
            fix="Name a file or a share for it under the domain's `source` and `split`, or loosen `filters`.",
        )


def refuse_small_splits(domain: Domain, step_prompts: int, evaluated: Split) -> None:
    """Refuse splits that are too small for a training step without repeated prompts or an accuracy with a variance.

    Args:
        domain: Domain to check.
        step_prompts: Largest number of prompts that one training step draws from the domain; 0 if it is not trained.
        evaluated: Split on which checkpoints are evaluated.

    Raises:
        DataError: A split is too small.
    """
    size = len(domain.items(Split.TRAIN)) if step_prompts else 0
    if size < step_prompts:
        raise DataError(
            f"its train split has {size} items, but one training step draws {step_prompts} of them.",
            where=f"domains.{domain.name}",
            fix="Add rows, loosen `filters`, or lower `training.prompts_per_step`.",
        )
    size = len(domain.items(evaluated))
    if size < FEWEST_EVALUATED:
        raise DataError(
            f"its {evaluated} split has {size} item, too few for an interval.",
            where=f"domains.{domain.name}",
            fix="Add rows, loosen `filters`, or give the split a larger share under `split`.",
        )


def fewer_than_asked(domain: Domain, evaluation: EvaluationConfig) -> str | None:
    """Return a sentence if an evaluation asks for more items than there are, otherwise None."""
    size = len(domain.items(Split(evaluation.split)))
    if size >= evaluation.items:
        return None
    return f"{domain.name}: evaluation.items asks for {evaluation.items}, but its {evaluation.split} split has {size}."


def rows_left_out(domains: Iterable[Domain]) -> list[str]:
    """Return a sentence for each domain with left-out rows. Domains without data on this machine are skipped."""
    found = []
    for domain in domains:
        with suppress(DataError, DependencyMissing):
            if sentence := domain.left_out():
                found.append(f"{domain.name}: {sentence}")
    return found
