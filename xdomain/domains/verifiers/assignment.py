"""Verifier of puzzles that assign one of a few values to each name, such as knights and knaves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from xdomain.config.domain_verifier import AssignmentVerifier
from xdomain.core.records import Verdict
from xdomain.domains.base import Item
from xdomain.domains.extraction import extract
from xdomain.domains.verifiers.base import OneByOne
from xdomain.domains.verifiers.claims import Claims, gold_names


class AssignmentChecker(OneByOne):
    """A verifier of assignments.

    An answer is right if every name has its gold value. It is malformed if a name has no value or two different ones.
    A gold reads "Zoey is a knight, and Riley is a knave" or "Zoey: knight, Riley: knave". An answer may also say
    "Knights: Zoey", "both are knights" or "Zoey must be a knight". A denial, a condition or a reported statement
    claims nothing.
    """

    id = "assignment/2"

    def __init__(self, config: AssignmentVerifier) -> None:
        self.config = config
        self.claims_about = lru_cache(maxsize=4096)(self.make_claims)

    def judge_one(self, item: Item, completion: str) -> Verdict:
        gold = self.read(item.gold)
        if not gold or any(len(values) != 1 for values in gold.values()):
            return Verdict.unscored("gold assigns nothing")
        stated = extract(completion, self.config)
        if stated is None:
            return Verdict.malformed("no answer")
        claims = self.claimed(stated, tuple(gold))
        missing = [name for name in gold if len(claims.get(name, ())) != 1]
        if missing:
            return Verdict.malformed(f"{len(missing)} of {len(gold)} names have no single value")
        agreeing = sum(claims[name] == gold[name] for name in gold)
        answer = ", ".join(f"{name}: {min(claims[name])}" for name in gold)
        if agreeing == len(gold):
            return Verdict.right("all agree", answer)
        return Verdict.wrong(f"{agreeing} of {len(gold)} agree", answer)

    def unreadable_golds(self, items: Sequence[Item]) -> list[Item]:
        return [item for item in items if not self.read(item.gold)]

    def read(self, gold: str) -> dict[str, set[str]]:
        """Return the values that a gold answer gives to each name, in small letters."""
        names = gold_names(gold, self.config.values)
        return self.claims_about(names).read(gold)

    def claimed(self, stated: str, names: tuple[str, ...]) -> dict[str, set[str]]:
        """Return the values claimed of each name in the whole text, or in its last paragraph that claims any.

        The whole text may contradict itself if it makes suppositions first and concludes in its last paragraph.
        """
        reader = self.claims_about(names)
        claims = reader.read(stated)
        if single(claims, names):
            return claims
        for paragraph in reversed(re.split(r"\n\s*\n", stated)[-LAST_PARAGRAPHS:]):
            last = reader.read(paragraph)
            if last:
                return last if single(last, names) else claims
        return claims

    def make_claims(self, names: tuple[str, ...]) -> Claims:
        return Claims(names, self.config.values)


LAST_PARAGRAPHS = 20


def single(claims: dict[str, set[str]], names: Iterable[str]) -> bool:
    """Return whether each name has exactly one value."""
    return all(len(claims.get(name, ())) == 1 for name in names)
