"""Build a verifier from its configuration."""

from __future__ import annotations

from xdomain.config.domain_verifier import VERIFIERS, SourceVerifier, VerifierConfig
from xdomain.core.errors import ConfigError, PluginError
from xdomain.domains.verifiers.base import Verifier


def build_verifier(config: VerifierConfig) -> Verifier:
    """Return the verifier that `config` describes. Its module is imported only now.

    Raises:
        PluginError: No verifier of that kind is registered, or a plugin does not return a verifier.
        DependencyMissing: The verifier needs a package that is not installed.
    """
    where = "domains.verifier.kind"
    verifier = VERIFIERS.build(config.kind, config, gives=Verifier, where=where)  # type: ignore[type-abstract]
    if not isinstance(getattr(verifier, "id", None), str):
        raise PluginError(
            f"the verifier {VERIFIERS.described(config.kind)} has no `id`.",
            where=where,
            fix='Give its class an id with kind and version, for instance id = "fuzzy/1".',
        )
    return verifier


def needs_source(config: SourceVerifier) -> Verifier:
    """Raise an error for the kind `source`, whose verifier only the domain's source can build."""
    raise ConfigError(
        "a verifier of kind `source` belongs to a source that brings one.",
        where="domains.verifier.kind",
        fix="Name another kind.",
    )
