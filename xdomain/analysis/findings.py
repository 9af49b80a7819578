"""Findings in words, which state only what the intervals allow and never rank within the noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from xdomain.analysis.amounts import interval, sized, steps_apart
from xdomain.analysis.questions import COMPARISON, QUESTIONS, answer
from xdomain.analysis.result import AnalysisResult, BestSet, Finding, RunEffort
from xdomain.analysis.strategy_sentences import strategy_sentences
from xdomain.core.number_text import points
from xdomain.core.words import count

ONE_SEED = "One training seed: the intervals cover these checkpoints only, not a re-run of training."
ANSWERED_FIRST = ("transfer", "order", "retention", "mixture")
"""Questions that are answered even if no curriculum asks them."""


def worded(result: AnalysisResult) -> AnalysisResult:
    """Return a copy with its findings, and with all of their sentences in one list."""
    found = findings(result)
    lines = (*(finding.sentence for finding in found), *(line for finding in found for line in finding.details))
    return result.model_copy(update={"findings": found, "sentences": lines})


def findings(result: AnalysisResult) -> tuple[Finding, ...]:
    """Answer the questions of a report, the main ones first."""
    answers: list[Finding] = []
    absent: list[str] = []
    for question in QUESTIONS:
        if places := question.places(result.matrices.get(question.matrix)):
            details = tuple(strategy_sentences(result)) if question.name == "strategies" else None
            answers.append(answer(question, places, result, details))
        elif question.name in ANSWERED_FIRST:
            absent.append(question.title.lower())
    changes = COMPARISON.places(result.matrices.get(COMPARISON.matrix))
    if not any(finding.is_main for finding in answers) and changes:
        answers.append(answer(COMPARISON, changes, result))
    answers.sort(key=lambda finding: not finding.is_main)
    return (
        *_ways(result),
        *answers,
        *_absent(absent),
        *_scope(result),
        *_training(result),
        *_best(result),
        *_missing(result),
    )


def _ways(result: AnalysisResult) -> Iterator[Finding]:
    """Yield the advice on how to combine domains: that for the largest set, then that for the others."""
    if result.ways_to_combine:
        first, *others = (found.advice for found in result.ways_to_combine)
        yield Finding(name="ways", title="Ways to combine", sentence=first, is_main=True, details=tuple(others))


def _absent(titles: Sequence[str]) -> Iterator[Finding]:
    if titles:
        names = ", ".join(titles)
        yield Finding(name="absent", title="Not compared", sentence=f"No curricula were compared for: {names}.")


def _scope(result: AnalysisResult) -> Iterator[Finding]:
    seeds = len(result.meta.seeds)
    if result.meta.speaks_of == "the recipe":
        marked = "; marked cells have one and cover these checkpoints only" if result.has_exceptions else ""
        text = f"{seeds} training seeds: the intervals cover the recipe, including a re-run of training{marked}."
    elif not seeds and result.meta.planned is not None:
        text = "No training run has ended yet, so nothing is compared."
    else:
        text = ONE_SEED
    yield Finding(name="scope", title="Scope", sentence=text)


def _training(result: AnalysisResult) -> Iterator[Finding]:
    cell = result.summary.mean_diagonal_transfer
    if cell.estimate is None:
        return
    amount = f"{points(cell.estimate, sign=True)} points {interval(cell)}"
    about = f" ({cell.caveat})" if cell.caveat else ""
    if cell.low is not None and cell.low > 0:
        text = f"Training on a domain raised that domain by {amount} on average{about}."
    elif cell.high is not None and cell.high < 0:
        text = f"Training on a domain lowered that domain by {amount} on average{about}."
    else:
        text = f"No average effect of training on a domain on that domain is shown: {amount}{about}."
    yield Finding(name="training", title="Own domain", sentence=text)


def _best(result: AnalysisResult) -> Iterator[Finding]:
    sets = result.summary.best
    if not sets:
        return
    sole = sum(len(best.not_beaten) == 1 for best in sets)
    text = f"Only one run is not beaten in {sole} of {count(len(sets), 'comparison')} with the best run on a domain."
    details = tuple(_best_sentence(best, result.effort) for best in sets)
    yield Finding(name="not beaten", title="Not beaten", sentence=text, details=details)


def _best_sentence(best: BestSet, effort: Mapping[str, RunEffort]) -> str:
    names = _names(best.candidates, effort)
    leading = names[best.leading]
    about = f" ({best.margin.caveat})" if best.margin.caveat else ""
    if len(best.not_beaten) > 1 or best.margin.estimate is None:
        unbeaten = "; ".join(names[label] for label in best.not_beaten)
        return f"{best.group}, on {best.domain}: the runs not beaten are {unbeaten}{about}."
    # Every other run loses to some run. Only the simultaneous margin can show that one run beats all of them.
    clear = best.margin.low is not None and best.margin.low > 0
    words = "beats all others, the next" if clear else "is the only run not beaten; it leads the next"
    amount = f"{points(best.margin.estimate)} points {sized(best.margin)}{steps_apart(effort, best.margin.compares)}"
    return f"{best.group}, on {best.domain}: {leading} {words} by {amount}{about}."


def _names(candidates: Sequence[str], effort: Mapping[str, RunEffort]) -> dict[str, str]:
    """Return the strategy of each run if all runs are of the curriculum that the group names, else its label."""
    known = {label: effort[label] for label in candidates if label in effort}
    if len(known) < len(candidates) or len({run.curriculum for run in known.values()}) > 1:
        return {label: label for label in candidates}
    return {label: run.strategy or label for label, run in known.items()}


def _missing(result: AnalysisResult) -> Iterator[Finding]:
    if result.meta.missing:
        one = len(result.meta.missing) == 1
        number = count(len(result.meta.missing), "planned evaluation")
        text = f"{number} {'is' if one else 'are'} missing; cells that need {'it' if one else 'them'} are blank."
        yield Finding(name="missing", title="Missing", sentence=text, is_main=True)
