"""Findings: the answer to each question of a report in words."""

from __future__ import annotations

from xdomain.analysis.matrix import ResultModel


class Finding(ResultModel):
    """One question, with its answer in one sentence."""

    name: str
    """Name of the question, such as "transfer", "order", "retention", "mixture", "strategies" or "not beaten"."""
    title: str
    sentence: str
    shown: int = 0
    """Number of comparisons with an effect shown."""
    tested: int = 0
    """Number of tested comparisons; 0 if the question is not about single comparisons."""
    is_main: bool = False
    """True if every report puts this question first."""
    details: tuple[str, ...] = ()
    """Further sentences: every effect shown, every set of runs not beaten. Reports fold them."""
