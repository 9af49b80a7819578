"""From a backend's name to the backend, imported when it is asked for."""

from __future__ import annotations

from importlib.util import find_spec

from xdomain.config.backend import BACKENDS
from xdomain.config.evaluation import EvaluationConfig
from xdomain.core.errors import DependencyMissing
from xdomain.core.installation import install_command
from xdomain.generation.base import Backend

NEEDED = {"vllm": "vllm"}
"""Import that a backend cannot do without, and that is an extra of the same name."""


def build_backend(evaluation: EvaluationConfig, device: str) -> Backend:
    """The backend that `evaluation.backend` names; it has no checkpoint yet.

    Raises:
        DependencyMissing: its package is not installed.
        PluginError: unknown name, or its module cannot be imported.
    """
    require_backend(evaluation.backend, "evaluation.backend")
    backend: Backend = BACKENDS.make(evaluation.backend, evaluation, device, where="evaluation.backend")
    return backend


def require_backend(name: str, where: str) -> None:
    """Look for the package that a backend cannot do without.

    Args:
        where: dotted field that asks for it.

    Raises:
        DependencyMissing: it is not installed.
    """
    if name in NEEDED and find_spec(NEEDED[name]) is None:
        raise DependencyMissing(
            f'the backend "{name}" needs the package {NEEDED[name]}, which is not installed.',
            where=where,
            fix=install_command(name),
        )
