"""Verdicts on completions, by the same rule in training and evaluation."""

from __future__ import annotations

from collections.abc import Sequence

from xdomain.core.records import Verdict
from xdomain.domains.base import Domain, Item

TRUNCATED = "truncated"
"""Reason of a verdict on a completion that ran out of tokens."""


def judge_finished(
    domain: Domain, items: Sequence[Item], texts: Sequence[str], truncated: Sequence[bool]
) -> list[Verdict]:
    """Judge texts as answers. A truncated one is wrong without being judged.

    The last number in half a solution may equal the gold answer by chance.

    Args:
        domain: Domain that judges.
        items: Item of each text.
        texts: Texts to judge: each completion, after the reasoning tag that its prompt left open.
        truncated: Mask of completions that ran out of tokens before an end token or stop string.
    """
    whole = [place for place, cut_off in enumerate(truncated) if not cut_off]
    found = iter(domain.score([items[place] for place in whole], [texts[place] for place in whole]))
    return [Verdict.wrong(TRUNCATED) if cut_off else next(found) for cut_off in truncated]
