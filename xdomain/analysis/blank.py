"""Quantities that could not be measured. They are kept apart from the kernel, so that plans need not load numpy."""

from __future__ import annotations

from dataclasses import dataclass

UNMOVED = 'not defined: training on "{domain}" did not move "{domain}" at all'


@dataclass(frozen=True)
class Blank:
    """A quantity that could not be measured, with the reason."""

    note: str
    compares: tuple[str, ...] = ()


def join(*notes: str) -> str:
    """Join notes by semicolons, without duplicates."""
    return "; ".join(dict.fromkeys(part for note in notes for part in note.split("; ") if part))
