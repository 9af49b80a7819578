"""Keep diagnoses in the store, and collect those of an experiment for its report."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from xdomain.analysis.result import DiagnosedStage, Diagnoses
from xdomain.diagnosis.result import Diagnosis, StagePair
from xdomain.plan.graph import Plan
from xdomain.plan.stage import CheckpointRef
from xdomain.store.diagnoses import StoredDiagnosis, note_diagnosis, read_diagnosis
from xdomain.store.store import Store


def keep_diagnosis(store: Store, checkpoints: Sequence[CheckpointRef], found: Diagnosis) -> None:
    """Store a diagnosis, one file per checkpoint.

    Args:
        store: The store.
        checkpoints: Diagnosed checkpoints, in the order of `found.edits`.
        found: The diagnosis.

    Raises:
        StoreError: The store cannot be written.
    """
    pairs: dict[CheckpointRef, dict[str, StagePair]] = {checkpoint: {} for checkpoint in checkpoints}
    for (one, two), pair in zip(combinations(checkpoints, 2), found.pairs, strict=True):
        pairs[one][two.name] = pairs[two][one.name] = pair
    domains = len(found.effects) // len(checkpoints)  # every stage was diagnosed on the same ones
    for number, (checkpoint, edits) in enumerate(zip(checkpoints, found.edits, strict=True)):
        effects = found.effects[domains * number : domains * (number + 1)]
        (stage,) = store.find(checkpoint.stage)
        kept = StoredDiagnosis(edits, {each.domain: each for each in effects}, pairs[checkpoint])
        note_diagnosis(store.root, stage.path.name, checkpoint.step, kept)


def kept_diagnoses(plan: Plan, store: Store) -> Diagnoses:
    """Return the stored diagnoses of the end of each training stage and merge of a plan, optional ones last.

    Raises:
        StoreError: A stored diagnosis is corrupt.
    """
    stages, known = [], set()
    pairs: dict[frozenset[str], StagePair] = {}
    for stage in plan.whole.phase_stages:
        found = read_diagnosis(store.root, stage.folder, stage.end.step)
        if found is None:
            continue
        effects = tuple(found.effects[name] for name in plan.experiment.domain_names if name in found.effects)
        stages.append(DiagnosedStage(run=str(stage.run), seed=stage.seed, edits=found.edits, effects=effects))
        known.add(stage.end.name)
        pairs |= {frozenset((stage.end.name, other)): pair for other, pair in found.pairs.items()}
    return Diagnoses(stages=tuple(stages), overlaps=tuple(pair for names, pair in pairs.items() if names <= known))
