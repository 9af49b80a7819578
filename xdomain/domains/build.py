"""Build a domain from its name or description."""

from __future__ import annotations

from collections.abc import Iterable

from xdomain.config.domain import DomainConfig
from xdomain.config.domain_registry import DOMAINS
from xdomain.domains.base import Domain
from xdomain.domains.data_domain import DataDomain


def build_domain(config: DomainConfig | str) -> Domain:
    """Build the domain that an experiment's `domains:` entry names or describes, without reading its data.

    Raises:
        PluginError: The name is unknown, or a plugin does not return a domain.
        ConfigError: The description contradicts itself.
        DependencyMissing: The source or verifier needs a package that is not installed.
    """
    if isinstance(config, DomainConfig):
        return DataDomain(config)
    found = DOMAINS.make(config, where="domains")
    DOMAINS.demand(config, found, (Domain, DomainConfig), where="domains")
    domain: Domain = DataDomain(found) if isinstance(found, DomainConfig) else found
    return domain


def build_domains(entries: Iterable[DomainConfig | str], names: Iterable[str]) -> dict[str, Domain]:
    """Build the named domains, each from the entry that describes it, or from the registry if there is none."""
    described = {entry.name: entry for entry in entries if isinstance(entry, DomainConfig)}
    return {name: build_domain(described.get(name, name)) for name in names}
