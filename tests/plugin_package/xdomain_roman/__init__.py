"""A domain written from scratch against `xdomain.domains.base`: numbers to Roman numerals."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from xdomain.core.records import Outcome, Verdict
from xdomain.domains.base import Domain, Item, Split
from xdomain.domains.splits import prompt_key, split_of

SYMBOLS = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
    (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip


def to_roman(number: int) -> str:
    """1994 -> "MCMXCIV"."""
    text = ""
    for value, symbol in SYMBOLS:
        text += symbol * (number // value)
        number %= value
    return text


class Roman(Domain):
    """All numbers from 1 to 3999, split by a hash of the prompt."""

    name = "roman"
    scorer = "roman/1"

    def __init__(self) -> None:
        self._splits: dict[Split, list[Item]] = {split: [] for split in Split}
        for number in range(1, 4000):
            prompt = f"{number} in Roman numerals:"
            split = split_of(prompt_key(prompt), dev=0.1, test=0.2)
            self._splits[split].append(Item(id=str(number), prompt=prompt, gold=to_roman(number)))

    def items(self, split: Split) -> Sequence[Item]:
        return self._splits[split]

    def score(self, items: Sequence[Item], completions: Sequence[str]) -> list[Verdict]:
        return [self.judge(item, completion.strip()) for item, completion in zip(items, completions, strict=True)]

    @staticmethod
    def judge(item: Item, answer: str) -> Verdict:
        if not re.fullmatch("[MDCLXVI]{1,15}", answer):
            return Verdict.malformed("no Roman numeral")
        return Verdict.right(answer=answer) if answer == item.gold else Verdict.wrong(answer=answer)

    def reward(self, item: Item, completion: str, verdict: Verdict) -> float | None:
        return None if verdict.outcome is Outcome.UNSCORED else verdict.score

    def item_identity(self) -> Mapping[str, Any]:
        return {"kind": "roman", "version": 1}

    def reward_identity(self) -> Mapping[str, Any]:
        return {"kind": "score"}
