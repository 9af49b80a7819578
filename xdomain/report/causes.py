"""Stored diagnoses as tables: effects on domains, attribution, edits, and overlap against chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xdomain.analysis.result import AnalysisResult, DiagnosedStage, Diagnoses
from xdomain.core.number_text import decimals, points
from xdomain.diagnosis.modules import Module
from xdomain.diagnosis.result import DomainEffect, StagePair
from xdomain.report.diagnosis_words import CAUTION, edit_texts, most_scored, overlap_texts, weights_words
from xdomain.report.text_section import TextSection, TextTable

NAME, TITLE = "causes", "Causes of interference"
QUESTION = "Which parts of the network carry the damage, and how did the weights change?"
MEANING = (
    "Stored by xdomain diagnose. The log-likelihood is that of the parent's own right completions, and its change "
    "in nats per completion is what slope and curvature at the parent predict and what the attribution splits among "
    "modules (integrated gradients; negative scores are damage). Use the scores only if the attribution is complete: "
    "they then sum to the measured change within 5% or 0.005 nats. The rank correlation compares them with the "
    "effects of resetting modules one at a time. KL is that of the stage's end from its parent, in nats per "
    "completion."
)
EFFECTS = ("stage", "domain", "accuracy", "right completions", "log-likelihood", "slope", "slope, curvature", "KL")
ATTRIBUTION = ("stage", "domain", "measured", "sum of scores", "complete", "rank correlation", "most damaging modules")
EDITS = ("stage", "weights", "entries", "length", "of parent", "changed entries", "effective rank")
OVERLAP = ("stage", "and stage", "cosine", "shared rows", "Jaccard", "by chance", "SDs")
MOST_NAMED = 3
"""Number of modules that are named in a row."""
BLOCKS = ("attention", "mlp")
"""Parts of a layer that come first. Norms are left out: they are small, and hold most extremes of single tensors."""


def causes_sections(result: AnalysisResult) -> list[TextSection]:
    """Return the section on diagnoses; [] if none was stored."""
    found = result.diagnoses
    if not found.stages:
        return []
    effects = [(stage, effect) for stage in found.stages for effect in stage.effects]
    tables = [
        TextTable("Effects on domains", EFFECTS, tuple(_effect(*each) for each in effects)),
        TextTable("Attribution to modules", ATTRIBUTION, tuple(_attribution(*each) for each in effects)),
        TextTable("Edits of the weights", EDITS, tuple(_edits(found, each) for each in found.stages)),
        TextTable(_overlap_title(found.overlaps), OVERLAP, tuple(map(_overlap, found.overlaps))),
    ]
    meaning = f"{MEANING} {CAUTION}" if effects else f"Stored by xdomain diagnose. {CAUTION}"
    return [TextSection(NAME, TITLE, QUESTION, meaning, tuple(table for table in tables if table.rows))]


def stage_name(found: Diagnoses, stage: DiagnosedStage) -> str:
    """Return the run, with its seed if several seeds were diagnosed."""
    seeds = {each.seed for each in found.stages}
    return f"{stage.run}, seed {stage.seed}" if len(seeds) > 1 else stage.run


def block_scores(found: Diagnoses) -> dict[str, dict[Module, float]]:
    """Return the scores of the modules inside layers, by stage and domain. Incomplete attributions are left out."""
    return {
        f"{stage_name(found, stage)}: {effect.domain}": {
            each.module: each.score for each in effect.attribution.modules if _is_block(each.module)
        }
        for stage in found.stages
        for effect in stage.effects
        if effect.attribution.complete and effect.attribution.modules
    }


def block_edits(found: Diagnoses) -> dict[str, dict[Module, float]]:
    """Return the change of the modules inside layers by stage, relative to the length of the parent's weights."""
    return {
        stage_name(found, stage): {
            each.module: each.relative
            for each in stage.edits.modules
            if each.module is not None and each.relative is not None and _is_block(each.module)
        }
        for stage in found.stages
    }


def block_order(rows: Mapping[str, Mapping[Module, float]]) -> list[Module]:
    """Return the modules of all rows, part by part and by layer."""
    modules = {module for row in rows.values() for module in row}
    parts = sorted({module.part for module in modules}, key=lambda part: (part not in BLOCKS, part))
    return sorted(modules, key=lambda module: (parts.index(module.part), module.layer or 0))


def block_table(found: Diagnoses) -> TextTable | None:
    """Return the scores by block, one row per module; None if nothing was attributed."""
    scores = block_scores(found)
    rows = [(module.label, *(_score(row.get(module)) for row in scores.values())) for module in block_order(scores)]
    return TextTable("Scores by block", ("module", *scores), tuple(rows)) if rows else None


def _is_block(module: Module) -> bool:
    return module.layer is not None and module.part != "norms"


def _score(value: float | None) -> str:
    return "" if value is None else decimals(value, 4, sign=True)


def _effect(stage: DiagnosedStage, effect: DomainEffect) -> tuple[str, ...]:
    line = effect.line
    levels = (effect.accuracy_before, effect.accuracy_after)
    return (
        stage.edits.stage,
        effect.domain,
        " to ".join(points(each) for each in levels if each is not None),
        str(effect.right_completions),
        *(decimals(value, 3, sign=True) for value in (line.change, line.slope, line.predicted_change)),
        "" if effect.divergence is None else decimals(effect.divergence.per_completion, 3),
    )


def _attribution(stage: DiagnosedStage, effect: DomainEffect) -> tuple[str, ...]:
    found = effect.attribution
    return (
        stage.edits.stage,
        effect.domain,
        decimals(found.change, 3, sign=True),
        decimals(found.total, 3, sign=True),
        f"{'yes' if found.complete else 'NO'}, {found.points} points",
        "" if found.rank_correlation is None else decimals(found.rank_correlation, 2),
        ", ".join(_damaging(effect)) if found.complete else "",
    )


def _damaging(effect: DomainEffect) -> Iterator[str]:
    for each in most_scored(effect.attribution)[:MOST_NAMED]:
        if each.score < 0:
            yield f"{each.module.label} {_score(each.score)}"


def _edits(found: Diagnoses, stage: DiagnosedStage) -> tuple[str, ...]:
    return stage.edits.stage, weights_words(stage.edits), *edit_texts(stage.edits.total)


def _overlap_title(overlaps: tuple[StagePair, ...]) -> str:
    share = f"{overlaps[0].share:.0%} " if overlaps else ""
    return f"Overlap of the {share}most changed rows, against chance (hypergeometric)"


def _overlap(pair: StagePair) -> tuple[str, ...]:
    return pair.first, pair.second, *overlap_texts(pair.total)
