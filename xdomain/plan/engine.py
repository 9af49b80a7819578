"""Whether a command can train what an experiment asks for."""

from __future__ import annotations

from xdomain.config.engine import ALWAYS_USED, RECEIVABLE
from xdomain.config.experiment import Experiment
from xdomain.config.strategy import JointConfig
from xdomain.core.errors import PlanError
from xdomain.plan.recipe import named_strategies


def check_engine(experiment: Experiment) -> None:
    """Refuse settings that the command would not obey.

    Raises:
        PlanError: a field of `training` is set that the command does not receive; the model has an adapter; a strategy
            acts inside the built-in trainer's steps.
    """
    training = experiment.training
    engine = training.engine
    if engine is None:
        return
    obeyed = ALWAYS_USED | set(engine.receives)
    given = {name: f"training.{name}" for name in sorted(training.model_fields_set - obeyed)}
    for place, override in enumerate(experiment.overrides):
        changed = override.training.model_fields_set if override.training else set()
        given |= {name: f"overrides.{place}.training.{name}" for name in sorted(changed - obeyed - set(given))}
    for name, where in given.items():
        listed = (
            f"Add {name} to training.engine.receives if the command obeys it, or leave" if name in RECEIVABLE else ""
        )
        raise PlanError(
            "is set, and the command of training.engine does not receive it."
            if name in RECEIVABLE
            else "acts inside the built-in trainer, which training.engine replaces.",
            where=where,
            fix=f"{listed or 'Leave'} it out.",
        )
    if experiment.model.lora is not None:
        raise PlanError(
            "the command of training.engine returns full weights, not adapters.",
            where="model.lora",
            fix="Leave it out, or train without training.engine.",
        )
    for where, strategy in named_strategies(experiment):
        if not isinstance(strategy, JointConfig):
            raise PlanError(
                f"{strategy.name} acts inside the built-in trainer's steps, which training.engine replaces.",
                where=where,
                fix="Leave the strategy or training.engine out.",
            )
        if strategy.learning_rate_scale != 1 and "learning_rate" not in engine.receives:
            raise PlanError(
                "scales training.learning_rate, which the command of training.engine does not receive.",
                where=f"{where}.learning_rate_scale",
                fix="Leave it out, or add learning_rate to training.engine.receives.",
            )
