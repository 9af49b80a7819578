"""Run a preflight for another process, which gets the answer as JSON."""

from __future__ import annotations

from xdomain.config.experiment import Experiment
from xdomain.core.error_json import error_to_json
from xdomain.core.errors import XDomainError
from xdomain.worker.run import run_preflight


def preflight_complaint(experiment_json: str, *, loads_source: bool) -> str:
    """Return the error of an experiment's preflight in this process as `error_to_json` writes it; "" if it passed."""
    try:
        run_preflight(Experiment.model_validate_json(experiment_json), loads_source=loads_source)
    except XDomainError as error:
        return error_to_json(error)
    return ""
