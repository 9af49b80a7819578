"""Save a strategy's state next to a checkpoint's weights, as safetensors."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import load_file, save_file

from xdomain.core.errors import StageError
from xdomain.core.files import share_weights
from xdomain.strategies.base import Strategy

FILE = "strategy.safetensors"


def save_strategy_state(strategy: Strategy, folder: Path) -> None:
    """Write the state that the strategy's next step depends on. A strategy without state writes nothing."""
    state = strategy.state()
    if state:
        save_file({name: tensor.contiguous() for name, tensor in state.items()}, folder / FILE)
        share_weights(folder)


def load_strategy_state(strategy: Strategy, folder: Path) -> None:
    """Restore the strategy's state from a checkpoint.

    Raises:
        StageError: The strategy has state, but the checkpoint holds none.
    """
    path = folder / FILE
    if path.is_file():
        strategy.load_state(load_file(path))
    elif strategy.state():
        raise StageError(
            f"{FILE} is missing, so the strategy's state cannot be restored.",
            where=str(folder),
            fix="Delete the stage's scratch folder.",
        )
