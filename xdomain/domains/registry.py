"""Names of domains and generators. Those of sources and verifiers are in `config`, which checks them in files."""

from __future__ import annotations

from xdomain.config.domain_file import BENCHMARKS
from xdomain.core.registry import Registry

PROCEDURAL = ("math", "science", "logic", "puzzle", "science_open", "science_choice")
DOMAINS = Registry(
    "domain",
    {name: f"xdomain.domains.builtin:{name.upper()}" for name in PROCEDURAL}
    | {path.stem: f"xdomain.domains.benchmarks:{path.stem}" for path in BENCHMARKS.glob("*.yaml")},
    "xdomain.domains",
)
"""A target is a `DomainConfig`, or a callable without arguments that makes a `Domain`."""

GENERATORS = Registry(
    "generator",
    {
        "arithmetic": "xdomain.domains.procedural.arithmetic:Arithmetic",
        "letters": "xdomain.domains.procedural.letters:Letters",
        "science_choice": "xdomain.domains.procedural.science.generators:ScienceChoice",
        "science_open": "xdomain.domains.procedural.science.generators:ScienceOpen",
        "quantities": "xdomain.domains.procedural.quantities:Quantities",
        "truth": "xdomain.domains.procedural.truth:Truth",
    },
    "xdomain.generators",
)
"""A target is a `Generator` class."""
