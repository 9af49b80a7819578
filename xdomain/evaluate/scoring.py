"""Judge answers during generation: one thread judges finished answers while the next batch is generated."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from types import TracebackType

from xdomain.core.records import Verdict
from xdomain.domains.base import Domain, Item
from xdomain.domains.judging import judge_finished
from xdomain.evaluate.journal import Answers, Journal
from xdomain.generation.base import UNANSWERED, Completion, FinishReason
from xdomain.models.prompting import scored_text

Pending = tuple[int, list[Completion], list[Verdict | None]]
"""Index of an item, its completions, and the verdict of each, or None if it has to be judged."""


class Scorer:
    """A thread that judges completions during generation and stores the answers in the journal.

    All waiting completions are judged together, so that a judge can ask in parallel. One thread is enough, since slow
    verifiers run in processes (mathematics, code) or wait for a server (judges).

    Args:
        domain: Domain that judges. Only this thread uses it.
        items: Evaluated items.
        opened: Reasoning tag that each item's prompt leaves open ("" for none), in the order of `items`.
        journal: Journal that keeps the answers.
    """

    def __init__(self, domain: Domain, items: Sequence[Item], opened: Sequence[str], journal: Journal) -> None:
        self._domain = domain
        self._items = items
        self._opened = opened
        self._journal = journal
        self._waiting: queue.SimpleQueue[Pending | None] = queue.SimpleQueue()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="scoring")
        self.answers: dict[int, Answers] = dict(journal.found)
        """Answers by item index, complete at the end of the block."""
        self.seconds = 0.0
        """Seconds spent judging."""

    def __enter__(self) -> Scorer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.put(None)
        self._thread.join()
        if error is None and self._error is not None:
            raise self._error

    def add(self, place: int, completions: list[Completion], verdicts: list[Verdict | None]) -> None:
        """Queue one item's completions for judging.

        Args:
            place: Index of the item.
            completions: Completions of the item.
            verdicts: Verdict of each completion; None if it has to be judged.

        Raises:
            BaseException: The error that an earlier completion's judging raised.
        """
        if self._error is not None:
            raise self._error
        self._waiting.put((place, completions, verdicts))

    def _work(self) -> None:
        pending: list[Pending] = []
        while (first := self._waiting.get()) is not None:
            pending = [first]
            ended = False
            while not self._waiting.empty():
                following = self._waiting.get()
                if following is None:
                    ended = True
                    break
                pending.append(following)
            try:
                self._judge(pending)
            except BaseException as error:  # raised again in the thread that calls `add`
                self._error = error
                return
            if ended:
                return

    def _judge(self, pending: Sequence[Pending]) -> None:
        begun = time.perf_counter()
        unjudged = [
            (place, [each for each, known in zip(completions, verdicts, strict=True) if known is None])
            for place, completions, verdicts in pending
        ]
        found = iter(judge(self._domain, self._items, unjudged, self._opened))
        for place, completions, verdicts in pending:
            answers = Answers(completions, [next(found) if known is None else known for known in verdicts])
            self._journal.add(place, answers)
            self.answers[place] = answers
        self.seconds += time.perf_counter() - begun


def judge(
    domain: Domain,
    items: Sequence[Item],
    pending: Sequence[tuple[int, list[Completion]]],
    opened: Sequence[str] | None = None,
) -> list[Verdict]:
    """Return the verdicts of all completions in order. A missing completion gets the verdict unscored.

    Args:
        domain: Domain that judges.
        items: Evaluated items.
        pending: Index of an item with its completion, one per completion.
        opened: Reasoning tag that each item's prompt leaves open; None if no prompt does.
    """
    opened = [""] * len(items) if opened is None else opened
    flat = [(place, completion) for place, completions in pending for completion in completions]
    answered = [(place, each) for place, each in flat if each.finish_reason not in UNANSWERED]
    found = iter(
        judge_finished(
            domain,
            [items[place] for place, _ in answered],
            [scored_text(opened[place], each.text) for place, each in answered],
            [each.finish_reason == FinishReason.LENGTH for _, each in answered],
        )
    )
    return [Verdict.unscored(each.problem) if each.finish_reason in UNANSWERED else next(found) for _, each in flat]
