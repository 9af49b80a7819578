"""Attribute a stage's damage to modules: integrated gradients of the log-likelihood of right completions.

With p the parent, d the stage's change and J the mean log-likelihood of the parent's own right completions, the score
of an entry is d * sum_k w_k grad J(p + t_k d) over Gauss-Legendre points t_k on [0, 1] with weights w_k. A module's
score is the sum over its entries. By the fundamental theorem of calculus, all scores sum to J(p + d) - J(p) up to the
error of the quadrature, which the completeness check measures.

Source: Sundararajan et al. 2017 (1703.01365), section 3; over weights instead of inputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import Tensor

from xdomain.diagnosis.answers import Batch
from xdomain.diagnosis.line import Line, Passes, Tick, mean_log_likelihood
from xdomain.diagnosis.modules import Module
from xdomain.diagnosis.result import Attribution, ModuleScore

LARGEST_SHARE = 0.05
SMALLEST = 0.005
"""Largest difference between the sum of scores and the measured change: this share of it, or this many nats."""
MOST_POINTS = 12
"""The number of points is doubled up to this one while the scores do not sum to the measured change."""
FEWEST_RANKED = 3
"""Fewest modules for a rank correlation."""


def attribute(line: Line, batches: Sequence[Batch], points: int, resets: int, passes: Passes) -> Attribution:
    """Return each module's score, the completeness check, and the effect of resetting single modules.

    Args:
        line: Line from the stage's parent to its end.
        batches: Right completions of the parent.
        points: Number of points of the quadrature.
        resets: Number of modules with the largest scores that are reset to the parent, one at a time.
        passes: Count of passes. More than planned are made if the scores need more points.
    """
    line.move(0.0)
    before = mean_log_likelihood(line, batches, passes)
    line.move(1.0)
    after = mean_log_likelihood(line, batches, passes)
    change = after - before
    for used in numbers_of_points(points, batches, passes):
        scores = integrated_gradients(line, batches, used, passes)
        if is_complete(sum(scores.values()), change):
            break
    largest = sorted(scores, key=lambda module: -abs(scores[module]))[:resets]
    effects = _reset_effects(line, batches, largest, after, passes)
    return Attribution(
        points=used,
        change=change,
        total=sum(scores.values()),
        complete=is_complete(sum(scores.values()), change),
        modules=tuple(ModuleScore(module, score, effects.get(module)) for module, score in scores.items()),
        rank_correlation=_rank_correlation([(-scores[module], effect) for module, effect in effects.items()]),
    )


def integrated_gradients(line: Line, batches: Sequence[Batch], points: int, tick: Tick) -> dict[Module, float]:
    """Return the score of each module in nats per completion, in the order of the forward pass."""
    scores = dict.fromkeys(line.modules, 0.0)
    for weight in gradients_along(line, batches, points, tick):
        for module, names in line.modules.items():
            for name in names:
                gradient = line.weights[name].grad
                if gradient is not None:
                    scores[module] += weight * float((gradient * line.change(name)).double().sum())
    return scores


def entry_scores(line: Line, batches: Sequence[Batch], points: int, tick: Tick) -> dict[str, Tensor]:
    """Return the score of each entry of the changed weights in nats per completion, by the weight's name."""
    scores = {name: torch.zeros_like(weight) for name, weight in line.weights.items()}
    for weight in gradients_along(line, batches, points, tick):
        for name, score in scores.items():
            gradient = line.weights[name].grad
            if gradient is not None:
                score.add_(gradient * line.change(name), alpha=weight)
    return scores


def gradients_along(line: Line, batches: Sequence[Batch], points: int, tick: Tick) -> Iterator[float]:
    """Compute the gradients of the mean log-likelihood at each point of the quadrature, and yield the point's weight.

    The gradients are those of `line.weights` until the next point.
    """
    completions = sum(len(batch.positions) for batch in batches)
    nodes, weights = np.polynomial.legendre.leggauss(points)
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        if not line.weights:
            return
        line.move(float(node))
        line.model.zero_grad(set_to_none=True)
        for batch in batches:
            torch.autograd.backward(batch.log_likelihoods(line.model).sum() / completions)
            tick()
        yield float(weight)
    line.model.zero_grad(set_to_none=True)


def numbers_of_points(points: int, batches: Sequence[Batch], passes: Passes) -> Iterator[int]:
    """Yield `points` and its doubles up to `MOST_POINTS`, whose passes are added to the planned ones."""
    yield points
    while 2 * points <= MOST_POINTS:
        points *= 2
        passes.plan(points * len(batches))
        yield points


def is_complete(total: float, change: float) -> bool:
    """Return whether the sum of the scores equals the measured change within the limits of this module."""
    return abs(total - change) <= max(LARGEST_SHARE * abs(change), SMALLEST)


def _reset_effects(
    line: Line, batches: Sequence[Batch], modules: Sequence[Module], after: float, tick: Tick
) -> dict[Module, float]:
    """Return how much the log-likelihood at the end rises if one module is reset to the parent."""
    line.move(1.0)
    effects = {}
    for module in modules:
        line.place(module, at_end=False)
        effects[module] = mean_log_likelihood(line, batches, tick) - after
        line.place(module, at_end=True)
    return effects


def _rank_correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Return Spearman's correlation of predicted and measured effects; None for few modules or constant values."""
    predicted, measured = ([pair[side] for pair in pairs] for side in (0, 1))
    if len(pairs) < FEWEST_RANKED or len(set(predicted)) < 2 or len(set(measured)) < 2:
        return None
    return float(spearmanr(predicted, measured).statistic)
