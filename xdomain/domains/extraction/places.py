"""Where an answer may stand. Each finder takes a completion without its reasoning and returns a text or None."""

from __future__ import annotations

import re
from collections.abc import Callable

from xdomain.config.domain_verifier import Place
from xdomain.domains.extraction.boxes import boxed, tag
from xdomain.domains.extraction.wrappers import plain_characters

LONGEST_LINE = 400
"""Characters before and after the last digit that can belong to its number."""

LETTER = re.compile(
    r"(?<![A-Za-z0-9\\'°])(?<![0-9°] )(?:[B-HJ-Z](?![A-Za-z0-9'])"
    r"|[AI](?=\s*(?:[).:,;!?\]}*\"$|\n]|$|is\b|or\b|and\b|because\b|since\b|\())"
    r"|(?<=\()[a-z](?=\)))"
)
"""A letter that stands alone, not the article "A", the pronoun "I", or a unit behind a number; small ones in
brackets only."""

EITHER = re.compile(r"[A-Za-z]\W{0,4}\s(?:and/or|or|and|&|/)\s\W{0,4}(?:option |choice )?\W{0,4}\Z")
DENIED = re.compile(r"(?:\b(?:not|nor|neither|rather than|instead of)|n't)\s+(?:option |choice )?\W{0,4}\Z", re.I)
CLOSING_WORDS = re.compile(
    r"\W*(?:i hope|hope this|let me know|feel free|please let|if you (?:have|need)|good luck)\b", re.I
)
"""A line that begins like this says nothing about the answer."""

SENTENCE_END = re.compile(r"(?<!i\.e)(?<!e\.g)(?<!approx)[.!?](?=[*_\"')\]$]*(?:\s|\Z))")
OPERATOR = re.compile(r"[-+*/×÷=:^<>≈·]|\\(?:times|cdot|div|pm|approx|le|ge|leq|geq|sim)")
MATHS = re.compile(
    r"\$\$([^$]{1,400})\$\$|(?<![\\$])\$(?=[^\s$])([^$]{0,399}[^\s$\\])\$(?!\d)|\\\(([^()]{1,400}?)\\\)|\\\[([^\[\]]{1,400}?)\\\]"
)
NAME_OR_ORDINAL = re.compile(r"[(\"*]*(?:[A-Za-z]+[-_]?\d[\w-]*|\d+(?:st|nd|rd|th))\W*\Z")
RANGE = re.compile(r"[$€£]?\d[\d,.]*-([$€£]?\d[\d,]*(?:\.\d+)?)\W*\Z")
OPERAND = re.compile(r"\d|\A\W*[A-Za-z]\W*\Z")
INTEGER = re.compile(r"[$€£]?-?\d+")
FRACTION_OR_GROUP = re.compile(r"\d+/\d+|\\frac|\d{3}(?!\d)")
GOES_ON = re.compile(r"\A[-+]?(?:[$€£]|US\$|USD|EUR)\Z|\d\S*(?:\\times|\\cdot|[*×·/=+])\Z|\A[A-Za-z]=\Z")
COMPOUND = re.compile(r"\d[\d.]*\s(?:hours?|minutes?|days?|weeks?|months?|years?|feet|foot|pounds?|dollars?)\sand\s\Z")
VERB = re.compile(r"(?:is|are|was|be|equals?|answer|get|gives?|obtain|at|to|of|by)\Z|\W\Z", re.I)


def whole(completion: str) -> str | None:
    return completion.strip() or None


def first_line(completion: str) -> str | None:
    return next((line.strip() for line in completion.splitlines() if line.strip()), None)


def last_line(completion: str) -> str | None:
    """Return the last line that is more than white space, a fence, or "I hope this helps"."""
    for line in reversed(completion.splitlines()):
        if line.strip(" \t*`$\\[]#-_") and not CLOSING_WORDS.match(line):
            return line.strip()
    return None


def last_letter(completion: str) -> str | None:
    """Return the last letter that stands alone ("(C)", "C."), or the whole of "A or B"."""
    if len(only := completion.strip(" \n\t().*")) == 1:
        return only
    found = None
    for letter in LETTER.finditer(completion):
        if not DENIED.search(completion, max(0, letter.start() - 25), letter.start()):
            found = letter
    if found is None:
        return None
    before = completion[max(0, found.start() - 30) : found.start()]
    either = EITHER.search(before)
    return found.group() if either is None else completion[found.start() - len(before) + either.start() : found.end()]


def last_number(completion: str) -> str | None:
    """Return the last number, whole: with its sign, its fraction or formula, and the unit that follows it.

    "1/2", "3:1" and "$x = 5$" are never taken apart; "5-8" is a range, and its last number is 8.
    """
    end = len(completion)
    for _ in range(8):  # names and ordinals that hold a digit are passed over
        found = re.compile(r"(?s).*\d").match(completion, 0, end)
        if found is None:
            return None
        last = found.end() - 1
        start = max(completion.rfind("\n", 0, last) + 1, last - LONGEST_LINE)
        stop = completion.find("\n", last)
        stop = min(len(completion) if stop < 0 else stop, last + LONGEST_LINE)
        before, after = plain_characters(completion[start : last + 1]), plain_characters(completion[last + 1 : stop])
        number = quantity_around(before, after)
        if number is not None:
            return number
        end = start + max(before.rfind(" "), 0)
    return None


def quantity_around(before: str, after: str) -> str | None:
    """Return the quantity that the last digit of `before` belongs to; None if it belongs to a name ("H2O", "1st").

    Args:
        before: the line up to the last digit.
        after: the rest of the line.
    """
    before = before.lstrip("> ")
    line, digit = before + after, len(before) - 1
    for maths in MATHS.finditer(line):
        if maths.start() < digit < maths.end():
            return maths.group() + until_sentence_end(line[maths.end() :])
    start, end = line.rfind(" ", 0, digit) + 1, digit + 1
    while end < len(line) and not line[end].isspace():
        end += 1
    word = line[start:end]
    if NAME_OR_ORDINAL.match(word) or DENIED.search(line, max(0, start - 25), start):
        return None
    if range_ := RANGE.match(word):
        return range_.group(1)
    start, end = left_of_operators(line, start), right_of_operators(line, end)
    quantity = line[start:end]
    sentence = SENTENCE_END.search(quantity, max(0, digit - start))
    if sentence:
        return quantity[: sentence.start()]
    return quantity + until_sentence_end(line[end:])


def left_of_operators(line: str, start: int) -> int:
    """Return where the formula begins whose last word begins at `start`."""
    for _ in range(40):
        words = line[max(0, start - LONGEST_LINE) : start].rsplit(None, 2)
        if not words:
            break
        last, previous = words[-1], words[-2] if len(words) > 1 else ""
        if OPERATOR.fullmatch(last):
            binary = OPERAND.search(previous) is not None
            if last == "-" and previous and not binary and not VERB.search(previous):
                break  # a dash between words
            start = line.rfind(last, 0, start)
            if previous and (binary or last not in "-+"):
                start = line.rfind(previous, 0, start)
        elif last in ("or", "and/or") and re.search(r"\d", previous):
            start = line.rfind(previous, 0, start)
        elif last == "and" and (compound := COMPOUND.search(line, 0, start)):
            start = compound.start()
        elif GOES_ON.search(last) or (INTEGER.fullmatch(last) and FRACTION_OR_GROUP.match(line, start)):
            start = line.rfind(last, 0, start)
        else:
            break
    return start


def right_of_operators(line: str, end: int) -> int:
    """Return where the formula ends whose digit's word ends at `end`: "5 + x" goes on, "5 - which" does not."""
    found = re.compile(rf"(?:\s+(?:{OPERATOR.pattern})\s+(?:[A-Za-z](?![A-Za-z])|\\\w+)\S*)+").match(line, end)
    return found.end() if found else end


def until_sentence_end(rest: str) -> str:
    """Return the rest of a sentence: perhaps a unit."""
    found = SENTENCE_END.search(rest)
    return rest[: found.start()] if found else rest


def code_block(completion: str) -> str | None:
    """Return the content of the last fenced block that has any, without its language word and indentation.

    A fence is a line that begins with three backticks or tildes. The last block may lack its closing fence.
    """
    blocks: list[list[str]] = []
    mark, indent = "", 0
    for line in completion.split("\n"):
        stripped = line.lstrip(" \t>")
        if not mark and stripped.startswith(("```", "~~~")):
            mark, indent = stripped[:3], len(line) - len(stripped)
            blocks.append(inline_code(stripped))
            if stripped.rstrip().endswith(mark) and len(stripped.strip(mark[0]).strip()) > 0:
                mark = ""  # opened and closed on one line
        elif mark and stripped.startswith(mark):
            mark = ""
        elif mark:
            blocks[-1].append(line[indent:] if not line[:indent].strip(" \t>") else line)
            if line.rstrip().endswith(mark):
                blocks[-1][-1] = blocks[-1][-1].rstrip()[: -len(mark)]
                mark = ""
    texts = ["\n".join(block) + "\n" for block in blocks if any(line.strip() for line in block)]
    return texts[-1] if texts else None


def inline_code(fence: str) -> list[str]:
    """Return the code that stands on the line of an opening fence: all of it but a language word."""
    rest = fence.strip("`~").strip()
    return [] if re.fullmatch(r"[\w+#.-]*(?:\s*\{.*\}|\s+\w+=.*)?", rest) else [rest]


FINDERS: dict[Place, Callable[[str], str | None]] = {
    "whole": whole,
    "boxed": boxed,
    "tag": tag,
    "first_line": first_line,
    "last_line": last_line,
    "last_number": last_number,
    "last_letter": last_letter,
    "code_block": code_block,
}
