"""Verifier that lets a judge write an evaluation protocol once per prompt and then score completions by it.

Source: the protocol-aware judge of CARE-RL (PA-GRM, 2606.00609), from its description. Its prompts are not public, so
the protocol, the prompts and the pass score are ours.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdomain.config.domain_verifier import RubricJudge
from xdomain.core.fingerprint import fingerprint
from xdomain.core.records import Outcome, Verdict
from xdomain.domains.base import Item
from xdomain.domains.extraction import extract
from xdomain.domains.judges.ask import LONGEST_JUDGED, Judge
from xdomain.domains.judges.fence import SYSTEM, fenced, has_ticket, ticket
from xdomain.domains.judges.reply import field, whole_number
from xdomain.domains.verifiers.base import Verifier

VERSION = 2

MOST_CRITERIA = 12

MOST_POINTS = 10
"""Largest number of points of one criterion."""

PROTOCOL = """Write a protocol by which any answer to this request can be scored, before you see one.

{prompt}

{reference}

Reply {{"ticket": "{mark}", "criteria": [{{"text": "<what an answer must do>", "points": <points>}}, ...]}} with 2 to \
{most} criteria, each with whole points from 1 to 10."""

SCORING = """Score the answer by the protocol, one criterion after the other.

{prompt}

Protocol:
{protocol}

{answer}

Reply {{"ticket": "{mark}", "points": [...]}} with the points earned, in the protocol's order."""

Protocol = tuple[tuple[str, int], ...]
"""Criteria with their points."""


class RubricChecker(Verifier):
    """A verifier by protocols. A completion is right if its share of the protocol's points is at least `pass_score`.

    The reason names the points and the protocol. The credit is 1 or 0, or with `graded` the share itself. Protocols are
    stored with the judge's other answers in its cache folder, by their digest.
    """

    def __init__(self, config: RubricJudge) -> None:
        self.config = config
        self.judge_model = Judge(config.judge)
        about = {
            "judge": self.judge_model.identity(),
            "pass_score": config.pass_score,
            "graded": config.graded,
            "prompts": SYSTEM + PROTOCOL + SCORING,
        }
        self.id = f"rubric_judge/{VERSION}-{fingerprint(about)[:8]}"

    def preflight(self) -> None:
        self.judge_model.preflight()

    def judge(self, items: Sequence[Item], completions: Sequence[str]) -> list[Verdict]:
        distinct = list({(item.prompt, item.gold): item for item in items}.values())
        # Protocols come first, each once. Otherwise the samples of a group would request theirs at the same time.
        made = self.judge_model.map(lambda item: ((item.prompt, item.gold), self.protocol(item)), distinct)
        protocols = dict(made)
        return self.judge_model.map(
            lambda pair: self.judge_one(pair[0], pair[1], protocols[pair[0].prompt, pair[0].gold]),
            list(zip(items, completions, strict=True)),
        )

    def judge_one(self, item: Item, completion: str, protocol: Protocol | None) -> Verdict:
        answer = extract(completion, self.config)
        if answer is None or len(answer) > LONGEST_JUDGED:
            return Verdict.malformed("no answer")
        points = None if protocol is None else self.points(item, answer, protocol)
        if protocol is None or points is None:
            return Verdict.unscored("the judge failed")
        total = sum(most for _, most in protocol)
        reason = f"{sum(points)} of {total} points by protocol {fingerprint(protocol)[:12]}"
        outcome = Outcome.RIGHT if sum(points) >= self.config.pass_score * total else Outcome.WRONG
        credit = sum(points) / total if self.config.graded else float(outcome is Outcome.RIGHT)
        return Verdict(outcome, credit, reason, answer)

    def protocol(self, item: Item) -> Protocol | None:
        """Return the protocol for a prompt, or None if the judge wrote no usable one."""
        mark = ticket(item.prompt, item.gold)
        question = PROTOCOL.format(
            prompt=fenced("request", item.prompt, mark),
            reference=fenced("reference answer", item.gold, mark),
            mark=mark,
            most=MOST_CRITERIA,
        )

        def read(reply: dict[str, object]) -> Protocol | None:
            return read_protocol(field(reply, "criteria")) if has_ticket(reply, mark) else None

        return self.judge_model.ask(
            [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}], read
        )

    def points(self, item: Item, answer: str, protocol: Protocol) -> list[int] | None:
        """Return the points by criterion, or None if the reply has another number of them or exceeds a range."""
        mark = ticket(item.prompt, answer, fingerprint(protocol))
        listed = "\n".join(f"{place}. ({most} points) {text}" for place, (text, most) in enumerate(protocol, start=1))
        question = SCORING.format(
            prompt=fenced("request", item.prompt, mark),
            protocol=listed,
            answer=fenced("answer", answer, mark),
            mark=mark,
        )

        def read(reply: dict[str, object]) -> list[int] | None:
            return read_points(field(reply, "points"), protocol) if has_ticket(reply, mark) else None

        return self.judge_model.ask(
            [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}], read
        )


def read_protocol(criteria: object) -> Protocol | None:
    """Return criteria of the demanded shape, or None if they have another shape."""
    if not isinstance(criteria, list) or not 2 <= len(criteria) <= MOST_CRITERIA:
        return None
    protocol: list[tuple[str, int]] = []
    for entry in criteria:
        text, points = (field(entry, "text"), field(entry, "points")) if isinstance(entry, dict) else (None, None)
        points = whole_number(points, MOST_POINTS)
        if not isinstance(text, str) or not text.strip() or not points:
            return None
        protocol.append((text, points))
    return tuple(protocol)


def read_points(points: object, protocol: Protocol) -> list[int] | None:
    """Return whole points within the range of each criterion, or None. Each may be plain or in its own object."""
    if not isinstance(points, list) or len(points) != len(protocol):
        return None
    earned = [
        whole_number(field(one, "points") if isinstance(one, dict) else one, most)
        for one, (_, most) in zip(points, protocol, strict=True)
    ]
    known = [one for one in earned if one is not None]
    return known if len(known) == len(earned) else None
