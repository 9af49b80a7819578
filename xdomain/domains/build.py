"""From a name or a description to a domain."""

from __future__ import annotations

from collections.abc import Iterable

from xdomain.config.domain import DomainConfig
from xdomain.config.domain_registry import DOMAINS
from xdomain.domains.base import Domain
from xdomain.domains.data_domain import DataDomain


def build_domain(config: DomainConfig | str) -> Domain:
    """Make the domain that an experiment's `domains:` entry names or describes. No data is read yet.

    Raises:
        PluginError: an unknown name, or a plugin that makes no domain.
        ConfigError: the description contradicts itself.
        DependencyMissing: its source or verifier needs a package that is not installed.
    """
    if isinstance(config, DomainConfig):
        return DataDomain(config)
    found = DOMAINS.make(config, where="domains")
    DOMAINS.demand(config, found, (Domain, DomainConfig), where="domains")
    domain: Domain = DataDomain(found) if isinstance(found, DomainConfig) else found
    return domain


def build_domains(entries: Iterable[DomainConfig | str], names: Iterable[str]) -> dict[str, Domain]:
    """The domains `names`, each from the entry that describes it, else from the registry."""
    described = {entry.name: entry for entry in entries if isinstance(entry, DomainConfig)}
    return {name: build_domain(described.get(name, name)) for name in names}
