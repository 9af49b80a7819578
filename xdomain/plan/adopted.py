"""Checkpoints that an experiment declares instead of training them."""

from __future__ import annotations

from typing import Any

from xdomain.config.adopted import AdoptedRun
from xdomain.config.curriculum import Curriculum
from xdomain.config.experiment import Experiment
from xdomain.plan.identity import TRAIN_VERSION, Identities


def adopted_run(experiment: Experiment, curriculum: Curriculum, seed: int) -> AdoptedRun | None:
    """Return the declaration of a curriculum and seed; None if it is trained here."""
    found = (run for run in experiment.adopted if (run.curriculum, run.seed) == (curriculum, seed))
    return next(found, None)


def adopted_payload(run: AdoptedRun, parent: str, identities: Identities) -> dict[str, Any]:
    """Return the identity of a stage whose checkpoints were trained elsewhere: their weights and what is declared.

    `verifiers` and `training` are empty, because they are unknown.
    """
    return {
        "kind": "train",
        "version": TRAIN_VERSION,
        "parent": parent,
        "declared": {"phase": str(run.curriculum.phases[-1]), "seed": run.seed},
        "adopted": {str(each.step): dict(identities.adopted[each]) for each in run.checkpoints},
        "steps": run.checkpoints[-1].step,
        "verifiers": {},
        "training": {},
    }


def declaration(experiment: Experiment) -> str | None:
    """Return the sentence that plans and reports carry; None if nothing is declared."""
    if not experiment.adopted:
        return None
    runs = "; ".join(
        f"{run.title} (step {', '.join(str(each.step) for each in run.checkpoints)})" for run in experiment.adopted
    )
    return f"Declared by the user and not trained here: {runs}. Curriculum, seed, steps and parent are not verified."
