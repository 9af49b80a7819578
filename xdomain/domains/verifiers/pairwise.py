"""Verifier that lets a judge compare the completion with the gold answer in both orders."""

from __future__ import annotations

from collections.abc import Sequence

from xdomain.config.domain_verifier import PairwiseJudge
from xdomain.core.fingerprint import fingerprint
from xdomain.core.records import Outcome, Verdict
from xdomain.domains.base import Item
from xdomain.domains.extraction import extract
from xdomain.domains.judges.ask import LONGEST_JUDGED, Judge
from xdomain.domains.judges.fence import SYSTEM, fenced, has_ticket, ticket
from xdomain.domains.judges.reply import field
from xdomain.domains.rewards import TIE, TIE_SCORE
from xdomain.domains.verifiers.base import Verifier

VERSION = 2

QUESTION = """{criterion}

{prompt}

{first}

{second}

Reply {{"ticket": "{mark}", "better": <"first", "second" or "tie">}}."""
# The shape is not valid JSON, so that a judge that only repeats its instructions gives no answer.


class PairwiseChecker(Verifier):
    """A verifier of preferences.

    A completion is right if the judge prefers it in both orders, and wrong if the judge prefers the gold in both.
    Anything else is a tie, which is wrong with half credit; a reward shape may pay it separately. If the judge fails in
    either order, the verdict is unscored.
    """

    def __init__(self, config: PairwiseJudge) -> None:
        self.config = config
        self.judge_model = Judge(config.judge)
        about = {"judge": self.judge_model.identity(), "criterion": config.criterion, "prompt": SYSTEM + QUESTION}
        self.id = f"pairwise_judge/{VERSION}-{fingerprint(about)[:8]}"

    def preflight(self) -> None:
        self.judge_model.preflight()

    def judge(self, items: Sequence[Item], completions: Sequence[str]) -> list[Verdict]:
        return self.judge_model.map(lambda pair: self.judge_one(*pair), list(zip(items, completions, strict=True)))

    def judge_one(self, item: Item, completion: str) -> Verdict:
        answer = extract(completion, self.config)
        if answer is None or len(answer) > LONGEST_JUDGED:
            return Verdict.malformed("no answer")
        ahead, behind = self.prefer(item.prompt, answer, item.gold), self.prefer(item.prompt, item.gold, answer)
        if ahead is None or behind is None:
            return Verdict.unscored("the judge failed")
        votes = (ahead, {"first": "second", "second": "first", "tie": "tie"}[behind])
        if votes == ("first", "first"):
            return Verdict.right("preferred in both orders", answer)
        if votes == ("second", "second"):
            return Verdict.wrong("reference preferred in both orders", answer)
        return Verdict(Outcome.WRONG, TIE_SCORE, TIE, answer)

    def prefer(self, prompt: str, first: str, second: str) -> str | None:
        """Return the judge's preference: "first", "second" or "tie", or None if it failed."""
        mark = ticket(prompt, first, second)
        question = QUESTION.format(
            criterion=self.config.criterion,
            prompt=fenced("request", prompt, mark),
            first=fenced("first answer", first, mark),
            second=fenced("second answer", second, mark),
            mark=mark,
        )

        def read(reply: dict[str, object]) -> str | None:
            better = str(field(reply, "better")).lower().strip(" .").removesuffix(" answer")
            return better if has_ticket(reply, mark) and better in ("first", "second", "tie") else None

        return self.judge_model.ask(
            [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}], read
        )
