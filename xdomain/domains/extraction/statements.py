"""Find the stated answer: a completion's last explicit statement, or otherwise the text at a configured place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from xdomain.config.domain_verifier import ExtractingVerifier, Place
from xdomain.core.limits import LimitExceeded
from xdomain.domains.extraction.boxes import Statement, last_box, last_tag
from xdomain.domains.extraction.places import FINDERS, SENTENCE_END
from xdomain.domains.extraction.reasoning import cut_reasoning
from xdomain.domains.patterns import last_match

LONGEST_ANSWER = 20_000
"""Number of characters of an extracted answer in which a user's pattern is searched."""

ANSWER_IS = re.compile(
    r"""\#{4}(?!\#)[ \t]*
    |\banswers?\b(?:[^.\n:=]{0,60}?)(?:\bis(?!\w)|\bwould\ be\b|\bmust\ be\b|\bshould\ be\b|\bwill\ be\b
        |\bcomes\ (?:out\ )?to\b|\bequals\b|[:=]|->|→)
    |^[ \t\#*_]{0,12}(?:the\ |my\ )?(?:final\ |correct\ )?answer[ \t*_]{0,12}$
    |\bans(?:wer)?\b\s*[.:=]|\banswer\s+[-–—]\s|答案\s*[是为為:：]+""",
    re.I | re.X | re.M,
)
"""Words before an answer. GSM8K writes its own golds after `####`."""

MOST_PHRASES = 50
"""Number of statements in words that are tried, from the last one backwards."""

MARKS = " \t*_:=\u00a0"
REASON = re.compile(
    r",?\s(?:because|since|which|where|so that|given that)\b|,\s(?:as|so|for|not)\s|\s[-–—]+\s(?=[a-z])"
)
HEDGE = re.compile(r"[\s.,;*$]*\b(?:or|alternatively)\b[^.\n]{1,80}", re.I)
GUESSES: frozenset[Place] = frozenset({"last_letter", "last_number", "last_line", "first_line"})
"""Places that only guess the answer's position. An explicit statement in words takes precedence over them."""

Starts = Callable[[str], bool]


def anything(text: str) -> bool:
    """Return True, since any text can be an answer."""
    return True


def extract(
    completion: str,
    config: ExtractingVerifier,
    starts: Starts = anything,
    phrases: tuple[re.Pattern[str], ...] = (ANSWER_IS,),
) -> str | None:
    """Return the stated answer, narrowed by the user's `pattern`.

    Return None if there is no answer, or if the pattern takes too long.

    Args:
        completion: Text to search.
        config: Configured places, pattern, and tags that hold reasoning.
        starts: Function that says whether a text after "the answer is" can be an answer ("the answer is clear" states
            none).
        phrases: Expressions that match the words before an answer.
    """
    completion = cut_reasoning(completion, config.reasoning)
    if config.pattern is not None:
        found = next(at_places(completion, config), None)
        return None if found is None else narrowed(config.pattern, found)
    marked = last_mark(completion, config.answer_in)
    if GUESSES.intersection(config.answer_in) and (marked is None or starts is not anything):
        spoken = last_phrase(completion, marked.end if marked else 0, starts, phrases)
        if spoken is not None:
            return spoken.text
    if marked is not None:
        return marked.text
    return next(at_places(completion, config), None)


def narrowed(pattern: str, text: str) -> str | None:
    """Return the last match of a user's pattern, or None if there is none or the search takes too long."""
    try:
        return last_match(pattern, text[-LONGEST_ANSWER:])
    except LimitExceeded:
        return None


def at_places(completion: str, config: ExtractingVerifier) -> Iterator[str]:
    """Yield the text at each configured place that holds any, in the configured order."""
    return (found for place in config.answer_in if (found := FINDERS[place](completion)) is not None)


def last_mark(completion: str, places: tuple[Place, ...]) -> Statement | None:
    """Return the box or tag that ends last, if boxes or tags are configured before all other places."""
    found = []
    for place in places:
        if place not in ("boxed", "tag"):
            break
        found.append(last_box(completion) if place == "boxed" else last_tag(completion))
    return max((statement for statement in found if statement), key=lambda statement: statement.end, default=None)


def last_phrase(text: str, since: int, starts: Starts, phrases: tuple[re.Pattern[str], ...]) -> Statement | None:
    """Return the last statement in words from index `since` on that is followed by a possible answer."""
    found = [match for pattern in phrases for match in pattern.finditer(text, since)]
    for match in sorted(found, key=lambda match: match.end())[: -MOST_PHRASES - 1 : -1]:
        answer = after_phrase(text, match.end())
        if answer and starts(answer):
            return Statement(answer, match.start(), match.end() + len(answer))
    return None


def after_phrase(text: str, start: int) -> str:
    """Return the rest of the sentence, or the next line if this one is empty, without a reason after the answer."""
    line = text[max(text.rfind("\n", 0, start) + 1, start - 1000) : start]
    inside = line.count("{") > line.count("}")  # as in "\\text{Answer: } 5"
    marks = MARKS + "}" if inside else MARKS
    rest = text[start : start + 1000].lstrip(marks)
    if rest[:1] in ("\n", "\r"):
        rest = rest.lstrip().lstrip(marks)
        rest = rest.split("\n\n", 1)[0] if rest.startswith(("$$", "\\[")) else rest.split("\n", 1)[0]
    elif not rest.startswith(("$$", "\\[")):
        rest = rest.split("\n", 1)[0]
    end = SENTENCE_END.search(rest)
    sentence, more = (rest[: end.start()], rest[end.end() :]) if end else (rest, "")
    if inside and sentence.endswith("}") and "{" not in sentence:
        sentence = sentence[:-1]
    reason = REASON.search(sentence, 1) if sentence else None
    hedge = HEDGE.match(more)
    return (sentence[: reason.start()] if reason else sentence).strip() + (f" {hedge.group().strip()}" if hedge else "")
