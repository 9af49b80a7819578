"""Sections of a report that consist of tables of text, which every format draws in its own way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TextTable:
    """One table, with its first column as the heading of each row."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class TextSection:
    """The tables that answer one question."""

    name: str
    title: str
    question: str
    meaning: str
    tables: tuple[TextTable, ...]
