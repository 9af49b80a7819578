"""Compare stored predictions with the cells that were measured after them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, permutations

import numpy as np

from xdomain.analysis.blank import Blank
from xdomain.analysis.contrast import difference
from xdomain.analysis.relabelling import (
    FEWEST,
    cells,
    labellings,
    left_out_r2,
    rank_correlation,
    relabelling_p,
)
from xdomain.analysis.result.predictions import PredictedValue, PredictionScore, ScoredPredictions
from xdomain.analysis.runs import Seed
from xdomain.analysis.study import Study
from xdomain.config.curriculum import sequence
from xdomain.config.run_id import JOINT, RunId
from xdomain.core.words import count
from xdomain.plan.predictions import Prediction, Predictions, Predictor, Target

UNITS: dict[Predictor, str] = {
    Predictor.FIRST_ORDER_TRANSFER: "nats per completion",
    Predictor.PROMPT_SIMILARITY: "cosine",
    Predictor.ADDITIVE_MERGE: "accuracy",
}
ENOUGH_DOMAINS = 6
"""Fewest domains with which a good predictor is usually found. Source: `python -m benchmarks.predictions`."""

Pair = tuple[str, str]
BySeed = dict[Seed, float]
"""Estimate of a cell for each of its seeds."""


def scored_predictions(study: Study, stored: Predictions | None) -> ScoredPredictions | None:
    """Return the scores of the stored predictions; None if there are none."""
    if stored is None:
        return None
    measured = {target: dict(_measured(study, target)) for target in Target}
    scores = tuple(_score(each, measured[each.target], study.domains) for each in stored.predictions)
    return ScoredPredictions(
        written=stored.written, digest=stored.digest, scores=scores, statement=_statement(scores, len(study.domains))
    )


def _measured(study: Study, target: Target) -> Iterator[tuple[Pair, BySeed]]:
    """Yield the measured cell of each ordered pair of domains."""
    for first, second in permutations(study.domains, 2):
        alone = study.book.run(RunId(sequence([first]), JOINT))
        pair = study.book.run(RunId(sequence([first, second]), JOINT))
        sides, domain = ((alone, study.base), second) if target is Target.TRANSFER else ((pair, alone), first)
        aligned = study.align(domain, sides)
        if not isinstance(aligned, Blank):
            means = difference(aligned, *sides).parts.seed_means
            yield (first, second), dict(zip(aligned.seeds, map(float, means), strict=True))


def _score(stored: Prediction, measured: Mapping[Pair, BySeed], names: Sequence[str]) -> PredictionScore:
    predicted = {(cell.first, cell.second): cell.value for cell in stored.cells}
    domains = _complete(predicted.keys() & measured.keys(), names)
    shown = tuple(
        PredictedValue(
            first=cell.first,
            second=cell.second,
            predicted=cell.value,
            measured=_mean(found) if (found := measured.get((cell.first, cell.second))) else None,
            late=cell.measured_before,
        )
        for cell in stored.cells
    )
    bare = PredictionScore(
        predictor=stored.predictor,
        target=stored.target,
        unit=UNITS[stored.predictor],
        domains=domains,
        n_cells=len(domains) * (len(domains) - 1),
        cells=shown,
        note=stored.note,
    )
    if len(domains) < FEWEST:
        why = f"Not scored: only {count(len(domains), 'domain')} of at least {FEWEST} have all cells."
        return bare.model_copy(update={"note": f"{stored.note} {why}".strip()})
    pairs = [(domains[row], domains[column]) for row, column in cells(len(domains))]
    values = np.array([predicted[pair] for pair in pairs])
    means = np.array([_mean(measured[pair]) for pair in pairs])
    scores = {
        "rank_correlation": rank_correlation(values, means),
        "p": relabelling_p(values, means, len(domains)),
        "smallest_p": 1 / len(labellings(len(domains))),
        "left_out_r2": left_out_r2(values, means, len(domains)),
        "seed_agreement": _agreement([measured[pair] for pair in pairs]),
    }
    return bare.model_copy(update=scores)


def _complete(pairs: set[Pair], names: Sequence[str]) -> tuple[str, ...]:
    """Return domains with a cell for each ordered pair. The domain that lacks most cells is left out first."""
    kept = list(names)
    while kept:
        lacking = {
            name: sum((name, other) not in pairs or (other, name) not in pairs for other in kept if other != name)
            for name in kept
        }
        worst = max(kept, key=lambda name: lacking[name])
        if not lacking[worst]:
            break
        kept.remove(worst)
    return tuple(kept)


def _mean(by_seed: BySeed) -> float:
    return sum(by_seed.values()) / len(by_seed)


def _agreement(measured: Sequence[BySeed]) -> float | None:
    """Return the mean rank correlation of two seeds' cells, over the seeds that every cell has; None with one seed."""
    common = [seed for seed in measured[0] if all(seed in by_seed for by_seed in measured)]
    columns = [np.array([by_seed[seed] for by_seed in measured]) for seed in common]
    found = [rank_correlation(one, other) for one, other in combinations(columns, 2)]
    known = [each for each in found if each is not None]
    return sum(known) / len(known) if known else None


def _statement(scores: Sequence[PredictionScore], n_domains: int) -> str:
    late = {(score.target, cell.first, cell.second) for score in scores for cell in score.cells if cell.late}
    said = []
    if n_domains < ENOUGH_DOMAINS:
        number = f"{n_domains} domains"
        smallest = f", and p cannot fall below {_above(1 / math.factorial(n_domains))}" if n_domains >= FEWEST else ""
        said.append(
            f"{number} cannot support the claim that a predictor works{smallest}: with fewer than {ENOUGH_DOMAINS} "
            "domains a good predictor is often missed, and a chance result is easily taken for one."
        )
    if late:
        said.append(f"{count(len(late), 'cell')} had been measured when the predictions were stored (marked late).")
    return " ".join(said)


def _above(p: float) -> str:
    """Return a p as text with three decimals and no leading zero: ".042"."""
    return f"{p:.3f}".removeprefix("0")
