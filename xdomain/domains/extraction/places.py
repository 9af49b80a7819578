"""Find answers by their place. Each function takes a completion without its reasoning and returns a text or None."""

from __future__ import annotations

import re
from collections.abc import Callable

from xdomain.config.domain_verifier import Place
from xdomain.domains.extraction.boxes import boxed, tag
from xdomain.domains.extraction.letters import last_letter
from xdomain.domains.extraction.wrappers import plain_characters, plain_operators

LONGEST_LINE = 400
"""Number of characters before and after the last digit that can belong to its number."""

DENIED = re.compile(r"(?:\b(?:nor|neither|rather than|instead of)|(?:\bcannot|\bnot|n't)(?:\sbe)?)\s+\W{0,4}\Z", re.I)
NO_CONTENT = re.compile(r"\s*(?:(?:[-*_#`]\s*)*|(?:`{3,}\w*|~{3,}|\$\$|\\[\[\]])\s*)")
CLOSING_WORDS = re.compile(
    r"\W*(?:i hope|hope this|let me know|feel free|please let|if you (?:have|need)|good luck)\b", re.I
)
"""Beginning of a line that says nothing about the answer."""

SENTENCE_END = re.compile(r"(?<!i\.e)(?<!e\.g)(?<!approx)[.!?](?=[*_\"')\]$]*(?:\s|\Z))")
OPERATOR = re.compile(r"[-+*/×÷=:^<>≈·≤≥≠]|\\(?:times|cdot|div|pm|approx|le|ge|leq|geq|sim|ne|neq)")
MATHS = re.compile(
    r"\$\$([^$]{1,400})\$\$|(?<![\\$])\$(?=[^\s$])([^$]{0,399}[^\s$\\])\$(?!\d)|\\\(([^()]{1,400}?)\\\)|\\\[([^\[\]]{1,400}?)\\\]"
)
NAME_OR_ORDINAL = re.compile(r"[(\"*]*(?:[A-Za-z]+[-_]?\d[\w-]*|\d+(?:st|nd|rd|th))\W*\Z")
RANGE = re.compile(r"[$€£]?\d[\d,.]*-([$€£]?\d[\d,]*(?:\.\d+)?)\W*\Z")
OPERAND = re.compile(r"\d|\A\W*[A-Za-z]\W*\Z")
INTEGER = re.compile(r"[$€£]?-?\d+")
FRACTION_OR_GROUP = re.compile(r"\d+/\d+|\\frac|\d{3}(?!\d)")
GOES_ON = re.compile(r"\A[-+]?(?:[$€£]|US\$|USD|EUR)\Z|\d\S*(?:\\times|\\cdot|[*×·/=+])\Z|\A[A-Za-z]=\Z")
COMPOUND = re.compile(
    r"(?:[$€£]\d[\d.]*|\d[\d.]*\s(?:hours?|hrs?|minutes?|mins?|days?|weeks?|months?|years?|feet|foot|ft|pounds?|lbs?|dollars?))"
    r",?\s(?:and\s)?\Z"
)
SMALLER_UNIT = re.compile(
    r"[\d./]+\s?(?:minutes?|mins?|seconds?|secs?|hours?|days?|weeks?|months?|inch(?:es)?|ounces?|oz|cents?)\b"
)
"""The two parts of "5 feet 6 inches" and "$5 and 30 cents"."""
ANOTHER = re.compile(
    r"(?<!\S)(?<!from )[$€£(*-]{0,3}\d[\d.,]*[)*]{0,3}(?:\sto|\sand|\s&|(?:\s[a-z]{2,15}){0,2},?\s(?:and/)?or"
    r"(?:\s(?:maybe|possibly|perhaps|even|else|it|could|might|may|be|is|about)){0,4})\s\Z",
    re.I,
)
"""A number that is named together with the next: "5 or", "3 to", "5 and"."""
OTHER_EQUATION = re.compile(r"\d\S{0,20},\s\Z")
LIST = re.compile(r"(?:\A|[:=]\s|\bare\s)(?:[$€£]?-?\d[\d.]{0,20}[,;]\s){1,5}\Z")
REMARK = re.compile(r"\d(?=\S{0,20}(?:\s[A-Za-z]{1,20}){0,3}\s\((?!\W?=|or\b)[^()]{0,100}\Z)")
"""The number before a remark in brackets: "12 (5 + 7)", "18 dollars (for 9 eggs)"."""
COMPARISON = re.compile(r"\b(?:more|less|greater|fewer|higher|lower|larger|smaller)\sthan\s\Z", re.I)
POWER_OF_UNIT = re.compile(r"[A-Za-z]{1,3}(?:/[A-Za-z]{1,3})?\^")
NUMBER_BEFORE = re.compile(r"(?<!\S)-?\d[\d.,]*\s\Z")
MARKUP = re.compile(r"<<[^<>]{1,200}>>(?=[\d$(-])|</?[A-Za-z][\w-]*>")
"""Calculators' notes, `<<9*2=18>>18`, and tags."""
VERB = re.compile(r"(?:is|are|was|be|equals?|answer|get|gives?|obtain|at|to|of|by)\Z|\W\Z", re.I)


def whole(completion: str) -> str | None:
    return completion.strip() or None


def first_line(completion: str) -> str | None:
    return next((line.strip() for line in completion.splitlines() if line.strip()), None)


def last_line(completion: str) -> str | None:
    """Return the last line that is more than white space, a fence, or "I hope this helps"."""
    for line in reversed(completion.splitlines()):
        if not NO_CONTENT.fullmatch(line) and not CLOSING_WORDS.match(line):
            return line.strip()
    return None


def last_number(completion: str) -> str | None:
    """Return the last number with its sign, its whole fraction or formula, and the unit after it.

    "1/2", "3:1" and "$x = 5$" are never taken apart; "5-8" is a range, and its last number is 8.
    """
    end = len(completion)
    for _ in range(8):  # names and ordinals that contain a digit are skipped
        found = re.compile(r"(?s).*[\d¼-¾⅐-⅞]").match(completion, 0, end)
        if found is None:
            return None
        last = found.end() - 1
        start = max(completion.rfind("\n", 0, last) + 1, last - LONGEST_LINE)
        stop = completion.find("\n", last)
        stop = min(len(completion) if stop < 0 else stop, last + LONGEST_LINE)
        before = plain_operators(plain_characters(completion[start : last + 1]))
        after = plain_characters(completion[last + 1 : stop])
        if before.lstrip().startswith("| "):  # a cell of a table
            before, after = before[before.rfind("|") + 1 :], after.split("|", 1)[0]
        number = quantity_around(MARKUP.sub(" ", before), MARKUP.sub(" ", after))
        if number is not None:
            return number if "(" in number else number.rstrip(" .)")
        end = start + max(before.rfind(" "), 0)
    return None


def quantity_around(before: str, after: str) -> str | None:
    """Return the quantity that the last digit of `before` belongs to; None if it belongs to a name ("H2O", "1st").

    Args:
        before: The line up to the last digit.
        after: The rest of the line.
    """
    before = before.lstrip("> ")
    if remark := REMARK.search(before, max(0, len(before) - 200)):
        unit = before[remark.end() :].partition("(")[0].rstrip()
        before, after = before[: remark.end()], unit + after.partition(")")[2]
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
    """Return the index at which the formula begins whose last word begins at `start`."""
    for _ in range(40):
        words = line[max(0, start - LONGEST_LINE) : start].rsplit(None, 2)
        if not words:
            break
        last, previous = words[-1], words[-2] if len(words) > 1 else ""
        if OPERATOR.fullmatch(last) or (last == "x" and re.search(r"\d\W*\Z", previous)):
            binary = OPERAND.search(previous) is not None
            if last == "-" and previous and not binary and not VERB.search(previous):
                break  # a dash between words
            start = line.rfind(last, 0, start)
            if previous and (binary or last not in "-+"):
                start = line.rfind(previous, 0, start)
        elif joined := named_together(line, start):
            start = joined.start()
        elif GOES_ON.search(last) or (INTEGER.fullmatch(last) and FRACTION_OR_GROUP.match(line, start)):
            start = line.rfind(last, 0, start)
        else:
            break
    return start


def named_together(line: str, start: int) -> re.Match[str] | None:
    """Return words before the number at `start` that change its meaning, such as "5 or", "5 feet" or "more than"."""
    since = max(0, start - 80)
    if POWER_OF_UNIT.match(line, start) and (number := NUMBER_BEFORE.search(line, since, start)):
        return number
    if SMALLER_UNIT.match(line, start) and (compound := COMPOUND.search(line, since, start)):
        return compound
    if "=" in line[start:] and (equation := OTHER_EQUATION.search(line, since, start)):
        return equation
    return next(filter(None, (form.search(line, since, start) for form in (ANOTHER, LIST, COMPARISON))), None)


def right_of_operators(line: str, end: int) -> int:
    """Return the index at which the formula with a number that ends at `end` ends.

    In "5 + x" the formula continues after the number; in "5 - which" it does not.
    """
    found = re.compile(rf"(?:\s+(?:{OPERATOR.pattern})\s+(?:[A-Za-z](?![A-Za-z])|\\\w+)\S*)+").match(line, end)
    return found.end() if found else end


def until_sentence_end(rest: str) -> str:
    """Return the rest of a sentence, which may be a unit."""
    found = SENTENCE_END.search(rest)
    return rest[: found.start()] if found else rest


PYTHON = re.compile(r"py(?:thon)?[0-9.]*")
"""Language words of a fence that mean Python."""


def code_block(completion: str) -> str | None:
    """Return the content of the last fenced block that has any, without its language word and indentation.

    Blocks that are labelled as Python take precedence over others, which may show output.
    """
    blocks = fenced_blocks(completion)
    python = [code for language, code in blocks if PYTHON.fullmatch(language)]
    chosen = python or [code for _, code in blocks]
    return chosen[-1] if chosen else None


def fenced_blocks(completion: str) -> list[tuple[str, str]]:
    """Return the language word, in small letters, and the content of each fenced block that has any.

    A fence is a line that begins with three backticks or tildes. The last block may lack its closing fence.
    """
    languages: list[str] = []
    blocks: list[list[str]] = []
    mark, indent = "", 0
    for line in completion.split("\n"):
        stripped = line.lstrip(" \t>")
        if not mark and stripped.startswith(("```", "~~~")):
            mark, indent = stripped[:3], len(line) - len(stripped)
            blocks.append(inline_code(stripped))
            words = stripped.strip("`~").lstrip(" {.").lower()
            languages.append("" if blocks[-1] else re.split(r"[^\w+#.-]", words)[0])
            if stripped.rstrip().endswith(mark) and len(stripped.strip(mark[0]).strip()) > 0:
                mark = ""  # opened and closed on one line
        elif mark and stripped.startswith(mark):
            mark = ""
        elif mark:
            blocks[-1].append(line[indent:] if not line[:indent].strip(" \t>") else line)
            if line.rstrip().endswith(mark):
                blocks[-1][-1] = blocks[-1][-1].rstrip()[: -len(mark)]
                mark = ""
    return [
        (language, "\n".join(block) + "\n")
        for language, block in zip(languages, blocks, strict=True)
        if any(line.strip() for line in block)
    ]


def inline_code(fence: str) -> list[str]:
    """Return the code on the line of an opening fence, without a language word."""
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
