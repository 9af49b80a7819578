"""A strategy's state beside a checkpoint."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from xdomain.config.strategy import BanditConfig, JointConfig
from xdomain.core.errors import StageError
from xdomain.strategies.adaptive import Bandit
from xdomain.strategies.joint import Joint
from xdomain.train.strategy_state import FILE, load_strategy_state, save_strategy_state


def test_state_comes_back_and_none_needs_no_file(tmp_path: Path) -> None:
    bandit = Bandit(BanditConfig(), ("a", "b"), 0)
    bandit.allocate(5, {"a": 1.0, "b": 1.0})
    bandit.observe({"a": 0.5})
    save_strategy_state(bandit, tmp_path)
    other = Bandit(BanditConfig(), ("a", "b"), 0)
    load_strategy_state(other, tmp_path)
    assert all(
        torch.equal(value.nan_to_num(), other.state()[name].nan_to_num()) for name, value in bandit.state().items()
    )
    (tmp_path / FILE).unlink()
    save_strategy_state(Joint(JointConfig(), ("a",), 0), tmp_path)
    assert not (tmp_path / FILE).exists()
    load_strategy_state(Joint(JointConfig(), ("a",), 0), tmp_path)
    with pytest.raises(StageError, match=r"strategy\.safetensors is missing"):
        load_strategy_state(other, tmp_path)
