"""One Hugging Face model card per checkpoint: its lineage, its cost, and its scores with intervals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from xdomain.analysis.result import AnalysisResult, Cell, EndCheckpoint, Matrix
from xdomain.config.curriculum import parse_curriculum
from xdomain.config.phases import AnyPhase, Distill, Merge, Phase
from xdomain.config.run_id import BASE
from xdomain.core.foreign_text import plain
from xdomain.report.cell_view import cell_interval, finding, value_text
from xdomain.report.markdown import escaped, markdown_table
from xdomain.report.numbers import count_text
from xdomain.report.tree import lineage

OWN_SCORES = "The accuracies in the header and in the first column are those of this checkpoint only."
HOW: dict[type[AnyPhase], str] = {
    Phase: "trained by reinforcement learning",
    Merge: "merged from trained checkpoints",
    Distill: "distilled from one teacher per domain",
}
"""The way in which a phase makes a checkpoint, in words."""
HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


def model_card(result: AnalysisResult, checkpoint: EndCheckpoint, *, command: str) -> str:
    """Return the card of the last checkpoint of one run and seed, including the YAML header.

    Args:
        command: Command that the user typed to make the report.
    """
    run = checkpoint.run
    title = f"{result.meta.experiment}: {_title(checkpoint)}"
    header = yaml.safe_dump(_header(result, checkpoint, title), sort_keys=False, allow_unicode=True)
    parts = [
        f"# {escaped(title)}",
        f"{escaped(result.meta.model)}, {_how(result, run)}: {escaped(run)}."
        if run != BASE
        else f"{escaped(result.meta.model)}, the common start of every curriculum.",
        "## Lineage",
        "\n".join(f"{number}. {line}" for number, line in enumerate(_lineage(result, checkpoint), 1)),
        "## Accuracy",
        _scores(result, checkpoint),
        "## Cost",
        _cost(checkpoint),
        "## Scope of the numbers",
        "\n".join(f"- {escaped(statement)}" for statement in (OWN_SCORES, *result.meta.statements)),
        f"Made by `{plain(command).replace('`', '')}`.",
    ]
    return f"---\n{header}---\n\n" + "\n\n".join(parts) + "\n"


def _title(checkpoint: EndCheckpoint) -> str:
    return checkpoint.run if checkpoint.seed is None else f"{checkpoint.run}, seed {checkpoint.seed}"


def _header(result: AnalysisResult, checkpoint: EndCheckpoint, title: str) -> dict[str, Any]:
    results = [
        {
            "task": {"type": "text-generation"},
            "dataset": {"name": plain(domain), "type": plain(domain)},
            "metrics": [{"type": "accuracy", "value": cell.estimate, "name": "accuracy"}],
        }
        for domain, cell in checkpoint.accuracy.items()
        if cell.estimate is not None
    ]
    # The hub refuses a base model that is not a repository; the text names the model in any case.
    base = {"base_model": result.meta.model} if HUB_NAME.fullmatch(result.meta.model) else {}
    return base | {
        "tags": ["xdomain", "grpo", "reinforcement-learning"],
        "model-index": [{"name": plain(title), "results": results}],
    }


def _lineage(result: AnalysisResult, checkpoint: EndCheckpoint) -> Iterator[str]:
    """Yield one line per phase from the base model to the checkpoint: the same seed's checkpoint at the phase's end.

    Merged checkpoints and teachers come before the phase that uses them.
    """
    for label in dict.fromkeys([BASE, *_made_by(result, checkpoint.run)]):
        seed = None if label == BASE else checkpoint.seed
        found = next((each for each in result.checkpoints if (each.run, each.seed) == (label, seed)), None)
        if found is None:
            yield f"{escaped(label)}: no record"
            continue
        steps = f", {count_text(found.steps)} steps since the base" if found.steps else ""
        yield f"**{escaped(label)}**{steps} ({escaped(found.name)})"


def _made_by(result: AnalysisResult, run: str) -> Iterator[str]:
    """Yield the labels of all runs that a run was made by, and its own. A label may occur several times."""
    for label, _ in reversed(lineage(result.effort, run)):
        phases = _phases(result, label)
        for curriculum in phases[-1].inner if phases else ():
            yield from _made_by(result, str(curriculum))
        yield label


def _how(result: AnalysisResult, run: str) -> str:
    """Return how the phases of a run made its checkpoint."""
    kinds = dict.fromkeys(HOW[type(phase)] for phase in _phases(result, run))
    return ", then ".join(kinds) or HOW[Phase]


def _phases(result: AnalysisResult, run: str) -> tuple[AnyPhase, ...]:
    """Return the phases of a run; () for a compared model, which has none."""
    effort = result.effort.get(run)
    return parse_curriculum(effort.curriculum).phases if effort and effort.phases else ()


def _scores(result: AnalysisResult, checkpoint: EndCheckpoint) -> str:
    # The change of a run of one phase is its transfer, whose p is adjusted in the transfer matrix.
    run = checkpoint.run
    transfer = result.matrices["transfer"]
    changes = transfer if run in transfer.rows else result.matrices["change"]
    several = len(result.meta.seeds) > 1 and checkpoint.seed is not None
    mean = [f"mean of {len(result.meta.seeds)} seeds"] if several else []
    rows = []
    for domain in result.accuracy.columns:
        own = checkpoint.accuracy.get(domain)
        texts = [_value(result.accuracy, own, domain)]
        texts += [_value(result.accuracy, result.accuracy.cell(run, domain), domain)] if several else []
        texts.append(_value(changes, changes.cell(run, domain), domain))
        rows.append([domain, *texts, _finding(changes, run, domain)])
    change = "against base, points" + (" (seeds together)" if several else "")
    return markdown_table(["domain", "accuracy, percent", *mean, change, "finding"], rows)


def _value(matrix: Matrix, cell: Cell | None, domain: str) -> str:
    if cell is None:
        return ""
    return f"{value_text(matrix, cell, domain)} {cell_interval(matrix, cell)}".strip() or "not measured"


def _cost(checkpoint: EndCheckpoint) -> str:
    """Return the counts since the base model; a count that was not recorded is listed as such."""
    counts = {
        "optimizer steps": checkpoint.steps,
        "prompts": checkpoint.prompts,
        "generated tokens": checkpoint.completion_tokens,
        "informative groups": checkpoint.informative_groups,
        "seconds of training": checkpoint.seconds,
    }
    return markdown_table(["since the base", ""], [[name, count_text(count)] for name, count in counts.items()])


def _finding(matrix: Matrix, run: str, domain: str) -> str:
    cell = matrix.cell(run, domain)
    return "" if cell is None else finding(matrix, cell, domain)[1]
