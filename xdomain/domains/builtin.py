"""The four built-in micro-domains: short questions that a half-million-parameter character model can learn.

Each starts a tiny model, warmed up by 250 supervised steps of 64 examples over all four, between 0.2 and 0.7.
"""

from __future__ import annotations

from xdomain.config.domain import DomainConfig
from xdomain.config.domain_source import ProceduralSource


def micro(name: str, generator: str, description: str) -> DomainConfig:
    """A micro-domain at its generator's default level."""
    return DomainConfig(
        name=name, description=description, source=ProceduralSource(kind="procedural", generator=generator)
    )


MATH = micro("math", "arithmetic", "Sums and differences of digits.")
SCIENCE = micro("science", "quantities", "Unit conversions and one-step formulas with units.")
LOGIC = micro("logic", "truth", "Truth values of small formulas.")
PUZZLE = micro("puzzle", "letters", "Letters to be sorted.")
