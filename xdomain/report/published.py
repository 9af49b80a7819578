"""Published studies as text: which effects are beyond noise, compared with the reader's own result."""

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
    "unadjusted",
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
    "Only aggregates are published, so paired errors are bounded, not known. Effects and errors are in points. "
    "Unadjusted: whether the effect exceeds 1.96 standard errors, as if it were the only one tested. Adjusted: "
    "whether p adjusted within its matrix shows the effect. Undone by SD: the standard deviation of one run between "
    "seeds at which the effect would no longer exceed 1.96 standard errors."
)


@dataclass(frozen=True)
class PublishedView:
    """One published effect, with one text per name of `columns`."""

    texts: tuple[str, ...]
    stands: bool


def columns(study: PublishedStudy) -> tuple[str, ...]:
    """Return the headers of the study's table.

    The last one is present only if the own result has any of the effects.
    """
    return (*COLUMNS, OWN) if _has_own(study) else COLUMNS


def published_views(study: PublishedStudy) -> list[PublishedView]:
    """Return one line per effect, in the order of the study."""
    has_own = _has_own(study)
    return [
        PublishedView(
            (*_texts(effect), *([_own(effect)] if has_own else [])), effect.stands_adjusted != "not beyond noise"
        )
        for effect in study.effects
    ]


def standing(study: PublishedStudy) -> str:
    """Return how many effects are beyond noise unadjusted, and how many after adjusting for the number of effects."""
    alone = Counter(effect.stands for effect in study.effects)
    adjusted = Counter(effect.stands_adjusted for effect in study.effects)
    return f"Unadjusted: {_counts(alone)} Adjusted for the number of effects: {_counts(adjusted)}"


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
