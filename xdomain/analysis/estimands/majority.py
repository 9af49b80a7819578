"""maj@n: accuracy of the most frequent answer among the stored samples of each item.

Source: self-consistency (2203.11171). Ours: answers are equal if their texts are, ignoring case and spaces (the gold
answer is not used). Samples without an answer do not vote. If several answers are tied, the item's score is their mean,
which is the expected score of drawing one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdomain.analysis.estimand import Estimand
from xdomain.analysis.matrix import Matrix

if TYPE_CHECKING:
    import pandas as pd

    from xdomain.analysis.columns import FloatArray
    from xdomain.analysis.measurements import Measurements
    from xdomain.analysis.panel import Panel

FEWEST_SAMPLES = 3
"""Minimum samples per item. With two samples, an answer leads only if both agree."""


def compute(measurements: Measurements, template: Matrix) -> Matrix | None:
    """Return the matrix, or None if records hold no answers or a domain has fewer than three samples per item."""
    records, samples = measurements.grid.records, measurements.samples
    if "answer" not in records.columns or min(samples.values(), default=0) < FEWEST_SAMPLES:
        return None
    study = measurements.study
    values = {
        domain: majority_values(records[records["domain"] == domain], panel) for domain, panel in study.panels.items()
    }
    return measurements.filled(template, measurements.level_cells(study.levels(values)))


def majority_values(records: pd.DataFrame, panel: Panel) -> FloatArray:
    """Return the credit of the leading answer, shape [checkpoints, items]; NaN if no sample was judged."""
    import numpy as np

    judged = records[records["score"].notna()]
    text = judged["answer"].astype("string").str.split().str.join(" ").str.casefold()
    # A sample without an answer is not a candidate; an item without any answer scores 0.
    voting = judged.assign(text=text)[text.notna()]
    votes = voting.groupby(["checkpoint", "item_id", "text"])["score"].agg(["size", "mean"])
    leads = votes["size"] == votes.groupby(level=[0, 1])["size"].transform("max")
    credit = votes.loc[leads, "mean"].groupby(level=[0, 1]).mean()
    found = np.where(panel.judged > 0, 0.0, np.nan)
    rows = {name: place for place, name in enumerate(panel.checkpoints)}
    columns = {name: place for place, name in enumerate(panel.item_ids)}
    checkpoints = [rows[name] for name in credit.index.get_level_values(0)]
    items = [columns[name] for name in credit.index.get_level_values(1)]
    found[checkpoints, items] = credit.to_numpy()
    return found


ESTIMANDS = (
    Estimand(
        template=Matrix(
            name="majority",
            title="maj@n",
            definition=(
                "Mean over items of the score of the most frequent answer among all n samples; ties get their mean"
            ),
            source="2203.11171; equality by text and the ties are ours",
            row_meaning="run",
            centre=None,
        ),
        compute=compute,
        rank=300,
    ),
)
