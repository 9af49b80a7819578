"""Verifier of equal text, exactly or normalised."""

from __future__ import annotations

import re
import unicodedata

from xdomain.config.domain_verifier import TextVerifier
from xdomain.core.records import Verdict
from xdomain.domains.base import Item
from xdomain.domains.extraction import extract
from xdomain.domains.extraction.statements import anything
from xdomain.domains.extraction.wrappers import bare, plain
from xdomain.domains.verifiers.base import OneByOne

WORDS_IN_BRACKETS = re.compile(r"\(([^\W\d_][^\d()\[\]{},]*)\)")


class TextChecker(OneByOne):
    """A verifier of texts, which are right if they equal the gold.

    A completion without an answer, or with an answer of another form, is malformed.
    """

    id = "text/2"

    def __init__(self, config: TextVerifier) -> None:
        self.config = config
        self.form = None if config.form is None else re.compile(config.form)

    def judge_one(self, item: Item, completion: str) -> Verdict:
        answer = extract(completion, self.config, starts=anything if self.form is None else self.has_form)
        if answer is None:
            return Verdict.malformed("no answer")
        if not self.has_form(answer):
            return Verdict.malformed("wrong form")
        if answer == item.gold:
            return Verdict.right("equal", answer)
        if self.config.normalise and normalise_answer(answer) == normalise_answer(item.gold):
            return Verdict.right("equal when normalised", answer)
        return Verdict.wrong("different", answer)

    def has_form(self, answer: str) -> bool:
        if self.form is None or self.form.fullmatch(answer):
            return True
        return self.config.normalise and self.form.fullmatch(plain(answer)) is not None


def normalise_answer(text: str) -> str:
    """Return `text` without differences in case, width and spaces, and without wrappers around all of it.

    Quotes, Markdown, dollars, `\\text{}` and a final full stop are removed. Brackets stay, because `[1,2)` is not
    `(1,2]` and `f(x)` is not `f`. Only brackets around plain words, as in "(yes)", are removed.
    """
    text = bare(unicodedata.normalize("NFKC", plain(text)).strip("?!"))
    text = re.sub(r"\s*,\s*", ",", " ".join(text.casefold().split()))
    words = WORDS_IN_BRACKETS.fullmatch(text)
    return words.group(1) if words else text
