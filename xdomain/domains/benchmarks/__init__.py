"""Well-known benchmarks, one YAML file each. The attribute `gsm8k` is the domain that gsm8k.yaml describes."""

from __future__ import annotations

from xdomain.config.domain import DomainConfig
from xdomain.config.domain_file import benchmark_file, load_domain_file


def __getattr__(name: str) -> DomainConfig:
    path = benchmark_file(name)
    if path is None:
        raise AttributeError(name)
    return load_domain_file(path)
