r"""Find answers that the completion marks itself with boxes or tags.

Joined marks ("\boxed{5} or \boxed{6}") are one statement with two answers. If no mark is closed, the last unclosed one
extends to the end of the completion, or for a box to the end of its line: a stop string or the model's end token cut
the closing mark off.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

BOX_OR_BRACE = re.compile(r"\\*(?:boxed|fbox|framebox)\s*\{|\\.|[{}]", re.S)
MARKUP = re.compile(r"\\(?:text|mathrm|quad|[][()])|[\s$*`.(){}]+|\\?\b[A-Za-z](?:_\{?\w\}?)?\s*=")
"""Markup that is ignored between two boxes, as in "$ or $x = "."""
JOINT = re.compile(r"(?:,|;|&|/|,? ?(?:and/or|or|and)(?: maybe| perhaps| possibly| else)?)", re.I)
LONGEST_JOINT = 60
NO_CONTENT = re.compile(
    r"(?:[\\s$.,_?*~{}]|\\\\(?:text|quad|[,;! ]))*(?:(?:your |the |final )*answer(?: here)?[\\s}.]*)?", re.I
)


@dataclass(frozen=True)
class Statement:
    """A text that the completion marks as its answer.

    Attributes:
        text: The marked text.
        start: Index of the mark in the completion.
        end: Index after the mark.
    """

    text: str
    start: int
    end: int


def boxed(completion: str) -> str | None:
    r"""Return the content of the last \boxed{...} or \fbox{...} that has any."""
    found = last_box(completion)
    return None if found is None else found.text


def tag(completion: str, name: str = "answer") -> str | None:
    """Return the content of the last `<name>...</name>` that has any."""
    found = last_tag(completion, name)
    return None if found is None else found.text


def last_box(completion: str) -> Statement | None:
    """Return the last box with content, joined with the boxes that it continues."""
    if "boxed" not in completion and "fbox" not in completion and "framebox" not in completion:
        return None
    closed, opened = scan_boxes(completion)
    outer: list[Statement] = []
    for box in closed:
        while outer and outer[-1].start > box.start:  # a box within a box
            outer.pop()
        outer.append(box)
    full = [box for box in outer if has_content(box.text)]
    if full:
        return joined(completion, full)
    line = "" if opened is None else completion[opened:].split("\n", 1)[0]
    return Statement(line.strip(" \t$}."), opened or 0, (opened or 0) + len(line)) if has_content(line) else None


def scan_boxes(completion: str) -> tuple[list[Statement], int | None]:
    """Return closed boxes in the order of their closing braces, and the index of the last unclosed box's content."""
    closed: list[Statement] = []
    stack: list[tuple[bool, int, int]] = []  # whether it opens a box, index of the mark, index of its content
    for found in BOX_OR_BRACE.finditer(completion):
        text = found.group()
        if text == "}":
            if stack:
                is_box, start, inside = stack.pop()
                if is_box:
                    closed.append(Statement(completion[inside : found.start()].strip(), start, found.end()))
        elif text.endswith("{") and text != "\\{":
            stack.append((text != "{", found.start(), found.end()))
    unclosed = [inside for is_box, _, inside in stack if is_box]
    return closed, unclosed[-1] if unclosed else None


def last_tag(completion: str, name: str = "answer") -> Statement | None:
    """Return the last tag with content, joined with the tags that it continues. The tag may be unclosed (see above)."""
    if f"<{name}" not in completion.lower():
        return None
    found: list[Statement] = []
    start = inside = -1
    for mark in re.finditer(rf"<(/?){re.escape(name)}\s*>", completion, re.I):
        if not mark.group(1):
            start, inside = mark.start(), mark.end()
        elif inside >= 0:
            found.append(Statement(completion[inside : mark.start()].strip(), start, mark.end()))
            inside = -1
    full = [statement for statement in found if has_content(statement.text)]
    if full:
        return joined(completion, full)
    rest = "" if inside < 0 else completion[inside:].strip()
    return Statement(rest, start, len(completion)) if has_content(rest) else None


def joined(completion: str, statements: list[Statement]) -> Statement:
    """Return the last statement together with earlier ones that a comma or "or" joins to it."""
    last = statements[-1]
    texts, start, joints = [last.text], last.start, []
    for before in reversed(statements[:-1]):
        gap = completion[before.end : start]
        joint = MARKUP.sub(" ", gap).strip() if len(gap) < LONGEST_JOINT else ""
        if not JOINT.fullmatch(joint) or len(texts) > 20:
            break
        joints.append(" or " if "or" in joint.lower() else ", ")
        texts.append(before.text)
        start = before.start
    if len(set(texts)) == 1:
        return Statement(last.text, start, last.end)
    text = texts[-1]
    for joint, more in zip(reversed(joints), reversed(texts[:-1]), strict=True):
        text += joint + more
    return Statement(text, start, last.end)


def has_content(text: str) -> bool:
    return NO_CONTENT.fullmatch(text) is None


def balanced(text: str, opening: int) -> str | None:
    """Return the text between the brace at `opening` and its closing brace, or None if it is not closed."""
    depth = 0
    for found in re.compile(r"\\.|[{}]", re.S).finditer(text, opening):
        depth += {"{": 1, "}": -1}.get(found.group(), 0)
        if depth == 0 and found.group() == "}":
            return text[opening + 1 : found.start()]
    return None
