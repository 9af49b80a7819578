"""A backend that outlives one task."""

from __future__ import annotations

from xdomain.config.evaluation import EvaluationConfig
from xdomain.evaluate.backend_cache import BackendCache


def test_the_same_engine_is_kept_and_another_one_replaces_it() -> None:
    cache = BackendCache()
    assert cache.is_empty
    first = cache.backend(EvaluationConfig(items=5), "cpu")
    assert cache.backend(EvaluationConfig(items=9, temperature=1.0, samples=3, seed=4), "cpu") is first
    assert cache.backend(EvaluationConfig(batch_tokens=100), "cpu") is not first
    assert cache.backend(EvaluationConfig(backend="endpoint"), "cpu").name == "endpoint"
    cache.close()
    cache.close()
    assert cache.is_empty
