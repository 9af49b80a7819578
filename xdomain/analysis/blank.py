"""Something that could not be measured. Apart from the kernel, so that plans and estimands load no numpy."""

from __future__ import annotations

from dataclasses import dataclass

UNMOVED = 'not defined: training on "{domain}" did not move "{domain}" at all'


@dataclass(frozen=True)
class Blank:
    """Something that could not be measured, and why."""

    note: str
    compares: tuple[str, ...] = ()


def join(*notes: str) -> str:
    """Join notes by semicolons, each one once."""
    return "; ".join(dict.fromkeys(part for note in notes for part in note.split("; ") if part))
