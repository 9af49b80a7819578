"""Cutting a model's reasoning off, so that only what it says afterwards is judged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache


def cut_reasoning(completion: str, tags: Sequence[str]) -> str:
    """Return `completion` without its reasoning.

    A block between `<think>` and `</think>` is dropped. So is everything after an opening tag that is never closed,
    and everything before a closing tag that was never opened (the chat template opened it in the prompt). The square
    form, `[THINK]...[/THINK]`, and any case count as well.

    Args:
        completion: the text that the model wrote.
        tags: names of the tags that hold reasoning. None of them: the text is returned unchanged.
    """
    if not tags or ("<" not in completion and "[" not in completion):
        return completion
    kept: list[str] = []
    start, inside = 0, False
    for tag in tag_pattern(tuple(tags)).finditer(completion):
        closing = bool(tag.group(1))
        if closing and not inside:
            kept.clear()
        elif not closing and not inside:
            kept.append(completion[start : tag.start()])
        inside = not closing
        start = tag.end()
    if not inside:
        kept.append(completion[start:])
    return "".join(kept)


@lru_cache(maxsize=64)
def tag_pattern(tags: tuple[str, ...]) -> re.Pattern[str]:
    """Return the expression that finds an opening or closing tag; group 1 is the slash of a closing one."""
    names = "|".join(re.escape(name) for name in tags)
    return re.compile(rf"[<\[](/?)(?:{names})[>\]]", re.I)
