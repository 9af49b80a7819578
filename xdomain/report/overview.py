"""One paragraph about the experiment for a reader who did not run it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xdomain.analysis.result import AnalysisResult, Matrix, Meta
from xdomain.report.layout import BUDGETS
from xdomain.report.numbers import count_text


def overview(result: AnalysisResult) -> str:
    """Return what was trained, on which domains, for how many steps, and the inference scope of the intervals."""
    left_out = result.meta.description.get("rows_left_out", ())
    parts = (_trained(result), _measured(result.meta), *left_out, _speaks_of(result))
    return " ".join(part for part in parts if part)


def _trained(result: AnalysisResult) -> str:
    meta = result.meta
    curricula = _curricula(result)
    over = listed(meta.domains)
    if meta.budget == "unknown":
        return f"Imported results: {curricula} over {over}; their training is not known to xdomain."
    was = "was" if meta.seeds else "will be"
    text = f"{meta.model or 'A model'} {was} trained by reinforcement learning along {curricula} over {over}"
    text += ", all from the same base model"
    if len(meta.seeds) > 1:
        text += f", each repeated with {len(meta.seeds)} training seeds"
    rule = BUDGETS.get(meta.budget)
    if meta.missing and meta.planned:
        text += f"; {meta.planned - len(meta.missing)} of {meta.planned} planned evaluations are done"
    return f"{text}. Budget: {rule}." if rule else f"{text}."


def _curricula(result: AnalysisResult) -> str:
    """Return "12 curricula", or "1 curriculum with 8 strategies" if runs also differ in the strategy."""
    runs = [result.effort[label] for label in result.meta.curricula if label in result.effort]
    count = len({run.curriculum for run in runs}) or len(result.meta.curricula)
    text = f"{count} {'curriculum' if count == 1 else 'curricula'}"
    strategies = len({run.strategy for run in runs})
    return f"{text} with {strategies} strategies" if strategies > 1 else text


def _measured(meta: Meta) -> str:
    if not meta.samples:  # a table of accuracies states the items per domain in its own notes
        return ""
    words = "sample" if set(meta.samples.values()) == {1} else "samples"
    return (
        f"Every checkpoint answered the same {_range(meta.items.values())} test items of each domain, "
        f"{_range(meta.samples.values())} {words} per item."
    )


def facts(result: AnalysisResult) -> list[tuple[str, str]]:
    """Return pairs of title and value that say what was measured and how often; unknown facts are left out."""
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
        ("Inference scope", _scope_fact(result)),
    ]
    return [(title, value) for title, value in found if value]


def facts_line(result: AnalysisResult) -> str:
    """Return the facts in one line."""
    return "; ".join(f"{title}: {value}" for title, value in facts(result))


def _scope_fact(result: AnalysisResult) -> str:
    words = result.meta.speaks_of or "not known"
    return f"{words}, except in marked cells" if result.has_exceptions else words


def _range(counts: Iterable[int]) -> str:
    """Return "300", or "200 to 300"; empty for no counts."""
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
        return f"{once}, so the intervals cover these checkpoints only, not a re-run of training."
    if meta.speaks_of == "the recipe":
        recipe = "the intervals cover other test items and a re-run of training"
        marked = ", except in marked cells, which have one seed" if result.has_exceptions else ""
        return f"The inference scope is the recipe{marked}: {recipe}."
    return ""


def scope(meta: Meta, matrix: Matrix | None = None) -> str:
    """Return the inference scope of the intervals (of one matrix), for captions that are read outside the report."""
    speaks_of = (matrix.speaks_of if matrix else None) or meta.speaks_of
    if speaks_of is None:
        return ""
    only = " only" if speaks_of == "these checkpoints" else ""
    marked = ", except in marked cells" if matrix and matrix.has_exceptions else ""
    return f"Inference scope: {speaks_of}{only}{marked}."


def spent(amounts: Iterable[float | None]) -> str:
    """Return the range of the recorded amounts, such as "120 to 240", or an empty string if no run recorded one."""
    known = [amount for amount in amounts if amount]
    if not known:
        return ""
    least, most = count_text(round(min(known))), count_text(round(max(known)))
    return least if least == most else f"{least} to {most}"


def listed(names: Sequence[str]) -> str:
    """Return the names as a list in words: "math, science and logic"."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
