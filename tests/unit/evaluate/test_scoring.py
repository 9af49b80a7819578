"""What an evaluation makes of completions before and beside the verifier."""

from __future__ import annotations

from xdomain.core.records import Outcome
from xdomain.domains.base import Split
from xdomain.domains.build import build_domains
from xdomain.evaluate.scoring import judge
from xdomain.generation.base import Completion, FinishReason


def completion(text: str, reason: FinishReason) -> Completion:
    return Completion(text, tokens=3, finish_reason=reason, mean_entropy=None)


def test_truncated_is_wrong_and_unanswered_is_missing() -> None:
    """The same text is right where the model ended it, wrong where it was cut off."""
    domain = build_domains((), ["math"])["math"]
    item = domain.items(Split.TEST)[0]
    reasons = (FinishReason.STOP, FinishReason.LENGTH, FinishReason.REFUSED)
    group = [completion(item.gold, reason) for reason in reasons]
    found = judge(domain, [item], [(0, group)])
    assert [verdict.outcome for verdict in found] == [Outcome.RIGHT, Outcome.WRONG, Outcome.UNSCORED]
    assert [verdict.score for verdict in found] == [1.0, 0.0, None]
    assert (found[1].reason, found[1].answer) == ("truncated", None)
