"""Export to Every Eval Ever 0.3.0, a shared database: one JSON document per run, accuracies with intervals.

Source: github.com/evaleval/every_eval_ever, `eval.schema.json` of version 0.3.0. All seeds of a run share one document
because its interval covers them together. The checkpoints are listed in the model's details.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from xdomain.analysis.result import AnalysisResult, Cell
from xdomain.core.foreign_text import plain

SCHEMA_VERSION = "0.3.0"


def every_eval_ever(result: AnalysisResult, run: str, *, retrieved_seconds: float, command: str) -> dict[str, Any]:
    """Return the document of one run; domains without a measured accuracy are left out.

    Args:
        retrieved_seconds: Time at which the document is made, as Unix time in seconds.
        command: Command that the user typed to make the report.
    """
    name = "/".join(filter(None, [result.meta.model, run]))  # in `xdomain eval` the run is the model
    retrieved = f"{retrieved_seconds:.0f}"
    document: dict[str, Any] = _cleaned(
        {
            "schema_version": SCHEMA_VERSION,
            "evaluation_id": f"{result.meta.experiment}/{name}/{retrieved}",
            "retrieved_timestamp": retrieved,
            "source_metadata": {
                "source_name": result.meta.experiment,
                "source_type": "evaluation_run",
                "source_organization_name": "unknown",
                "evaluator_relationship": "first_party",
                "additional_details": {"report_command": command},
            },
            "eval_library": {"name": "xdomain", "version": version("xdomain")},
            "model_info": {"name": name, "id": name, "additional_details": _model_details(result, run)},
            "evaluation_results": [
                _evaluation(result, run, domain, cell)
                for domain in result.accuracy.columns
                if (cell := result.accuracy.cell(run, domain)) is not None and cell.estimate is not None
            ],
        }
    )
    return document


def _model_details(result: AnalysisResult, run: str) -> dict[str, str]:
    details = {"deployment_type": "self_deployed", "model_availability": "unknown"}
    if result.meta.model:
        details["base_model"] = result.meta.model
    effort = result.effort.get(run)
    if effort is None:
        return details
    details["curriculum"] = effort.curriculum
    if effort.strategy:
        details["strategy"] = effort.strategy
    return details | {f"checkpoint_seed_{seed}" if seed else "checkpoint": c for seed, c in effort.checkpoints.items()}


def _evaluation(result: AnalysisResult, run: str, domain: str, cell: Cell) -> dict[str, Any]:
    chance = result.accuracy.chance.get(domain)
    found: dict[str, Any] = {
        "evaluation_result_id": f"{run}/{domain}/accuracy",
        "evaluation_name": domain,
        "source_data": {"dataset_name": domain, "source_type": "other"},
        "metric_config": {
            "evaluation_description": result.accuracy.definition,
            "metric_id": "accuracy",
            "metric_name": "Accuracy",
            "metric_kind": "accuracy",
            "metric_unit": "proportion",
            "lower_is_better": False,
            "score_type": "continuous",
            "min_score": 0,
            "max_score": 1,
            "additional_details": {} if chance is None else {"chance_level": f"{chance}"},
        },
        "score_details": {"score": cell.estimate, "details": _score_details(result, run, domain, cell)},
    }
    if cell.low is not None and cell.high is not None:
        interval = {
            "lower": cell.low,
            "upper": cell.high,
            "confidence_level": result.meta.confidence,
            "method": "wilson",
        }
        found["score_details"]["uncertainty"] = {"confidence_interval": interval}
        if cell.n_items is not None:
            found["score_details"]["uncertainty"]["num_samples"] = cell.n_items
    return found


def _score_details(result: AnalysisResult, run: str, domain: str, cell: Cell) -> dict[str, str]:
    shape = result.accuracy.answers.get(run, {}).get(domain)
    details = {
        "interval_speaks_of": cell.speaks_of,
        "n_seeds": cell.n_seeds,
        "samples_per_item": result.meta.samples.get(domain),
        "share_malformed": shape.malformed if shape else None,
        "share_truncated": shape.truncated if shape else None,
    }
    return {name: f"{value}" for name, value in details.items() if value is not None}


def _cleaned(value: Any) -> Any:
    """Return the same document with control characters removed from every text."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Mapping):
        return {plain(key): _cleaned(inner) for key, inner in value.items()}
    return [_cleaned(inner) for inner in value] if isinstance(value, list) else value
