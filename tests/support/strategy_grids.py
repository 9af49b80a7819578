"""A synthetic measured grid of one mixture under several strategies with known effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from tests.support.grids import make_grid
from xdomain.core.seeds import generator
from xdomain.plan.measurement import Effort, EvaluatedCheckpoint, MeasuredGrid

MIXTURE = "logic + math + science"
DOMAINS = ("math", "science", "logic")


def strategy_grid(
    strategies: Mapping[str, Mapping[str, float]],
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
    *,
    displacement: Mapping[str, float] | None = None,
    n_items: int = 120,
) -> MeasuredGrid:
    """Joint, and every strategy as joint with some answers flipped.

    Args:
        strategies: for each the share of joint's wrong (below 0: right) answers flipped, by domain.
        displacement: of each strategy beside joint's 1.0; 1.0 where not named.
    """
    grid = make_grid(DOMAINS, [MIXTURE], seeds, n_items=n_items, saved_every=40)
    moved = {"joint": 1.0, **dict.fromkeys(strategies, 1.0), **(displacement or {})}
    ends = [
        replace(end, displacement=_moved(moved["joint"], end.seed), effort=_spent(end.effort, 40.0, 20.0))
        for end in grid.checkpoints
        if not end.run.is_base
    ]
    checkpoints = [checkpoint for checkpoint in grid.checkpoints if checkpoint.run.is_base] + ends
    frames = [grid.records]
    for name, flips in strategies.items():
        for end in ends:
            checkpoint = replace(
                end,
                checkpoint=f"{end.checkpoint}-{name}",
                run=replace(end.run, strategy=name),
                displacement=_moved(moved[name], end.seed),
                effort=_spent(end.effort, 44.0, 24.0),
            )
            checkpoints.append(checkpoint)
            frames += [_flipped(grid.records, end, checkpoint, domain, flips.get(domain, 0.0)) for domain in DOMAINS]
    runs = tuple(dict.fromkeys(each.run for each in checkpoints if not each.run.is_base))
    return replace(grid, runs=runs, checkpoints=tuple(checkpoints), records=pd.concat(frames, ignore_index=True))


def _spent(effort: Effort, seconds: float, processor: float) -> Effort:
    return replace(effort, seconds=seconds, update_processor_seconds=processor)


def _moved(length: float, seed: int | None) -> float:
    return length * (1 + 0.01 * (seed or 0))


def _flipped(
    records: pd.DataFrame, end: EvaluatedCheckpoint, checkpoint: EvaluatedCheckpoint, domain: str, share: float
) -> pd.DataFrame:
    own = records[(records["checkpoint"] == end.checkpoint) & (records["domain"] == domain)].copy()
    target = 0.0 if share > 0 else 1.0
    draw = generator("flips", checkpoint.checkpoint, domain)
    chosen = [score == target and draw.random() < abs(share) for score in own["score"]]
    own.loc[chosen, "score"] = 1.0 - target
    return own.assign(checkpoint=checkpoint.checkpoint)
