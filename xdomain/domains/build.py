"""From a name or a description to a domain."""

from __future__ import annotations

from collections.abc import Iterable

from xdomain.config.domain import DomainConfig
from xdomain.core.errors import PluginError
from xdomain.domains.base import Domain
from xdomain.domains.data_domain import DataDomain
from xdomain.domains.registry import DOMAINS


def build_domain(config: DomainConfig | str) -> Domain:
    """Make the domain that an experiment's `domains:` entry names or describes. No data is read yet.

    Raises:
        PluginError: an unknown name, or a plugin that makes no domain.
        ConfigError: the description contradicts itself.
        DependencyMissing: its source or verifier needs a package that is not installed.
    """
    if isinstance(config, DomainConfig):
        return DataDomain(config)
    target = DOMAINS.load(config, where="domains")
    if isinstance(target, DomainConfig):
        return DataDomain(target)
    domain = target() if callable(target) else target
    if not isinstance(domain, Domain):
        raise PluginError(
            f'the entry point of domain "{config}" should give a Domain or a DomainConfig. '
            f"Found {type(domain).__name__}.",
            fix="Correct the package that registers it (group xdomain.domains).",
        )
    return domain


def build_domains(entries: Iterable[DomainConfig | str], names: Iterable[str]) -> dict[str, Domain]:
    """The domains `names`, each from the entry that describes it, else from the registry."""
    described = {entry.name: entry for entry in entries if isinstance(entry, DomainConfig)}
    return {name: build_domain(described.get(name, name)) for name in names}
