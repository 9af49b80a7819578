"""Stored diagnoses of an experiment's stages."""

from xdomain.analysis.matrix import ResultModel
from xdomain.diagnosis.result import DomainEffect, StageEdits, StagePair


class DiagnosedStage(ResultModel):
    """The diagnosis of a run's last phase, for one seed, as `xdomain diagnose` stored it."""

    run: str
    seed: int
    edits: StageEdits
    """How the phase changed the weights."""
    effects: tuple[DomainEffect, ...]
    """Effect on each domain that was diagnosed, in file order."""


class Diagnoses(ResultModel):
    """All stored diagnoses of an experiment."""

    stages: tuple[DiagnosedStage, ...] = ()
    """Diagnosed phases in plan order."""
    overlaps: tuple[StagePair, ...] = ()
    """Agreement of the changes of each pair of phases that were diagnosed together."""
