"""An `AnalysisResult` made by hand, for tests of the report: any number of domains, one or more seeds, hostile text.

The numbers come from a seeded generator and mean nothing; their shape is what `analyse` returns.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterable
from typing import Any

from scipy.stats import norm

from tests.support.ways_example import example_ways
from xdomain.analysis.estimands import own_estimands
from xdomain.analysis.findings import worded
from xdomain.analysis.read_result import DRAWN
from xdomain.analysis.result import (
    AccuracyMatrix,
    AnalysisResult,
    AnswerShape,
    BestSet,
    Cell,
    DeclaredContrast,
    EndCheckpoint,
    ItemChange,
    Matrix,
    Meta,
    RunEffort,
    SpeaksOf,
    StrategyComparison,
    StrategyCost,
    StrategyGradients,
    Summary,
    Trajectory,
    TrajectoryPoint,
    Unit,
    Word,
)

NAMES = ("math", "science", "logic", "puzzle", "code", "writing", "medicine", "law")
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[31m{{ 7*7 }} | \\write18{ls} & 100% $x$"
STEPS = 120
TEMPLATES = {estimand.name: estimand.template for estimand in own_estimands()}
TURNOVER = ("gained", "lost", "gained_beyond_sampling", "lost_beyond_sampling")


def example_result(domains: int = 3, seeds: int = 3, *, measured: bool = True) -> AnalysisResult:
    """A whole result over the first `domains` names; without `measured` every cell is missing."""
    return Example(NAMES[:domains], tuple(range(seeds)), measured).result()


def with_matrices(result: AnalysisResult, *changed: Matrix) -> AnalysisResult:
    """A copy in which each given matrix replaces the one of its name."""
    return result.model_copy(update={"matrices": result.matrices | {matrix.name: matrix for matrix in changed}})


class Example:
    """Draws cells from one seeded generator."""

    def __init__(self, domains: tuple[str, ...], seeds: tuple[int, ...], measured: bool) -> None:
        self.domains, self.seeds, self.measured = domains, seeds, measured
        self.random = random.Random(f"report-{len(domains)}-{len(seeds)}")
        self.pairs = list(itertools.permutations(domains, 2))
        self.unordered = list(itertools.combinations(domains, 2))
        self.sequences = [f"{a} -> {b}" for a, b in self.pairs] + [f"{domains[0]} -> {domains[0]}"]
        self.mixes = [" + ".join(sorted(pair)) for pair in self.unordered]
        self.strategies = [f"{self.mixes[0]} [{name}]" for name in ("cgpo", "pcgrad")]
        self.runs = [*domains, *self.sequences, *self.mixes, *self.strategies]
        self.speaks_of: SpeaksOf = "the recipe" if len(seeds) > 1 else "these checkpoints"

    def cell(
        self, compares: tuple[str, ...], size: float = 0.06, error: float = 0.02, centre: float | None = 0.0
    ) -> Cell:
        if not self.measured or self.random.random() < 0.03:
            return Cell(note="2 of 3 seeds have no records of this checkpoint.", compares=compares)
        middle = 0.5 if centre is None else centre
        estimate = self.random.gauss(middle, size)
        p = float(2 * norm.sf(abs(estimate - middle) / error))
        adjusted = min(1.0, 3 * p)
        return Cell(
            estimate=estimate,
            low=estimate - 1.96 * error,
            high=estimate + 1.96 * error,
            n_items=300,
            n_seeds=len(self.seeds),
            p=None if centre is None else p,
            p_adjusted=None if centre is None else adjusted,
            word=None if centre is None else word(estimate - middle, adjusted),
            seed_sd=0.012 if len(self.seeds) > 1 else None,
            speaks_of=self.speaks_of,
            smallest_detectable=None if centre is None else 2.8 * error,
            compares=compares,
        )

    def matrix(
        self, name: str, cells: dict[str, dict[str, Cell]], columns: tuple[str, ...] = (), **more: object
    ) -> Matrix:
        described = {
            "title": name.replace("_", " ").capitalize(),
            "definition": f"What {name} of A on d means, in symbols R[(A), d] - R[base, d].",
            "source": "ours",
            "row_meaning": "curriculum",
            "speaks_of": self.speaks_of,
            "family": f"Benjamini-Hochberg over {sum(map(len, cells.values()))} cells",
        }
        shown = TEMPLATES[name].model_dump(include=set(DRAWN)) if name in TEMPLATES else {}
        filled = {"name": name, "rows": tuple(cells), "columns": columns or self.domains, "cells": cells}
        return Matrix.model_validate(described | shown | filled | more)

    def by_run(self, name: str, rows: list[str], against: str = "base", **more: Any) -> Matrix:
        cells = {row: {d: self.cell((row, against)) for d in self.domains} for row in rows}
        return self.matrix(name, cells, **more)

    def unit_matrix(self, name: str, unit: Unit, centre: float, size: float) -> Matrix:
        cells = {a: {d: self.cell((a, d), size, size / 2, centre) for d in self.domains} for a in self.domains}
        return self.matrix(name, cells, unit=unit, centre=centre)

    def pair_matrix(self, name: str, unit: Unit = "fraction") -> Matrix:
        size = 0.06 if unit == "fraction" else 0.5
        cells: dict[str, dict[str, Cell]] = {a: {} for a in self.domains}
        for a, b in self.unordered:
            cells[a][b] = self.cell((a, b), size, size / 3)
            cells[b][a] = opposite(cells[a][b])
        return self.matrix(name, cells, unit=unit, row_meaning="A", column_meaning="B")

    def order_effect(self) -> Matrix:
        cells = {
            f"{a}, {b}": {domain: self.cell((f"{a} -> {b}", f"{b} -> {a}")) for domain in self.domains}
            for a, b in self.unordered
        }
        return self.matrix("order_effect", cells, row_meaning="A, B")

    def last_phase_matrix(self, name: str, which: int) -> Matrix:
        cells = {
            f"{pair[0]} -> {pair[1]}": {pair[which]: self.cell((" -> ".join(pair), pair[0]))} for pair in self.pairs
        }
        return self.matrix(name, cells, row_meaning="A -> B")

    def accuracy(self) -> AccuracyMatrix:
        rows = ["base", *self.runs]
        cells = {row: {d: self.cell((row,), 0.1, 0.02, None) for d in self.domains} for row in rows}
        shape = AnswerShape(n_samples=1200, wrong=0.3, malformed=0.04, truncated=0.021, unscored=0.0, mean_tokens=7.4)
        answers = {row: dict.fromkeys(self.domains, shape) for row in rows}
        base = self.matrix("accuracy", cells, centre=None, family="").model_dump()
        return AccuracyMatrix(**base, chance=dict.fromkeys(self.domains, 0.25), answers=answers)

    def trajectory(self, curriculum: str, domain: str) -> Trajectory:
        phases = curriculum.count("->") + 1
        value, points = 0.4, []
        for total in range(0, phases * STEPS + 1, 20):
            value = min(0.95, max(0.05, value + self.random.gauss(0.005, 0.03)))
            phase = math.ceil(total / STEPS)
            points.append(
                TrajectoryPoint(
                    estimate=value,
                    low=value - 0.04,
                    high=value + 0.04,
                    n_items=300,
                    n_seeds=len(self.seeds),
                    total_steps=total,
                    phase=phase,
                    phase_step=total - max(phase - 1, 0) * STEPS,
                )
            )
        ends = tuple(STEPS * (phase + 1) for phase in range(phases))
        return Trajectory(curriculum=curriculum, domain=domain, phase_ends=ends, points=tuple(points))

    def effort(self, run: str) -> RunEffort:
        curriculum, _, strategy = run.partition(" [")
        phases = 0 if run == "base" else curriculum.count("->") + 1
        tokens = None if phases == 2 else phases * 98304.5
        return RunEffort(
            steps=phases * STEPS,
            prompts=phases * STEPS * 16,
            completion_tokens=tokens,
            informative_groups=phases * 1311.0,
            curriculum=curriculum,
            strategy=None if run == "base" else strategy.rstrip("]") or "joint",
            phases=tuple(curriculum.split(" -> ")) if run != "base" else (),
            parent=None if run == "base" else curriculum.rpartition(" -> ")[0] or "base",
            checkpoints={"": "base-tiny-0123456789abcdef@0"}
            if run == "base"
            else {str(s): f"train-{run.replace(' ', '')}-{s}123456789abcdef@{STEPS}" for s in self.seeds},
        )

    def comparison(self) -> StrategyComparison:
        empty, ratio = Cell(), self.cell((self.strategies[0], self.mixes[0]), 0.1, 0.02, 1.0)
        costs = [
            StrategyCost(
                run=run,
                strategy=name,
                seconds_per_step=0.31,
                processor_seconds_per_step=0.125 if self.measured else None,
                tokens_per_step=812.5,
                displacement=1.25 if self.measured else None,
                seconds_ratio=empty if name == "joint" else ratio,
                processor_seconds_ratio=empty if name == "joint" else ratio,
                displacement_ratio=empty if name == "joint" else ratio,
                moves="farther" if name == "cgpo" and ratio.estimate is not None else None,
            )
            for run, name in zip([self.mixes[0], *self.strategies], ["joint", "cgpo", "pcgrad"], strict=True)
        ]
        gradients = [
            StrategyGradients(
                run=run,
                steps=4,
                cosine={"logic|math": -0.126, "math|science": None},
                conflicting=0.751,
                gradient_share={"logic": 0.37, "math": 0.63},
            )
            for run in [self.mixes[0], *self.strategies]
        ]
        return StrategyComparison(
            curriculum=self.mixes[0], reference=self.mixes[0], costs=tuple(costs), gradients=tuple(gradients)
        )

    def best(self, domain: str, group: str, candidates: list[str]) -> BestSet:
        kept = [run for run in candidates if self.random.random() < 0.4] or candidates[:1]
        return BestSet(
            domain=domain,
            group=group,
            candidates=tuple(candidates),
            not_beaten=tuple(kept),
            leading=kept[0],
            margin=self.cell((kept[0], candidates[-1])),
        )

    def item(self, index: int) -> ItemChange:
        run = self.sequences[index % len(self.sequences)]
        return ItemChange(
            run=run,
            parent=run.split(" -> ", maxsplit=1)[0],
            domain=self.domains[index % len(self.domains)],
            item_id=f"test-{index:05d}",
            change="gained" if index % 2 else "lost",
            before=float(index % 2 == 0),
            after=float(index % 2),
            prompt=f"Is {index} even?" if index else HOSTILE,
            quoted_seed=self.seeds[0] if len(self.seeds) > 1 else None,
            gold="(True)",
            completion_before="so it is \\boxed{False}" if index else HOSTILE,
            completion_after="so it is \\boxed{True}" if index else HOSTILE,
        )

    def end(self, run: str, seed: int | None, means: Matrix) -> EndCheckpoint:
        """Its accuracies are a point above the run's mean for each seed before it."""
        effort = self.effort(run)
        accuracy = {}
        for domain, cell in means.cells[run].items():
            own = None if cell.estimate is None else cell.estimate + 0.01 * (seed or 0)
            accuracy[domain] = cell.model_copy(update={"estimate": own})
        return EndCheckpoint(
            name=effort.checkpoints["" if seed is None else str(seed)],
            run=run,
            seed=seed,
            accuracy=accuracy,
            steps=int(effort.steps or 0),
            prompts=1920,
        )

    def result(self) -> AnalysisResult:
        a, b = self.domains[:2]
        sensitivity = {
            f"{x}, {y}": {"sensitivity": self.cell((f"{x} -> {y}", f"{y} -> {x}"))} for x, y in self.unordered
        }
        best = [self.best(d, "every curriculum", self.runs) for d in self.domains]
        best += [
            self.best(d, f"strategies for {self.mixes[0]}", [self.mixes[0], *self.strategies]) for d in self.domains
        ]
        matrices = {
            "accuracy": self.accuracy(),
            "change": self.by_run("change", self.runs),
            "transfer": self.by_run("transfer", list(self.domains), title="Transfer"),
            "relative_transfer": self.unit_matrix("relative_transfer", "ratio", 0.0, 0.6),
            "asymmetry": self.pair_matrix("asymmetry"),
            "asymmetry_logit": self.pair_matrix("asymmetry_logit", "logit"),
            "asymmetry_relative": self.pair_matrix("asymmetry_relative", "ratio"),
            "order_effect": self.order_effect(),
            "order_sensitivity": self.matrix("order_sensitivity", sensitivity, ("sensitivity",), row_meaning="A, B"),
            "permutation_range": self.matrix("permutation_range", {}),
            "retention": self.last_phase_matrix("retention", 0),
            "plasticity": self.last_phase_matrix("plasticity", 1),
            "refresh": self.matrix("refresh", {}),
            "mix_gain": self.by_run("mix_gain", self.mixes),
            "mix_gain_over_single": self.by_run("mix_gain_over_single", self.mixes),
            "strategy_effect": self.by_run("strategy_effect", self.strategies, self.mixes[0]),
            "strategy_matched": self.by_run("strategy_matched", self.strategies[:1], self.mixes[0]),
            "sequence": self.matrix(
                "sequence",
                {
                    run: {name: self.cell((run,)) for name in ("ACC", "BWT", "FWT", "forgetting", "worst domain")}
                    for run in self.sequences
                },
                ("ACC", "BWT", "FWT", "forgetting", "worst domain"),
                column_meaning="metric",
            ),
            "odds_ratio": self.unit_matrix("odds_ratio", "odds ratio", 1.0, 0.4),
            "odds_ratio_paired": self.by_run("odds_ratio_paired", list(self.domains)),
        }
        counts = counted(matrices.values())
        trajectories = tuple(self.trajectory(c, d) for c in [*self.domains, *self.sequences] for d in self.domains)
        matrices |= {name: self.by_run(name, self.runs) for name in TURNOVER}
        matrices["pass_at_1"] = self.by_run("pass_at_1", ["base", *self.runs], centre=None)
        result = AnalysisResult(
            matrices=in_reading_order(matrices),
            trajectories=trajectories,
            strategies=(self.comparison(),),
            ways_to_combine=(example_ways(self.domains, self.speaks_of, measured=self.measured),)
            if len(self.domains) > 1
            else (),
            contrasts=(DeclaredContrast(contrast=f"order({a}, {b}) on {b}", cell=self.cell(self.pairs[0])),),
            effort={run: self.effort(run) for run in ["base", *self.runs]},
            checkpoints=tuple(
                self.end(run, seed, matrices["accuracy"])
                for run in ["base", *self.runs]
                for seed in ((None,) if run == "base" else self.seeds)
            ),
            items=tuple(self.item(index) for index in range(12)) if self.measured else (),
            summary=Summary(
                mean_diagonal_transfer=self.cell((), 0.03, 0.01),
                mean_cross_transfer=self.cell((), 0.02, 0.01),
                mean_retention=self.cell((), 0.02, 0.01),
                mean_plasticity=self.cell((), 0.02, 0.01),
                shown={name: shown for name, (shown, _) in counts.items()},
                tested={name: tested for name, (_, tested) in counts.items()},
                best=tuple(best),
            ),
            sentences=(),
            meta=Meta(
                experiment="four-domains",
                model="tiny_qwen3 (0.5 M parameters)",
                domains=self.domains,
                curricula=tuple(self.runs),
                seeds=self.seeds,
                budget="per_phase",
                speaks_of=self.speaks_of,
                statements=(
                    f"Intervals cover {self.speaks_of}.",
                    "Intervals are unadjusted; conclusions follow adjusted p.",
                ),
                missing=("train-math@120 on logic",),
                items=dict.fromkeys(self.domains, 300),
                samples=dict.fromkeys(self.domains, 4),
                description={
                    "training": {"steps": STEPS, "learning_rate": 1e-4, "generations": 8},
                    "evaluation": {"temperature": 1.0},
                },
            ),
        )
        return worded(result)


def in_reading_order(matrices: dict[str, Matrix]) -> dict[str, Matrix]:
    """As `analyse` orders them; what it does not know comes last."""
    known = [name for name in TEMPLATES if name in matrices]
    return {name: matrices[name] for name in dict.fromkeys([*known, *matrices])}


def opposite(cell: Cell) -> Cell:
    """The same contrast read the other way round."""
    if cell.estimate is None or cell.low is None or cell.high is None:
        return cell
    turned = {"gain": "loss", "loss": "gain"}
    return cell.model_copy(
        update={
            "estimate": -cell.estimate,
            "low": -cell.high,
            "high": -cell.low,
            "word": turned.get(cell.word or "", cell.word),
            "compares": cell.compares[::-1],
        }
    )


def counted(matrices: Iterable[Matrix]) -> dict[str, tuple[int, int]]:
    """Cells with an effect shown and cells tested, of the matrices that test any."""
    words = {
        m.name: [cell.word for cells in m.cells.values() for cell in cells.values() if cell.word] for m in matrices
    }
    return {name: (sum(w != "no effect shown" for w in found), len(found)) for name, found in words.items() if found}


def word(difference: float, adjusted: float) -> Word:
    if adjusted > 0.05:
        return "no effect shown"
    return "gain" if difference > 0 else "loss"
