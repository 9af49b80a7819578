"""Count the items for evaluation, which the plan's power is based on."""

from __future__ import annotations

from dataclasses import dataclass

from xdomain.config.experiment import Experiment
from xdomain.domains.base import Split
from xdomain.domains.build import build_domains
from xdomain.plan.recipe import evaluations_of


@dataclass(frozen=True)
class EvaluatedItems:
    """Numbers of items of one domain.

    Attributes:
        count: Number of items that every checkpoint is evaluated on: the requested number, or all of the split.
        in_split: Number of items in the split; None if they are generated or fetched and were not counted.
    """

    count: int
    in_split: int | None


def evaluated_items(experiment: Experiment) -> dict[str, EvaluatedItems]:
    """Return the numbers of items of each evaluated domain.

    Raises:
        DataError: A domain's data is malformed.
    """
    split = Split(experiment.evaluation.split)
    asked = {name: evaluation.items for name, evaluation in evaluations_of(experiment).items()}
    counts = {
        name: domain.count(split) for name, domain in build_domains(experiment.domains, experiment.domain_names).items()
    }
    return {name: EvaluatedItems(asked[name] if n is None else min(asked[name], n), n) for name, n in counts.items()}
