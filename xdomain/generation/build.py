"""Build a backend from its name, and import its module only then."""

from __future__ import annotations

from importlib.util import find_spec

from xdomain.config.backend import BACKENDS
from xdomain.config.evaluation import EvaluationConfig
from xdomain.core.errors import DependencyMissing
from xdomain.core.installation import install_command
from xdomain.generation.base import Backend

NEEDED = {"vllm": "vllm"}
"""Package that a backend needs, by backend. The extra that installs it has the same name."""


def build_backend(evaluation: EvaluationConfig, device: str) -> Backend:
    """Return the backend that `evaluation.backend` names, without a checkpoint.

    Raises:
        DependencyMissing: The backend's package is not installed.
        PluginError: The backend is unknown, or its module cannot be imported.
    """
    require_backend(evaluation.backend, "evaluation.backend")
    backend: Backend = BACKENDS.make(evaluation.backend, evaluation, device, where="evaluation.backend")
    return backend


def require_backend(name: str, where: str) -> None:
    """Check that the package that a backend needs is installed.

    Args:
        name: Name of the backend.
        where: Dotted configuration field that asks for the backend.

    Raises:
        DependencyMissing: The package is not installed.
    """
    if name in NEEDED and find_spec(NEEDED[name]) is None:
        raise DependencyMissing(
            f'the backend "{name}" needs the package {NEEDED[name]}, which is not installed.',
            where=where,
            fix=install_command(name),
        )
