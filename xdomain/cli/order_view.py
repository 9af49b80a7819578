"""`xdomain grid order`: from a grid's pairs to the experiment of a second round."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from xdomain.cli.render import out, print_json
from xdomain.cli.setup import Opened, measure
from xdomain.core.errors import ConfigError
from xdomain.core.files import write_atomic

if TYPE_CHECKING:
    from xdomain.analysis.ordering import PredictedOrder


def write_second_round(opened: Opened, mapping: dict[str, Any], target: Path | None, *, as_json: bool) -> None:
    """Predict an order on the dev split and write an experiment that trains it, its reverse and the mixture.

    Args:
        mapping: the first round's file as it is written, overrides applied.
        target: where to; by default beside the first round's file.

    Raises:
        ConfigError: the first round was evaluated on test items, or the file cannot be written there.
        AnalysisError: a pair is not measured yet.
    """
    from xdomain.analysis.ordering import omni_thinker_order

    path = target or opened.path.with_name(f"{opened.path.stem}-ordered.yaml")
    if opened.plan.experiment.evaluation.split != "dev":
        raise ConfigError(
            "an order chosen on test items would be judged by what chose it.",
            where="evaluation.split",
            fix="Evaluate the pairs on dev items too, training is shared: "
            f"xdomain grid run {opened.path} --set evaluation.split=dev; then give this command the same --set.",
        )
    if path.resolve().parent != opened.path.resolve().parent:
        raise ConfigError(
            "the second round should lie beside the first, since its data paths are relative to it.",
            where=f"--out {path}",
        )
    if path.exists():
        raise ConfigError("there is such a file already.", where=str(path), fix="Remove it, or name another by --out.")
    found = omni_thinker_order(measure(opened))
    write_atomic(path, _head(opened, found) + yaml.safe_dump(second_round(mapping, found), sort_keys=False, width=110))
    if as_json:
        print_json(
            {
                "order": list(found.order),
                "sum_of_transfer": found.sum_of_transfer,
                "backward_transfer": {f"{a} -> {b}": value for (a, b), value in found.backward_transfer.items()},
                "not_told_apart": [list(order) for order in found.not_told_apart],
                "orders": found.orders,
                "file": str(path),
            }
        )
    else:
        out.print(_words(found))
        out.print(f"written: {path}", soft_wrap=True)


def second_round(mapping: dict[str, Any], found: PredictedOrder) -> dict[str, Any]:
    """The first round's settings with the predicted order, its reverse, and a mixture as long as they are."""
    changed = {key: value for key, value in mapping.items() if key not in ("grid", "curricula", "analysis")}
    changed["name"] = f"{mapping['name']}-ordered"
    changed["grid"] = {"all_mixed": True}
    changed["curricula"] = [" -> ".join(found.order), " -> ".join(reversed(found.order))]
    changed["training"] = {**(mapping.get("training") or {}), "budget": "per_domain"}
    changed["evaluation"] = {**(mapping.get("evaluation") or {}), "split": "test"}
    return changed


def _head(opened: Opened, found: PredictedOrder) -> str:
    lines = [
        f"Second round of {opened.path.name}, written by `xdomain grid order`; its pairs were read on dev items.",
        _words(found),
        "The reverse order is the control, and the mixture trains as long as a sequence.",
    ]
    return "".join(f"# {line}\n" for line in lines)


def _words(found: PredictedOrder) -> str:
    rest = len(found.not_told_apart)
    others = f"{rest} of the {found.orders - 1} other orders" if rest else "no other order"
    return (
        f"Order of the smallest predicted forgetting: {' -> '.join(found.order)} (sum of backward transfer "
        f"{100 * found.sum_of_transfer:+.1f} points); {others} cannot be told from it."
    )
