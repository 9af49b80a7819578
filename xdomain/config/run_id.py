"""Identity of a matrix row as data. It is turned into text only when it is printed or stored."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from xdomain.config.curriculum import Curriculum, parse_curriculum
from xdomain.config.phases import AnyPhase
from xdomain.core.errors import ConfigError

BASE = "base"
"""Label of the base model."""
JOINT = "joint"
"""The strategy that labels leave out: one plain step on the whole mixture."""

WRITTEN = re.compile(r"(?P<curriculum>[^\[\]]*?)\s*(?:\[(?P<strategy>[^\[\]]+)\])?")


@dataclass(frozen=True)
class RunId:
    """A row of a matrix: one curriculum and strategy over all seeds, the base model, or a model with a name.

    `str()` is the label in tables, records and JSON: "a + b", "a + b [cgpo]", "base", "SmolLM2-135M". Labels are never
    parsed.

    Attributes:
        curriculum: Curriculum of a run; None for the base model, and for a model whose training is unknown.
        strategy: Label of the strategy; "joint" if the strategy did not act on any phase. None without a curriculum.
        model: Name of a model without a curriculum. None for a run and for the base model.
    """

    curriculum: Curriculum | None = None
    strategy: str | None = None
    model: str | None = None

    @property
    def is_base(self) -> bool:
        return self.curriculum is None and self.model is None

    @property
    def phases(self) -> tuple[AnyPhase, ...]:
        """Phases of the curriculum; () without one."""
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
        """Whether a phase sets its own number of steps ("a@10") instead of following the budget rule."""
        return self.curriculum is not None and self.curriculum.sets_steps

    @property
    def order(self) -> tuple[str, ...]:
        """Domain of each phase of a single or a sequence; () for all others."""
        return tuple(phase.domains[0] for phase in self.phases) if self.is_single or self.is_sequence else ()

    def reversed(self) -> RunId:
        """Return the same phases in the opposite order, with the same strategy."""
        return replace(self, curriculum=self.curriculum.reversed()) if self.curriculum else self

    def __str__(self) -> str:
        return self.model or BASE if self.curriculum is None else self.with_strategy(str(self.curriculum))

    def with_strategy(self, text: str) -> str:
        """Append the strategy to a text, unless it is joint: "a, b [cgpo]", or "a, b"."""
        return text if self.strategy in (None, JOINT) else f"{text} [{self.strategy}]"


BASE_RUN = RunId()
"""The model that every curriculum of a grid starts from. In a comparison, the model that others are compared with."""


def is_joint(strategy: str | None) -> bool:
    """Return whether a label is that of joint, with any parameters ("joint(learning_rate_scale=2)")."""
    return strategy is not None and strategy.partition("(")[0] == JOINT


def parse_run(text: str) -> RunId:
    """Parse a run as users write it: "base", "a + b -> c", or "a + b -> c [cgpo]".

    Raises:
        ConfigError: The text is not a run. The message quotes the part that cannot be read.
    """
    match = WRITTEN.fullmatch(text.strip())
    if match is None:
        raise ConfigError(f'"{text.strip()}" is not a run.', fix='Write it like "a + b [cgpo]".')
    if match["curriculum"] == BASE:
        return BASE_RUN
    return RunId(parse_curriculum(match["curriculum"]), match["strategy"] or JOINT)
