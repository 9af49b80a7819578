"""Items gained and lost against the parent, and which ones.

With p and q an item's chance to be right before and after, gained = (1-p) q and lost = p (1-q). Two samplings of one
checkpoint gain p (1-p) by chance alone; taking the mean of that before and after off both leaves numbers whose sum is
(p - q)^2 and whose difference is the change of accuracy: turnover beyond sampling is real change, item by item.

Source: 2606.03087 for the idea; the unbiased form from samples is ours.
"""

from __future__ import annotations

import numpy as np

from xdomain.analysis.columns import FloatArray
from xdomain.analysis.contrast import Aligned, Blank, Effect, effect
from xdomain.analysis.definitions import turnover_template
from xdomain.analysis.inference import pool_effects, to_cell
from xdomain.analysis.result import Matrix, Turnover
from xdomain.analysis.runs import Run
from xdomain.analysis.study import Study

DEFINITIONS = {
    "gained": "Mean over items of (share wrong before) x (share right after)",
    "lost": "Mean over items of (share right before) x (share wrong after)",
    "gained_beyond_sampling": "Gained, minus what two samplings of one checkpoint would gain by chance",
    "lost_beyond_sampling": "Lost, minus what two samplings of one checkpoint would lose by chance",
}


def turnover(study: Study) -> Turnover:
    return Turnover(**{part: _matrix(study, part) for part in DEFINITIONS})


def _matrix(study: Study, part: str) -> Matrix:
    effects = {
        (run.label, domain): _effect(study, run, domain, part) for run in study.book.trained for domain in study.domains
    }
    cells = {key: to_cell(found, tested=False) for key, found in pool_effects(effects).items()}
    template = turnover_template(part, DEFINITIONS[part])
    if study.book.is_comparison:
        template = template.model_copy(update={"row_meaning": "model, against the base"})
    return study.matrix(cells, study.domains, template)


def _effect(study: Study, run: Run, domain: str, part: str) -> Effect | Blank:
    parent = study.book.parent(run)
    aligned = study.align(domain, [run, parent])
    if isinstance(aligned, Blank):
        return aligned
    before, after = aligned.scores(parent), aligned.scores(run)
    values = (1 - before) * after if part.startswith("gained") else before * (1 - after)
    if part.endswith("beyond_sampling"):
        if min(aligned.judged(parent).min(), aligned.judged(run).min()) < 2:
            return Blank("not measured: needs two samples an item", (run.label, parent.label))
        values = values - (_churn(aligned, parent) + _churn(aligned, run)) / 2
    return effect([(aligned, values)], (run.label, parent.label))


def _churn(aligned: Aligned, run: Run) -> FloatArray:
    """Unbiased p (1-p) of each item from its k samples: k/(k-1) times the plug-in value."""
    share, judged = aligned.scores(run), aligned.judged(run)
    churn: FloatArray = share * (1 - share) * judged / np.maximum(judged - 1, 1)
    return churn
