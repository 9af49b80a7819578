"""Small experiments and plans for tests, without files or torch."""

from __future__ import annotations

from typing import Any

from xdomain.config.experiment import Experiment
from xdomain.plan.graph import Plan, build_plan
from xdomain.plan.identity import Identities


def make_experiment(**changes: Any) -> Experiment:
    """A two-domain experiment; `changes` replace top-level keys."""
    data: dict[str, Any] = {
        "name": "test",
        "model": {"preset": "tiny_qwen3", "warmup": {"steps": 5, "domains": ["logic", "puzzle"]}},
        "domains": ["logic", "puzzle"],
        "grid": {"singles": True, "ordered_pairs": True, "mixed_pairs": True},
        "training": {"steps": 10, "prompts_per_step": 4, "generations": 2},
        "evaluation": {"items": 10},
    }
    return Experiment.model_validate(data | changes)


def made_up_identities(experiment: Experiment) -> Identities:
    """Identities that name the domains of an experiment."""
    warmup = experiment.model.warmup.domains if experiment.model.warmup else ()
    names = {*experiment.domain_names, *warmup}
    return Identities(
        model={"preset": "tiny_qwen3"},
        items={name: {"data": f"data of {name}"} for name in names},
        verifiers={name: {"scorer": f"verifier of {name}"} for name in names},
        rewards={name: {"shape": f"reward of {name}"} for name in names},
    )


def make_plan(**changes: Any) -> Plan:
    """The plan of `make_experiment(**changes)` with made-up identities."""
    experiment = make_experiment(**changes)
    return build_plan(experiment, made_up_identities(experiment))
