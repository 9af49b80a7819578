"""Verifier that lets a judge score a completion by the item's own criteria, one after the other.

Source: WritingBench (2503.05244): five criteria per request, each scored from 1 to 10 by a critic model. The
benchmark's score is the mean. The prompt is ours, since theirs is not part of this project.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from xdomain.config.domain_verifier import CriteriaJudge
from xdomain.core.fingerprint import fingerprint
from xdomain.core.records import Outcome, Verdict
from xdomain.domains.base import Item
from xdomain.domains.extraction import extract
from xdomain.domains.judges.ask import LONGEST_JUDGED, Judge
from xdomain.domains.judges.fence import SYSTEM, fenced, has_ticket, ticket
from xdomain.domains.judges.reply import field, stated_score, whole_number
from xdomain.domains.verifiers.base import Verifier

VERSION = 2

MOST_POINTS = 10

QUESTION = """Score the response to the request by this one criterion, strictly, with a whole number from 1 to {most}.

{criterion}

{prompt}

{answer}

Reply {{{ticket}"score": <whole number>, "reason": "<why, in a sentence>"}}."""
# The shape is not valid JSON, so that a judge that only repeats its instructions gives no answer.


class CriteriaChecker(Verifier):
    """A verifier whose credit is a tenth of the mean score.

    A completion is right if its credit is at least `pass_score`. The reason lists the scores in order.
    """

    def __init__(self, config: CriteriaJudge) -> None:
        self.config = config
        self.judge_model = Judge(config.judge)
        about = {
            "judge": self.judge_model.identity(),
            "pass_score": config.pass_score,
            "demand_ticket": config.demand_ticket,
            "prompts": SYSTEM + QUESTION,
        }
        self.id = f"criteria_judge/{VERSION}-{fingerprint(about)[:8]}"

    def preflight(self) -> None:
        self.judge_model.preflight()

    def judge(self, items: Sequence[Item], completions: Sequence[str]) -> list[Verdict]:
        return self.judge_model.map(lambda pair: self.judge_one(*pair), list(zip(items, completions, strict=True)))

    def judge_one(self, item: Item, completion: str) -> Verdict:
        criteria = read_criteria(item.metadata.get("criteria"))
        if criteria is None:
            return Verdict.unscored("the item's criteria cannot be read")
        answer = extract(completion, self.config)
        if answer is None or len(answer) > LONGEST_JUDGED:
            return Verdict.malformed("no answer")
        points = [self.points(item, answer, criterion) for criterion in criteria]
        known = [value for value in points if value is not None]
        if len(known) < len(points):
            return Verdict.unscored("the judge failed")
        credit = sum(known) / (MOST_POINTS * len(known))
        outcome = Outcome.RIGHT if credit >= self.config.pass_score else Outcome.WRONG
        return Verdict(outcome, credit, f"scores {', '.join(map(str, known))}", answer)

    def points(self, item: Item, answer: str, criterion: Mapping[str, Any]) -> int | None:
        """Return the score from 1 to 10 by one criterion, or None if the judge gave none."""
        text = json.dumps(criterion, ensure_ascii=False, indent=1)
        mark = ticket(item.prompt, answer, text)
        question = QUESTION.format(
            most=MOST_POINTS,
            criterion=fenced("criterion", text, mark),
            prompt=fenced("request", item.prompt, mark),
            answer=fenced("response", answer, mark),
            ticket=f'"ticket": "{mark}", ' if self.config.demand_ticket else "",
        )

        def read(reply: dict[str, object]) -> int | None:
            score = whole_number(field(reply, "score"), MOST_POINTS)
            trusted = has_ticket(reply, mark) or not self.config.demand_ticket
            return score if trusted and score else None

        def in_words(text: str) -> dict[str, object]:
            return {"score": stated_score(text, MOST_POINTS)}

        return self.judge_model.ask(
            [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}],
            read,
            None if self.config.demand_ticket else in_words,  # a reply in words has no ticket
        )


def read_criteria(criteria: object) -> list[Mapping[str, Any]] | None:
    """Return criteria of the demanded shape, which may be JSON text, or None if they have another shape."""
    if isinstance(criteria, str):
        try:
            criteria = json.loads(criteria)
        except (ValueError, RecursionError):
            return None
    if not isinstance(criteria, list) or not criteria:
        return None
    if not all(isinstance(entry, Mapping) and isinstance(entry.get("name"), str) for entry in criteria):
        return None
    return list(criteria)
