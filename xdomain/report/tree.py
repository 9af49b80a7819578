"""The curriculum tree: every run hangs from the run whose checkpoint it started from."""

from __future__ import annotations

from dataclasses import dataclass

from xdomain.analysis.result import AnalysisResult
from xdomain.report.numbers import count_text

BASE = "base"


@dataclass(frozen=True)
class Branch:
    """One run and what was trained on from it."""

    label: str
    phase: str
    """The words of its last phase, "then science"."""
    steps: str
    children: tuple[Branch, ...]


def curriculum_tree(result: AnalysisResult) -> tuple[Branch, ...]:
    """Branches that leave the base, in the order of the plan; a prefix that is no run itself has no steps."""
    labels = [label for label in dict.fromkeys((*result.effort, *result.meta.curricula)) if label != BASE]
    children: dict[str, list[str]] = {}
    for label in labels:
        _hang(label, children, labels)
    return tuple(_branch(result, label, children) for label in children.get("", ()))


def _hang(label: str, children: dict[str, list[str]], labels: list[str]) -> None:
    parent = parent_label(label, labels)
    siblings = children.setdefault(parent, [])
    if label in siblings:
        return
    siblings.append(label)
    if parent:
        _hang(parent, children, labels)


def parent_label(label: str, labels: list[str]) -> str:
    """ "math" of "math -> science"; "" of a single. A strategy's own run of the prefix comes before the plain one."""
    curriculum, bracket, strategy = label.partition(" [")
    prefix, arrow, _ = curriculum.rpartition(" -> ")
    if not arrow:
        return ""
    return prefix + bracket + strategy if prefix + bracket + strategy in labels else prefix


def _branch(result: AnalysisResult, label: str, children: dict[str, list[str]]) -> Branch:
    effort = result.effort.get(label)
    curriculum, bracket, strategy = label.partition(" [")
    last = curriculum.rpartition(" -> ")[2]
    return Branch(
        label=label,
        phase=last + bracket + strategy,
        steps="" if effort is None or effort.steps is None else count_text(effort.steps),
        children=tuple(_branch(result, child, children) for child in children.get(label, ())),
    )
