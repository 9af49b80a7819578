"""Accuracies at the ends of runs, with chance and the shape of the answers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from xdomain.analysis.estimand import Address, Estimand
from xdomain.analysis.matrix import AccuracyMatrix, AnswerShape, Cell, Matrix

if TYPE_CHECKING:
    from xdomain.analysis.measurements import Measurements
    from xdomain.analysis.runs import Run
    from xdomain.analysis.study import Study


def compute(measurements: Measurements, template: Matrix) -> AccuracyMatrix:
    """Return R[run, d] with a Wilson interval, and the shape of the answers."""
    study = measurements.study
    runs = study.shown_runs
    cells = {
        (run.label, domain): measurements.level_cell(measurements.levels[run.label, domain])
        for run in runs
        for domain in study.domains
    }
    for (failed, domain), reason in measurements.grid.failed.items():
        cells[str(failed), domain] = Cell(note=f"failed: {reason}")
    if study.book.is_comparison:
        template = template.model_copy(update={"row_meaning": "model"})
    matrix = measurements.filled(template, cells)
    answers: dict[str, dict[str, AnswerShape]] = {}
    for run in runs:
        for domain in study.domains:
            shape = answer_shape(study, run, domain)
            if shape is not None:
                answers.setdefault(run.label, {})[domain] = shape
    return AccuracyMatrix(
        **{name: getattr(matrix, name) for name in Matrix.model_fields},
        chance={domain: measurements.grid.chance.get(domain) for domain in study.domains},
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
        return None if math.isnan(count) or not total else float(count) / total

    malformed = float(panel.malformed[rows].sum())
    right = float(panel.right[rows].sum())
    entropy = float(panel.entropy[rows].mean())
    return AnswerShape(
        n_samples=asked,
        wrong=None if math.isnan(malformed) else share(max(judged - right - malformed, 0.0), asked),
        malformed=share(malformed, asked),
        truncated=share(float(panel.truncated[rows].sum()), asked),
        unscored=share(float(asked - judged), asked),
        mean_tokens=share(float(panel.tokens[rows].sum()), asked),
        mean_entropy=None if math.isnan(entropy) else entropy,
    )


ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="accuracy",
            title="Accuracy",
            definition=(
                "R[c, d]: mean over items of the mean over an item's samples, at the end of each run. Wilson interval "
                "with the effective number of independent answers of the items, samples and seeds"
            ),
            source="2602.01365",
            row_meaning="run",
            centre=None,
            section="accuracy",
        ),
        compute=compute,
        addresses=(Address("accuracy", tested=False),),
    ),
)
