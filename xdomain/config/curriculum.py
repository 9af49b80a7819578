"""Curricula: parse them from expressions of a small grammar, and print them in canonical form.

    curriculum := phase ("->" phase)*
    phase      := term ("+" term)* ["@" steps]
    term       := [weight "*"] domain

`+` binds tighter than `->`. The canonical form sorts the names of a phase and divides its weights by their greatest
common divisor: "2*logic + 2*math" prints as "logic + math". `a -> a` is allowed (the control); "a@10" sets a phase's
steps.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from xdomain.core.errors import ConfigError

MOST_PHASES = 100
LONGEST_TEXT = 10_000
"""Characters of an expression."""
DOMAIN_NAME = re.compile(r"[a-z][a-z0-9_]*")
TERM = re.compile(r"(?:(?P<weight>\d{1,9})\s*\*\s*)?(?P<domain>[a-z][a-z0-9_]*)")
PHASE = re.compile(r"(?P<terms>[^@]*)(?:@\s*(?P<steps>\d{1,9})\s*)?")


@dataclass(frozen=True)
class Phase:
    """One stage of training: domains with integer weights.

    Attributes:
        weights: Pairs of domain and weight, sorted by name. The weights have no common divisor.
        steps: Number of optimizer steps that the expression sets; None if the budget rule decides.
    """

    weights: tuple[tuple[str, int], ...]
    steps: int | None = None

    @property
    def domains(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.weights)

    @property
    def is_mixed(self) -> bool:
        return len(self.weights) > 1

    def __str__(self) -> str:
        terms = (name if weight == 1 else f"{weight}*{name}" for name, weight in self.weights)
        return " + ".join(terms) + (f"@{self.steps}" if self.steps is not None else "")


@dataclass(frozen=True)
class Curriculum:
    """A sequence of phases."""

    phases: tuple[Phase, ...]

    @property
    def domains(self) -> tuple[str, ...]:
        """Distinct domains, in order of first appearance."""
        return tuple(dict.fromkeys(name for phase in self.phases for name in phase.domains))

    @property
    def is_single(self) -> bool:
        """Whether the curriculum is one phase of one domain."""
        return len(self.phases) == 1 and not self.phases[0].is_mixed

    @property
    def is_mixture(self) -> bool:
        """Whether the curriculum is one phase of several domains."""
        return len(self.phases) == 1 and self.phases[0].is_mixed

    @property
    def is_sequence(self) -> bool:
        """Whether the curriculum is two or more phases of one domain each."""
        return len(self.phases) > 1 and not any(phase.is_mixed for phase in self.phases)

    @property
    def before(self) -> Curriculum | None:
        """Curriculum without its last phase; None if there is only one phase, which starts from the base model."""
        return Curriculum(self.phases[:-1]) if len(self.phases) > 1 else None

    def reversed(self) -> Curriculum:
        return Curriculum(self.phases[::-1])

    def prefixes(self) -> tuple[Curriculum, ...]:
        """Return the curriculum after each phase, in order. The last one is the curriculum itself."""
        return tuple(Curriculum(self.phases[: n + 1]) for n in range(len(self.phases)))

    def __str__(self) -> str:
        return " -> ".join(str(phase) for phase in self.phases)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def validate(value: Any) -> Curriculum:
            if isinstance(value, Curriculum):
                return value
            if not isinstance(value, str):
                raise ValueError(f'should be text such as "math -> logic + puzzle". Found {value!r}.')
            try:
                return parse_curriculum(value)
            except ConfigError as error:
                raise ValueError(error.paragraph()) from error

        return core_schema.no_info_plain_validator_function(
            validate,
            serialization=core_schema.to_string_ser_schema(),
            json_schema_input_schema=core_schema.str_schema(),
        )


def parse_curriculum(text: str) -> Curriculum:
    """Parse one expression.

    Raises:
        ConfigError: The text is not a curriculum, or exceeds `MOST_PHASES` or `LONGEST_TEXT`. The message quotes the
            part that cannot be read.
    """
    if len(text) > LONGEST_TEXT or text.count("->") >= MOST_PHASES:
        raise ConfigError(
            f'curriculum "{text[:80]}..." is too long.',
            fix=f"Write at most {MOST_PHASES} phases and {LONGEST_TEXT} characters.",
        )
    wrong = re.search(r"→|⇒|=+>|—>|--+>|(?<!-)>", text)
    if wrong is not None:
        right = text.replace(wrong[0], "->")
        raise ConfigError(f'curriculum "{text}": "{wrong[0]}" is not an arrow.', fix=f'Write "{right}".')
    return Curriculum(tuple(_parse_phase(part, text) for part in text.split("->")))


def sequence(domains: Iterable[str]) -> Curriculum:
    """Return a curriculum with one phase per domain, in the given order."""
    return Curriculum(tuple(make_phase({name: 1}) for name in domains))


def make_phase(weights: dict[str, int], steps: int | None = None) -> Phase:
    """Return a phase in canonical form."""
    divisor = math.gcd(*weights.values())
    return Phase(tuple((name, weights[name] // divisor) for name in sorted(weights)), steps)


def _parse_phase(part: str, text: str) -> Phase:
    if not part.strip():
        raise ConfigError(f'curriculum "{text}" has a phase without a domain.', fix='Write it like "math -> logic".')
    match = PHASE.fullmatch(part)
    if match is None:
        raise ConfigError(f'curriculum "{text}": "{part.strip()}" is not a phase.', fix='Steps go last: "a + b@10".')
    weights: dict[str, int] = {}
    for piece in match["terms"].split("+"):
        term = TERM.fullmatch(piece.strip())
        if term is None:
            raise ConfigError(
                f'curriculum "{text}": "{piece.strip()}" is not a domain.',
                fix='Write it like "math -> 2*logic + puzzle", names in small letters, digits and "_", weights whole.',
            )
        name, weight = term["domain"], int(term["weight"] or 1)
        if weight == 0:
            raise ConfigError(f'curriculum "{text}" gives "{name}" the weight 0.', fix="Leave the domain out.")
        if name in weights:
            raise ConfigError(f'curriculum "{text}" has "{name}" twice in one phase.', fix=f'Use a weight: "2*{name}".')
        weights[name] = weight
    steps = int(match["steps"]) if match["steps"] is not None else None
    if steps == 0:
        raise ConfigError(f'curriculum "{text}" has a phase of 0 steps.', fix="Leave the phase out.")
    return make_phase(weights, steps)
