"""From a verifier's configuration to the verifier."""

from __future__ import annotations

from xdomain.config.domain_verifier import VerifierConfig
from xdomain.domains.registry import VERIFIERS
from xdomain.domains.verifiers.base import Verifier


def build_verifier(config: VerifierConfig) -> Verifier:
    """Make the verifier that `config` names; its module is imported only now.

    Raises:
        PluginError: no verifier of that kind is registered.
        DependencyMissing: it needs a package that is not installed.
    """
    verifier: Verifier = VERIFIERS.load(config.kind, where="domains.verifier.kind")(config)
    return verifier
