"""Completions of earlier evaluations of the same checkpoint, so that only missing ones have to be generated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from xdomain.core.errors import StoreError
from xdomain.core.parquet import read_rows
from xdomain.core.records import ItemRecord, Outcome, Verdict
from xdomain.core.stage import Lender
from xdomain.domains.base import Item
from xdomain.evaluate.prompts import Prompts
from xdomain.generation.base import UNANSWERED, Completion, PromptRequest


@dataclass(frozen=True)
class Lent:
    """A completion that is reused.

    Attributes:
        completion: The stored completion.
        verdict: Its stored verdict; None if it has to be judged again.
        lender: Stage key of the evaluation that it comes from.
    """

    completion: Completion
    verdict: Verdict | None
    lender: str


Draw = tuple[str, str, int]
"""Item id, prompt hash and seed, which determine a completion for a given checkpoint and sampling."""


@dataclass(frozen=True)
class Missing:
    """Requests that have to be generated, all with the same number of samples.

    Attributes:
        places: Indices of the items.
        requests: One request per item, with the missing seeds.
    """

    places: list[int]
    requests: list[PromptRequest]


class Borrowed:
    """Completions of an evaluation that are reused from earlier evaluations, its lenders.

    Args:
        items: Items of the evaluation.
        prompts: Prompts of these items.
        lenders: Evaluations whose completions may be reused.

    Raises:
        StoreError: Two lenders disagree on a completion or its verdict, or one cannot be read.
    """

    def __init__(self, items: Sequence[Item], prompts: Prompts, lenders: Sequence[Lender]) -> None:
        self._prompts = prompts
        self._draws: list[list[Draw]] = [
            [(item.id, prompts.hashes[place], seed) for seed in prompts.requests[place].seeds]
            for place, item in enumerate(items)
        ]
        self._found = _read(lenders, frozenset(draw for group in self._draws for draw in group))
        self.whole = [place for place, group in enumerate(self._draws) if all(draw in self._found for draw in group)]
        """Indices of the items whose completions are all reused."""

    def missing(self) -> list[Missing]:
        """Return the requests that have to be generated, grouped by the number of missing samples."""
        found: dict[int, Missing] = {}
        for place, request in enumerate(self._prompts.requests):
            seeds = tuple(draw[2] for draw in self._draws[place] if draw not in self._found)
            if seeds:
                group = found.setdefault(len(seeds), Missing([], []))
                group.places.append(place)
                group.requests.append(replace(request, seeds=seeds))
        return [found[number] for number in sorted(found, reverse=True)]

    def complete(self, place: int, generated: Sequence[Completion]) -> tuple[list[Completion], list[Verdict | None]]:
        """Return all completions of an item in sample order, with the reused verdicts (None: not judged yet).

        Args:
            place: Index of the item.
            generated: The missing completions, in the order of their seeds.
        """
        new = iter(generated)
        completions: list[Completion] = []
        verdicts: list[Verdict | None] = []
        for draw in self._draws[place]:
            lent = self._found.get(draw)
            completions.append(lent.completion if lent is not None else next(new))
            verdicts.append(lent.verdict if lent is not None else None)
        return completions, verdicts

    def generated(self, place: int, completions: Sequence[Completion]) -> list[Completion]:
        """Return the completions of an item that were not reused."""
        pairs = zip(self._draws[place], completions, strict=True)
        return [completion for draw, completion in pairs if draw not in self._found]

    def by_lender(self) -> dict[str, int]:
        """Return the number of reused completions by the lender's stage key."""
        return dict(sorted(Counter(lent.lender for lent in self._found.values()).items()))


def _read(lenders: Sequence[Lender], wanted: frozenset[Draw]) -> dict[Draw, Lent]:
    found: dict[Draw, Lent] = {}
    for lender in lenders:
        for row in read_rows(lender.records):
            draw = row.item_id, row.prompt_hash, row.seed
            if draw in wanted:
                lent = _lent(row, lender)
                found[draw] = _agreed(found[draw], lent, row, lender) if draw in found else lent
    return found


def _lent(row: ItemRecord, lender: Lender) -> Lent:
    unanswered = row.finish_reason in UNANSWERED
    completion = Completion(
        text=row.completion,
        tokens=row.completion_tokens,
        finish_reason=row.finish_reason,
        mean_entropy=row.mean_entropy,
        prompt_tokens=row.prompt_tokens,
        problem=row.reason if unanswered else "",
    )
    # An answer that could not be judged (a judge was down) may be judged now.
    holds = lender.judged_alike and row.outcome != Outcome.UNSCORED
    verdict = Verdict(Outcome(row.outcome), row.score, row.reason, row.answer) if holds else None
    return Lent(completion, verdict, lender.key)


def _agreed(first: Lent, second: Lent, row: ItemRecord, lender: Lender) -> Lent:
    """Return the first of two completions that agree, with the verdict that either of them has.

    Raises:
        StoreError: They disagree, and there is no way to know which of them is right.
    """
    what = None
    if _drawn(first.completion) != _drawn(second.completion):
        what = "completion"
    elif first.verdict is not None and second.verdict is not None and first.verdict != second.verdict:
        what = "verdict"
    if what is None:
        return first if first.verdict is not None else replace(first, verdict=second.verdict)
    raise StoreError(
        f'holds another {what} of item "{row.item_id}", sample {row.sample}, than evaluation {first.lender[:16]} of '
        "the same checkpoint. One of the two is corrupt, so completions of neither are reused.",
        where=str(lender.records.parent),
        fix="Delete the folder of the corrupt one, or both if in doubt, and run the same command again.",
    )


def _drawn(completion: Completion) -> Mapping[str, object]:
    return {"text": completion.text, "tokens": completion.tokens, "finish_reason": completion.finish_reason}
