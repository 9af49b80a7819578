"""The command that prints a number again."""

from __future__ import annotations

import json
import shlex

from xdomain.analysis.result import AnalysisResult, Matrix, Turnover


def cell_command(result: AnalysisResult, matrix: Matrix, row: str, column: str, *, report_command: str) -> str:
    """A shell line that prints one cell from the stored records; names are quoted, whatever they hold.

    `--json` and not `--format json`: it holds beside any format that the report was made with.
    """
    query = f"{json_path(result, matrix)}.cells[{json.dumps(row)}][{json.dumps(column)}]"
    return f"{report_command} --json | jq {shlex.quote(query)}"


def default_command(result: AnalysisResult) -> str:
    """`xdomain report NAME` for callers who do not say how the report was made."""
    return f"xdomain report {shlex.quote(result.meta.experiment)}"


def json_path(result: AnalysisResult, matrix: Matrix) -> str:
    """Where `matrix` lies in the JSON export, in jq's notation."""
    if matrix.name in Turnover.model_fields:
        return f".turnover.{matrix.name}"
    for index, found in enumerate(result.pass_at_k):
        if found.name == matrix.name:
            return f".pass_at_k[{index}]"
    return f".{matrix.name}"
