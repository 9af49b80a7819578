"""Carry what a preflight elsewhere found wrong to the process that asked, as JSON."""

from __future__ import annotations

import json

from xdomain.config.experiment import Experiment
from xdomain.core import errors
from xdomain.core.errors import XDomainError
from xdomain.worker.run import run_preflight


def preflight_complaint(experiment_json: str, *, loads_source: bool) -> str:
    """What is wrong with an experiment where this process runs, as JSON; "null" if nothing is."""
    try:
        run_preflight(Experiment.model_validate_json(experiment_json), loads_source=loads_source)
    except XDomainError as error:
        return json.dumps({"kind": type(error).__name__, "what": error.what, "where": error.where, "fix": error.fix})
    return "null"


def raise_complaint(text: str) -> None:
    """Raise what `preflight_complaint` wrote down.

    Raises:
        XDomainError: something is wrong.
    """
    complaint = json.loads(text)
    if complaint is not None:
        kind = getattr(errors, complaint.pop("kind"))
        raise kind(complaint.pop("what"), **complaint)
