"""The registries of domains and of generators, which files are checked against."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from xdomain.core.registry import Registry

BENCHMARKS = Path(str(files("xdomain"))) / "domains" / "benchmarks"
"""Folder with the files of common benchmarks. Each is registered as a domain with the file's name."""

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
