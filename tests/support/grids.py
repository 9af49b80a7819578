"""Synthetic measured grids with a known truth: items, seeds, shared parents, saved checkpoints, completions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, permutations

import numpy as np
import pandas as pd

from xdomain.config.analysis import parse_quantity
from xdomain.config.curriculum import Curriculum, parse_curriculum
from xdomain.config.phases import AnyPhase, Distill, Merge, Rollback, make_phase
from xdomain.config.run_id import BASE_RUN, JOINT, RunId
from xdomain.core.seeds import derive_seed
from xdomain.plan.measurement import Effort, EvaluatedCheckpoint, MeasuredGrid

OWN_GAIN = 1.2
"""Logits that a phase on a domain adds to that domain."""
CROSS = {("math", "science"): -0.8, ("science", "math"): 0.4, ("logic", "math"): 0.5}
"""Logits that training on the first adds to the second; 0 for every other pair."""
FORGETTING = 0.6
"""Share of an earlier domain's gain that a later phase leaves."""


def true_shift(curriculum: Curriculum, domain: str, share_done: float = 1.0) -> float:
    """Logits that a curriculum adds to a domain, `share_done` of its last phase done."""
    shift = 0.0
    for number, phase in enumerate(curriculum.phases):
        done = share_done if number == len(curriculum.phases) - 1 else 1.0
        if domain not in phase.domains and shift > 0:
            shift *= 1 - (1 - FORGETTING) * done
        shift += done * _phase_gain(phase, domain)
    return shift


def _phase_gain(phase: AnyPhase, domain: str) -> float:
    if isinstance(phase, Merge):
        return sum(weight * true_shift(each, domain) for weight, each in phase.arguments)
    if isinstance(phase, Rollback):
        return true_shift(phase.curriculum, domain)
    if isinstance(phase, Distill):
        phase = make_phase(dict.fromkeys(phase.domains, 1))
    total = sum(weight for _, weight in phase.weights)
    gains = (
        (OWN_GAIN if name == domain else CROSS.get((name, domain), 0.0)) * weight for name, weight in phase.weights
    )
    return float(sum(gains) / total**0.5)


def family(
    domains: Sequence[str], *, mixed: bool = True, triples: bool = False, controls: bool = False
) -> tuple[str, ...]:
    """Singles, controls, ordered pairs, mixed pairs and triples, in plan order."""
    found = list(domains)
    found += [f"{a} -> {a}" for a in domains] if controls else []
    found += [f"{a} -> {b}" for a, b in permutations(domains, 2)]
    found += [str(parse_curriculum(f"{a} + {b}")) for a, b in combinations(domains, 2)] if mixed else []
    found += [" -> ".join(triple) for triple in permutations(domains, 3)] if triples else []
    return tuple(found)


def make_grid(
    domains: Sequence[str] = ("math", "science", "logic"),
    curricula: Sequence[str] | None = None,
    seeds: Sequence[int] = (0, 1, 2),
    *,
    n_items: int = 60,
    samples: int = 4,
    seed_sd: float = 0.15,
    steps: int = 40,
    saved_every: int = 20,
    null: bool = False,
    items_a_cluster: int = 1,
    contrasts: Sequence[str] = (),
    rng_seed: int = 0,
) -> MeasuredGrid:
    """A whole grid.

    Args:
        seed_sd: standard deviation of a run's seed effect on each domain, logits; shared with its parent in part.
        null: training moves nothing.
        items_a_cluster: items that share a context, and half of their difficulty.
    """
    texts = tuple(curricula) if curricula is not None else family(domains)
    parsed = [parse_curriculum(text) for text in texts]
    everything = list(dict.fromkeys([prefix for curriculum in parsed for prefix in curriculum.prefixes()]))
    checkpoints = [EvaluatedCheckpoint("base@0", BASE_RUN, model="tiny")]
    for curriculum in everything:
        for seed in seeds:
            checkpoints += _checkpoints(curriculum, seed, steps, saved_every, parsed)
    difficulty = {domain: _difficulty(domain, n_items, items_a_cluster, rng_seed) for domain in domains}
    frames = [
        _records(checkpoint, domain, difficulty[domain], samples, seed_sd, null, items_a_cluster, rng_seed)
        for checkpoint in checkpoints
        for domain in domains
    ]
    return MeasuredGrid(
        experiment="synthetic",
        domains=tuple(domains),
        runs=tuple(RunId(curriculum, JOINT) for curriculum in parsed),
        seeds=tuple(seeds),
        checkpoints=tuple(checkpoints),
        records=pd.concat(frames, ignore_index=True),
        chance=dict.fromkeys(domains, 0.1),
        contrasts=tuple(map(parse_quantity, contrasts)),
        budget="per_phase",
        description={"model": "tiny", "steps": steps, "note": "synthetic"},
    )


def _checkpoints(
    curriculum: Curriculum, seed: int, steps: int, every: int, planned: Sequence[Curriculum]
) -> list[EvaluatedCheckpoint]:
    text, run = str(curriculum), RunId(curriculum, JOINT)
    parent = RunId(curriculum.before, JOINT) if curriculum.before else BASE_RUN
    below, others = rests_on(curriculum), {each for other in planned if other != curriculum for each in rests_on(other)}
    before = sum((spent(each, steps) for each in below - {curriculum}), start=NOTHING)
    added = sum((spent(each, steps) for each in below - others), start=NOTHING).effort
    found = []
    last = 0 if isinstance(curriculum.phases[-1], Merge) else steps
    for step in range(every, steps + 1, every) if last else [0]:
        name, effort = f"{text.replace(' ', '')}-s{seed}@{step}", (before + spent(curriculum, step)).effort
        place = EvaluatedCheckpoint(name, run, seed, step, step == last, parent, "tiny", effort)
        found.append(replace(place, added=added) if place.is_end else place)
    return found


def rests_on(curriculum: Curriculum) -> set[Curriculum]:
    """All prefixes of a curriculum and of the curricula inside it, itself included."""
    found = set(curriculum.prefixes())
    for each in curriculum.inner:
        found |= rests_on(each)
    return found


@dataclass(frozen=True)
class Spent:
    """Steps of training and of distillation."""

    trained: int = 0
    distilled: int = 0

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.trained + other.trained, self.distilled + other.distilled)

    @property
    def effort(self) -> Effort:
        """Sixteen prompts per step; eight completions per prompt of training, one of distillation; 20 tokens each."""
        done = self.trained + self.distilled
        passes = 16 * self.distilled
        tokens = 16 * 8 * 20 * self.trained + 20 * passes
        return Effort(done, 16 * done, tokens, 9 * self.trained, taught_tokens=20 * passes, teacher_passes=passes)


NOTHING = Spent()


def spent(curriculum: Curriculum, steps: int) -> Spent:
    """What the last phase of a curriculum spends."""
    last = curriculum.phases[-1]
    if isinstance(last, Merge):
        return NOTHING
    return Spent(distilled=steps) if isinstance(last, Distill) else Spent(trained=steps)


def _difficulty(domain: str, n_items: int, items_a_cluster: int, rng_seed: int) -> np.ndarray:
    generator = np.random.default_rng(derive_seed("difficulty", domain, rng_seed))
    own = generator.normal(0, 1.2, n_items)
    shared = np.repeat(generator.normal(0, 1.2, -(-n_items // items_a_cluster)), items_a_cluster)[:n_items]
    return own if items_a_cluster == 1 else (own + shared) / 2**0.5


def seed_effect(curriculum: Curriculum, seed: int | None, domain: str, rng_seed: int) -> float:
    """Standard normal effects of every phase, added up, so that children share their parent's."""
    if seed is None:
        return 0.0
    prefixes = curriculum.prefixes()
    draws = [np.random.default_rng(derive_seed("seed", str(p), seed, domain, rng_seed)).normal() for p in prefixes]
    return float(sum(draws) / len(draws) ** 0.5)


def _records(
    checkpoint: EvaluatedCheckpoint,
    domain: str,
    difficulty: np.ndarray,
    samples: int,
    seed_sd: float,
    null: bool,
    items_a_cluster: int,
    rng_seed: int,
) -> pd.DataFrame:
    generator = np.random.default_rng(derive_seed("answers", checkpoint.checkpoint, domain, rng_seed))
    n_items = len(difficulty)
    logit = -0.4 - difficulty
    curriculum = checkpoint.run.curriculum
    if curriculum is not None:
        trains = not isinstance(curriculum.phases[-1], Merge)
        share = checkpoint.step / 40 if checkpoint.step < 40 and trains else 1.0
        logit = logit + (0.0 if null else true_shift(curriculum, domain, share))
        logit = logit + seed_sd * seed_effect(curriculum, checkpoint.seed, domain, rng_seed)
    right = generator.random((n_items, samples)) < 1 / (1 + np.exp(-logit))[:, None]
    malformed = ~right & (generator.random(right.shape) < 0.15)
    ids = np.repeat([f"{domain}-{i:05d}" for i in range(n_items)], samples)
    outcome = np.where(right, "right", np.where(malformed, "malformed", "wrong")).ravel()
    gold = np.repeat([str(i) for i in range(n_items)], samples)
    return pd.DataFrame(
        {
            "stage_key": f"evaluate-{checkpoint.checkpoint}",
            "checkpoint": checkpoint.checkpoint,
            "domain": domain,
            "item_id": ids,
            "cluster_id": np.repeat([f"{domain}-c{i // items_a_cluster}" for i in range(n_items)], samples),
            "sample": np.tile(np.arange(samples), n_items),
            "prompt_hash": np.repeat([f"{domain}{i}" for i in range(n_items)], samples),
            "completion": np.where(
                right.ravel(), "the answer is " + gold.astype(object), "<script>alert(1)</script> none"
            ),
            "answer": np.where(right.ravel(), gold, ""),
            "gold": gold,
            "score": right.ravel().astype(float),
            "outcome": outcome,
            "reason": np.where(right.ravel(), "equal", "different"),
            "completion_tokens": generator.integers(3, 20, n_items * samples),
            "finish_reason": np.where(generator.random(n_items * samples) < 0.03, "length", "stop"),
            "mean_entropy": generator.uniform(0.2, 1.0, n_items * samples),
            "scorer": "exact/1",
            "seed": 7,
        }
    )


def relabelled(grid: MeasuredGrid, names: Mapping[str, str]) -> MeasuredGrid:
    """The same grid with other names for its domains, listed in the order of `names`' values."""

    def rename(run: RunId) -> RunId:
        if run.curriculum is None:
            return run
        phases = run.curriculum.training_phases
        renamed = (make_phase({names[name]: weight for name, weight in phase.weights}) for _, phase in phases)
        return replace(run, curriculum=Curriculum(tuple(renamed)))

    checkpoints = tuple(
        replace(c, run=rename(c.run), parent=None if c.parent is None else rename(c.parent)) for c in grid.checkpoints
    )
    return replace(
        grid,
        domains=tuple(names[domain] for domain in grid.domains),
        runs=tuple(map(rename, grid.runs)),
        checkpoints=checkpoints,
        records=grid.records.assign(domain=grid.records["domain"].map(dict(names))),
        chance={names[domain]: value for domain, value in grid.chance.items()},
    )


def as_comparison(grid: MeasuredGrid) -> MeasuredGrid:
    """The base and the ends of one seed, as models of which nobody says what they were trained on."""
    ends = {end.run: end for end in reversed(grid.checkpoints) if end.is_end}
    models = {run: BASE_RUN if run.is_base else RunId(model=f"models/{run}") for run in ends}
    places = tuple(EvaluatedCheckpoint(end.checkpoint, models[run]) for run, end in reversed(ends.items()))
    return MeasuredGrid(
        experiment="eval",
        domains=grid.domains,
        runs=tuple(place.run for place in places if not place.run.is_base),
        checkpoints=places,
        records=grid.records[grid.records["checkpoint"].isin([place.checkpoint for place in places])],
        chance=grid.chance,
    )
