"""Verifier of multiple choice answers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from xdomain.config.domain_verifier import ChoiceVerifier
from xdomain.core.records import Verdict
from xdomain.domains.base import Item
from xdomain.domains.extraction import ANSWER_IS, extract
from xdomain.domains.extraction.letters import ALSO
from xdomain.domains.extraction.wrappers import plain
from xdomain.domains.verifiers.base import OneByOne

LABEL = r"(?:option|choice|letter|alternative|answer)s?"
OPTION_IS = re.compile(
    rf"\b(?:correct|right|best|true)\s+{LABEL}\s+(?:is|would be|must be)\b"
    r"|\b(?:choose|pick|select|go with|chose)\b(?=\s)",
    re.I,
)
"""Words before a choice, other than "the answer is"."""
IS_RIGHT = re.compile(
    rf"(?=(?:\b{LABEL}\s{{1,3}})?[*(]{{0,3}}\b[A-Z]\b[*).]{{0,4}}\s{{1,3}}(?:is|must be|would be)"
    r"\s+(?:also\s+)?(?:the\s+|therefore\s+)?(?:correct|right|true|best|answer)\b)",
    re.I,
)
"""Beginning of statements such as "option B is correct"."""

INTRODUCTION = re.compile(
    rf"(?:\W|\b(?:is|either|both|neither|the|correct|right|best|final|it|that|therefore|thus|so|must|be|would|clearly|definitely|(?:{LABEL}))\b)*",
    re.I,
)
BRACKETED = re.compile(r"\W*[(\[{]\s*\W{0,3}([A-Za-z0-9])\W{0,3}\s*[)\]}]")
HEAD = re.compile(r"\W*([A-Za-z0-9])(?![A-Za-z0-9'])")
AND_ANOTHER = re.compile(
    rf"[\s)\]}}*.:\"$]*(?:(?:,\s*)?\b(?:and/or|or|and|nor|alternatively)\b(?:\s+(?:maybe|perhaps|possibly|even))?|[,/&+])\s*(?:{LABEL}\s+)?"
    r"[\s(\[{*\"$]*([A-Za-z])(?=[\s)\]}*.:,;\"$]*(?:\Z|[).,:;\]}*]|\b(?:or|and|are|both)\b))",
    re.I,
)
NOT_A_CHOICE = re.compile(rf"\b(?:not|rather than|instead of|isn't)\s+(?:{LABEL}\s+)?[(*]*[A-Za-z]\b[)*]*", re.I)
AFTER_ARTICLE = re.compile(
    r"\s+(?:is|or|and|because|since|as|with|at|which|would|must|has|not)\b|\s*(?:\Z|[^\s\w])|\s{2,}|\s+[A-Z0-9]"
)
"""Text after the choice A. After the article "a" there is other text."""


class ChoiceChecker(OneByOne):
    """A verifier of choices.

    An answer is right if its letter is the gold letter. It is malformed if it states none of the choices or more than
    one. A short answer begins with its letter: "(B) 12 N" is B, and so is "B - A large dog". A gold written "(B)" is
    read in the same way.
    """

    id = "choice/2"

    def __init__(self, config: ChoiceVerifier) -> None:
        self.config = config
        self.choices = {choice.upper(): choice for choice in config.choices}

    def judge_one(self, item: Item, completion: str) -> Verdict:
        stated = extract(completion, self.config, self.leads, (ANSWER_IS, OPTION_IS, IS_RIGHT))
        letter = None if stated is None else self.letter(stated)
        if letter is None:
            return Verdict.malformed("no single choice stated")
        gold = self.letter(item.gold)
        if gold is None:
            return Verdict.unscored("gold is no choice")
        return Verdict.right("equal", letter) if letter == gold else Verdict.wrong("different", letter)

    def unreadable_golds(self, items: Sequence[Item]) -> list[Item]:
        return [item for item in items if self.letter(item.gold) is None]

    def leads(self, stated: str) -> bool:
        """Return whether a text begins by naming choices, one or more."""
        return self.head(plain(stated)) is not None

    def letter(self, stated: str) -> str | None:
        """Return the single choice that a short answer states, or None if it states none or several."""
        text = NOT_A_CHOICE.sub(" ", plain(stated[:LONGEST]))
        found = self.head(text)
        if found is None:
            return self.only_letter(text)
        letter, end = found
        if ALSO.match(text, end):
            return None
        another = AND_ANOTHER.match(text, end)
        if another and another.group(1).upper() in self.choices and another.group(1).upper() != letter.upper():
            return None
        return letter

    def head(self, text: str) -> tuple[str, int] | None:
        """Return the choice that `text` begins with and the index of its end, or None if it begins with none."""
        introduction = INTRODUCTION.match(text)
        begin = introduction.end() if introduction else 0
        bracketed = BRACKETED.match(text, text.rfind("(", 0, begin) if "(" in text[:begin] else 0)
        if bracketed:
            return self.known(bracketed.group(1), bracketed.end())
        head = HEAD.match(text, begin)
        if head is None:
            return None
        letter, end = head.group(1), head.end()
        delimited = not text[end:].strip() or (text[end] in ").:,;]}*-/" and not text[end:].startswith("-" + letter))
        if letter.islower() and letter not in self.config.choices and not delimited:
            return None
        if letter in "AaIi" and not delimited and not AFTER_ARTICLE.match(text, end):
            return None
        return self.known(letter, end)

    def known(self, letter: str, end: int) -> tuple[str, int] | None:
        choice = self.choices.get(letter.upper())
        return None if choice is None else (choice, end)

    def only_letter(self, text: str) -> str | None:
        """Return the only choice that is a separate word in `text`, or None if there is none or more than one."""
        found = {choice for choice in self.choices if lone(choice, text)}
        return self.choices[found.pop()] if len(found) == 1 else None


LONGEST = 2000


def lone(choice: str, text: str) -> bool:
    """Return whether a capital letter or a digit is a separate word in `text`.

    Articles, pronouns and parts of formulas do not count.
    """
    for found in re.finditer(rf"(?<![\w'°=+/\\-]){re.escape(choice)}(?![\w'=+/])", text):
        if choice not in "AI" or AFTER_ARTICLE.match(text, found.end()):
            return True
    return False
