"""Equal text, exactly or normalised."""

from __future__ import annotations

import re
import unicodedata

from xdomain.config.domain_verifier import TextVerifier
from xdomain.core.records import Verdict
from xdomain.domains.base import Item
from xdomain.domains.extraction import extract
from xdomain.domains.verifiers.base import OneByOne


class TextChecker(OneByOne):
    """Right if the extracted answer equals the gold one; malformed if there is none or it lacks the form."""

    id = "text/1"

    def __init__(self, config: TextVerifier) -> None:
        self.config = config
        self.form = None if config.form is None else re.compile(config.form)

    def judge_one(self, item: Item, completion: str) -> Verdict:
        answer = extract(completion, self.config)
        if answer is None:
            return Verdict.malformed("no answer")
        if self.form is not None and not self.form.fullmatch(answer):
            return Verdict.malformed("wrong form")
        if answer == item.gold:
            return Verdict.right("equal", answer)
        if self.config.normalise and normalise_answer(answer) == normalise_answer(item.gold):
            return Verdict.right("equal when normalised", answer)
        return Verdict.wrong("different", answer)


def normalise_answer(text: str) -> str:
    """Without differences in width, case, spaces and punctuation round the whole."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).strip(" .,;:!?\"'()[]{}*`$")
