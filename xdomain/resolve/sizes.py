"""How many items there are to evaluate on, which the plan's power rests on."""

from __future__ import annotations

from dataclasses import dataclass

from xdomain.config.experiment import Experiment
from xdomain.domains.base import Split
from xdomain.domains.build import build_domains


@dataclass(frozen=True)
class EvaluatedItems:
    """Items of one domain.

    Attributes:
        count: items that every checkpoint is evaluated on: as many as asked for, or all of the split.
        in_split: None if they are generated or fetched and were not counted.
    """

    count: int
    in_split: int | None


def evaluated_items(experiment: Experiment) -> dict[str, EvaluatedItems]:
    """Items by evaluated domain.

    Raises:
        DataError: a domain's data is malformed.
    """
    asked, split = experiment.evaluation.items, Split(experiment.evaluation.split)
    counts = {
        name: domain.count(split) for name, domain in build_domains(experiment.domains, experiment.domain_names).items()
    }
    return {name: EvaluatedItems(asked if n is None else min(asked, n), n) for name, n in counts.items()}
