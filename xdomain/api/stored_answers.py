"""Find the stored answers of two checkpoints on a domain, with the items that they answer."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from xdomain.core.errors import ConfigError
from xdomain.core.fingerprint import canonical_json
from xdomain.core.parquet import read_rows
from xdomain.core.records import ItemRecord, Outcome
from xdomain.diagnosis.inputs import DomainAnswers, StoredAnswer
from xdomain.domains.base import Domain, Item, Split
from xdomain.plan.stage import CheckpointRef
from xdomain.store.artifact import RECORDS, check_artifact
from xdomain.store.store import Store
from xdomain.store.stored import StoredStage

ENDED, CUT = "stop", "length"
"""Finish reasons of records with a completion."""


@dataclass(frozen=True)
class Evaluated:
    """A checkpoint whose answers are wanted.

    Attributes:
        title: Title of the checkpoint.
        checkpoint: Its stage and step.
    """

    title: str
    checkpoint: CheckpointRef


class StoredAnswers:
    """The answers in a store. The descriptions of its evaluations are read once.

    Args:
        store: The store.
        most: Largest number of completions per checkpoint and domain.
    """

    def __init__(self, store: Store, most: int) -> None:
        self._most = most
        self._evaluations: dict[tuple[str | None, str], list[StoredStage]] = {}
        for stage in store.find("evaluate-*"):
            key = stage.evaluated, stage.payload["items"]["domain"]
            self._evaluations.setdefault(key, []).append(stage)

    def of_domain(self, domain: Domain, parent: Evaluated, end: Evaluated) -> DomainAnswers:
        """Return the answers of a stage's parent and of its end.

        Both come from evaluations with the same settings. The first completion of each item counts.

        Raises:
            ConfigError: The parent has no stored completions on the domain, or no right one, or an item is unknown.
            DamagedArtifact: The records of an evaluation are corrupt.
        """
        before, after = self._evaluations_of(domain.name, parent, end)
        found = answers_of(domain, before, after, self._most)
        if not found.right:
            raise ConfigError(
                f"no completion of {parent.title} on {domain.name} is right, so there is nothing to attribute "
                f"({len(_records(before))} completions are stored).",
                where="--domains",
                fix="Leave the domain out, or evaluate the checkpoint with more samples.",
            )
        return found

    def _evaluations_of(self, domain: str, parent: Evaluated, end: Evaluated) -> tuple[StoredStage, StoredStage | None]:
        """Return the largest evaluation of the parent, and that of the end with the same settings.

        Evaluations that both have are preferred, and those on items that are not for training.
        """
        before = self._evaluations.get((parent.checkpoint.name, domain), [])
        if not before:
            raise ConfigError(
                f"{parent.title} has no stored completions on {domain}.",
                where="--domains",
                fix="Evaluate it first (`xdomain eval`), or leave the domain out.",
            )
        after = {_settings(each): each for each in self._evaluations.get((end.checkpoint.name, domain), [])}

        def rank(stage: StoredStage) -> tuple[bool, bool, int, str]:
            items = stage.payload["items"]
            return _settings(stage) in after, items["split"] != Split.TRAIN, items["count"] or sys.maxsize, stage.key

        chosen = max(before, key=rank)
        return chosen, after.get(_settings(chosen))


def answers_of(domain: Domain, before: StoredStage, after: StoredStage | None, most: int) -> DomainAnswers:
    """Return the answers in two evaluations, of which the first completion of each item counts.

    Args:
        domain: Domain of the evaluations.
        before: Evaluation with the right completions; there may be none.
        after: Evaluation with the sampled completions; None for no completions.
        most: Largest number of completions of each kind.

    Raises:
        ConfigError: An item is unknown.
        DamagedArtifact: The records of an evaluation are corrupt.
    """
    records, ends = _records(before), _records(after) if after is not None else []
    stops = bool(before.payload["sampling"].get("stop"))
    right = [each for each in records if each.outcome == Outcome.RIGHT and each.finish_reason == ENDED]
    sampled = [each for each in ends if each.finish_reason in (ENDED, CUT)]
    chosen = [_one_per_item(part)[:most] for part in (right, sampled)]
    wanted = {each.item_id for part in chosen for each in part}
    items = _items(domain, Split(before.payload["items"]["split"]), wanted)

    def answers(records: Sequence[ItemRecord]) -> tuple[StoredAnswer, ...]:
        return tuple(
            StoredAnswer(
                items[each.item_id], each.prompt_hash, each.completion, each.finish_reason == ENDED and not stops
            )
            for each in records
        )

    return DomainAnswers(
        domain=domain.name,
        accuracy_before=_accuracy(records),
        accuracy_after=_accuracy(ends),
        right=answers(chosen[0]),
        sampled=answers(chosen[1]),
        temperature=float(before.payload["sampling"]["temperature"]),
    )


def accuracy_of(stage: StoredStage) -> float | None:
    """Return the mean score of an evaluation; None if no completion has a score.

    Raises:
        DamagedArtifact: The records are corrupt.
    """
    return _accuracy(_records(stage))


def _settings(stage: StoredStage) -> str:
    """Return everything that evaluations of two checkpoints must share to be compared."""
    return canonical_json({name: value for name, value in stage.payload.items() if name != "checkpoint"})


def _records(stage: StoredStage) -> Sequence[ItemRecord]:
    check_artifact(stage.path, RECORDS)
    return read_rows(stage.records)


def _one_per_item(records: Iterable[ItemRecord]) -> list[ItemRecord]:
    first: dict[str, ItemRecord] = {}
    for record in records:
        first.setdefault(record.item_id, record)
    return list(first.values())


def _accuracy(records: Sequence[ItemRecord]) -> float | None:
    scores = [record.score for record in records if record.score is not None]
    return sum(scores) / len(scores) if scores else None


def _items(domain: Domain, split: Split, wanted: set[str]) -> Mapping[str, Item]:
    found: dict[str, Item] = {}
    for item in domain.items(split):
        if item.id in wanted:
            found[item.id] = item
            if len(found) == len(wanted):
                return found
    missing = sorted(wanted - found.keys())
    raise ConfigError(
        f'{domain.name} has no item "{missing[0]}", which is among the stored answers.',
        where="--domains",
        fix="Name the experiment's file with the domains as they were evaluated.",
    )
