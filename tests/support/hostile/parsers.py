"""A parser of foreign input with hostile inputs for it, and those of configurations and reports."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st
from rich.console import Console

from tests.support.hostile.mutate import documents, json_bytes, yaml_bytes
from tests.support.report_example import example_result
from xdomain.api.results import analyse
from xdomain.config.domain_file import load_domain_file
from xdomain.config.load import load_experiment
from xdomain.config.study import load_study
from xdomain.core.errors import XDomainError
from xdomain.report.terminal import tables
from xdomain.report.write import write_report

ROOT = Path(__file__).parents[3]
Run = Callable[[Any], Any]


@dataclass(frozen=True)
class Parser:
    """A parser of foreign input.

    Attributes:
        name: its row in the table.
        inputs: hostile inputs.
        open: given a scratch folder, returns the function that reads one input.
        refuses: errors that the parser's caller expects.
    """

    name: str
    inputs: st.SearchStrategy[Any]
    open: Callable[[Path], Run]
    refuses: tuple[type[Exception], ...] = (XDomainError,)


def from_file(name: str, read: Callable[[Path], Any]) -> Callable[[Path], Run]:
    """Write each input as a file of this name, and read it."""

    def opened(folder: Path) -> Run:
        def run(content: bytes) -> None:
            (folder / name).write_bytes(content)
            read(folder / name)

        return run

    return opened


def shipped(pattern: str) -> tuple[Any, ...]:
    return tuple(yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(ROOT.glob(pattern)))


def render(path: Path) -> None:
    result = analyse(path)
    console = Console(width=100, file=(path.parent / "out").open("w", encoding="utf-8", errors="replace"))
    for part in tables(result, everything=True):
        console.print(part)
    write_report(result, path.parent / "report", ("markdown", "csv", "json", "html", "latex"))


REPORT = json.loads(example_result(2, 1).model_dump_json())


def names_files(document: Any) -> bool:
    """Whether a document names files or variables, which a scratch folder lacks."""
    return "file:" in (text := yaml.safe_dump(document)) or "${" in text


PAIR = {"name": "ours", "base": "models/base", "tuned": "models/tuned", "trained_on": ["numbers"]}
STUDIES = (
    {
        "name": "mine",
        "domains": ["math", "logic"],
        "groups": {"numbers": ["math"], "words": ["logic"]},
        "pairs": [PAIR, PAIR | {"name": "theirs", "tuned": "hub:a/b"}],
        "samples": {"math": 2},
        "evaluation": {"items": 20},
    },
)
EXPERIMENTS = tuple(each for each in shipped("experiments/*.yaml") if "pairs" not in each and not names_files(each))

BENCHMARKS = shipped("xdomain/domains/benchmarks/*.yaml")

CONFIGURATIONS = (
    Parser("experiment (YAML)", documents(EXPERIMENTS, yaml_bytes), from_file("x.yaml", load_experiment)),
    Parser("study (YAML)", documents(STUDIES, yaml_bytes), from_file("x.yaml", load_study)),
    Parser("domain (YAML)", documents(BENCHMARKS, yaml_bytes), from_file("x.yaml", load_domain_file)),
    Parser("report (JSON), all formats", documents((REPORT,), json_bytes), from_file("x.json", render)),
)
