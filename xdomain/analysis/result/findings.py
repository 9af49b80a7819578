"""Findings: the answer to each question of a report in words."""

from __future__ import annotations

from xdomain.analysis.matrix import ResultModel


class Finding(ResultModel):
    """One question and its answer in one sentence."""

    name: str
    """ "transfer", "order", "retention", "mixture", "strategies", "plasticity", "training", "not beaten", ..."""
    title: str
    sentence: str
    shown: int = 0
    """Comparisons with an effect shown."""
    tested: int = 0
    """Comparisons tested; 0 where the question is not about single comparisons."""
    is_main: bool = False
    """Whether it answers a question that every report puts first."""
    details: tuple[str, ...] = ()
    """Further sentences: every effect shown, every set of runs not beaten. Reports fold them away."""
