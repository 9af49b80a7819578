"""Texts of a diagnosis that the terminal and the report share."""

from __future__ import annotations

from collections.abc import Iterator

from xdomain.core.number_text import decimals
from xdomain.core.words import count
from xdomain.diagnosis.result import Attribution, ModuleEdit, ModuleScore, Overlap, StageEdits

SHOWN = 12
"""Number of modules that are shown. JSON has all of them."""
CAUTION = (
    "Edits describe a stage. In a prototype, neither size nor overlap separated stages that damaged a domain from "
    "stages that did not."
)


def nats(value: float) -> str:
    """Return a signed text such as "−0.123 nats"."""
    return f"{decimals(value, 3, sign=True)} nats"


def weights_words(edits: StageEdits) -> str:
    """Return what changed, such as "full weights, float32"."""
    return f"{'LoRA adapter' if edits.format == 'adapter' else 'full weights'}, {edits.dtype}"


def edit_texts(edit: ModuleEdit) -> tuple[str, ...]:
    """Return entries, length, length relative to the parent, share of changed entries, and effective rank."""
    return (
        f"{edit.entries:,}",
        f"{edit.norm:.3g}",
        "" if edit.relative is None else f"{edit.relative:.2e}",
        "" if edit.changed is None else f"{100 * edit.changed:.1f}%",
        "" if edit.effective_rank is None else f"{edit.effective_rank:.1f}",
    )


def overlap_texts(overlap: Overlap) -> tuple[str, ...]:
    """Return cosine, shared rows, Jaccard, Jaccard by chance, and the distance from chance in standard deviations."""

    def shown(value: float | None, digits: int, *, sign: bool = False) -> str:
        return "" if value is None else decimals(value, digits, sign=sign)

    return (
        shown(overlap.cosine, 3, sign=True),
        str(overlap.shared_rows),
        shown(overlap.jaccard, 3),
        shown(overlap.jaccard_by_chance, 3),
        shown(overlap.deviations, 1, sign=True),
    )


def most_scored(attribution: Attribution) -> list[ModuleScore]:
    """Return the modules with the largest scores, the most damaging first."""
    largest = sorted(attribution.modules, key=lambda each: -abs(each.score))[:SHOWN]
    return sorted(largest, key=lambda each: each.score)


def attribution_sentences(found: Attribution) -> Iterator[str]:
    """Yield the completeness check of an attribution, and its agreement with one-module resets."""
    verdict = "complete" if found.complete else "NOT complete, so do not use the scores"
    yield (
        f"Attribution at {found.points} points: scores sum to {nats(found.total)}, measured {nats(found.change)} "
        f"({verdict})."
    )
    if found.rank_correlation is not None:
        tried = sum(each.reset is not None for each in found.modules)
        yield (
            f"Resetting {count(tried, 'module')} to the parent, one at a time: rank correlation with the scores "
            f"{decimals(found.rank_correlation, 2)}."
        )
