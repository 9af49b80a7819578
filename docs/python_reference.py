"""Write the reference of the Python names from their signatures and docstrings; `generate.py` calls it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from functools import cached_property
from typing import Any

from pydantic import BaseModel

import xdomain
from xdomain.analysis.matrix import Cell, Matrix
from xdomain.analysis.result import AnalysisResult, DiagnosedStage, Diagnoses
from xdomain.api.checkpoints import StoredCheckpoint
from xdomain.api.diagnosis import DiagnosisOptions
from xdomain.api.estimates import Estimates
from xdomain.api.evaluation import Evaluation, EvaluationOptions
from xdomain.api.export_model import ExportOptions
from xdomain.api.planning import Forecast
from xdomain.api.status import GridStatus
from xdomain.api.study import StudyOutcome
from xdomain.core import errors
from xdomain.core.errors import XDomainError
from xdomain.core.field_docs import field_docs
from xdomain.diagnosis.modules import Module
from xdomain.diagnosis.result import (
    Attribution,
    Diagnosis,
    Divergence,
    DomainEffect,
    DomainGradient,
    GradientCosine,
    LineScan,
    ModuleEdit,
    ModuleScore,
    Overlap,
    Probe,
    StageEdits,
    StagePair,
)
from xdomain.schedule.events import RunOutcome

HEAD = """# Python API

Generated from the docstrings by `make docs`. [Use it from Python](../how-to/use-from-python.md) shows how the names are
used together.
"""
OBJECTS = (
    StoredCheckpoint, Forecast, Estimates, RunOutcome, GridStatus, AnalysisResult, Matrix, Cell, Evaluation,
    StudyOutcome, ExportOptions, DiagnosisOptions, Diagnosis, StageEdits, ModuleEdit, StagePair, Overlap,
    DomainEffect, Divergence, LineScan, Attribution, ModuleScore, Module, Probe, DomainGradient,
    GradientCosine, Diagnoses, DiagnosedStage,
)  # fmt: skip
SECTION = re.compile(r"^(Args|Attributes|Returns|Raises|Yields):\n((?:[ \t]+.*\n|\n)*)", re.MULTILINE)


def python_reference() -> str:
    """Return the page."""
    functions = [name for name in xdomain.__all__ if inspect.isfunction(getattr(xdomain, name))]
    parts = [HEAD, "## Functions\n"]
    for name in functions:
        parts += entry(f"xdomain.{name}", getattr(xdomain, name), "###")
    parts += ["## Session\n", *described(xdomain.Session, "###")]
    parts += ["## EvaluationOptions\n", *described(EvaluationOptions, "###")]
    parts += ["## Experiment\n", "The fields are those of [the experiment file](experiment-file.md).\n"]
    parts += ["## Objects that these return or take\n"]
    for each in OBJECTS:
        parts += [f"### {each.__name__}\n", f"`{each.__module__}.{each.__name__}`\n", *described(each, "####")]
    return "\n".join([*parts, *error_table()])


def described(cls: type, level: str) -> Iterator[str]:
    """Yield a class's docstring, its fields, and its public methods and properties, in the order of its source."""
    yield prose(inspect.getdoc(cls) or "")
    fields = field_docs(cls) if issubclass(cls, BaseModel) else {}
    if fields:
        yield "\n".join(f"- `{name}`: {' '.join(text.split())}" for name, text in fields.items()) + "\n"
    for name, member in vars(cls).items():
        if name.startswith("_") or name.startswith("model_"):
            continue
        if isinstance(member, property | cached_property) or inspect.isfunction(member):
            yield from entry(f"{cls.__name__}.{name}", member, level)


def entry(title: str, member: Any, level: str) -> Iterator[str]:
    yield f"{level} {title}\n"
    if inspect.isfunction(member):
        yield f"```python\n{signature(title, member)}\n```\n"
    yield prose(inspect.getdoc(member) or "")


def signature(title: str, function: Any) -> str:
    """Return a call with types as they are written, one parameter per line where one line is too short."""
    found = inspect.signature(function)
    parameters = [each for name, each in found.parameters.items() if name not in ("self", "cls")]
    found = found.replace(parameters=parameters)
    line = re.sub(r"'([^']*)'", r"\1", f"{title}{found}")
    if len(line) <= 88:
        return line
    shown = list(map(written, parameters))
    star = next((n for n, each in enumerate(parameters) if each.kind is each.KEYWORD_ONLY), None)
    if star is not None:
        shown.insert(star, "*")
    end = line.rpartition(") -> ")[2]
    return "\n".join([f"{title}(", *(f"    {each}," for each in shown), f") -> {end}"])


def written(parameter: inspect.Parameter) -> str:
    """Return a parameter with its type and default. A dataclass as default is written as a call without arguments."""
    text = re.sub(r": '([^']*)'", r": \1", str(parameter))
    if is_dataclass(parameter.default):
        return f"{text.partition(' = ')[0]} = {type(parameter.default).__name__}()"
    return text


def prose(text: str) -> str:
    """Return a docstring as Markdown, with its sections as lists."""
    text = SECTION.sub(lambda found: f"**{found[1]}**\n\n{listed(found[1], found[2])}\n", text + "\n")
    return re.sub(r"\n{3,}", "\n\n", text)


def listed(section: str, body: str) -> str:
    lines = inspect.cleandoc("\n" + body).splitlines()
    entries: list[str] = []
    for line in lines:
        if line.startswith(" ") and entries:
            entries[-1] += " " + line.strip()
        elif line.strip():
            entries.append(line.strip())
    if section in ("Returns", "Yields"):
        return " ".join(entries) + "\n"
    return "\n".join(re.sub(r"^([*\w. ,]+):", r"- `\1`:", each) for each in entries) + "\n"


def error_table() -> Iterator[str]:
    """Yield a table of all errors, each with the exit code of a command that raises it."""
    yield "## Errors\n"
    yield prose(inspect.getdoc(XDomainError) or "")
    yield "| error | exit code | meaning |\n|---|---|---|"
    for name, cls in vars(errors).items():
        if inspect.isclass(cls) and issubclass(cls, XDomainError):
            first = (inspect.getdoc(cls) or "").split("\n\n")[0]
            yield f"| `{name}` | {int(cls.exit_code)} | {' '.join(first.split())} |"
    yield ""
