"""Plan an experiment with what its files and the store say."""

from __future__ import annotations

from dataclasses import replace

from xdomain.config.experiment import Experiment
from xdomain.plan.checks import check_layers
from xdomain.plan.graph import Plan, build_plan
from xdomain.plan.micro_batch import sized_experiment
from xdomain.resolve.identities import resolve_identities
from xdomain.resolve.model_shape import find_shape
from xdomain.store.store import Store


def plan_experiment(experiment: Experiment, store: Store) -> Plan:
    """Return the plan of an experiment, with a number instead of `micro_batch: auto`.

    Args:
        experiment: The experiment.
        store: Store that may hold its base model.

    Raises:
        DataError: The data of a domain is missing or malformed.
        PlanError: The experiment is valid but cannot be planned.
    """
    identities = resolve_identities(experiment)
    plan = build_plan(experiment, identities)
    if experiment.training.micro_batch == "auto":
        found = find_shape(experiment.model, plan.base, store)
        sized = sized_experiment(plan, found.shape, found.where)
        plan = replace(build_plan(sized, identities), micro_batch=sized.training.given_micro_batch)
    if experiment.execution.fsdp.layers:
        check_layers(experiment, find_shape(experiment.model, plan.base, store).shape)
    return plan
