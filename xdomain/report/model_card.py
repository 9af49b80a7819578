"""A Hugging Face model card a run: the lineage of its checkpoints, what they cost, and their scores with intervals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from xdomain.analysis.result import AnalysisResult, Matrix
from xdomain.report.cell_view import cell_interval, finding, value_text
from xdomain.report.markdown import escaped, markdown_table
from xdomain.report.numbers import count_text
from xdomain.report.plain import plain
from xdomain.report.tree import BASE, parent_label

HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


def model_card(result: AnalysisResult, run: str, *, command: str) -> str:
    """The card of one run, YAML header included.

    Args:
        command: what the user typed to make the report.
    """
    header = yaml.safe_dump(_header(result, run), sort_keys=False, allow_unicode=True)
    parts = [
        f"# {escaped(result.meta.experiment)}: {escaped(run)}",
        f"{escaped(result.meta.model)}, trained by reinforcement learning along {escaped(run)}."
        if run != BASE
        else f"{escaped(result.meta.model)}, the common start of every curriculum.",
        "## Lineage",
        "\n".join(f"{number}. {line}" for number, line in enumerate(_lineage(result, run), 1)),
        "## Accuracy",
        _scores(result, run),
        "## What the numbers speak about",
        "\n".join(f"- {escaped(statement)}" for statement in result.meta.statements),
        f"Made by `{plain(command).replace('`', '')}`.",
    ]
    return f"---\n{header}---\n\n" + "\n\n".join(parts) + "\n"


def _header(result: AnalysisResult, run: str) -> dict[str, Any]:
    accuracy = result.accuracy
    measured = {domain: cell for domain in accuracy.columns if (cell := accuracy.cell(run, domain)) is not None}
    results = [
        {
            "task": {"type": "text-generation"},
            "dataset": {"name": plain(domain), "type": plain(domain)},
            "metrics": [{"type": "accuracy", "value": cell.estimate, "name": "accuracy"}],
        }
        for domain, cell in measured.items()
        if cell.estimate is not None
    ]
    name = plain(f"{result.meta.experiment}: {run}")
    # The hub refuses a base model that is no repository; the text names it in any case.
    base = {"base_model": result.meta.model} if HUB_NAME.fullmatch(result.meta.model) else {}
    return base | {
        "tags": ["xdomain", "grpo", "reinforcement-learning"],
        "model-index": [{"name": name, "results": results}],
    }


def _lineage(result: AnalysisResult, run: str) -> Iterator[str]:
    """From the base to the run: each stage with its checkpoints by seed and its steps since the base."""
    labels = list(result.effort)
    chain = [run]
    while chain[-1] != BASE and (parent := parent_label(chain[-1], labels)):
        chain.append(parent)
    if run != BASE:
        chain.append(BASE)
    for label in reversed(chain):
        effort = result.effort.get(label)
        if effort is None:
            yield f"{escaped(label)}: no record"
            continue
        steps = f", {count_text(effort.steps)} steps since the base" if effort.steps else ""
        names = [f"{f'seed {seed}: ' if seed else ''}{name}" for seed, name in effort.checkpoints.items()]
        yield f"**{escaped(label)}**{steps} ({escaped('; '.join(names))})"


def _scores(result: AnalysisResult, run: str) -> str:
    # A single's change is its transfer: it is adjusted there.
    changes = result.transfer if run in result.transfer.rows else result.change
    rows = [
        [domain, _text(result.accuracy, run, domain), _text(changes, run, domain), _finding(changes, run, domain)]
        for domain in result.accuracy.columns
    ]
    return markdown_table(["domain", "accuracy, percent", "against base, points", "finding"], rows)


def _text(matrix: Matrix, run: str, domain: str) -> str:
    cell = matrix.cell(run, domain)
    if cell is None:
        return ""
    return f"{value_text(matrix, cell, domain)} {cell_interval(matrix, cell)}".strip() or "not measured"


def _finding(matrix: Matrix, run: str, domain: str) -> str:
    cell = matrix.cell(run, domain)
    return "" if cell is None else finding(matrix, cell, domain)[1]
