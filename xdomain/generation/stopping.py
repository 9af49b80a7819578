"""Stop strings, found in decoded text: a stop string may begin and end inside tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

MARGIN_TOKENS = 4
"""A decoded tail may lose a space at its beginning, or begin inside a character."""


class StopStrings:
    """Watches rows for the first stop string.

    Args:
        tokenizer: decodes.
        stop: texts before which a completion ends.
    """

    def __init__(self, tokenizer: Any, stop: Sequence[str]) -> None:
        self._tokenizer = tokenizer
        self.stop = tuple(stop)
        # A token that shows holds at least one byte.
        self._window = MARGIN_TOKENS + max((len(text.encode()) for text in stop), default=0)

    def hit(self, rows: Sequence[Sequence[int]]) -> list[bool]:
        """For each row of token ids, whether its last token completed a stop string."""
        tails = self.decode([row[-self._window :] for row in rows])
        # What a tail shows is confirmed on the whole row: a tail may decode a little differently.
        return [
            any(text in tail for text in self.stop) and self.cut(self.decode([row])[0]) is not None
            for row, tail in zip(rows, tails, strict=True)
        ]

    def decode(self, rows: Sequence[Sequence[int]]) -> list[str]:
        return list(self._tokenizer.batch_decode([list(row) for row in rows], skip_special_tokens=True))

    def cut(self, text: str) -> str | None:
        """`text` before its first stop string; None if it holds none."""
        places = [place for place in (text.find(stop) for stop in self.stop) if place >= 0]
        return text[: min(places)] if places else None
