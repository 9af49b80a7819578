"""maj@n: what the answer given most often earns, from the stored samples of every item.

Source: self-consistency (2203.11171). Ours: answers are equal when their texts are, case and spaces apart (nothing is
learned from the gold); samples without an answer do not vote; where several answers lead, the item earns their mean,
which is what drawing one of them earns on average.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from xdomain.analysis.accuracy import level
from xdomain.analysis.columns import FloatArray
from xdomain.analysis.definitions import MAJORITY
from xdomain.analysis.inference import pool_effects
from xdomain.analysis.panel import Panel
from xdomain.analysis.proportion import accuracy_cell
from xdomain.analysis.result import Matrix
from xdomain.analysis.study import Study

FEWEST_SAMPLES = 3
"""With two samples an answer leads only where both agree."""


def majority_matrices(study: Study, records: pd.DataFrame, samples: Mapping[str, int]) -> tuple[Matrix, ...]:
    """One matrix, or none: where records hold no answers, or a domain has fewer than three samples an item."""
    if "answer" not in records.columns or min(samples.values(), default=0) < FEWEST_SAMPLES:
        return ()
    values = {
        domain: majority_values(records[records["domain"] == domain], panel) for domain, panel in study.panels.items()
    }
    effects = {
        (run.label, domain): level(study, run, domain, values.get(domain))
        for run in study.book.planned
        for domain in study.domains
    }
    cells = {key: accuracy_cell(found) for key, found in pool_effects(effects).items()}
    return (study.matrix(cells, study.domains, MAJORITY),)


def majority_values(records: pd.DataFrame, panel: Panel) -> FloatArray:
    """Credit of the leading answer, shape [checkpoints, items]; NaN where no sample was judged."""
    judged = records[records["score"].notna()]
    text = judged["answer"].astype("string").str.split().str.join(" ").str.casefold()
    # A sample without an answer is no candidate; an item on which nobody answered earns nothing.
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
