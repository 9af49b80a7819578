"""Measure the analysis: a large grid read from Parquet, and crossed intervals against a bootstrap of each cell.

200 checkpoints x 4 domains x 500 items x 4 samples = 1.6 million rows. Prints seconds, peak memory and the ratio;
`python benchmarks/analysis.py [--json]`.

The bootstrap is `scipy.stats.bootstrap` (percentile, 9,999 resamples of items, vectorised, its defaults except for the
method, since BCa is slower still) on the same item means, with one call per cell. A share of the cells is timed and
scaled up, because every call costs the same.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import stats

from xdomain.analysis.analyse import analyse
from xdomain.config.run_id import BASE_RUN, RunId, parse_run
from xdomain.core.parquet import read_records, record_schema
from xdomain.core.records import RECORD_COLUMNS
from xdomain.plan.measurement import EvaluatedCheckpoint, MeasuredGrid

DOMAINS = ("math", "science", "logic", "puzzle")
N_ITEMS, SAMPLES, SEEDS, SAVED = 500, 4, (0, 1, 2), 3
CHECKPOINTS = 200
TIMED_CELLS = 20


def plan() -> tuple[tuple[RunId, ...], list[EvaluatedCheckpoint]]:
    """Return singles, ordered and mixed pairs, with three seeds and three checkpoints each, cut at 200 checkpoints."""
    texts = [*DOMAINS, *(f"{a} -> {b}" for a, b in permutations(DOMAINS, 2))]
    texts += [f"{a} + {b}" for a, b in permutations(DOMAINS, 2) if a < b]
    checkpoints = [EvaluatedCheckpoint("base@0", BASE_RUN, model="tiny")]
    for text in texts:
        for seed in SEEDS:
            for step in (40, 80, 120):
                name = f"{text}-{seed}@{step}"
                end = step == 120
                checkpoints.append(EvaluatedCheckpoint(name, parse_run(text), seed, step, end, model="tiny"))
    extra = CHECKPOINTS - len(checkpoints)
    checkpoints += [
        EvaluatedCheckpoint(f"math-0@{step}", parse_run("math"), 0, step, is_end=False, model="tiny")
        for step in range(1, 1 + extra)
    ]
    return tuple(map(parse_run, texts)), checkpoints


def write_evaluations(checkpoints: list[EvaluatedCheckpoint], folder: Path) -> list[Path]:
    """Write one Parquet file per evaluation, in the schema of the store."""
    generator = np.random.default_rng(0)
    rows = N_ITEMS * SAMPLES
    items = np.repeat(np.arange(N_ITEMS), SAMPLES)
    paths = []
    for checkpoint in checkpoints:
        for domain in DOMAINS:
            right = generator.random(rows) < generator.uniform(0.2, 0.7)
            frame = pd.DataFrame(
                {
                    "stage_key": f"{len(paths):064x}",
                    "checkpoint": checkpoint.checkpoint,
                    "domain": domain,
                    "item_id": [f"{domain}-{i:05d}" for i in items],
                    "cluster_id": [f"{domain}-{i:05d}" for i in items],
                    "sample": np.tile(np.arange(SAMPLES), N_ITEMS),
                    "prompt_hash": [f"{i:064x}" for i in items],
                    "completion": [f"six times seven, {i}, is forty-two" for i in range(rows)],
                    "answer": "42",
                    "gold": "42",
                    "score": right.astype(float),
                    "outcome": np.where(right, "right", "wrong"),
                    "reason": np.where(right, "equal", "different"),
                    "completion_tokens": generator.integers(3, 20, rows),
                    "finish_reason": "stop",
                    "mean_entropy": generator.uniform(0.2, 1.0, rows),
                    "scorer": "exact/1",
                    "seed": 7,
                }
            )
            paths.append(folder / f"{len(paths)}.parquet")
            table = pa.Table.from_pandas(
                frame[[name for name in RECORD_COLUMNS if name in frame]], preserve_index=False
            )
            pq.write_table(table.cast(record_schema()), paths[-1], compression="zstd")
    return paths


def bootstrap_seconds_a_cell(records: pd.DataFrame) -> float:
    """Return the mean seconds of the bootstrap interval of one paired difference."""
    means = records[records["domain"] == "math"].groupby(["checkpoint", "item_id"], observed=True)["score"].mean()
    table = means.unstack().to_numpy()
    started = time.perf_counter()
    for row in range(1, 1 + TIMED_CELLS):
        stats.bootstrap((table[row] - table[0],), np.mean, method="percentile", rng=np.random.default_rng(row))
    return (time.perf_counter() - started) / TIMED_CELLS


def measure() -> dict[str, float]:
    runs, checkpoints = plan()
    with tempfile.TemporaryDirectory() as folder:
        paths = write_evaluations(checkpoints, Path(folder))
        started = time.perf_counter()
        records = read_records(paths)
        read = time.perf_counter() - started
        grid = MeasuredGrid("bench", DOMAINS, runs, tuple(checkpoints), records, SEEDS)
        result = analyse(grid)
        seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    intervals = [
        cell.low
        for matrix in result.matrices.values()
        for row in matrix.cells.values()
        for cell in row.values()
        if cell.low is not None
    ]
    intervals += [point.low for line in result.trajectories for point in line.points]
    intervals += [best.margin.low for best in result.summary.best]
    bootstrap = bootstrap_seconds_a_cell(records) * len(intervals)
    return {
        "rows": len(records),
        "checkpoints": len(checkpoints),
        "read_seconds": read,
        "seconds": seconds,
        "intervals": len(intervals),
        "bootstrap_seconds": bootstrap,
        "times_faster": bootstrap / (seconds - read),
        "peak_mib": peak,
    }


def main() -> None:
    figures = measure()
    if "--json" in sys.argv:
        print(json.dumps(figures))
        return
    print(f"rows {figures['rows']:,.0f}, checkpoints {figures['checkpoints']:.0f}")
    print(f"reading {figures['read_seconds']:.1f} s, reading and all matrices {figures['seconds']:.1f} s (limit 30)")
    print(f"peak memory {figures['peak_mib']:,.0f} MiB (limit 2,048)")
    print(f"{figures['intervals']:.0f} intervals by scipy.stats.bootstrap {figures['bootstrap_seconds']:.0f} s:")
    print(f"{figures['times_faster']:.1f} times faster (limit 20)")


if __name__ == "__main__":
    main()
