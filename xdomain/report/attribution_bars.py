"""Attributions as bars, the most damaging module first, with the measured effect of one-module resets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from xdomain.analysis.result import Diagnoses
from xdomain.core.number_text import decimals
from xdomain.diagnosis.result import DomainEffect
from xdomain.report.causes import stage_name
from xdomain.report.diagnosis_words import attribution_sentences, most_scored


class BarLayout(NamedTuple):
    """Layout of a chart. Bars lie between `left` and `right`; text is 11 units high."""

    width: float = 380
    left: float = 112
    right: float = 330
    top: float = 6
    row: float = 17


LAYOUT = BarLayout()


@dataclass(frozen=True)
class Bar:
    """One module.

    Attributes:
        reset_x: X of the measured effect of resetting only this module, with its sign changed; None if it was not
            tried.
        value: Score as text.
    """

    x: float
    y: float
    width: float
    tone: str
    label: str
    value: str
    reset_x: float | None
    text: str


@dataclass(frozen=True)
class BarChart:
    """The attribution of one stage's effect on one domain.

    Attributes:
        check: Completeness check and rank correlation in words.
        usable: Whether the scores sum to the measured change.
    """

    title: str
    check: str
    usable: bool
    zero_x: float
    bars: tuple[Bar, ...]

    @property
    def height(self) -> float:
        return LAYOUT.top + LAYOUT.row * len(self.bars) + 4


def bar_charts(found: Diagnoses) -> list[BarChart]:
    """Return one chart per stage and domain, the most damaged first."""
    effects = [(stage, effect) for stage in found.stages for effect in stage.effects if effect.attribution.modules]
    ordered = sorted(effects, key=lambda each: each[1].attribution.change)
    return [_chart(f"{effect.domain} after {stage_name(found, stage)}", effect) for stage, effect in ordered]


def _chart(title: str, effect: DomainEffect) -> BarChart:
    modules = most_scored(effect.attribution)
    ends = [0.0, *(each.score for each in modules), *(-each.reset for each in modules if each.reset is not None)]
    low, span = min(ends), (max(ends) - min(ends)) or 1.0

    def x(value: float) -> float:
        return round(LAYOUT.left + (LAYOUT.right - LAYOUT.left) * (value - low) / span, 1)

    bars = []
    for number, each in enumerate(modules):
        value = decimals(each.score, 3, sign=True)
        reset = "" if each.reset is None else f"; a reset changes it by {decimals(each.reset, 3, sign=True)}"
        bars.append(
            Bar(
                x=min(x(each.score), x(0.0)),
                y=LAYOUT.top + LAYOUT.row * number,
                width=round(abs(x(each.score) - x(0.0)), 1),
                tone="loss" if each.score < 0 else "gain",
                label=each.module.label,
                value=value,
                reset_x=None if each.reset is None else x(-each.reset),
                text=f"{each.module.label}: {value} nats per completion{reset}",
            )
        )
    check = " ".join(attribution_sentences(effect.attribution))
    return BarChart(title, check, effect.attribution.complete, x(0.0), tuple(bars))
