"""Find the choice that a completion names: its leading letter, or the last letter that is a separate word.

Letters that are denied ("not B", "B is wrong") do not count. Letters that are named together ("A or B", "A, B",
"A to D"), or that only label the options ("A) 1 B) 2"), state no single choice and are returned as "A or B".
"""

from __future__ import annotations

import re

LETTER = re.compile(
    r"(?<![A-Za-z0-9\\'°])(?<![0-9°] )(?<![0-9]-)(?:[B-HJ-Z](?![A-Za-z0-9'+#]| ?=)"
    r"|[AI](?=\s*(?:[).:,;!?\]}*\"$|\n/&–-]|$|is\b|or\b|and\b|to\b|through\b|because\b|since\b|\()|\s[B-Z]\b)"
    r"|(?<=\()[a-z](?=\))|(?<=[Oo]ption |[Cc]hoice )[a-z](?=[).,:;*]|\s*\Z))"
)
"""A letter as a separate word that is not the article "A", the pronoun "I", or a unit after a number.

Small letters count only in brackets or after "option".
"""

OPTION = r"(?:(?:option|choice)s?\s)?"
BEFORE_DENIED = re.compile(
    r"(?:\b(?:nor|neither|rather than|instead of|except|all but|anything but)|(?:\bcannot|\bnot|n't)(?:\sbe)?"
    r"|n't\s(?:think|believe)\s(?:it's|it\sis|that's|that\sit's)|\b(?:rul(?:e|es|ed|ing) out"
    rf"|(?:eliminat|exclud)(?:e|es|ed|ing)|(?:reject|discard|dismiss)(?:ed|ing|s|es)?))\s+{OPTION}\W{{0,4}}(?:[A-Z]\W{{0,3}}\s(?:n?or)\s\W{{0,4}})?\Z",
    re.I,
)
BEHIND_DENIED = re.compile(
    r"[).:*\]}\"']{0,4}\s{0,2}(?:(?:is|was|looks|seems|(?:can|should|must) be)\s"
    r"(?:(?:also|clearly|definitely|thus)\s)?)?(?:isn't|not|no|incorrect|wrong|false|invalid|impossible|unlikely|out|eliminated|excluded|doesn't|cannot|can't"
    r"|ruled out)\b",
    re.I,
)
"""Words before and after a letter that show that it is not the answer."""

JOINT = re.compile(
    r"[^\w\n]{0,4}(?:\s(?:and/or|or|and|to|through|nor|(?:or|and) (?:maybe|perhaps|possibly|even))\s|[,;/&+–-]|[^\S\n])"
    rf"[^\w\n]{{0,4}}{OPTION}[^\w\n]{{0,4}}|[^\w:.\n]{{0,4}}\n[^\w\n]{{0,4}}",
    re.I,
)
"""Words between two letters that are named together."""
ALSO = re.compile(r"[)*\]\"]{0,4}\s(?:is|are|could|might|may)\s(?:be\s)?(?:also|equally)\b")
PREDICATE = re.compile(r"[)*\]\"]{0,4}\s(?:is|has|was|must|would|seems|fits)\b")

LABEL = re.compile(r"[*_]{0,2}[).:][*_]{0,2}(?=[ \t]*[\w$\\-])|\s(?:is|are)\b")
OPENS = re.compile(rf"(?:^|\n)[^\w\n]{{0,8}}{OPTION}[^\w\n]{{0,4}}\Z|\b(?:option|choice)\s[^\w\n]{{0,4}}\Z", re.I)
CONCLUDES = re.compile(r"\b(?:so|thus|therefore|hence|is|are|must|be|would|likely)\b|[.!?]\s|\n")

ALONE = re.compile(
    r"\A[\s*_#(\[`\"]*([A-Z])"
    r"(?:[^\w\n:]{0,4}\n(?!\W{0,8}[A-Z]\b(?!['\s]\w))|[^\w\n]{0,3}\s(?:because|since)\b)"
)
"""First line of an answer that is followed by an explanation."""
LABELLED = re.compile(
    r"\A[\s*_#(\[`\"]*([A-Z])[*_]{0,2}"
    r"(?:[).\]][*_]{0,2}[ \t]+(?=\W{0,4}[A-Z]\sand\s)"
    r"|[).:\]][*_]{0,2}[ \t]+(?!\W{0,4}[A-Z]\b(?!')))([^\n]{1,400})(?![^\n])"
    r"(?:\s*\Z|\n\s*\W{0,4}(?:Explanation|Reason|Rationale|Because|Justification))"
)
"""A whole answer of the form "B) 5 m", perhaps with an explanation."""
ANOTHER_LABEL = re.compile(r"(?<![\w'])[A-Z][).:]\s*\w|[.!?]\s+\w")


def last_letter(completion: str) -> str | None:
    """Return the letter that the completion begins with or names last, or "A or B" if it names several together."""
    if len(only := completion.strip(" \n\t().*\"'")) == 1:
        return only
    leading = leading_letter(completion)
    if leading is not None:
        return leading
    backwards = (letter for letter in reversed([*LETTER.finditer(completion)]) if not denied(completion, letter))
    last, before = next(backwards, None), next(backwards, None)
    if last and before and before.group() != last.group() and together(completion, before, last):
        return f"{before.group()} or {last.group()}"
    return last.group() if last else None


def leading_letter(completion: str) -> str | None:
    """Return the letter of a completion that consists of one option ("B) 5 m"), or of a letter and an explanation."""
    alone = ALONE.match(completion)
    if alone:
        return alone.group(1)
    labelled = LABELLED.match(completion)
    if labelled is None or ANOTHER_LABEL.search(labelled.group(2)):
        return None
    return None if BEHIND_DENIED.match(completion, labelled.end(1)) else labelled.group(1)


def denied(text: str, letter: re.Match[str]) -> bool:
    """Return whether the words around a letter say that it is not the answer."""
    return (
        BEHIND_DENIED.match(text, letter.end()) is not None
        or BEFORE_DENIED.search(text, max(0, letter.start() - 40), letter.start()) is not None
    )


def together(text: str, before: re.Match[str], last: re.Match[str]) -> bool:
    """Return whether two letters are named together, or label two options that follow each other."""
    between = text[before.end() : last.start()]
    if ALSO.match(text, last.end()):
        return True
    if len(between) < 40 and JOINT.fullmatch(between):
        return not ("," in between and PREDICATE.match(text, last.end()))
    labels = [LABEL.match(text, letter.end()) for letter in (before, last)]
    if ord(last.group()) != ord(before.group()) + 1 or not labels[0] or not labels[1]:
        return False
    if labels[0].group() != labels[1].group():
        return False
    opens = [OPENS.search(text, max(0, letter.start() - 25), letter.start()) is not None for letter in (before, last)]
    return all(opens) or (not any(opens[1:]) and len(between) < 40 and not CONCLUDES.search(between))
