"""The data of a run's domains, read once in the forkserver: its workers find the items in their memory."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from pydantic import TypeAdapter

from xdomain.config.domain import DomainConfig
from xdomain.core.errors import XDomainError
from xdomain.domains.build import build_domain
from xdomain.domains.data_domain import DataDomain
from xdomain.domains.item_cache import PROCESS_ITEMS

VARIABLE = "XDOMAIN_SERVER_DOMAINS"
"""Environment variable that tells a server which domains its workers will need, as JSON."""
LONGEST = 100_000
"""Characters that one variable may have; Linux takes 128 KiB. Longer lists are read by each worker."""

ENTRIES = TypeAdapter(tuple[DomainConfig | str, ...])


def describe_domains(entries: Sequence[DomainConfig | str]) -> str:
    """`domains` of an experiment as `read_domains` takes them."""
    text = ENTRIES.dump_json(tuple(entries)).decode()
    return text if len(text) <= LONGEST else "[]"


def read_domains(text: str) -> None:
    """Read the items of domains; what is wrong with them the preflight tells, in a worker that can answer."""
    for entry in ENTRIES.validate_json(text):
        with suppress(XDomainError):
            domain = build_domain(entry)
            if isinstance(domain, DataDomain):
                PROCESS_ITEMS.fill(domain.config, domain.source)
