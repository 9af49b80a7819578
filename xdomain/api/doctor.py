"""Examine which features of xdomain this machine supports."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from xdomain.analysis.estimands import REGISTRY as ESTIMANDS
from xdomain.config.backend import BACKENDS
from xdomain.config.domain_registry import DOMAINS, GENERATORS
from xdomain.config.domain_source import SOURCES
from xdomain.config.domain_verifier import VERIFIERS
from xdomain.config.strategy import STRATEGIES
from xdomain.core.provenance import code_state
from xdomain.core.registry import Plugin
from xdomain.domains.sandbox.choose import describe_sandbox
from xdomain.schedule.resources import visible_gpus

EXTRAS = {
    "train": ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "math_verify"),
    "reasoning-gym": ("reasoning_gym",),
    "figures": ("matplotlib",),
    "vllm": ("vllm",),
    "ray": ("ray",),
}
"""Modules of each extra."""
REGISTRIES = (DOMAINS, SOURCES, GENERATORS, VERIFIERS, STRATEGIES, BACKENDS, ESTIMANDS)
"""Registries that other packages can add names to."""


@dataclass(frozen=True)
class Machine:
    """Packages, devices and plugins of a machine.

    Attributes:
        packages: Version of each package that can change results.
        missing: Modules that are not installed, by extra.
        cpu_cores: Number of cores; None if the system does not report it.
        gpus: Devices that training could use.
        sandbox: Description of the sandbox for untrusted code.
        plugins: Names that other installed packages add, by kind. None of them is loaded.
    """

    packages: dict[str, str]
    missing: dict[str, tuple[str, ...]]
    cpu_cores: int | None
    gpus: list[str]
    sandbox: str
    plugins: dict[str, tuple[Plugin, ...]]

    def document(self) -> dict[str, Any]:
        """Return everything as `xdomain doctor --json` prints it."""
        return {
            "packages": self.packages,
            "extras": {extra: not names for extra, names in self.missing.items()},
            "cpu_cores": self.cpu_cores,
            "gpus": self.gpus,
            "sandbox": self.sandbox,
            "plugins": [
                {"kind": kind, "name": plugin.name, "package": plugin.package}
                for kind, plugins in self.plugins.items()
                for plugin in plugins
            ],
        }


def examine_machine() -> Machine:
    """Look for packages, plugins, devices and a sandbox."""
    missing = {extra: tuple(name for name in modules if find_spec(name) is None) for extra, modules in EXTRAS.items()}
    plugins = {registry.kind: tuple(registry.plugins().values()) for registry in REGISTRIES}
    return Machine(code_state()["packages"], missing, os.cpu_count(), visible_gpus(), describe_sandbox(), plugins)
