"""From a strategy's parameters to the strategy."""

from __future__ import annotations

import pytest

from xdomain.config.strategy import BUILT_IN, CGPOConfig, JointConfig
from xdomain.core.errors import DependencyMissing
from xdomain.strategies import build as module
from xdomain.strategies.build import build_strategy
from xdomain.strategies.cgpo import CGPO


def test_domains_are_sorted() -> None:
    made = build_strategy(CGPOConfig(), ("b", "a"), 3)
    assert isinstance(made, CGPO)
    assert (made.domains, made.seed) == (("a", "b"), 3)
    assert "cgpo" in BUILT_IN


def test_a_missing_solver_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ImportError("No module named 'cvxpy'")

    monkeypatch.setattr(module.STRATEGIES, "build", fail)
    with pytest.raises(DependencyMissing, match=r'needs a solver: .*cvxpy.* pip install .*\[solvers\]"'):
        build_strategy(JointConfig(), ("a",), 0)
