"""Phases of a curriculum as data, and their canonical text.

The canonical form sorts the names of a mixture and divides its weights by their greatest common divisor: "2*logic +
2*math" prints as "logic + math". It sorts the arguments of a function and leaves out settings at their defaults.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # curricula consist of phases
    from xdomain.config.curriculum import Curriculum

DOMAIN_NAME = re.compile(r"[a-z][a-z0-9_]*")
DEFAULT_DENSITY = 0.2
"""Share of a task vector's entries that a sparse merge keeps. Source: Yadav et al. 2023 (TIES)."""


@dataclass(frozen=True)
class Phase:
    """One stage of training: domains with integer weights.

    Attributes:
        weights: Pairs of domain and weight, sorted by name. The weights have no common divisor.
        steps: Number of optimizer steps that the expression sets; None if the budget rule decides.
        is_refresh: Whether it is a short return that repairs a domain. It begins with a learning-rate warm-up and is
            not monitored by alarms.
    """

    weights: tuple[tuple[str, int], ...]
    steps: int | None = None
    is_refresh: bool = False

    @property
    def domains(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.weights)

    @property
    def is_mixed(self) -> bool:
        return len(self.weights) > 1

    @property
    def inner(self) -> tuple[Curriculum, ...]:
        """Curricula whose ends the phase reads: none."""
        return ()

    def __str__(self) -> str:
        terms = (name if weight == 1 else f"{weight}*{name}" for name, weight in self.weights)
        text = " + ".join(terms)
        return (f"refresh({text})" if self.is_refresh else text) + _at(self.steps)


class MergeMethod(StrEnum):
    """The way in which task vectors are merged."""

    LINEAR = "linear"
    """The weighted sum. Source: Ilharco et al. 2023 (task arithmetic)."""
    TIES = "ties"
    """Keep the largest entries, elect the sign of each, and average those that agree. Source: Yadav et al. 2023."""
    DARE_LINEAR = "dare_linear"
    """Drop entries at random and rescale the others before the weighted sum. Source: Yu et al. 2024."""
    DARE_TIES = "dare_ties"
    """Drop entries at random and rescale the others, elect the sign of each, and average those that agree."""

    @property
    def is_sparse(self) -> bool:
        """Whether the method keeps only a share of each task vector's entries, the density."""
        return self is not MergeMethod.LINEAR

    @property
    def is_random(self) -> bool:
        """Whether the method drops entries at random."""
        return self in (MergeMethod.DARE_LINEAR, MergeMethod.DARE_TIES)


class WithoutSteps:
    """A phase that makes a checkpoint from others without training."""

    @property
    def is_mixed(self) -> bool:
        """Whether steps train on several domains: never, since there are none."""
        return False

    @property
    def steps(self) -> int | None:
        """Number of optimizer steps that the expression sets: none."""
        return None


@dataclass(frozen=True)
class Merge(WithoutSteps):
    """The base model plus a combination of task vectors: differences of trained checkpoints from the base model.

    Attributes:
        arguments: Pairs of weight and curriculum, sorted by the curriculum's text. The weight multiplies the task
            vector. All methods are symmetric in the arguments.
        method: Method of the combination.
        density: Share of each task vector's entries that a sparse method keeps; None for `linear`.
        auto_scale: Whether all weights are multiplied by a scale that is chosen on dev items.
    """

    arguments: tuple[tuple[float, Curriculum], ...]
    method: MergeMethod = MergeMethod.LINEAR
    density: float | None = None
    auto_scale: bool = False

    @property
    def domains(self) -> tuple[str, ...]:
        """Distinct trained domains of the arguments, in their order."""
        return tuple(dict.fromkeys(name for _, each in self.arguments for name in each.domains))

    @property
    def inner(self) -> tuple[Curriculum, ...]:
        """Curricula whose ends the phase reads: those that are merged."""
        return tuple(each for _, each in self.arguments)

    def __str__(self) -> str:
        parts = [_argument(weight, each) for weight, each in self.arguments]
        if self.method is not MergeMethod.LINEAR:
            parts.append(f"method={self.method}")
        if self.density is not None and self.density != DEFAULT_DENSITY:
            parts.append(f"density={decimal_text(self.density)}")
        if self.auto_scale:
            parts.append("scale=auto")
        return f"merge({', '.join(parts)})"


@dataclass(frozen=True)
class Distill:
    """Training on the prompts of several domains, each with its own teacher.

    Attributes:
        teachers: Pairs of domain and the curriculum whose end is its teacher, sorted by domain.
        steps: Number of optimizer steps that the expression sets; None if the budget rule decides.
    """

    teachers: tuple[tuple[str, Curriculum], ...]
    steps: int | None = None

    @property
    def domains(self) -> tuple[str, ...]:
        """Domains whose prompts the student trains on."""
        return tuple(name for name, _ in self.teachers)

    @property
    def weights(self) -> tuple[tuple[str, int], ...]:
        """Pairs of domain and weight: each domain has the same number of prompts."""
        return tuple((name, 1) for name in self.domains)

    @property
    def is_mixed(self) -> bool:
        """Whether a strategy for mixtures can act on the phase: never, since teachers take the place of rewards."""
        return False

    @property
    def inner(self) -> tuple[Curriculum, ...]:
        """Curricula whose ends the phase reads: the teachers."""
        return tuple(teacher for _, teacher in self.teachers)

    def __str__(self) -> str:
        parts = (name if name == str(teacher) else f"{name}: {teacher}" for name, teacher in self.teachers)
        return f"distill({', '.join(parts)})" + _at(self.steps)


class RollbackMethod(StrEnum):
    """The way in which a rollback chooses the entries that it resets."""

    ATTRIBUTION = "attribution"
    """Those with the most negative integrated gradients, which did the damage."""
    RANDOM = "random"
    """Random ones: the control."""


@dataclass(frozen=True)
class Rollback(WithoutSteps):
    """The end of a curriculum with a small share of its weights' entries reset to an earlier phase's end.

    Attributes:
        curriculum: Curriculum whose end is repaired.
        to: The curriculum's first phases, up to the one whose end the entries are reset to. Its last phase trains on
            the one domain that is repaired.
        share: Share of all entries that are reset; None to choose it on dev items.
        method: Way in which the entries are chosen.
    """

    curriculum: Curriculum
    to: Curriculum
    share: float | None
    method: RollbackMethod = RollbackMethod.ATTRIBUTION

    @property
    def domain(self) -> str:
        """Domain that is repaired."""
        return self.to.phases[-1].domains[0]

    @property
    def domains(self) -> tuple[str, ...]:
        """Distinct trained domains of the curriculum."""
        return self.curriculum.domains

    @property
    def inner(self) -> tuple[Curriculum, ...]:
        """Curricula whose ends the phase reads: the one that is repaired. It passes through `to`."""
        return (self.curriculum,)

    def __str__(self) -> str:
        whole = self.curriculum
        alone = type(whole)(self.to.phases[-1:])
        to = alone if passed_through(whole, alone) == self.to else self.to
        share = "auto" if self.share is None else decimal_text(self.share)
        method = "" if self.method is RollbackMethod.ATTRIBUTION else f", method={self.method}"
        return f"rollback({whole}, to={to}, share={share}{method})"


Stepless = Merge | Rollback
"""A phase without training steps. It can only be the first phase of its curriculum."""
AnyPhase = Phase | Distill | Stepless
"""A phase of a curriculum."""


def passed_through(whole: Curriculum, part: Curriculum) -> Curriculum | None:
    """Return the first phases of `whole` that `part` names; None if it names none.

    Args:
        whole: A curriculum.
        part: First phases of it, but not all, or a single phase that occurs only once before its end.
    """
    before = whole.prefixes()[:-1]
    if part in before:
        return part
    ends = [each for each in before if each.phases[-1:] == part.phases]
    return ends[0] if len(ends) == 1 else None


def make_phase(weights: Mapping[str, int], steps: int | None = None) -> Phase:
    """Return a phase in canonical form."""
    divisor = math.gcd(*weights.values())
    return Phase(tuple((name, weights[name] // divisor) for name in sorted(weights)), steps)


def make_refresh(domain: str, steps: int) -> Phase:
    """Return a refresh of one domain."""
    return Phase(((domain, 1),), steps, is_refresh=True)


def make_merge(
    weights: Mapping[Curriculum, float],
    method: MergeMethod = MergeMethod.LINEAR,
    density: float | None = None,
    *,
    auto_scale: bool = False,
) -> Merge:
    """Return a merge in canonical form. `density` only applies to a sparse method, which has a default."""
    arguments = sorted(((weight, each) for each, weight in weights.items()), key=lambda pair: str(pair[1]))
    kept = (DEFAULT_DENSITY if density is None else density) if method.is_sparse else None
    return Merge(tuple(arguments), method, kept, auto_scale)


def make_distill(teachers: Mapping[str, Curriculum], steps: int | None = None) -> Distill:
    """Return a distillation in canonical form."""
    return Distill(tuple((name, teachers[name]) for name in sorted(teachers)), steps)


def decimal_text(value: float) -> str:
    """Return a number as text with at most six decimals and no trailing zeros."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _at(steps: int | None) -> str:
    return "" if steps is None else f"@{steps}"


def _argument(weight: float, curriculum: Curriculum) -> str:
    """Return one argument of a merge, in parentheses where its weight would else apply to a part of it."""
    text = str(curriculum)
    factor = "" if weight == 1 else f"{decimal_text(weight)}*"
    compound = bool(factor) and (len(curriculum.phases) > 1 or curriculum.is_mixture)
    return f"{factor}({text})" if compound or text[0].isdigit() else factor + text
