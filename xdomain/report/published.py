"""Published studies as text: which of their effects stand beyond noise, and one's own result beside them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from xdomain.analysis.result import PublishedEffect, PublishedStudy
from xdomain.report.numbers import count_text, estimate_text, interval_text

COLUMNS = ("quantity", "effect", "error, any pairing", "error, independent", "items", "stands", "undone by SD")
OWN = "own result"
EXPLANATION = (
    "Only aggregates are published, so paired errors are bounded, not known. Points; an effect stands where it exceeds "
    "1.96 standard errors. Undone by SD: the standard deviation of one run between seeds at which it would not."
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
        PublishedView((*_texts(effect), *([_own(effect)] if has_own else [])), effect.stands != "not beyond noise")
        for effect in study.effects
    ]


def standing(study: PublishedStudy) -> str:
    """ "3 of 36 for any pairing; 2 of 36 if answers are independent; 31 of 36 not beyond noise."."""
    counts = Counter(effect.stands for effect in study.effects)
    return "; ".join(f"{number} of {len(study.effects)} {words}" for words, number in counts.items()) + "."


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
        estimate_text("fraction", effect.seed_sd_to_undo, signed=False),
    )


def _own(effect: PublishedEffect) -> str:
    if effect.own is None:
        return ""
    limits = interval_text("fraction", effect.own.low, effect.own.high)
    return f"{estimate_text('fraction', effect.own.estimate)} {limits}".strip()
