"""Data that a worker server reads once, so that the workers forked from it find the items in their memory.

The session writes the domains of its experiment to a file and names the file in an environment variable. It sets the
variable only while it starts the server. A server without the variable reads nothing, and each of its workers reads
the data itself.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import TypeAdapter

from xdomain.config.domain import DomainConfig
from xdomain.core.errors import XDomainError
from xdomain.domains.build import build_domain
from xdomain.domains.data_domain import DataDomain
from xdomain.domains.item_cache import PROCESS_ITEMS

VARIABLE = "XDOMAIN_SERVER_DOMAINS"
"""Environment variable with the path of the file."""

ENTRIES = TypeAdapter(tuple[DomainConfig | str, ...])


def write_server_domains(entries: Sequence[DomainConfig | str], path: Path) -> None:
    """Write the `domains` of an experiment for `read_server_domains`."""
    path.write_bytes(ENTRIES.dump_json(tuple(entries)))


def read_server_domains() -> None:
    """Read the items of the domains in the file that the environment names.

    A domain that cannot be read is left out: the preflight reports it.
    """
    path = os.environ.get(VARIABLE)
    if path is None:
        return
    for entry in ENTRIES.validate_json(Path(path).read_bytes()):
        with suppress(XDomainError):
            domain = build_domain(entry)
            if isinstance(domain, DataDomain):
                PROCESS_ITEMS.fill(domain.config, domain.source)
