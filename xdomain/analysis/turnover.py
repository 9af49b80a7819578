"""Items gained and lost relative to the parent run.

Let p and q be an item's chance to be right before and after: gained = (1-p) q and lost = p (1-q). Two samplings of one
checkpoint gain p (1-p) by chance. Subtracting the mean of this value before and after from gained and from lost leaves
numbers whose sum is (p - q)^2 and whose difference is the change of accuracy. Turnover beyond sampling is thus real
change, item by item.

Source: 2606.03087 for the idea; the unbiased form from samples is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdomain.analysis.blank import Blank
from xdomain.analysis.matrix import Matrix

if TYPE_CHECKING:
    from xdomain.analysis.columns import FloatArray
    from xdomain.analysis.contrast import Aligned, Effect
    from xdomain.analysis.measurements import Measurements
    from xdomain.analysis.runs import Run

SOURCE = "2606.03087"
ROW_MEANING = "run, against its parent"


def turnover_matrix(measurements: Measurements, template: Matrix) -> Matrix:
    """Fill the template of one part of turnover, by its name."""
    study = measurements.study
    effects = {
        (run.label, domain): _effect(measurements, run, domain, template.name)
        for run in study.book.trained
        for domain in study.domains
    }
    if study.book.is_comparison:
        template = template.model_copy(update={"row_meaning": "model, against the base"})
    return measurements.filled(template, measurements.cells(effects, tested=False))


def _effect(measurements: Measurements, run: Run, domain: str, part: str) -> Effect | Blank:
    study = measurements.study
    parent = study.book.parent(run)
    aligned = study.align(domain, [run, parent])
    if isinstance(aligned, Blank):
        return aligned
    before, after = aligned.scores(parent), aligned.scores(run)
    values = (1 - before) * after if part.startswith("gained") else before * (1 - after)
    if part.endswith("beyond_sampling"):
        if min(aligned.judged(parent).min(), aligned.judged(run).min()) < 2:
            return Blank("not measured: needs two samples per item", (run.label, parent.label))
        values = values - (_churn(aligned, parent) + _churn(aligned, run)) / 2
    return measurements.contrast(aligned, values, (run.label, parent.label))


def _churn(aligned: Aligned, run: Run) -> FloatArray:
    """Return the unbiased p (1-p) of each item from its k samples: k/(k-1) times the plug-in value."""
    share, judged = aligned.scores(run), aligned.judged(run)
    churn: FloatArray = share * (1 - share) * judged / (judged - 1).clip(min=1)
    return churn
