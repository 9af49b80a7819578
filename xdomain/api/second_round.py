"""From a grid's measured pairs to the experiment of a second round."""

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


def write_second_round(
    plan: Plan, store: Store, path: Path, mapping: dict[str, Any], target: Path | None = None
) -> tuple[PredictedOrder, Path]:
    """Predict an order on the dev split and write an experiment that trains it, its reverse and the mixture.

    Args:
        path: the first round's file.
        mapping: what that file holds, overrides applied.
        target: file to write, beside the first round's; None for its name with "-ordered".

    Returns:
        The predicted order, and the file that was written.

    Raises:
        ConfigError: the first round was evaluated on test items, or the file cannot be written there.
        AnalysisError: a pair is not measured yet.
    """
    written = target or path.with_name(f"{path.stem}-ordered.yaml")
    if plan.experiment.evaluation.split != "dev":
        raise ConfigError(
            "an order chosen on test items would be judged by what chose it.",
            where="evaluation.split",
            fix="Evaluate the pairs on dev items too, training is shared: "
            f"xdomain grid run {path} --set evaluation.split=dev; then give this command the same --set.",
        )
    if written.resolve().parent != path.resolve().parent:
        raise ConfigError(
            "the second round should lie beside the first, since its data paths are relative to it.",
            where=f"--out {written}",
        )
    if written.exists():
        raise ConfigError(
            "there is such a file already.", where=str(written), fix="Remove it, or name another by --out."
        )
    found = omni_thinker_order(measure(plan, store, path))
    text = yaml.safe_dump(second_round(mapping, found), sort_keys=False, width=110)
    write_atomic(written, _head(path, found) + text)
    return found, written


def second_round(mapping: dict[str, Any], found: PredictedOrder) -> dict[str, Any]:
    """Return the first round's settings with the predicted order, its reverse, and a mixture as long as they are."""
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
    """Return the predicted order, its sum and how many orders cannot be told from it, as a sentence."""
    rest = len(found.not_told_apart)
    others = f"{rest} of the {found.orders - 1} other orders" if rest else "no other order"
    return (
        f"Order of the smallest predicted forgetting: {' -> '.join(found.order)} (sum of backward transfer "
        f"{points(found.sum_of_transfer, sign=True)} points); {others} cannot be told from it."
    )
