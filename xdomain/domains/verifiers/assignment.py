"""Who is what: knights and knaves, and other puzzles that give each name one of a few values."""

from __future__ import annotations

import re

from xdomain.config.domain_verifier import AssignmentVerifier
from xdomain.core.records import Verdict
from xdomain.domains.base import Item
from xdomain.domains.extraction import extract
from xdomain.domains.verifiers.base import OneByOne


class AssignmentChecker(OneByOne):
    """Right if every name has its gold value; malformed if some name has none, or two different ones.

    A gold reads "Zoey is a knight, and Riley is a knave" or "Zoey: knight, Riley: knave"; so does an answer.
    """

    id = "assignment/1"

    def __init__(self, config: AssignmentVerifier) -> None:
        self.config = config
        values = "|".join(re.escape(value) for value in config.values)
        # The gap between name and value is short and holds no further word but these, so matching stays linear.
        self.claim = re.compile(
            rf"\b([^\W\d]\w{{0,40}})\b\W{{0,6}}(?:is|was|=|->|→)?\W{{0,3}}(?:an?\s)?\s?\b({values})\b", re.I
        )

    def judge_one(self, item: Item, completion: str) -> Verdict:
        gold = self.read(item.gold)
        if not gold:
            return Verdict.unscored("gold assigns nothing")
        stated = extract(completion, self.config)
        if stated is None:
            return Verdict.malformed("no answer")
        claims = self.read(stated)
        missing = [name for name in gold if len(claims.get(name, ())) != 1]
        if missing:
            return Verdict.malformed(f"{len(missing)} of {len(gold)} names have no single value")
        agreeing = sum(claims[name] == gold[name] for name in gold)
        answer = ", ".join(f"{name}: {min(claims[name])}" for name in gold)
        if agreeing == len(gold):
            return Verdict.right("all agree", answer)
        return Verdict.wrong(f"{agreeing} of {len(gold)} agree", answer)

    def read(self, text: str) -> dict[str, set[str]]:
        """Every value claimed of every name, in small letters."""
        claims: dict[str, set[str]] = {}
        for name, value in self.claim.findall(text):
            claims.setdefault(name.casefold(), set()).add(value.casefold())
        return claims
