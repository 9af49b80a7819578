"""Measure on stored evaluations what common random numbers save: samples with the same seeds against other samples.

    python -m benchmarks.common_numbers EXPERIMENT.yaml --store STORE

Every sample of a checkpoint is compared with its parent's sample of the same number, which was drawn with the same
seed (common), and with those of other numbers (fresh). A ratio of variances of 1 means that common random numbers save
nothing. The drop is the one that looks at 288 items of three domains find, if as many items change by chance as here.
The experiment needs at least two samples per item.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator

import numpy as np
import pandas as pd

from xdomain.analysis.columns import FloatArray
from xdomain.api.session import open_experiment
from xdomain.plan.alarms.design import DomainDesign, Method, detectable_drop
from xdomain.plan.measurement import MeasuredGrid

DESIGN, ALPHA = DomainDesign(Method.SIGN_FLIP, 288), 0.05 / 3
HEADER = (
    "| run | domain | items | tokens | change | variance of a difference, common / fresh | ratio | items changed, "
    "common / fresh | drop found, common / fresh |"
)


def compared(grid: MeasuredGrid) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """Yield each run with the records of its end and of its parent's end."""
    ends = {(each.run, each.seed): each.checkpoint for each in grid.checkpoints if each.is_end}
    for each in grid.checkpoints:
        parent = None if each.parent is None else ends.get((each.parent, each.seed)) or ends.get((each.parent, None))
        if each.is_end and parent is not None:
            records = (grid.records[grid.records["checkpoint"] == name] for name in (each.checkpoint, parent))
            yield str(each.run), *records


def differences(end: FloatArray, parent: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return differences of single samples with common and with fresh random numbers, [items, pairs of samples]."""
    samples = range(end.shape[1])
    fresh = [end[:, one] - parent[:, other] for one, other in itertools.permutations(samples, 2)]
    return end - parent, np.stack(fresh, axis=1)


def rows(grid: MeasuredGrid) -> Iterator[str]:
    for run, *both in compared(grid):
        for domain in grid.domains:
            own = [records[records["domain"] == domain] for records in both]
            tables = [each.pivot(index="item_id", columns="sample", values="score") for each in own]
            scores = pd.concat(tables, axis=1, join="inner").dropna()
            end, parent = np.split(scores.to_numpy(float), 2, axis=1)
            found = differences(end, parent)
            common, fresh = (float(each.var(axis=0, ddof=1).mean()) for each in found)
            changed = [float((np.abs(each) > 0).mean()) for each in found]
            drops = [100 * detectable_drop(DESIGN, ALPHA, each) for each in changed]
            ratio = f"{common / fresh:.2f}" if fresh else "-"  # no score changed
            yield (
                f"| {run} | {domain} | {len(scores)} | {own[0]['completion_tokens'].mean():.1f} | "
                f"{100 * found[0].mean():+.1f} | {common:.3f} / {fresh:.3f} | {ratio} | "
                f"{changed[0]:.0%} / {changed[1]:.0%} | {drops[0]:.1f} / {drops[1]:.1f} |"
            )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("experiment")
    parser.add_argument("--store")
    options = parser.parse_args()
    print(HEADER + "\n" + "|---" * 9 + "|")
    for row in rows(open_experiment(options.experiment, store=options.store).measure()):
        print(row)


if __name__ == "__main__":
    main()
