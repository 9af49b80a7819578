"""Write the experiment of a second round, based on a grid's measured pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from xdomain.analysis.ordering import PredictedOrder, omni_thinker_order
from xdomain.api.measuring import measure
from xdomain.core.errors import ConfigError
from xdomain.core.files import write_atomic
from xdomain.core.number_text import points
from xdomain.plan.graph import Plan
from xdomain.store.store import Store

CAUTION = (
    "In a prototype on the tiny model nothing predicted the effect of order, not even another seed "
    "(docs/how-to/score-predictions.md), so take this order as a hypothesis."
)
"""Sentence on how much a predicted order is worth."""


def write_second_round(
    plan: Plan, store: Store, path: Path, mapping: dict[str, Any], target: Path | None = None
) -> tuple[PredictedOrder, Path]:
    """Predict an order from dev items, and write an experiment that trains it, its reverse and the mixture.

    Args:
        plan: Plan of the first round.
        store: The store.
        path: File of the first round.
        mapping: Content of that file, with overrides.
        target: File to write, in the same folder; None for the name of the first round with "-ordered".

    Returns:
        The predicted order, and the file that was written.

    Raises:
        ConfigError: The first round was evaluated on test items, or the file cannot be written.
        AnalysisError: A pair has not been measured yet.
    """
    written = target or path.with_name(f"{path.stem}-ordered.yaml")
    if plan.experiment.evaluation.split != "dev":
        raise ConfigError(
            "an order must not be chosen on the test items that it will be judged by.",
            where="evaluation.split",
            fix="Evaluate the pairs on dev items too, which trains nothing again: "
            f"xdomain grid run {path} --set evaluation.split=dev. Then give this command the same --set.",
        )
    if written.resolve().parent != path.resolve().parent:
        raise ConfigError(
            "the second round should be in the folder of the first, because its data paths are relative to it.",
            where=f"--out {written}",
        )
    if written.exists():
        raise ConfigError(
            "the file exists already.", where=str(written), fix="Remove it, or name another one with --out."
        )
    found = omni_thinker_order(measure(plan, store, path))
    text = yaml.safe_dump(second_round(mapping, found), sort_keys=False, width=110)
    write_atomic(written, _head(path, found) + text)
    return found, written


def second_round(mapping: dict[str, Any], found: PredictedOrder) -> dict[str, Any]:
    """Return the settings of the first round with the predicted order, its reverse, and an equally long mixture."""
    changed = {key: value for key, value in mapping.items() if key not in ("grid", "curricula", "analysis")}
    changed["name"] = f"{mapping['name']}-ordered"
    changed["grid"] = {"all_mixed": True}
    changed["curricula"] = [" -> ".join(found.order), " -> ".join(reversed(found.order))]
    changed["training"] = {**(mapping.get("training") or {}), "budget": "per_domain"}
    changed["evaluation"] = {**(mapping.get("evaluation") or {}), "split": "test"}
    return changed


def _head(path: Path, found: PredictedOrder) -> str:
    lines = [
        f"Second round of {path.name}, written by `xdomain grid order`; its pairs were read on dev items.",
        order_in_words(found),
        "The reverse order is the control, and the mixture trains as long as a sequence.",
    ]
    return "".join(f"# {line}\n" for line in lines)


def order_in_words(found: PredictedOrder) -> str:
    """Return the predicted order, its sum, the number of orders that do not differ from it, and `CAUTION`."""
    rest = len(found.not_told_apart)
    others = f"{rest} of the {found.orders - 1} other orders" if rest else "no other order"
    return (
        f"Order of the smallest predicted forgetting: {' -> '.join(found.order)} (sum of backward transfer "
        f"{points(found.sum_of_transfer, sign=True)} points); {others} cannot be told from it. {CAUTION}"
    )
