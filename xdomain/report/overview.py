"""The experiment in one paragraph, for a reader who did not run it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xdomain.analysis.result import AnalysisResult, Matrix, Meta
from xdomain.report.layout import BUDGETS
from xdomain.report.numbers import count_text


def overview(result: AnalysisResult) -> str:
    """What was trained, on what, how much, and what the intervals speak about."""
    left_out = result.meta.description.get("rows_left_out", ())
    parts = (_trained(result), _measured(result.meta), *left_out, _speaks_of(result))
    return " ".join(part for part in parts if part)


def _trained(result: AnalysisResult) -> str:
    meta = result.meta
    curricula = _curricula(result)
    over = listed(meta.domains)
    if meta.budget == "unknown":
        return f"Results from elsewhere: {curricula} over {over}, analysed from what is known of them."
    was = "was" if meta.seeds else "is to be"
    text = f"{meta.model or 'A model'} {was} trained by reinforcement learning along {curricula} over {over}"
    text += ", all from the same base"
    if len(meta.seeds) > 1:
        text += f", each repeated with {len(meta.seeds)} training seeds"
    rule = BUDGETS.get(meta.budget)
    if meta.missing and meta.planned:
        text += f"; {meta.planned - len(meta.missing)} of {meta.planned} planned evaluations are done"
    return f"{text}. Budget: {rule}." if rule else f"{text}."


def _curricula(result: AnalysisResult) -> str:
    """ "12 curricula", or "1 curriculum with 8 strategies" where runs differ in the strategy too."""
    runs = [result.effort[label] for label in result.meta.curricula if label in result.effort]
    count = len({run.curriculum for run in runs}) or len(result.meta.curricula)
    text = f"{count} {'curriculum' if count == 1 else 'curricula'}"
    strategies = len({run.strategy for run in runs})
    return f"{text} with {strategies} strategies" if strategies > 1 else text


def _measured(meta: Meta) -> str:
    if not meta.samples:  # of a table of accuracies its statements say the items by domain
        return ""
    words = "sample" if set(meta.samples.values()) == {1} else "samples"
    return (
        f"Every checkpoint answered the same {_range(meta.items.values())} test items of each domain, "
        f"{_range(meta.samples.values())} {words} per item."
    )


def facts(result: AnalysisResult) -> list[tuple[str, str]]:
    """Return what was measured, and on how much, as pairs of title and value; what is not known is left out."""
    meta = result.meta
    curricula = count_text(len(meta.curricula))
    found = [
        ("Model", meta.model),
        ("Domains", ", ".join(meta.domains)),
        ("Curricula", curricula if meta.curricula else ""),
        ("Training seeds", count_text(len(meta.seeds)) if meta.seeds else "not known"),
        ("Test items per domain", _range(meta.items.values())),
        ("Samples per item", _range(meta.samples.values())),
        ("Steps per run", spent(run.steps for run in result.effort.values())),
        ("Generated tokens per run", spent(run.completion_tokens for run in result.effort.values())),
        ("Intervals speak of", _scope_fact(result)),
    ]
    return [(title, value) for title, value in found if value]


def facts_line(result: AnalysisResult) -> str:
    """Return the facts in one line."""
    return "; ".join(f"{title}: {value}" for title, value in facts(result))


def _scope_fact(result: AnalysisResult) -> str:
    words = result.meta.speaks_of or "not known"
    return f"{words}, except in marked cells" if result.has_exceptions else words


def _range(counts: Iterable[int]) -> str:
    """Return "300", or "200 to 300"; empty without any."""
    known = set(counts)
    if not known:
        return ""
    least, most = count_text(min(known)), count_text(max(known))
    return least if least == most else f"{least} to {most}"


def _speaks_of(result: AnalysisResult) -> str:
    meta = result.meta
    if meta.speaks_of == "these checkpoints":
        if not meta.seeds and meta.planned is not None:
            return "No training run has ended yet, so nothing is compared."
        once = "Training ran once" if meta.seeds else "One run of each is known"
        return f"{once}, so the intervals speak of these checkpoints only: nothing is said about a re-run of training."
    if meta.speaks_of == "the recipe":
        recipe = "they cover both other test items and a re-run of training"
        marked = ", except in marked cells, which have one seed" if result.has_exceptions else ""
        return f"The intervals speak of the recipe{marked}: {recipe}."
    return ""


def scope(meta: Meta, matrix: Matrix | None = None) -> str:
    """What intervals (of one matrix) speak of, for the caption of a table or a figure that leaves the report."""
    speaks_of = (matrix.speaks_of if matrix else None) or meta.speaks_of
    if speaks_of is None:
        return ""
    only = " only" if speaks_of == "these checkpoints" else ""
    marked = ", except in marked cells" if matrix and matrix.has_exceptions else ""
    return f"Intervals speak of {speaks_of}{only}{marked}."


def spent(amounts: Iterable[float | None]) -> str:
    """ "120 to 240" over the runs that recorded it; empty where none did."""
    known = [amount for amount in amounts if amount]
    if not known:
        return ""
    least, most = count_text(round(min(known))), count_text(round(max(known)))
    return least if least == most else f"{least} to {most}"


def listed(names: Sequence[str]) -> str:
    """ "math, science and logic"."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
