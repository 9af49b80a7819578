"""Build a strategy from its parameters."""

from __future__ import annotations

from collections.abc import Sequence

from xdomain.config.strategy import STRATEGIES, StrategyModel
from xdomain.core.errors import DependencyMissing
from xdomain.core.installation import install_command
from xdomain.strategies.base import Strategy


def build_strategy(config: StrategyModel, domains: Sequence[str], seed: int) -> Strategy:
    """Return the strategy that `config` describes.

    Args:
        config: Parameters of the strategy.
        domains: Domain names of the phase.
        seed: Seed from which the strategy's random choices derive.

    Raises:
        PluginError: The strategy is unknown, or its package cannot be imported.
        DependencyMissing: A solver that it needs is not installed.
    """
    name = str(config.model_dump()["name"])
    try:
        return STRATEGIES.build(name, config, tuple(sorted(domains)), seed, gives=Strategy)  # type: ignore[type-abstract]
    except ImportError as error:
        raise DependencyMissing(
            f'the strategy "{name}" needs a solver: {error}', where="strategies", fix=install_command("solvers")
        ) from error
