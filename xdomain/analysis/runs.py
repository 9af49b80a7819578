"""Runs of a grid: the checkpoints that belong to each curriculum, strategy and seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from xdomain.config.curriculum import Curriculum
from xdomain.config.run_id import BASE_RUN, JOINT, RunId
from xdomain.core.errors import AnalysisError
from xdomain.plan.measurement import EvaluatedCheckpoint, MeasuredGrid

Seed = int | None
"""A training seed; None in a comparison, which has no seeds."""


@dataclass(frozen=True)
class Run:
    """One row of the matrices, with the checkpoints of all its seeds.

    Attributes:
        id: Identity of the run.
        parent: Run that its last phase started from; the base model for a first phase and for compared models; None for
            the base model.
        ends: Checkpoint at the end of its last phase, keyed by seed in seed order. The base model is listed under every
            seed.
        saved: Checkpoints of its last phase in step order, keyed by seed.
        planned: True if it has its own row.
    """

    id: RunId
    parent: RunId | None = None
    ends: Mapping[Seed, EvaluatedCheckpoint] = field(default_factory=dict)
    saved: Mapping[Seed, tuple[EvaluatedCheckpoint, ...]] = field(default_factory=dict)
    planned: bool = False

    @cached_property
    def label(self) -> str:
        """Name of the run in reports and messages."""
        return str(self.id)


@dataclass(frozen=True)
class RunBook:
    """All runs in plan order, the base model first.

    Attributes:
        seeds: Training seeds, planned ones first; (None,) if nothing was trained.
        is_comparison: See `MeasuredGrid`.
    """

    runs: Mapping[RunId, Run]
    seeds: tuple[Seed, ...]
    is_comparison: bool = False

    def __iter__(self) -> Iterator[Run]:
        return iter(self.runs.values())

    def run(self, id_: RunId) -> Run:
        """Return the run, or one without checkpoints if the grid does not have it."""
        return self.runs.get(id_) or Run(id_)

    def parent(self, run: Run) -> Run:
        """Return the run that the last phase of `run` started from; for the base model, the base model itself."""
        return self.run(run.parent or BASE_RUN)

    def of_curriculum(self, curriculum: Curriculum, strategy: str | None) -> Run | None:
        """Return the run of a curriculum under this strategy, or else under the only strategy that was run."""
        exact = self.runs.get(RunId(curriculum, strategy))
        if exact is not None:
            return exact
        same = [run for run in self if run.id.curriculum == curriculum]
        return same[0] if len(same) == 1 else None

    @property
    def base(self) -> Run:
        return self.run(BASE_RUN)

    @property
    def planned(self) -> tuple[Run, ...]:
        """Runs with their own row, including the base model if it has one."""
        return tuple(run for run in self if run.planned)

    def singles(self, domains: Iterable[str]) -> dict[str, Run]:
        """Return the run (d) of each trained domain, evaluated domains first. A run without "@steps" is preferred."""
        found: dict[str, Run] = {}
        for run in sorted(self.trained, key=lambda run: run.id.sets_steps):
            if run.id.is_single:
                found.setdefault(run.id.domains[0], run)
        return {name: found[name] for name in dict.fromkeys([*domains, *found]) if name in found}

    @cached_property
    def trained(self) -> tuple[Run, ...]:
        """Planned runs without the base model."""
        return tuple(run for run in self.planned if not run.id.is_base)

    @cached_property
    def measured_seeds(self) -> tuple[int, ...]:
        """Seeds with at least one finished training run."""
        ended = {seed for run in self.trained for seed in run.ends}
        return tuple(seed for seed in self.seeds if seed is not None and seed in ended)


def build_runs(grid: MeasuredGrid) -> RunBook:
    """Sort the checkpoints of `grid` into runs. Planned runs without a checkpoint become empty runs.

    Raises:
        AnalysisError: A run has two end checkpoints for one seed, a checkpoint is listed twice, two runs have the same
            label, or a run has several parents.
    """
    _refuse_repeated(grid)
    planned = (BASE_RUN, *grid.runs) if _has_base(grid) else grid.runs
    grouped: dict[RunId, list[EvaluatedCheckpoint]] = {run: [] for run in (BASE_RUN, *grid.runs)}
    for checkpoint in grid.checkpoints:
        grouped.setdefault(checkpoint.run, []).append(checkpoint)
    known = [*grid.seeds, *(c.seed for c in grid.checkpoints if c.seed is not None)]
    seeds: tuple[Seed, ...] = tuple(dict.fromkeys(known)) or (None,)
    runs = {}
    for run_id, checkpoints in grouped.items():
        parent = _parent(run_id, checkpoints, grouped)
        by_seed = _by_seed(run_id, checkpoints, seeds)
        ends = {seed: end for seed, group in by_seed.items() for end in group if end.is_end}
        runs[run_id] = Run(run_id, parent, ends, by_seed, planned=run_id in planned)
    return RunBook(runs, seeds, grid.is_comparison)


def _has_base(grid: MeasuredGrid) -> bool:
    """Return whether the base model has a row, which it lacks if models are compared among themselves."""
    return not grid.is_comparison or any(run.is_base for run in (*grid.measured_runs, *(run for run, _ in grid.failed)))


def _refuse_repeated(grid: MeasuredGrid) -> None:
    names = Counter(checkpoint.checkpoint for checkpoint in grid.checkpoints)
    labels = Counter(str(run) for run in dict.fromkeys([*grid.runs, *grid.measured_runs]))
    for name, count in names.items():
        if count > 1:
            raise AnalysisError(f'checkpoint "{name}" is listed twice in the grid.')
    for label, count in labels.items():
        if count > 1:
            raise AnalysisError(f'{count} different runs or models are called "{label}".', fix="Rename one of them.")


def _by_seed(
    run: RunId, checkpoints: Sequence[EvaluatedCheckpoint], seeds: Sequence[Seed]
) -> dict[Seed, tuple[EvaluatedCheckpoint, ...]]:
    """Return the checkpoints of each seed in step order. Checkpoints without a seed are listed under every seed.

    Raises:
        AnalysisError: A seed has several ends, or a trained checkpoint has no seed.
    """
    found: dict[Seed, tuple[EvaluatedCheckpoint, ...]] = {}
    if run.curriculum is None:
        found = dict.fromkeys(seeds, tuple(checkpoints)) if checkpoints else {}
    elif any(checkpoint.seed is None for checkpoint in checkpoints):
        name = next(checkpoint.checkpoint for checkpoint in checkpoints if checkpoint.seed is None)
        raise AnalysisError(f'checkpoint "{name}" of "{run}" has no seed.')
    else:
        for seed in sorted({checkpoint.seed for checkpoint in checkpoints if checkpoint.seed is not None}):
            group = [checkpoint for checkpoint in checkpoints if checkpoint.seed == seed]
            found[seed] = tuple(sorted(group, key=lambda checkpoint: checkpoint.step))
    for each, saved in found.items():
        ends = [checkpoint.checkpoint for checkpoint in saved if checkpoint.is_end]
        if len(ends) > 1:
            of_seed = "" if run.curriculum is None else f" for seed {each}"
            raise AnalysisError(
                f'"{run}" has {len(ends)} end checkpoints{of_seed}: {", ".join(ends)}.',
                fix="Records of several experiments are mixed; analyse one at a time.",
            )
    return found


def _parent(run: RunId, checkpoints: Sequence[EvaluatedCheckpoint], known: Collection[RunId]) -> RunId | None:
    """Return the parent that the checkpoints name, else the run of all earlier phases.

    The run of earlier phases has the same strategy if such a run exists.
    """
    if run.is_base:
        return None
    named = {checkpoint.parent for checkpoint in checkpoints if checkpoint.parent is not None}
    if len(named) > 1:
        raise AnalysisError(f'"{run}" starts from different parents: {", ".join(sorted(map(str, named)))}.')
    if named:
        return named.pop()
    before = run.curriculum.before if run.curriculum else None
    if before is None:
        return BASE_RUN
    same_strategy = RunId(before, run.strategy)
    return same_strategy if same_strategy in known else RunId(before, JOINT)
