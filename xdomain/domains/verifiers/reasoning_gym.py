"""Verifier that runs reasoning-gym's scorers in a killable process, since some hang or raise errors on answers."""

from __future__ import annotations

from collections.abc import Sequence

from xdomain.config.domain_verifier import ExtractingVerifier, Place
from xdomain.core.records import Verdict
from xdomain.domains.base import Item
from xdomain.domains.extraction import extract
from xdomain.domains.verifiers.base import LONGEST_COMPLETION, Verifier
from xdomain.domains.worker_pool import Failure, WorkerPool

RIGHT_FROM = 0.99
"""Least score of a right answer. The package gives fractions for partial answers, which accuracy does not count."""

LONGEST_ANSWER = 10_000
"""Largest number of characters in an answer."""

SECONDS = 10.0
"""Time limit for one answer."""


class ReasoningGymChecker(Verifier):
    """A verifier with reasoning-gym's scorers. A score of at least 0.99 is right. The reason contains the raw score.

    Item metadata: `task` (name, seed, size, parameters) and `index`, from which the worker recreates the entry.
    """

    id = "reasoning_gym/2"

    def __init__(self, answer_in: tuple[Place, ...]) -> None:
        self.places = ExtractingVerifier(answer_in=answer_in)
        self.pool = WorkerPool("xdomain.domains.verifiers.reasoning_gym_worker", 1)

    def judge(self, items: Sequence[Item], completions: Sequence[str]) -> list[Verdict]:
        verdicts: dict[int, Verdict] = {}
        jobs: dict[int, dict[str, object]] = {}
        for place, (item, completion) in enumerate(zip(items, completions, strict=True)):
            answer = None if len(completion) > LONGEST_COMPLETION else extract(completion, self.places)
            if answer is None or len(answer) > LONGEST_ANSWER:
                verdicts[place] = Verdict.malformed("no answer")
            elif answer == item.gold:
                verdicts[place] = Verdict.right("equal", answer)
            else:
                jobs[place] = {"task": item.metadata["task"], "index": item.metadata["index"], "answer": answer}
        replies = self.pool.map(list(jobs.values()), SECONDS)
        for (place, job), reply in zip(jobs.items(), replies, strict=True):
            verdicts[place] = verdict_of(reply, str(job["answer"]))
        return [verdicts[place] for place in range(len(items))]

    def close(self) -> None:
        self.pool.close()


def verdict_of(reply: object, answer: str) -> Verdict:
    """Return the verdict for a worker's reply, which is a score or the name of the scorer's error."""
    if isinstance(reply, Failure):
        if reply.reason == "unavailable":
            return Verdict.unscored("no scoring worker")
        return Verdict.malformed(f"{reply.reason} in the scorer")
    if isinstance(reply, float | int):
        if reply >= RIGHT_FROM:
            return Verdict.right(f"score {reply:g}", answer)
        return Verdict.wrong(f"score {reply:g}", answer)
    return Verdict.malformed(f"the scorer raised {reply}")
