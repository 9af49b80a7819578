"""A cache for the backend, so that a process starts its engine only once for several tasks."""

from __future__ import annotations

from xdomain.config.evaluation import EvaluationConfig
from xdomain.generation.base import Backend
from xdomain.generation.build import build_backend


class BackendCache:
    """A cache of one backend, which is kept as long as evaluations use the same engine."""

    def __init__(self) -> None:
        self._backend: Backend | None = None
        self._made_for: tuple[object, ...] | None = None

    def backend(self, evaluation: EvaluationConfig, device: str) -> Backend:
        """Return the cached backend if it was made for the same engine; otherwise replace it by a new one.

        Settings that affect only sampling, such as the number of samples, need no new engine.

        Raises:
            DependencyMissing: The backend's package is not installed.
            PluginError: The backend is unknown, or its module cannot be imported.
        """
        told = (evaluation.vllm, evaluation.endpoint, evaluation.batch_tokens, evaluation.backend_parameters)
        made_for = (evaluation.backend, *told, device)
        if self._backend is not None and self._made_for == made_for:
            return self._backend
        self.close()
        self._backend, self._made_for = build_backend(evaluation, device), made_for
        return self._backend

    @property
    def is_empty(self) -> bool:
        """Return whether no backend is held, because none was requested yet or because an error closed it."""
        return self._backend is None

    def close(self) -> None:
        """Release the model or engine."""
        backend, self._backend, self._made_for = self._backend, None, None
        if backend is not None:
            backend.close()
