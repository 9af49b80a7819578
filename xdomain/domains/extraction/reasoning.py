"""Remove a model's reasoning and end-of-turn tokens, so that only the answer after the reasoning is judged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

END_OF_TURN = re.compile(r"<\|[A-Za-z_]{1,30}\|>|</s>|<(?:end_of_turn|eos)>|<｜end▁of▁sentence｜>")
"""A special token that a decoder left in the text. It counts only at the end."""


def cut_reasoning(completion: str, tags: Sequence[str]) -> str:
    """Return `completion` without its reasoning and without special tokens at its end.

    A block between `<think>` and `</think>` is dropped. So is everything after an opening tag that is never closed,
    and everything before a closing tag that was never opened (the chat template opened it in the prompt). The square
    form, `[THINK]...[/THINK]`, `◁think▷`, `<seed:think>`, `<|begin_of_thought|>`, and any case count as well.

    Args:
        completion: Text that the model wrote.
        tags: Names of the tags that hold reasoning; () cuts no reasoning.
    """
    if not tags or not any(mark in completion for mark in "<[◁"):
        return without_end_tokens(completion)
    kept: list[str] = []
    start, inside = 0, False
    for tag in tag_pattern(tuple(tags)).finditer(completion):
        closing = bool(tag.group(1) or tag.group(2))
        if closing and not inside:
            kept.clear()
        elif not closing and not inside:
            kept.append(completion[start : tag.start()])
        inside = not closing
        start = tag.end()
    if not inside:
        kept.append(completion[start:])
    return without_end_tokens("".join(kept))


@lru_cache(maxsize=64)
def tag_pattern(tags: tuple[str, ...]) -> re.Pattern[str]:
    """Return the expression that finds opening and closing tags. A closing tag has group 1 or group 2."""
    names = "|".join(re.escape(name) for name in tags)
    return re.compile(rf"[<\[◁](/?)(?:seed:)?(?:{names})[>\]▷]|<\|(?:begin|(end))_of_(?:{names})\|>", re.I)


def without_end_tokens(completion: str) -> str:
    """Return `completion` without the special tokens at its end, such as `<|im_end|>`."""
    end = len(completion)
    while True:
        last = end
        while last and completion[last - 1].isspace():
            last -= 1
        start = completion.rfind("<", 0, last)
        if start < 0 or not END_OF_TURN.fullmatch(completion, start, last):
            return completion[:end]
        end = start
