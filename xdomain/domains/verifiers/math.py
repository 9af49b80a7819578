"""Verifier of mathematical equivalence: by the text if that is safe, otherwise by math-verify in killable processes."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

from xdomain.config.domain_verifier import MathVerifier
from xdomain.core.errors import DependencyMissing
from xdomain.core.installation import install_command
from xdomain.core.records import Verdict
from xdomain.domains.base import Item
from xdomain.domains.extraction import extract
from xdomain.domains.verifiers.base import LONGEST_COMPLETION, Verifier
from xdomain.domains.verifiers.math_text import compare_texts, for_parser, prose, settled, tidy, without_labels
from xdomain.domains.worker_pool import Failure, WorkerPool

LONGEST_ANSWER = 2000
"""Largest number of characters in an answer. A longer one is malformed: golds are shorter, and parsers may hang."""

DEEPEST_NESTING = 60
"""Deepest nesting of braces. Recursive parsers overflow on more."""

REMEMBERED = 100_000
"""Number of comparisons that are cached, since the samples of a GRPO group repeat one another."""

NO_ANSWERS = frozenset(
    (
        "correct", "clear", "right", "wrong", "reasonable", "obvious", "that", "not", "given", "found", "below",
        "as", "consistent", "indeed", "expected", "simply", "independent", "unique", "easy", "immediate",
        "this", "now", "in", "to",
    )
)  # fmt: skip
"""First words of remarks about an answer."""


class MathChecker(Verifier):
    """A verifier of mathematical answers, which are right if they are equivalent to the gold.

    If the gold cannot be parsed, the verdict is unscored. If the answer cannot be parsed, or the parser hangs or
    crashes on it, the verdict is malformed.
    """

    id = "math/2"

    def __init__(self, config: MathVerifier) -> None:
        if importlib.util.find_spec("math_verify") is None:
            raise DependencyMissing(
                "the package `math-verify` is missing.",
                where="domains.verifier",
                fix=f"{install_command('train')}, or use the verifier `number`.",
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
        """Return the extracted answer, or the verdict if there is none that can be parsed."""
        if len(completion) > LONGEST_COMPLETION:
            return Verdict.malformed("too long")
        answer = extract(completion, self.config, states_maths)
        if answer is None:
            return Verdict.malformed("no answer")
        if len(answer) > LONGEST_ANSWER or nesting(answer) > DEEPEST_NESTING:
            return Verdict.malformed("answer too long or too deep")
        return answer

    def compare(self, pairs: set[tuple[str, str]]) -> None:
        """Determine and cache the status of each pair that is not cached yet."""
        if len(self._known) > REMEMBERED:
            self._known.clear()
        slow: dict[tuple[str, str], tuple[str, str]] = {}
        for pair in pairs - self._known.keys():
            gold, answer = without_labels(tidy(pair[0]), tidy(pair[1]))
            quick = compare_texts(gold, answer)
            if quick is not None:
                self._known[pair] = "equal" if quick else "different"
            elif prose(text := for_parser(answer)):
                self._known[pair] = "unparsed answer"
            else:
                slow[pair] = (for_parser(gold), text)
        self._known.update(zip(slow, self.ask(list(slow.values())), strict=True))

    def ask(self, pairs: Sequence[tuple[str, str]]) -> list[object]:
        """Return the worker's status for each pair of texts."""
        jobs = [{"gold": gold, "answer": answer, "seconds": self.config.timeout_seconds} for gold, answer in pairs]
        return self.pool.map(jobs, self.config.timeout_seconds) if jobs else []

    def unreadable_golds(self, items: Sequence[Item]) -> list[Item]:
        """Return the items whose gold is neither a number nor words and which the parser cannot read."""
        golds = {item.gold: tidy(item.gold) for item in items}
        asked = {gold: for_parser(text) for gold, text in golds.items() if not settled(text)}
        statuses = dict(zip(asked, self.ask([(text, text) for text in asked.values()]), strict=True))
        return [item for item in items if statuses.get(item.gold, "equal") != "equal"]

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
    """Return whether two texts are equal, or None if only a parser can decide it."""
    return compare_texts(*without_labels(tidy(gold), tidy(answer)))


def states_maths(text: str) -> bool:
    """Return whether a text after "the answer is" can be an answer. In "the answer is correct" it cannot."""
    return text.split(None, 1)[0].strip(".,:").casefold() not in NO_ANSWERS


def nesting(text: str) -> int:
    """Return the greatest nesting depth of brackets of any kind."""
    depth = deepest = 0
    for character in text:
        depth += (character in "{([") - (character in "})]")
        deepest = max(deepest, depth)
    return deepest
