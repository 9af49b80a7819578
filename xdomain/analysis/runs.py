"""The runs of a grid: which checkpoint stands for which curriculum, strategy and seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from xdomain.config.curriculum import Curriculum, parse_curriculum
from xdomain.core.errors import AnalysisError
from xdomain.core.measurement import BASE, EvaluatedCheckpoint, MeasuredGrid


@dataclass(frozen=True)
class Run:
    """One curriculum under one strategy, with all its seeds.

    Attributes:
        label: the curriculum's text, with the strategy in brackets where it is not "joint"; "base" for the base.
        curriculum: canonical text.
        parsed: None for the base, and for a label that is no curriculum (results from elsewhere).
        strategy: None for the base.
        parent: label of the run that its last phase started from, None for the base.
        ends: checkpoint at the end of its last phase, by seed; the base stands under every seed.
        saved: every checkpoint of its last phase by seed, in step order.
        planned: the experiment's plan names it; prefixes that are no run of their own are not planned.
    """

    label: str
    curriculum: str
    parsed: Curriculum | None
    strategy: str | None
    parent: str | None
    ends: Mapping[int, EvaluatedCheckpoint]
    saved: Mapping[int, tuple[EvaluatedCheckpoint, ...]]
    planned: bool

    @property
    def is_base(self) -> bool:
        return self.curriculum == BASE

    @property
    def trained(self) -> tuple[str, ...]:
        """Distinct domains of all phases, in order of first appearance."""
        return self.parsed.domains if self.parsed else ()

    @property
    def is_single(self) -> bool:
        return self.parsed is not None and len(self.parsed.phases) == 1 and not self.parsed.phases[0].is_mixed

    @property
    def is_sequence(self) -> bool:
        """Two or more phases of one domain each."""
        return (
            self.parsed is not None
            and len(self.parsed.phases) > 1
            and not any(phase.is_mixed for phase in self.parsed.phases)
        )

    @property
    def is_mixture(self) -> bool:
        """A single phase of several domains."""
        return self.parsed is not None and len(self.parsed.phases) == 1 and self.parsed.phases[0].is_mixed

    @property
    def order(self) -> tuple[str, ...]:
        """Domains phase by phase, for a single or a sequence."""
        return tuple(phase.domains[0] for phase in self.parsed.phases) if self.parsed else ()


@dataclass(frozen=True)
class RunBook:
    """All runs by label, in plan order, the base first."""

    runs: Mapping[str, Run]
    seeds: tuple[int, ...]

    def get(self, curriculum: str, strategy: str | None = "joint") -> Run | None:
        """The run of a curriculum: under this strategy, else under the only one there is."""
        exact = self.runs.get(run_label(curriculum, strategy))
        if exact is not None:
            return exact
        same = [run for run in self.runs.values() if run.curriculum == curriculum]
        return same[0] if len(same) == 1 else None

    @property
    def planned(self) -> tuple[Run, ...]:
        """The base and every planned run."""
        return tuple(run for run in self.runs.values() if run.planned)

    def singles(self, domains: Iterable[str]) -> dict[str, Run]:
        """The run (d) of each trained domain, the one without "@steps" first; evaluated domains come first."""
        found: dict[str, Run] = {}
        for run in sorted(self.trained, key=lambda run: "@" in run.label):
            if run.is_single:
                found.setdefault(run.trained[0], run)
        return {name: found[name] for name in dict.fromkeys([*domains, *found]) if name in found}

    @property
    def trained(self) -> tuple[Run, ...]:
        """Planned runs, the base left out."""
        return tuple(run for run in self.runs.values() if not run.is_base and run.planned)

    @cached_property
    def measured_seeds(self) -> tuple[int, ...]:
        """Seeds under which at least one training run has ended."""
        return tuple(seed for seed in self.seeds if any(seed in run.ends for run in self.trained))

    @property
    def base(self) -> Run | None:
        return self.runs.get(BASE)


def label_of(run: Run | str) -> str:
    """The label of a run, or of one that the grid does not have."""
    return run if isinstance(run, str) else run.label


def run_label(curriculum: str, strategy: str | None) -> str:
    """ "a + b", or "a + b [cgpo]" for another strategy than joint."""
    return curriculum if strategy in (None, "joint") or curriculum == BASE else f"{curriculum} [{strategy}]"


def build_runs(grid: MeasuredGrid) -> RunBook:
    """Sort the checkpoints of `grid` into runs; planned curricula without a checkpoint become empty runs.

    Raises:
        AnalysisError: one run has two end checkpoints for one seed, or one checkpoint is listed twice.
    """
    seeds = tuple(dict.fromkeys([*grid.seeds, *(c.seed for c in grid.checkpoints if c.seed is not None)]))
    _refuse_repeated(grid)
    grouped: dict[tuple[str, str | None], list[EvaluatedCheckpoint]] = defaultdict(list)
    for curriculum in (BASE, *grid.curricula):
        if all(checkpoint.curriculum != curriculum for checkpoint in grid.checkpoints):
            grouped[curriculum, None if curriculum == BASE else "joint"] = []
        for checkpoint in grid.checkpoints:
            if checkpoint.curriculum == curriculum:
                grouped[curriculum, _strategy(checkpoint)].append(checkpoint)
    for checkpoint in grid.checkpoints:
        if checkpoint.curriculum not in grid.curricula and checkpoint.curriculum != BASE:
            grouped[checkpoint.curriculum, _strategy(checkpoint)].append(checkpoint)
    labels = {run_label(*key) for key in grouped}
    runs = [_build_run(*key, checkpoints, seeds, labels, grid.curricula) for key, checkpoints in grouped.items()]
    return RunBook({run.label: run for run in runs}, seeds)


def _strategy(checkpoint: EvaluatedCheckpoint) -> str | None:
    return None if checkpoint.curriculum == BASE else checkpoint.strategy or "joint"


def _refuse_repeated(grid: MeasuredGrid) -> None:
    seen: set[str] = set()
    for checkpoint in grid.checkpoints:
        if checkpoint.checkpoint in seen:
            raise AnalysisError(f'checkpoint "{checkpoint.checkpoint}" is listed twice in the grid.')
        seen.add(checkpoint.checkpoint)


def _build_run(
    curriculum: str,
    strategy: str | None,
    checkpoints: list[EvaluatedCheckpoint],
    seeds: tuple[int, ...],
    labels: set[str],
    planned: tuple[str, ...],
) -> Run:
    label = run_label(curriculum, strategy)
    if curriculum == BASE:
        if len(checkpoints) > 1:
            raise AnalysisError(
                f"the grid has {len(checkpoints)} base checkpoints.", fix="Base and warm-up do not depend on the seed."
            )
        ends = dict.fromkeys(seeds, checkpoints[0]) if checkpoints else {}
        saved = dict.fromkeys(seeds, tuple(checkpoints)) if checkpoints else {}
        return Run(BASE, BASE, None, None, None, ends, saved, True)
    by_seed: dict[int, list[EvaluatedCheckpoint]] = defaultdict(list)
    for checkpoint in checkpoints:
        if checkpoint.seed is None:
            raise AnalysisError(f'checkpoint "{checkpoint.checkpoint}" of "{label}" has no seed.')
        by_seed[checkpoint.seed].append(checkpoint)
    ends = {}
    for seed, group in by_seed.items():
        last = [checkpoint for checkpoint in group if checkpoint.is_end]
        if len(last) > 1:
            raise AnalysisError(
                f'"{label}" has {len(last)} end checkpoints for seed {seed}: {", ".join(c.checkpoint for c in last)}.',
                fix="Records of several experiments are mixed; analyse one at a time.",
            )
        if last:
            ends[seed] = last[0]
    ordered = {seed: tuple(sorted(group, key=lambda c: c.step)) for seed, group in sorted(by_seed.items())}
    parent = _parent(curriculum, strategy, checkpoints, labels)
    return Run(label, curriculum, _parse(curriculum), strategy, parent, ends, ordered, curriculum in planned)


def _parse(curriculum: str) -> Curriculum | None:
    from xdomain.core.errors import ConfigError

    try:
        return parse_curriculum(curriculum)
    except ConfigError:
        return None


def _parent(curriculum: str, strategy: str | None, checkpoints: list[EvaluatedCheckpoint], labels: set[str]) -> str:
    """Label of the parent: what the checkpoints say, else the curriculum without its last phase."""
    named = {checkpoint.parent for checkpoint in checkpoints if checkpoint.parent}
    if len(named) > 1:
        raise AnalysisError(
            f'"{run_label(curriculum, strategy)}" starts from different parents: {", ".join(sorted(named))}.'
        )
    text = named.pop() if named else curriculum.rpartition("->")[0].strip() or BASE
    same_strategy = run_label(text, strategy)
    return same_strategy if same_strategy in labels else text
