"""Tables that `xdomain diagnose` prints."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table

from xdomain.core.number_text import decimals, points
from xdomain.core.terminal_text import text
from xdomain.core.words import count
from xdomain.diagnosis.result import Diagnosis, DomainEffect, ModuleEdit, Overlap, Probe, StageEdits, StagePair
from xdomain.report.diagnosis_words import (
    CAUTION,
    SHOWN,
    attribution_sentences,
    edit_texts,
    most_scored,
    nats,
    overlap_texts,
    weights_words,
)

WHOLE = "whole model"
PROBE_CAUTION = (
    "In a prototype, cosines of gradients predicted neither retention nor order. A cosine between gradients of low "
    "reliability says little."
)


def diagnosis_tables(diagnosis: Diagnosis) -> list[RenderableType]:
    """Return the tables of a diagnosis."""
    parts: list[RenderableType] = [_edit_table(each) for each in diagnosis.edits]
    parts += [_pair_table(each) for each in diagnosis.pairs]
    parts.append(text(CAUTION, "dim"))
    for effect in diagnosis.effects:
        parts += [text(line) for line in _sentences(effect)]
        parts.append(_attribution_table(effect) if effect.attribution.modules else text("The stage changed no weight."))
    return parts


def _edit_table(edits: StageEdits) -> Table:
    title = text(f"Edits of {edits.stage}, from {edits.parent} ({weights_words(edits)})")
    columns = ("module", "entries", "length", "of parent", "changed entries", "effective rank")
    table = Table(*columns, title=title, title_justify="left")
    longest = sorted(edits.modules, key=lambda each: -each.norm)[:SHOWN]
    for each in [edits.total, *(each for each in edits.modules if each in longest)]:
        table.add_row(_label(each), *edit_texts(each))
    return _with_rest(table, len(edits.modules))


def _label(part: ModuleEdit | Overlap) -> str:
    return WHOLE if part.module is None else part.module.label


def _pair_table(pair: StagePair) -> Table:
    title = text(f"Overlap of {pair.first} and {pair.second}: rows among the {pair.share:.0%} most changed of both")
    table = Table("module", "cosine", "shared rows", "Jaccard", "by chance", "SDs", title=title, title_justify="left")
    strongest = sorted(pair.modules, key=lambda each: -abs(each.cosine or 0.0))[:SHOWN]
    for each in [pair.total, *(each for each in pair.modules if each in strongest)]:
        table.add_row(_label(each), *overlap_texts(each))
    return _with_rest(table, len(pair.modules))


def _with_rest(table: Table, modules: int) -> Table:
    if modules > SHOWN:
        table.caption = f"{modules - SHOWN} more modules with --json"
    return table


def probe_tables(probe: Probe) -> list[RenderableType]:
    """Return the tables of a probe."""
    gradients = Table("domain", "right completions", "length", "reliability", title_justify="left")
    gradients.title = text(f"Gradients at {probe.checkpoint}")
    for each in probe.gradients:
        shown = str(each.completions), f"{each.norm:.3g}", decimals(each.reliability, 2)
        gradients.add_row(text(each.domain), *shown)
    cosines = Table("domain", "domain", "cosine", "without noise", title="Agreement", title_justify="left")
    for pair in probe.cosines:
        values = ("" if value is None else decimals(value, 3, sign=True) for value in (pair.cosine, pair.without_noise))
        cosines.add_row(text(pair.first), text(pair.second), *values)
    return [gradients, cosines, text(PROBE_CAUTION, "dim")]


def _sentences(effect: DomainEffect) -> Iterator[str]:
    """Yield the measured effect of a stage on a domain, the line scan, and the checks of the attribution."""
    scan, divergence = effect.line, effect.divergence
    before, after = effect.accuracy_before, effect.accuracy_after
    accuracy = ""
    if before is not None and after is not None:
        accuracy = f"accuracy {points(before)} to {points(after)} in the stored answers; "
    yield ""
    yield (
        f"{effect.domain} after {effect.stage}: {accuracy}the log-likelihood of "
        f"{count(effect.right_completions, 'right completion')} of its parent changes by {nats(scan.change)} per "
        "completion."
    )
    if divergence is not None:
        yield (
            f"KL from the parent: {decimals(divergence.per_completion, 3)} nats per completion, "
            f"{decimals(divergence.per_token, 4)} per token, along {count(divergence.completions, 'completion')} drawn "
            f"at temperature {divergence.temperature:g}."
        )
    shown = ", ".join(f"{decimals(each.share, 1)}: {decimals(each.log_likelihood, 3)}" for each in scan.points)
    yield f"Line from parent (0) to end (1), log-likelihood at {shown}."
    yield (
        f"The slope at the parent predicts {nats(scan.slope)}, slope and curvature {nats(scan.predicted_change)}; "
        f"measured {nats(scan.change)}."
    )
    yield from attribution_sentences(effect.attribution)


def _attribution_table(effect: DomainEffect) -> Table:
    found = effect.attribution
    title = text(f"Modules that changed {effect.domain}, the most damaging first (nats per completion)")
    table = Table("module", "score", "reset to the parent", title=title, title_justify="left")
    for each in most_scored(found):
        reset = "" if each.reset is None else decimals(each.reset, 4, sign=True)
        table.add_row(each.module.label, decimals(each.score, 4, sign=True), reset)
    return _with_rest(table, len(found.modules))
