"""Forecast what a plan will do: counts, time, reuse, warnings."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from xdomain.api.alarms import PlannedAlarms, planned_alarms
from xdomain.api.estimates import Estimates, Needs
from xdomain.api.optional import OptionalLeft, optional_document, optional_left
from xdomain.api.outlook import design_of, outlooks
from xdomain.api.run_costs import cost_document, run_costs
from xdomain.config.domain_source import FileSource
from xdomain.config.experiment import Experiment
from xdomain.domains.base import Split
from xdomain.domains.build import build_domains
from xdomain.domains.data_domain import DataDomain
from xdomain.domains.preflight import fewer_than_asked, refuse_empty_split, rows_left_out
from xdomain.plan.checks import setting_notes, training_notes
from xdomain.plan.cost import PlanCost, plan_cost
from xdomain.plan.distillation import distillation_notes
from xdomain.plan.expand import expand_curricula
from xdomain.plan.graph import Plan
from xdomain.plan.prompts import most_prompts_a_step
from xdomain.plan.recipe import distinct_phases, evaluation_of, settings_of
from xdomain.plan.recipe_words import recipe_document, recipe_notes
from xdomain.plan.run_cost import CostOfRun
from xdomain.plan.stage import PhaseStage, StageSpec
from xdomain.plan.strategies import strategy_notes
from xdomain.resolve.model_shape import find_shape
from xdomain.resolve.sizes import EvaluatedItems, evaluated_items
from xdomain.store.history import Rates
from xdomain.store.reuse import MOST_COMPARED, NotReused, not_reused
from xdomain.store.savings import Savings, expected_savings
from xdomain.store.store import Store

if TYPE_CHECKING:  # it imports the analysis, which a plan does not need
    from xdomain.api.suggestions import Suggestions


@dataclass(frozen=True)
class Forecast:
    """The forecast of a plan on a store.

    Attributes:
        plan: Plan of the experiment.
        store: Store in which finished stages are looked up.
        needs: Options of the estimates.
    """

    plan: Plan
    store: Store
    needs: Needs = field(default_factory=Needs)

    def __post_init__(self) -> None:
        """Refuse alarms that cost more than their budget, and training without prompts, before anything is shown."""
        _ = self.alarms
        domains = build_domains(self.plan.experiment.domains, most_prompts_a_step(self.plan.experiment))
        for domain in domains.values():
            refuse_empty_split(domain, Split.TRAIN, domain.count(Split.TRAIN))

    @cached_property
    def done(self) -> frozenset[str]:
        """Keys of the stages that are in the store."""
        return self.store.done(self.plan.stages.values())

    @cached_property
    def cost(self) -> PlanCost:
        """Numbers of stages and steps, in total and for one run per cell."""
        return plan_cost(self.plan, self.done)

    @cached_property
    def savings(self) -> Savings:
        """Stored completions that open evaluations reuse."""
        return expected_savings(self.plan, self.store, self.done)

    @cached_property
    def rates(self) -> Rates:
        """Durations and completion lengths of stored stages."""
        return Rates(self.plan, self.store, self.done)

    @cached_property
    def items(self) -> dict[str, EvaluatedItems]:
        """Number of evaluated items by domain."""
        return evaluated_items(self.plan.experiment)

    @cached_property
    def estimates(self) -> Estimates:
        """Estimates of memory, disk, tokens and time."""
        found = find_shape(self.plan.experiment.model, self.plan.base, self.store)
        return Estimates(self.plan, self.done, found, self.items, self.rates, self.needs)

    @cached_property
    def optional_left(self) -> OptionalLeft:
        """The most that optional stages can still need, which all other estimates leave out."""
        return optional_left(self.plan, self.store, self.estimates)

    @cached_property
    def alarms(self) -> PlannedAlarms | None:
        """Alarms of the training stages; None if the experiment has none."""
        return planned_alarms(self.plan)

    @cached_property
    def run_costs(self) -> tuple[CostOfRun, ...]:
        """Cost of each run: in total, and what it adds to the grid."""
        return run_costs(self.plan, self.store, self.done, self.estimates)

    @property
    def free_bytes(self) -> int:
        """Free bytes on the disk of the store."""
        root = self.store.root.absolute()
        return shutil.disk_usage(next(each for each in (root, *root.parents) if each.is_dir())).free

    @property
    def compared(self) -> int:
        """Number of open stages that `reuse` compared."""
        return min(len(self.plan.stages) - len(self.done), MOST_COMPARED)

    @cached_property
    def reuse(self) -> tuple[NotReused, ...]:
        """Reasons why open stages cannot reuse similar stored ones."""
        return not_reused(self.plan, self.store, self.done)

    def suggest(self, most: int) -> Suggestions:
        """Return at most `most` unrun cells that would narrow declared contrasts most, by the measured variances.

        Raises:
            AnalysisError: Nothing was evaluated yet.
            PlanError: The experiment declares no contrast that is a difference of two runs on one domain.
        """
        from xdomain.api.suggestions import suggest

        return suggest(self.plan, self.store, most)

    def document(self, effect: float | None = None) -> dict[str, Any]:
        """Return the forecast in the format of `xdomain grid plan --json`. Parents come before their stages.

        Args:
            effect: Effect as a fraction, for which the required items and seeds are computed; None leaves them out.
        """
        plan, savings = self.plan, self.savings
        return {
            "experiment": plan.experiment.name,
            "store": str(self.store.root),
            **asdict(self.cost),
            "counts": {"done": len(self.done), "stages": len(plan.stages)},
            "engine": _engine_document(plan.experiment),
            "recipes": recipe_document(plan.experiment),
            "borrowed": {
                "evaluations": len(savings.completions),
                "completions": sum(savings.completions.values()),
                "completion_tokens": savings.completion_tokens,
                "by_stage": savings.completions,
                "not_repeatable": list(savings.refused),
            },
            "not_reused": [asdict(each) for each in self.reuse],
            "not_reused_compared": self.compared,
            "estimate_seconds": self.estimates.seconds_left,
            "estimate_workers": self.estimates.workers,
            "estimates": self.estimates.document(),
            "alarms": [] if self.alarms is None else self.alarms.document(),
            "optional": optional_document(plan) | {"left": asdict(self.optional_left)},
            "rows_left_out": left_out(plan.experiment),
            "detectable_effect": {
                "assumptions": design_of(plan).assumptions,
                "effect": effect,
                "items": {name: asdict(found) for name, found in self.items.items()},
                "tests": [asdict(each) for each in outlooks(plan, self.items, effect)],
            },
            "runs": [
                {
                    "curriculum": str(cost.run.id.curriculum),
                    "seed": cost.run.seed,
                    "strategy": cost.run.id.strategy,
                    "stages": cost.run.stages,
                    "cost": cost_document(cost, self.done),
                }
                for cost in self.run_costs
            ],
            "stages": [
                _stage_document(stage, self.done) | self.estimates.stage_document(stage.key)
                for stage in plan.stages.values()
            ],
        }


def warnings(plan: Plan) -> list[str]:
    """Return a sentence for each setting that is allowed, but may have effects that the user does not expect."""
    experiment = plan.experiment
    found = []
    curricula = expand_curricula(experiment)
    scaled = {settings_of(experiment, prefix).training.scale_rewards for prefix in distinct_phases(curricula)}
    if "batch" in scaled | {experiment.training.scale_rewards}:
        found.append(
            "scale_rewards: batch divides by a deviation over all domains of a batch, so domains affect each other's "
            "scale."
        )
    if experiment.model.hub and not experiment.model.revision:
        found.append("model.revision is not pinned: the model on the hub may change.")
    if any(stage.steps != experiment.training.steps for stage in plan.train_stages):
        found.append(
            f"phases differ in length (budget {experiment.training.budget}); the report states each side's effort."
        )
    notes = recipe_notes(experiment) + setting_notes(experiment, curricula) + training_notes(experiment, curricula)
    notes += strategy_notes(experiment, curricula) + distillation_notes(experiment, curricula)
    return found + notes + _few_items(experiment) + left_out(experiment)


def left_out(experiment: Experiment) -> list[str]:
    """Return a sentence for each domain whose unusable rows were left out."""
    return rows_left_out(build_domains(experiment.domains, experiment.domain_names).values())


def _few_items(experiment: Experiment) -> list[str]:
    """Return a note for each file source with fewer items than configured. `domains check` reports all sources."""
    domains = build_domains(experiment.domains, experiment.domain_names)
    notes = [
        fewer_than_asked(domain, evaluation_of(experiment, domain.name))
        for domain in domains.values()
        if isinstance(domain, DataDomain) and isinstance(domain.config.source, FileSource)
    ]
    return [note for note in notes if note]


def _engine_document(experiment: Experiment) -> dict[str, Any] | None:
    """Return the command that trains, with what its author declares; None for the built-in trainer."""
    engine = experiment.training.engine
    return None if engine is None else engine.model_dump(exclude={"folder"})


def _stage_document(stage: StageSpec, done: frozenset[str]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "key": stage.key,
        "kind": str(stage.kind),
        "title": stage.title,
        "folder": stage.folder,
        "needs": list(stage.needs),
        "done": stage.key in done,
    }
    if isinstance(stage, PhaseStage):
        described |= {
            "curriculum": str(stage.run.curriculum),
            "seed": stage.seed,
            "steps": stage.steps,
            "strategy": stage.run.strategy,
        }
    return described
