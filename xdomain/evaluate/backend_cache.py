"""A backend that outlives one task, so that a process starts its engine only once."""

from __future__ import annotations

from xdomain.config.evaluation import EvaluationConfig
from xdomain.generation.base import Backend
from xdomain.generation.build import build_backend


class BackendCache:
    """Holds the last backend for as long as the next evaluation asks for the same one."""

    def __init__(self) -> None:
        self._backend: Backend | None = None
        self._made_for: tuple[object, ...] | None = None

    def backend(self, evaluation: EvaluationConfig, device: str) -> Backend:
        """The backend at hand if it was made for the same engine, else a new one in its place; how many samples are
        drawn, and how, is no matter of the engine.

        Raises:
            DependencyMissing: its package is not installed.
            PluginError: unknown name, or its module cannot be imported.
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
        """No backend is held: none was asked for yet, or an error closed it."""
        return self._backend is None

    def close(self) -> None:
        """Release the model or engine."""
        backend, self._backend, self._made_for = self._backend, None, None
        if backend is not None:
            backend.close()
