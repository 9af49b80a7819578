"""Mathematical equivalence: exact comparison where that decides, `math-verify` in killable processes elsewhere."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence
from fractions import Fraction

from xdomain.config.domain_verifier import MathVerifier
from xdomain.core.errors import DependencyMissing
from xdomain.core.records import Verdict
from xdomain.domains.base import Item
from xdomain.domains.extraction import extract
from xdomain.domains.verifiers.base import LONGEST_COMPLETION, Verifier
from xdomain.domains.worker_pool import Failure, WorkerPool

LONGEST_ANSWER = 2000
"""Characters. Longer "answers" are malformed: no gold of any data set comes near, and parsers choke on them."""

DEEPEST_NESTING = 60
"""Braces within braces; recursive parsers overflow on more."""

REMEMBERED = 100_000
"""Comparisons kept: the samples of a GRPO group repeat one another."""

PLAIN_NUMBER = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d{1,40})(?:\.\d{1,40})?")
PLAIN_FRACTION = re.compile(r"(-?)\\[dt]?frac\{(-?\d{1,40})\}\{(\d{1,40})\}|(-?\d{1,40})/(\d{1,40})")


class MathChecker(Verifier):
    """Right if the extracted answer equals the gold one as mathematics.

    A gold that cannot be parsed leaves the sample unscored; an answer that cannot, or on which the parser hangs
    or breaks, is malformed.
    """

    id = "math/1"

    def __init__(self, config: MathVerifier) -> None:
        if importlib.util.find_spec("math_verify") is None:
            raise DependencyMissing(
                "the package `math-verify` is missing.",
                where="domains.verifier",
                fix="pip install 'xdomain[train]', or use the verifier `number`.",
            )
        self.config = config
        self.pool = WorkerPool("xdomain.domains.verifiers.math_worker", config.workers)
        self._known: dict[tuple[str, str], object] = {}

    def judge(self, items: Sequence[Item], completions: Sequence[str]) -> list[Verdict]:
        answers = [self.find(completion) for completion in completions]
        pairs = [(item.gold, answer) for item, answer in zip(items, answers, strict=True)]
        self.compare({(gold, answer) for gold, answer in pairs if isinstance(answer, str)})
        return [
            answer if isinstance(answer, Verdict) else verdict_of(self._known[(gold, answer)], answer)
            for gold, answer in pairs
        ]

    def find(self, completion: str) -> str | Verdict:
        """The extracted answer, or the verdict that there is none worth parsing."""
        if len(completion) > LONGEST_COMPLETION:
            return Verdict.malformed("too long")
        answer = extract(completion, self.config)
        if answer is None:
            return Verdict.malformed("no answer")
        if len(answer) > LONGEST_ANSWER or nesting(answer) > DEEPEST_NESTING:
            return Verdict.malformed("answer too long or too deep")
        return answer

    def compare(self, pairs: set[tuple[str, str]]) -> None:
        """Learn the status of every pair that is not known yet."""
        if len(self._known) > REMEMBERED:
            self._known.clear()
        for pair in pairs - self._known.keys():
            quick = compare_exactly(*pair)
            if quick is not None:
                self._known[pair] = "equal" if quick else "different"
        slow = sorted(pairs - self._known.keys())
        jobs = [{"gold": gold, "answer": answer, "seconds": self.config.timeout_seconds} for gold, answer in slow]
        if jobs:
            self._known.update(zip(slow, self.pool.map(jobs, self.config.timeout_seconds), strict=True))

    def close(self) -> None:
        self.pool.close()


def verdict_of(status: object, answer: str) -> Verdict:
    if isinstance(status, Failure):
        if status.reason == "unavailable":
            return Verdict.unscored("no math worker")
        return Verdict.malformed(f"{status.reason} in the parser")
    if status == "equal":
        return Verdict.right("equal", answer)
    if status == "different":
        return Verdict.wrong("different", answer)
    return Verdict.unscored("unparsed gold") if status == "unparsed gold" else Verdict.malformed("unparsed answer")


def compare_exactly(gold: str, answer: str) -> bool | None:
    """Whether two texts are equal, decided without a parser; None where only a parser can tell."""
    plain_gold, plain_answer = bare(gold), bare(answer)
    if plain_gold == plain_answer:
        return True
    gold_value, answer_value = rational(plain_gold), rational(plain_answer)
    if gold_value is None or answer_value is None:
        return None
    return gold_value == answer_value


def bare(text: str) -> str:
    """Without what never bears meaning round a short answer: dollars, spaces, a final full stop."""
    return text.strip().strip("$").strip().rstrip(".").replace("\\!", "").replace("{,}", ",").replace(" ", "")


def rational(text: str) -> Fraction | None:
    """The exact value of a plain number or fraction; None for anything else."""
    if PLAIN_NUMBER.fullmatch(text):
        return Fraction(text.replace(",", ""))
    match = PLAIN_FRACTION.fullmatch(text)
    if match is None:
        return None
    sign, top, bottom, plain_top, plain_bottom = match.groups()
    above, below = int(top or plain_top), int(bottom or plain_bottom)
    if below == 0:
        return None
    return Fraction(-above if sign else above, below)


def nesting(text: str) -> int:
    """The greatest depth of brackets of any kind."""
    depth = deepest = 0
    for character in text:
        depth += (character in "{([") - (character in "})]")
        deepest = max(deepest, depth)
    return deepest
