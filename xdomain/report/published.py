"""Published studies as text: which of their effects stand beyond noise, and one's own result beside them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import get_args

from xdomain.analysis.result import PublishedEffect, PublishedStudy, Standing
from xdomain.report.numbers import count_text, estimate_text, interval_text

COLUMNS = (
    "quantity",
    "effect",
    "error, any pairing",
    "error, indep.",
    "items",
    "stands alone",
    "adjusted",
    "undone by SD",
)
OWN = "own result"
SHORT: dict[Standing, str] = {
    "for any pairing": "any pairing",
    "if answers are independent": "independent",
    "not beyond noise": "no",
}
EXPLANATION = (
    "Only aggregates are published, so paired errors are bounded, not known. Points; an effect stands alone where it "
    "exceeds 1.96 standard errors, looked at as if it were the only one; adjusted, where its p adjusted within its "
    "matrix shows it, as the words of that matrix do. Undone by SD: the standard deviation of one run between seeds at "
    "which it would no longer stand alone."
)


@dataclass(frozen=True)
class PublishedView:
    """One published effect; as many texts as `columns` names."""

    texts: tuple[str, ...]
    stands: bool


def columns(study: PublishedStudy) -> tuple[str, ...]:
    """Heads of the study's table; the last is there where one's own result has any of the effects."""
    return (*COLUMNS, OWN) if _has_own(study) else COLUMNS


def published_views(study: PublishedStudy) -> list[PublishedView]:
    """One line an effect, in the order of the study."""
    has_own = _has_own(study)
    return [
        PublishedView(
            (*_texts(effect), *([_own(effect)] if has_own else [])), effect.stands_adjusted != "not beyond noise"
        )
        for effect in study.effects
    ]


def standing(study: PublishedStudy) -> str:
    """How many effects stand taken alone, and how many when adjusted for looking at many."""
    alone = Counter(effect.stands for effect in study.effects)
    adjusted = Counter(effect.stands_adjusted for effect in study.effects)
    return f"Taken alone (unadjusted): {_counts(alone)} Adjusted for looking at many: {_counts(adjusted)}"


def _counts(counts: Counter[Standing]) -> str:
    named = (f"{counts[words]} of {counts.total()} {words}" for words in get_args(Standing) if counts[words])
    return "; ".join(named) + "."


def _has_own(study: PublishedStudy) -> bool:
    return any(effect.own for effect in study.effects)


def _texts(effect: PublishedEffect) -> tuple[str, ...]:
    return (
        effect.name,
        estimate_text("fraction", effect.effect),
        estimate_text("fraction", effect.error_any_pairing, signed=False),
        estimate_text("fraction", effect.error_independent, signed=False),
        count_text(effect.n_items),
        effect.stands,
        SHORT[effect.stands_adjusted],
        estimate_text("fraction", effect.seed_sd_to_undo, signed=False),
    )


def _own(effect: PublishedEffect) -> str:
    if effect.own is None:
        return ""
    limits = interval_text("fraction", effect.own.low, effect.own.high)
    return f"{estimate_text('fraction', effect.own.estimate)} {limits}".strip()
