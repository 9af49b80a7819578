"""What a row of a matrix stands for, as data: it becomes text only where it is printed or stored."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from xdomain.config.curriculum import Curriculum, Phase, parse_curriculum
from xdomain.core.errors import ConfigError

BASE = "base"
"""How the base model is written where runs are."""
JOINT = "joint"
"""The strategy that is not written out: one plain step on the whole mixture."""

WRITTEN = re.compile(r"(?P<curriculum>[^\[\]]*?)\s*(?:\[(?P<strategy>[^\[\]]+)\])?")


@dataclass(frozen=True)
class RunId:
    """One curriculum trained with one strategy, over all its seeds; the base model; or a model by its name.

    `str()` is the label of tables, of records and of JSON: "a + b", "a + b [cgpo]", "base", "SmolLM2-135M". Nothing
    reads a label back.

    Attributes:
        curriculum: None for the base model, and for a model of which nobody says what it was trained on.
        strategy: Label of the strategy; "joint" where the strategy did not act on any phase. None without a curriculum.
        model: Name of a model without a curriculum. None for a run and for the base model.
    """

    curriculum: Curriculum | None = None
    strategy: str | None = None
    model: str | None = None

    @property
    def is_base(self) -> bool:
        return self.curriculum is None and self.model is None

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases of the curriculum; () without one."""
        return self.curriculum.phases if self.curriculum else ()

    @property
    def domains(self) -> tuple[str, ...]:
        """Distinct trained domains, in order of first appearance; () without a curriculum."""
        return self.curriculum.domains if self.curriculum else ()

    @property
    def is_single(self) -> bool:
        return self.curriculum is not None and self.curriculum.is_single

    @property
    def is_mixture(self) -> bool:
        return self.curriculum is not None and self.curriculum.is_mixture

    @property
    def is_sequence(self) -> bool:
        return self.curriculum is not None and self.curriculum.is_sequence

    @property
    def sets_steps(self) -> bool:
        """Whether a phase has steps of its own ("a@10") in place of those of the budget rule."""
        return any(phase.steps is not None for phase in self.phases)

    @property
    def order(self) -> tuple[str, ...]:
        """The domain of each phase, for a single or a sequence; () for all else."""
        return tuple(phase.domains[0] for phase in self.phases) if self.is_single or self.is_sequence else ()

    def reversed(self) -> RunId:
        """The same phases in the opposite order, trained alike."""
        return replace(self, curriculum=self.curriculum.reversed()) if self.curriculum else self

    def __str__(self) -> str:
        return self.model or BASE if self.curriculum is None else self.with_strategy(str(self.curriculum))

    def with_strategy(self, text: str) -> str:
        """Name the strategy behind a text, where it is written out: "a, b", or "a, b [cgpo]"."""
        return text if self.strategy in (None, JOINT) else f"{text} [{self.strategy}]"


BASE_RUN = RunId()
"""The model that every curriculum of a grid starts from; in a comparison, what the others are held against."""


def is_joint(strategy: str | None) -> bool:
    """Whether a strategy's label is joint's, with whatever parameters ("joint(learning_rate_scale=2)")."""
    return strategy is not None and strategy.partition("(")[0] == JOINT


def parse_run(text: str) -> RunId:
    """Parse what a user writes for a run: "base", "a + b -> c", or "a + b -> c [cgpo]".

    Raises:
        ConfigError: with the part that cannot be read.
    """
    match = WRITTEN.fullmatch(text.strip())
    if match is None:
        raise ConfigError(f'"{text.strip()}" is not a run.', fix='Write it like "a + b [cgpo]".')
    if match["curriculum"] == BASE:
        return BASE_RUN
    return RunId(parse_curriculum(match["curriculum"]), match["strategy"] or JOINT)
