"""Print how often the relabelling test and the naive test find a predictor that predicts nothing, by simulation.

`python -m benchmarks.predictions [--json] [--grids N]`. A grid has a cell for each ordered pair of domains. Predictions
and measurements consist of a part per row (trained domain), a part per column (evaluated domain) and a part per cell.
Under the null they are drawn independently, so a test at 5% should find 5% or less. Power is simulated with
measurements whose correlation with the predictions, part by part, is .7. The naive test is the usual one-sided test of
Spearman's correlation, which takes cells as independent. 2,000 grids are simulated per line by default. The table in
docs/how-to/score-predictions.md comes from here.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
from scipy.stats import rankdata, t

from xdomain.analysis.columns import FloatArray
from xdomain.analysis.relabelling import cells, labellings

LEVEL = 0.05
DOMAINS = (4, 5, 6, 8)
CORRELATION = 0.7
LABELLINGS = 999
"""Largest number of labellings of the simulation: all for up to 6 domains. The report tries 10,000 for 8."""
SHARES: dict[str, float] = {"cells only": 0.0, "two thirds rows and columns": 2 / 3, "nine tenths": 0.9}
"""Share of the variance that rows and columns carry, half each."""


def grids(random: np.random.Generator, count: int, domains: int, share: float, correlation: float) -> list[FloatArray]:
    """Return predictions and measurements, each [grids, cells]."""
    places = cells(domains)

    def part(size: int) -> tuple[FloatArray, FloatArray]:
        one, other = random.standard_normal((2, count, size))
        return one, correlation * one + np.sqrt(1 - correlation**2) * other

    parts = zip(part(domains), part(domains), part(len(places)), strict=True)
    return [
        np.sqrt(share / 2) * (rows[:, places[:, 0]] + columns[:, places[:, 1]]) + np.sqrt(1 - share) * rest
        for rows, columns, rest in parts
    ]


def found(predicted: FloatArray, measured: FloatArray, domains: int) -> tuple[float, float]:
    """Return the share of grids in which the naive test and the relabelling test find the predictor."""
    one, other = _standard_ranks(predicted), _standard_ranks(measured)
    tried = labellings(domains)[:LABELLINGS]
    correlations = np.einsum("glc,gc->gl", other[:, tried], one)
    relabelled = (correlations >= correlations[:, :1] - 1e-12).mean(axis=1)
    observed, degrees = correlations[:, 0], len(tried[0]) - 2
    naive = t.sf(observed * np.sqrt(degrees / (1 - observed**2)), degrees)
    return float((naive <= LEVEL).mean()), float((relabelled <= LEVEL).mean())


def _standard_ranks(values: FloatArray) -> FloatArray:
    ranks = rankdata(values, axis=1) - (values.shape[1] + 1) / 2
    return ranks / np.linalg.norm(ranks, axis=1, keepdims=True)


def measured(domains: int, structure: str, count: int) -> dict[str, Any]:
    """Return the figures of one line, in parts of 500 grids to bound the memory."""
    random = np.random.default_rng([domains, list(SHARES).index(structure)])
    parts = [min(500, count - begun) for begun in range(0, count, 500)]

    def mean(correlation: float) -> list[float]:
        rates = [found(*grids(random, part, domains, SHARES[structure], correlation), domains) for part in parts]
        return [float(each) for each in np.average(rates, axis=0, weights=parts)]

    (naive, relabelled), (_, power) = mean(0.0), mean(CORRELATION)
    smallest = 1 / len(labellings(domains))
    return {
        "domains": domains,
        "structure": structure,
        "naive": naive,
        "relabelling": relabelled,
        "power": power,
        "smallest_p": smallest,
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Return the figures as a Markdown table."""
    lines = [
        "| domains | variance of rows and columns | naive test | relabelling | smallest p | power at .7 |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        rates = f"{row['naive']:.1%} | {row['relabelling']:.1%} | {row['smallest_p']:.4f} | {row['power']:.0%}"
        lines.append(f"| {row['domains']} | {row['structure']} | {rates} |")
    return "\n".join(lines)


def main() -> None:
    count = int(sys.argv[sys.argv.index("--grids") + 1]) if "--grids" in sys.argv else 2000
    rows = [measured(domains, structure, count) for domains in DOMAINS for structure in SHARES]
    print(json.dumps(rows) if "--json" in sys.argv else table(rows))


if __name__ == "__main__":
    main()
