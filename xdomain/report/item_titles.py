"""One-line titles of items, made from their questions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from xdomain.analysis.result import ItemChange

MOST_LETTERS = 90


def item_titles(items: Sequence[ItemChange]) -> list[str]:
    """Return one line per item: its question, or its id if no question is known.

    If a prompt is too long for a line, the words that all prompts of its domain share at the beginning and at the end
    are removed, since they come from a template. The rest is cut to the line.
    """
    prompts: dict[str, list[str]] = {}
    for item in items:
        if item.prompt is not None:
            prompts.setdefault(item.domain, []).append(_one_line(item.prompt))
    shared = {domain: _shared(found) for domain, found in prompts.items()}
    return [f"item {item.item_id}" if not item.prompt else _title(item.prompt, *shared[item.domain]) for item in items]


def _title(prompt: str, opening: int, ending: int) -> str:
    text = _one_line(prompt)
    if len(text) > MOST_LETTERS:
        text = text[opening : len(text) - ending].strip()
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"


def _shared(prompts: list[str]) -> tuple[int, int]:
    """Return how many characters, in whole words, all prompts share at the beginning and at the end."""
    if len(prompts) < 2:
        return 0, 0
    opening = _common_words(prompts)
    return opening, _common_words([prompt[opening:][::-1] for prompt in prompts])


def _common_words(texts: list[str]) -> int:
    """Return how many characters all texts share at the beginning, up to the last space."""
    # In sorted order, a beginning shared by the first and the last text is shared by all texts between them.
    pairs = zip(min(texts), max(texts), strict=False)
    common = "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return common.rfind(" ") + 1


def _one_line(text: str) -> str:
    return " ".join(text.split())
