"""What `xdomain eval` prints and writes."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xdomain.cli.render import count
from xdomain.config.run_id import BASE

if TYPE_CHECKING:
    from xdomain.analysis.result import AnalysisResult
    from xdomain.plan.measurement import MeasuredGrid

LM_EVAL = "lm-eval"
"""The one format that is made of records rather than of the analysis."""


def show_result(result: AnalysisResult, beside: Mapping[str, Any], *, as_json: bool, asked_items: int) -> None:
    """Accuracies and how they came about, pass@k and maj@n where there are samples, what differs from the base.

    Args:
        beside: what the analysis does not know: `base` as it was named, `generation`, and what is in JSON alone.
        asked_items: items a domain that were asked for.
    """
    from xdomain.analysis.study import templates_statement
    from xdomain.cli.generation_view import generation_table
    from xdomain.cli.render import out, print_json
    from xdomain.report.terminal import accuracy_table, matrix_tables, text

    if as_json:
        print_json(result.model_dump(mode="json") | dict(beside))
        return
    out.print(accuracy_table(result.accuracy))
    out.print(text("\n".join(measured_lines(result, beside["base"], asked_items))), soft_wrap=True)
    if result.meta.templates:
        out.print(text(templates_statement(result.meta.templates), "bold yellow"))
    if beside["generation"]:
        out.print(generation_table(beside["generation"]))
    for matrix in result.matrices.values():
        if matrix.section != "accuracy" and matrix.centre is None:  # pass@k and maj@n
            out.print(matrix_tables(result, matrix))
    if BASE in result.accuracy.rows:
        for name in ("change", "gained", "lost", "odds_ratio", "odds_ratio_paired"):
            out.print(matrix_tables(result, result.matrices[name]))


def measured_lines(result: AnalysisResult, base: str | None, asked_items: int) -> list[str]:
    """What the accuracies are of: the base's name, and items and samples of each domain."""
    lines = [] if base is None else [f"base: {base}"]
    for domain, items in result.meta.items.items():
        fewer = f" ({asked_items} were asked for; the test split has no more)" if items < asked_items else ""
        lines.append(f"{domain}: {count(items, 'item')} x {count(result.meta.samples[domain], 'sample')}{fewer}")
    return lines


def write_results(result: AnalysisResult, grid: MeasuredGrid, folder: Path, formats: Sequence[str]) -> None:
    """Write the formats of a report, or the harness's own layout, and say where."""
    from xdomain.cli.render import err
    from xdomain.report.lm_eval import write_lm_eval
    from xdomain.report.write import write_report

    command = shlex.join(["xdomain", *sys.argv[1:]])
    of_result = [name for name in formats if name != LM_EVAL]
    written = write_report(result, folder, of_result, report_command=command)
    if LM_EVAL in formats:
        write_lm_eval(result, grid, folder / LM_EVAL, written_seconds=time.time())
        written[LM_EVAL] = folder / LM_EVAL
    for name, path in written.items():
        err.print(f"{name}: {path}", soft_wrap=True)
