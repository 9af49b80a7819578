"""Turn generated tokens into text: end tokens, stop strings, special tokens. Training reads its rollouts here too.

A stop string may begin and end inside tokens, so stop strings are searched in decoded text.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

MARGIN_TOKENS = 4
"""Additional tokens in a decoded tail, which may lose a space at its beginning or begin inside a character."""

SHOWN = frozenset({"<think>", "</think>"})
"""Tokens that stay in the text even if a tokenizer calls them special, so that reasoning and answers can be separated.
"""


def end_tokens(declared: int | Sequence[int] | None, tokenizer: Any) -> list[int]:
    """Return the tokens that end a completion: the model's own and the tokenizer's, as in TRL's rollouts.

    Args:
        declared: `eos_token_id` of the model's generation settings.
        tokenizer: Tokenizer whose `eos_token_id` is added.
    """
    own = declared if isinstance(declared, Sequence) else [declared]
    return sorted({*own, tokenizer.eos_token_id} - {None})


class StopStrings:
    """A decoder of token ids that finds stop strings.

    Args:
        tokenizer: Tokenizer that decodes.
        stop: Texts before which a completion ends.
    """

    def __init__(self, tokenizer: Any, stop: Sequence[str]) -> None:
        self._tokenizer = tokenizer
        self.stop = tuple(stop)
        # A token that appears in the text holds at least one byte.
        self._window = MARGIN_TOKENS + max((len(text.encode()) for text in stop), default=0)
        added = {number: token for number, token in tokenizer.added_tokens_decoder.items() if token.special}
        self._hidden = frozenset(number for number, token in added.items() if token.content not in SHOWN)
        self._plain = len(self._hidden) == len(added)

    def hit(self, rows: Sequence[Sequence[int]]) -> list[bool]:
        """Return a list that is true for the rows of token ids whose last token completed a stop string."""
        tails = self.decode([row[-self._window :] for row in rows])
        # A hit in a tail is confirmed on the whole row, since a tail may decode a little differently.
        return [
            any(text in tail for text in self.stop) and self.cut(self.decode([row])[0]) is not None
            for row, tail in zip(rows, tails, strict=True)
        ]

    def decode(self, rows: Sequence[Sequence[int]]) -> list[str]:
        """Return the texts of rows of token ids, without special tokens except those in `SHOWN`."""
        if self._plain:
            return list(self._tokenizer.batch_decode([list(row) for row in rows], skip_special_tokens=True))
        kept = [[number for number in row if number not in self._hidden] for row in rows]
        return list(self._tokenizer.batch_decode(kept, skip_special_tokens=False))

    def cut(self, text: str) -> str | None:
        """Return `text` before its first stop string, or None if it holds none."""
        places = [place for place in (text.find(stop) for stop in self.stop) if place >= 0]
        return text[: min(places)] if places else None

    def read(self, token_ids: Sequence[int], ends: Collection[int]) -> tuple[str, bool]:
        """Return a completion's text before its end token or first stop string, and whether it had either."""
        ended = bool(token_ids) and token_ids[-1] in ends
        (text,) = self.decode([token_ids[:-1] if ended else token_ids])
        before = self.cut(text)
        return (text, ended) if before is None else (before, True)

    def first_stop(self, token_ids: Sequence[int]) -> int | None:
        """Return the number of tokens up to the end of the first stop string, or None if there is none."""
        if not self.stop or self.cut(self.decode([token_ids])[0]) is None:
            return None
        low, high = 1, len(token_ids)
        while low < high:
            middle = (low + high) // 2
            found = self.cut(self.decode([token_ids[:middle]])[0]) is not None
            low, high = (low, middle) if found else (middle + 1, high)
        return low
