"""One of a few letters."""

from __future__ import annotations

from xdomain.config.domain_verifier import ChoiceVerifier
from xdomain.core.records import Verdict
from xdomain.domains.base import Item
from xdomain.domains.extraction import extract, last_letter
from xdomain.domains.verifiers.base import OneByOne


class ChoiceChecker(OneByOne):
    """Right if the stated letter is the gold one; malformed if none of the choices is stated.

    An answer of more than one character is looked through for its last lone capital: "(B) 12 N" is B. A gold
    written "(B)" is read likewise.
    """

    id = "choice/1"

    def __init__(self, config: ChoiceVerifier) -> None:
        self.config = config

    def judge_one(self, item: Item, completion: str) -> Verdict:
        stated = extract(completion, self.config)
        letter = None if stated is None else self.letter(stated)
        if letter is None:
            return Verdict.malformed("no choice stated")
        gold = self.letter(item.gold)
        if gold is None:
            return Verdict.unscored("gold is no choice")
        return Verdict.right("equal", letter) if letter == gold else Verdict.wrong("different", letter)

    def letter(self, stated: str) -> str | None:
        """The choice that a short answer states: the letter itself, its first lone one, or the last lone capital."""
        bare = stated.strip().strip("()[]{}.:$* ")
        if len(bare) == 1:
            found: str | None = bare.upper()
        else:
            # "\text{B}" and "B. 12 N" lead with the letter; "the answer is B" ends with it.
            lead = bare.removeprefix("\\text{").removeprefix("\\textbf{").removeprefix("\\mathrm{")
            leads = len(lead) > 1 and lead[0] in self.config.choices and lead[1] in ").:,}] -"
            found = lead[0] if leads and lead[1] != " " else last_letter(bare)
        return found if found is not None and found in self.config.choices else None
