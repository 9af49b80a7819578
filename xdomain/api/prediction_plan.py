"""What the predictors of a plan add to it."""

from __future__ import annotations

from xdomain.core.errors import PlanError
from xdomain.core.words import count
from xdomain.domains.base import Split
from xdomain.domains.build import build_domains
from xdomain.plan.graph import Plan
from xdomain.plan.prediction_inputs import PredictionInputs, prediction_inputs
from xdomain.plan.predictions import predictable_cells
from xdomain.resolve.identities import resolve_identities


def inputs_of(plan: Plan) -> PredictionInputs | None:
    """Return what the predictors of a plan read; None if the experiment has no predictors.

    Raises:
        PlanError: Nothing can be predicted, the report is measured on dev items, or a domain has no dev items.
    """
    experiment = plan.experiment
    if not experiment.analysis.predictors:
        return None
    inputs = prediction_inputs(plan, resolve_identities(experiment))
    for name, domain in build_domains(experiment.domains, inputs.base if inputs else ()).items():
        if not domain.count(Split.DEV):
            raise PlanError(
                f'predictors read dev items, and "{name}" has none.',
                where="analysis.predictors",
                fix="Give the domain a dev split, or remove the field.",
            )
    return inputs


def predictors_in_words(plan: Plan) -> list[str]:
    """Return a sentence on what the predictors of a plan add to it; [] if there are none."""
    inputs = inputs_of(plan)
    if inputs is None:
        return []
    added = count(len(inputs.graph.stages.keys() - plan.stages.keys()), "stage")
    names = ", ".join(dict.fromkeys(plan.experiment.analysis.predictors))
    return [f"{names}: {count(len(predictable_cells(plan)), 'cell')}; {added} more, which run before those cells"]
