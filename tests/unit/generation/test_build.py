"""From a backend's name to the backend."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from xdomain.config.evaluation import EvaluationConfig
from xdomain.core.errors import DependencyMissing
from xdomain.generation import build as module
from xdomain.generation.build import build_backend, require_backend


@pytest.mark.parametrize("name", ["transformers", "endpoint"])
def test_a_backend_is_made_without_a_checkpoint(name: str) -> None:
    made = build_backend(EvaluationConfig(backend=name), "cpu")
    assert made.name == name
    assert made.reproducibility
    assert made.events() == []
    made.close()


def test_a_missing_package_names_field_and_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "vllm" else find_spec(name))
    with pytest.raises(DependencyMissing, match=r'training\.rollout: .* pip install .*\[vllm\]"'):
        require_backend("vllm", "training.rollout")
    require_backend("transformers", "evaluation.backend")
