"""Check that the strategies of an experiment can act on its phases."""

from __future__ import annotations

from collections.abc import Sequence

from xdomain.config.curriculum import Curriculum, with_inner
from xdomain.config.experiment import Experiment
from xdomain.config.optimizer import LOOK_AHEAD_OPTIMIZERS, steps_inside_backward
from xdomain.config.strategy import (
    AdaptiveConfig,
    BanditConfig,
    CGPOConfig,
    DACSPConfig,
    JointConfig,
    ScaledConfig,
    StrategyConfig,
)
from xdomain.core.errors import PlanError
from xdomain.plan.recipe import distinct_phases, named_strategies, phases_acted_on, settings_of


def check_strategies(experiment: Experiment, curricula: Sequence[Curriculum]) -> None:
    """Refuse strategies that could not act, or that would act differently from their description.

    Raises:
        PlanError: A strategy is listed twice, has no phase to act on (a mixed one, or one with history), names other
            domains than the phases have, or would have steps with fewer prompts than domains.
    """
    labels = [strategy.label for strategy in experiment.strategies]
    twice = [label for label in labels if labels.count(label) > 1]
    if twice:
        raise PlanError(f"{twice[0]} is listed twice.", where="strategies", fix="Name each strategy once.")
    for where, strategy in named_strategies(experiment):
        if strategy == JointConfig():
            continue
        phases = phases_acted_on(experiment, strategy, curricula)
        if not phases:
            raise _without_phase(experiment, strategy, curricula, where)
        if isinstance(strategy, JointConfig):
            continue
        _check_settings(experiment, strategy, where)
        for prefix in phases:
            _check_phase(experiment, strategy, prefix, where)


def strategies_of(curriculum: Curriculum, experiment: Experiment) -> tuple[StrategyConfig, ...]:
    """Return the strategies that act on a phase, and the first of the others, which would all train alike."""
    acting = [
        any(
            strategy.acts_on(index, phase.is_mixed)
            for each in with_inner([curriculum])
            for index, phase in each.training_phases
        )
        for strategy in experiment.strategies
    ]
    first_idle = acting.index(False) if False in acting else None
    return tuple(each for place, each in enumerate(experiment.strategies) if acting[place] or place == first_idle)


def strategy_notes(experiment: Experiment, curricula: Sequence[Curriculum]) -> list[str]:
    """Return notes on strategies that have no effect, or that are joint under another name."""
    notes = []
    own = [override.strategy for override in experiment.overrides if override.strategy is not None]
    for where, strategy in named_strategies(experiment):
        idle = [
            str(each)
            for each in curricula
            if not any(phases_acted_on(experiment, acting, [each]) for acting in (strategy, *own))
        ]
        if idle and where.startswith("strategies") and strategy != JointConfig():
            notes.append(f"{strategy.label} has no effect on {_some(idle)}: joint is trained there instead.")
        phases = [prefix.phases[-1] for prefix in phases_acted_on(experiment, strategy, curricula)]
        alike = list(dict.fromkeys(str(phase) for phase in phases if strategy.equals_joint(phase.domains)))
        if alike:
            notes.append(
                f"{strategy.label} with these parameters equals joint on {_some(alike)}: it repeats joint's training."
            )
        if isinstance(strategy, AdaptiveConfig):
            notes.append(
                f"{strategy.label} chooses during training how many prompts each domain gets. The planned numbers of "
                "prompts per domain are nominal, and later phases continue in the queues as if they had been used."
            )
    return notes


def _without_phase(
    experiment: Experiment, strategy: StrategyConfig, curricula: Sequence[Curriculum], where: str
) -> PlanError:
    late = isinstance(strategy, DACSPConfig)
    able = [
        each for each in distinct_phases(curricula) if strategy.acts_on(len(each.phases) - 1, each.phases[-1].is_mixed)
    ]
    if able and where.startswith("strategies"):
        what = f"`overrides` names another strategy for every phase that {strategy.name} acts on."
        return PlanError(what, where=where, fix="Remove the strategy, or one of those overrides.")
    if able:
        kind = "phases after the first" if late else "mixed phases"
        what = f"{strategy.name} acts on {kind}, but this entry decides the strategy of none."
        fix = "Change `where`, remove the strategy, or remove a later entry that replaces it."
        return PlanError(what, where=where, fix=fix)
    need = (
        "uses the weight changes of earlier phases, but no curriculum has more than one phase"
        if late
        else "acts on mixed phases, but no curriculum has one"
    )
    return PlanError(
        f"{strategy.name} {need}.",
        where=where,
        fix=f'Add a curriculum such as "{"a -> b" if late else "a + b"}", or remove the strategy.',
    )


def _some(names: Sequence[str]) -> str:
    """Return the first three names, and the number of the remaining ones."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _check_settings(experiment: Experiment, strategy: StrategyConfig, where: str) -> None:
    quantile = experiment.training.grpo.get("top_entropy_quantile", 1.0)
    if quantile < 1.0 and not isinstance(strategy, BanditConfig):
        raise PlanError(
            f"{strategy.name} splits a step by domain, but training.grpo.top_entropy_quantile = {quantile} "
            "chooses tokens over all domains of a batch.",
            where=where,
            fix="Remove top_entropy_quantile, or use joint.",
        )
    optimizer = experiment.training.optimizer
    if steps_inside_backward(optimizer) and not isinstance(strategy, BanditConfig):
        raise PlanError(
            f"{strategy.name} needs each domain's gradient before the weights change, but training.optimizer = "
            f"{optimizer} updates them in every backward pass.",
            where=where,
            fix="Choose an optimizer with a separate step (without _layerwise), or use joint.",
        )
    if isinstance(strategy, AdaptiveConfig) and experiment.training.informative_quotas:
        raise PlanError(
            f"{strategy.name} changes the ratio of the domains, but training.informative_quotas keeps it fixed.",
            where=where,
            fix="Remove one of them.",
        )
    if isinstance(strategy, ScaledConfig) and isinstance(strategy.weights, dict):
        _check_names(experiment, strategy.weights, f"{where}.weights")
    if isinstance(strategy, CGPOConfig):
        if experiment.training.grpo.get("fp16"):
            raise PlanError(
                "cgpo updates the weights several times per step, which the loss scaling of training.grpo.fp16 does "
                "not allow.",
                where=where,
                fix="Use training.bf16 instead.",
            )
        if strategy.step_scale == "once" and optimizer not in LOOK_AHEAD_OPTIMIZERS:
            raise PlanError(
                f"cgpo with step_scale: once scales its inner steps by AdamW's second moments, but training.optimizer "
                f"= {optimizer}.",
                where=f"{where}.step_scale",
                fix=f"Set training.optimizer to {' or '.join(LOOK_AHEAD_OPTIMIZERS)}, or step_scale to authors.",
            )
        _check_names(experiment, strategy.fixed_order, f"{where}.fixed_order")
        if len(set(strategy.fixed_order)) < len(strategy.fixed_order):
            raise PlanError("a domain is listed twice.", where=f"{where}.fixed_order", fix="Name each domain once.")


def _check_names(experiment: Experiment, names: Sequence[str] | dict[str, float], where: str) -> None:
    unknown = [name for name in names if name not in experiment.domain_names]
    if unknown:
        raise PlanError(
            f'"{unknown[0]}" is not under `domains`.', where=where, fix=f"Known: {', '.join(experiment.domain_names)}."
        )


def _check_phase(experiment: Experiment, strategy: StrategyConfig, prefix: Curriculum, where: str) -> None:
    phase = prefix.phases[-1]
    if isinstance(strategy, AdaptiveConfig) and strategy.floor * len(phase.domains) > 1:
        raise PlanError(
            f'every domain of "{phase}" should get at least floor = {strategy.floor:g} of a rollout, which adds up to '
            f"more than the whole rollout for {len(phase.domains)} domains.",
            where=f"{where}.floor",
            fix=f"Set floor to at most {1 / len(phase.domains):.3g}.",
        )
    if isinstance(strategy, ScaledConfig) and isinstance(strategy.weights, dict):
        weights = strategy.weights
        if all(weights.get(name, 1.0) == 0 for name in phase.domains):
            raise PlanError(
                f'every domain of "{phase}" has the weight 0, so nothing would be trained.',
                where=f"{where}.weights",
                fix="Give at least one domain a weight above 0.",
            )
    prompts = settings_of(experiment, prefix).training.prompts_per_step
    if len(phase.domains) > prompts:
        raise PlanError(
            f'"{phase}" has {len(phase.domains)} domains, but a step has {prompts} prompts, so {strategy.name} would '
            "never see all domains in one step.",
            where=where,
            fix="Raise training.prompts_per_step.",
        )
    if isinstance(strategy, CGPOConfig) and strategy.fixed_order:
        missing = [name for name in phase.domains if name not in strategy.fixed_order]
        if missing:
            raise PlanError(
                f'fixed_order leaves out "{missing[0]}" of "{phase}", which would never be trained.',
                where=f"{where}.fixed_order",
                fix="Name every domain of the mixed phases.",
            )
