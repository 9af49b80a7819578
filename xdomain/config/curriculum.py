"""Curricula: sequences of phases. `config.curriculum_parser` has the grammar of their text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema

from xdomain.config.curriculum_parser import parse_phases
from xdomain.config.field_types import expression_schema
from xdomain.config.phases import AnyPhase, Distill, Merge, Phase, Stepless, make_phase


@dataclass(frozen=True)
class Curriculum:
    """A sequence of phases. Only the first can be a merge or rollback, because those name the curricula before them."""

    phases: tuple[AnyPhase, ...]

    @property
    def domains(self) -> tuple[str, ...]:
        """Distinct trained domains, in order of first appearance."""
        return tuple(dict.fromkeys(name for phase in self.phases for name in phase.domains))

    @property
    def named_domains(self) -> tuple[str, ...]:
        """Distinct domains that the curriculum and all curricula inside it are trained on."""
        return tuple(dict.fromkeys(name for each in with_inner([self]) for name in each.domains))

    @property
    def inner(self) -> tuple[Curriculum, ...]:
        """Distinct curricula that the phases merge, repair or take as teachers, without the inner ones of those."""
        return tuple(dict.fromkeys(each for phase in self.phases for each in phase.inner))

    @property
    def sets_steps(self) -> bool:
        """Whether a phase sets its own number of steps ("a@10"), here or in a curriculum inside."""
        return any(phase.steps is not None for each in with_inner([self]) for phase in each.phases)

    @property
    def training_phases(self) -> tuple[tuple[int, Phase], ...]:
        """Index and phase of each phase that trains on the rewards of its domains."""
        return tuple((index, phase) for index, phase in enumerate(self.phases) if isinstance(phase, Phase))

    @property
    def prompted_phases(self) -> tuple[Phase | Distill, ...]:
        """The phases that train on prompts: all but merges and rollbacks."""
        return tuple(phase for phase in self.phases if not isinstance(phase, Stepless))

    @property
    def is_single(self) -> bool:
        """Whether the curriculum is one phase of training on one domain."""
        return len(self.phases) == 1 and isinstance(self.phases[0], Phase) and not self.phases[0].is_mixed

    @property
    def is_mixture(self) -> bool:
        """Whether the curriculum is one phase of training on several domains."""
        return len(self.phases) == 1 and self.phases[0].is_mixed

    @property
    def is_sequence(self) -> bool:
        """Whether the curriculum is two or more phases of training on one domain each."""
        return len(self.phases) > 1 and all(isinstance(each, Phase) and not each.is_mixed for each in self.phases)

    @property
    def is_merge(self) -> bool:
        """Whether the curriculum is a merge with no phase after it."""
        return len(self.phases) == 1 and isinstance(self.phases[0], Merge)

    @property
    def is_distillation(self) -> bool:
        """Whether the curriculum is one distillation into the base model."""
        return len(self.phases) == 1 and isinstance(self.phases[0], Distill)

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
        return expression_schema(cls, parse_curriculum, "math -> logic + puzzle")


def sequence(domains: Iterable[str]) -> Curriculum:
    """Return a curriculum with one phase per domain, in the given order."""
    return Curriculum(tuple(make_phase({name: 1}) for name in domains))


def with_inner(curricula: Iterable[Curriculum]) -> Iterator[Curriculum]:
    """Yield each curriculum after all curricula inside it. A curriculum is yielded once per occurrence."""
    for curriculum in curricula:
        yield from with_inner(curriculum.inner)
        yield curriculum


def parse_curriculum(text: str) -> Curriculum:
    """Parse one expression of the grammar in `config.curriculum_parser`.

    Raises:
        ConfigError: The text is not a curriculum. The message quotes the part that cannot be read.
    """
    return parse_phases(text, Curriculum)
