"""Accuracies at the ends of runs, with chance and the shape of the answers beside them; pass@k."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from xdomain.analysis.columns import FloatArray, IntArray
from xdomain.analysis.contrast import Blank, Effect, effect
from xdomain.analysis.definitions import ACCURACY, pass_at_k_template
from xdomain.analysis.inference import Measured, pool_effects
from xdomain.analysis.panel import Panel
from xdomain.analysis.proportion import accuracy_cell
from xdomain.analysis.result import AccuracyMatrix, AnswerShape, Cell, Matrix
from xdomain.analysis.runs import Run, Seed
from xdomain.analysis.study import Study
from xdomain.plan.measurement import MeasuredGrid


def accuracy_estimates(study: Study) -> dict[tuple[str, str], Measured]:
    """R[run, d] by (run, d), for the base and every planned run."""
    return pool_effects(
        {(run.label, domain): level(study, run, domain) for run in study.book.planned for domain in study.domains}
    )


def level(
    study: Study, run: Run, domain: str, source: FloatArray | None = None, seeds: Sequence[Seed] | None = None
) -> Effect | Blank:
    """A run's mean on one domain: of item scores, or of other values a checkpoint and item; of all seeds or of some."""
    aligned = study.align(domain, [run], seeds, source)
    if isinstance(aligned, Blank):
        return aligned
    return effect([(aligned, aligned.scores(run, source))], (run.label,))


def accuracy_matrix(study: Study, estimates: Mapping[tuple[str, str], Measured], grid: MeasuredGrid) -> AccuracyMatrix:
    cells = {key: accuracy_cell(found) for key, found in estimates.items()}
    for (model, domain), reason in grid.failed.items():
        cells[str(model), domain] = Cell(note=f"failed: {reason}")
    template = ACCURACY.model_copy(update={"row_meaning": "model"}) if grid.is_comparison else ACCURACY
    matrix = study.matrix(cells, study.domains, template)
    answers: dict[str, dict[str, AnswerShape]] = {}
    for run in study.book.planned:
        for domain in study.domains:
            shape = answer_shape(study, run, domain)
            if shape is not None:
                answers.setdefault(run.label, {})[domain] = shape
    return AccuracyMatrix(
        **{name: getattr(matrix, name) for name in Matrix.model_fields},
        chance={domain: grid.chance.get(domain) for domain in study.domains},
        answers=answers,
    )


def answer_shape(study: Study, run: Run, domain: str) -> AnswerShape | None:
    """Shares of malformed, truncated and unscored answers of a run's end checkpoints, pooled over seeds."""
    panel = study.panels.get(domain)
    if panel is None:
        return None
    names = {checkpoint.checkpoint for checkpoint in run.ends.values()}
    rows = [row for row in (panel.row(name) for name in sorted(names)) if row is not None]
    if not rows:
        return None
    asked, judged = int(panel.asked[rows].sum()), int(panel.judged[rows].sum())

    def share(count: float, total: int) -> float | None:
        return None if np.isnan(count) or not total else float(count) / total

    malformed = float(panel.malformed[rows].sum())
    right = float(panel.right[rows].sum())
    entropy = panel.entropy[rows]
    return AnswerShape(
        n_samples=asked,
        wrong=None if np.isnan(malformed) else share(max(judged - right - malformed, 0.0), asked),
        malformed=share(malformed, asked),
        truncated=share(float(panel.truncated[rows].sum()), asked),
        unscored=share(float(asked - judged), asked),
        mean_tokens=share(float(panel.tokens[rows].sum()), asked),
        mean_entropy=None if np.isnan(entropy).any() else float(entropy.mean()),
    )


def pass_at_k(n: IntArray, c: IntArray, k: int) -> FloatArray:
    """Unbiased chance that one of k samples is right, from c right of n; NaN where n < k.

    1 - prod_{i=n-c+1..n} (1 - k/i), and 1 where fewer than k are wrong.

    Source: Chen et al. 2107.03374, figure 3.
    """
    n, c = np.asarray(n), np.asarray(c)
    failure = np.ones(np.broadcast(n, c).shape)
    for step in range(int(c.max(initial=0))):
        used = step < c
        i = n - c + 1 + step
        failure = np.where(used, failure * (1 - k / np.maximum(i, 1)), failure)
    failure = np.where(n - c < k, 0.0, failure)
    return np.where(n >= k, 1 - failure, np.nan)


def pass_at_k_matrices(study: Study, samples: Mapping[str, int]) -> tuple[Matrix, ...]:
    """pass@k for k = 2, 4, 8, ... up to the fewest samples an item has on any domain."""
    fewest = min(samples.values(), default=0)
    sizes = [2**power for power in range(1, 12) if 2**power <= fewest]
    return tuple(_pass_at_k_matrix(study, k) for k in sizes)


def _pass_at_k_matrix(study: Study, k: int) -> Matrix:
    values = {domain: _values(panel, k) for domain, panel in study.panels.items()}
    effects = {
        (run.label, domain): level(study, run, domain, values.get(domain))
        for run in study.book.planned
        for domain in study.domains
    }
    cells = {key: accuracy_cell(found) for key, found in pool_effects(effects).items()}
    return study.matrix(cells, study.domains, pass_at_k_template(k))


def _values(panel: Panel, k: int) -> FloatArray:
    return pass_at_k(panel.judged, panel.right, k)
