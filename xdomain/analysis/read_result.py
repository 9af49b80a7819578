"""Read the JSON export of a report, of this schema version or an earlier one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from xdomain.analysis.estimands import own_estimands
from xdomain.analysis.imports import read_json_document
from xdomain.analysis.result import RESULT_SCHEMA_VERSION, AnalysisResult, Matrix
from xdomain.analysis.result.consistency import ContradictionError, demand_consistent
from xdomain.config.curriculum import parse_curriculum
from xdomain.config.run_id import BASE, RunId
from xdomain.config.validation import dotted
from xdomain.core.errors import AnalysisError, ConfigError

DRAWN = ("section", "question", "hint", "direction", "column_directions", "mirrored", "square", "numerator")
"""Fields of a matrix that version 1 did not store."""


def read_result(path: Path) -> AnalysisResult:
    """Read the file that `xdomain report --format json` wrote.

    Raises:
        AnalysisError: The file cannot be read, is not such an export, or is of a later version.
    """
    return parse_result(read_json_document(path), where=str(path))


def is_result(document: Mapping[str, Any]) -> bool:
    """Return whether a JSON document looks like the export of a report, of any version."""
    return {"meta", "summary", "sentences"} <= document.keys()


def parse_result(document: Any, where: str = "report.json") -> AnalysisResult:
    """Parse the JSON export of a report.

    Raises:
        AnalysisError: See `read_result`.
    """
    if not isinstance(document, dict) or not isinstance(document.get("meta"), dict):
        raise AnalysisError("this is not the JSON export of a report.", where=where, fix="Name a report.json.")
    version = document["meta"].get("schema_version", 1)
    if type(version) is not int or not 1 <= version <= RESULT_SCHEMA_VERSION:
        raise AnalysisError(
            f"the report has the schema version {version!r}; this xdomain reads 1 to {RESULT_SCHEMA_VERSION}.",
            where=where,
            fix="Update xdomain.",
        )
    try:
        result = AnalysisResult.model_validate(from_version_1(document) if version == 1 else document)
        demand_consistent(result)
        return result
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise AnalysisError(
            f"the report does not have the shape of version {version}: {_in_words(error)}.",
            where=where,
            fix="Give the unchanged file that `xdomain report --format json` wrote.",
        ) from error


def _in_words(error: Exception) -> str:
    """Return the first mistake in one line."""
    if isinstance(error, ContradictionError):
        return str(error)
    if not isinstance(error, ValidationError):
        return f"{type(error).__name__}: {error}"
    first = error.errors(include_url=False)[0]
    return f"{dotted(first)}: {first['msg']}"


def from_version_1(document: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a JSON export of version 1, which had one field per matrix, to version 2."""
    kept = {name: value for name, value in document.items() if name in AnalysisResult.model_fields}
    matrices = {matrix["name"]: matrix for matrix in _matrices_of_version_1(document)}
    templates = {estimand.name: estimand.template for estimand in own_estimands()}
    ordered = [name for name in templates if name in matrices] + [name for name in matrices if name not in templates]
    return {
        "matrices": {name: matrices[name] | _drawn(templates.get(name)) for name in ordered},
        **kept,
        "effort": {label: effort | _origin(effort, document["effort"]) for label, effort in document["effort"].items()},
        "meta": {**document["meta"], "schema_version": RESULT_SCHEMA_VERSION},
    }


def _matrices_of_version_1(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (value for value in document.values() if isinstance(value, dict) and "cells" in value)
    yield from document["turnover"].values()
    yield from document["pass_at_k"]


def _drawn(template: Matrix | None) -> dict[str, Any]:
    return {} if template is None else template.model_dump(mode="json", include=set(DRAWN))


def _origin(effort: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return phases and parent of a run, which version 1 encoded only in its label."""
    if effort["curriculum"] == BASE:
        return {"phases": [], "parent": None}
    try:
        curriculum = parse_curriculum(effort["curriculum"])
    except ConfigError:  # the name of a model
        return {"phases": [], "parent": BASE}
    before = curriculum.before
    labels = [] if before is None else [str(RunId(before, effort["strategy"])), str(before)]
    return {
        "phases": [str(phase) for phase in curriculum.phases],
        "parent": next((label for label in labels if label in known), BASE if before is None else str(before)),
    }
