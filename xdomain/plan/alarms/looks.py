"""The looks of a stage, as its file `looks.jsonl` holds them.

The first line holds the design and the ids of the items. Every other line is one look at one domain.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from xdomain.plan.alarms.decision import Decision, FloatArray
from xdomain.plan.alarms.design import AlarmDesign, DomainDesign, Method

LOOKS = "looks.jsonl"
Scores = tuple[float | None, ...]


@dataclass(frozen=True)
class Look:
    """One look at one domain.

    Attributes:
        step: Optimizer steps before the look.
        domain: Name of the domain.
        scores: Score of each watched item; None for a completion that could not be judged.
        others: Score of each item of the confirmation; None if the look answered none of them.
        completions: Number of completions.
        completion_tokens: Number of their tokens.
        seconds: Wall time.
        decision: What the look decided; None for the reference.
    """

    step: int
    domain: str
    scores: Scores
    others: Scores | None
    completions: int
    completion_tokens: int
    seconds: float
    decision: Decision | None = None

    @property
    def accuracy(self) -> float | None:
        """Return the mean score of the watched items that have one."""
        known = [score for score in self.scores if score is not None]
        return sum(known) / len(known) if known else None

    def line(self) -> str:
        return json.dumps(asdict(self), allow_nan=False)


@dataclass(frozen=True)
class StageLooks:
    """The looks of a stage.

    Attributes:
        design: Design of the stage's alarms.
        items: Ids of each domain's items: the watched ones, then those of the confirmation.
        looks: All looks in the order in which they were taken.
    """

    design: AlarmDesign
    items: Mapping[str, tuple[str, ...]]
    looks: tuple[Look, ...]

    def of(self, domain: str) -> list[Look]:
        """Return the looks at a domain, the reference first."""
        return [look for look in self.looks if look.domain == domain]


def header(design: AlarmDesign, items: Mapping[str, Sequence[str]]) -> str:
    """Return the first line of a file of looks."""
    return json.dumps({"step": 0, "design": asdict(design), "items": {name: list(ids) for name, ids in items.items()}})


def read_looks(path: Path) -> StageLooks:
    """Read the looks of a stage. A last line that a kill cut short is left out.

    Raises:
        ValueError: The file holds something else.
    """
    first, *rest = path.read_text(encoding="utf-8").split("\n")
    told = json.loads(first)
    try:
        return StageLooks(
            _design(told["design"]),
            {name: tuple(ids) for name, ids in told["items"].items()},
            tuple(_look(json.loads(line)) for line in rest[:-1]),
        )
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"a line has another form: {error}") from error


def differences(reference: Scores, later: Scores) -> FloatArray:
    """Return the change of each item's score; NaN if either score is missing."""
    found: FloatArray = np.array(later, dtype=np.float64) - np.array(reference, dtype=np.float64)
    return found


def _design(told: Mapping[str, Any]) -> AlarmDesign:
    domains = {
        name: DomainDesign(**{**each, "method": Method(each["method"])}) for name, each in told["domains"].items()
    }
    return AlarmDesign(**{**told, "looks": tuple(told["looks"]), "domains": domains})


def _look(told: Mapping[str, Any]) -> Look:
    decision = None if told["decision"] is None else Decision(**told["decision"])
    others = None if told["others"] is None else tuple(told["others"])
    return Look(**{**told, "scores": tuple(told["scores"]), "others": others, "decision": decision})
