"""Commands that print a number again, and short names of checkpoints to show with them."""

from __future__ import annotations

import json
import re
import shlex

from xdomain.analysis.result import AnalysisResult, Matrix

KEY = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")
WRITING_OPTIONS = ("--format", "--out")
"""Options that set a report's destination and format, each with a value."""


def cell_command(matrix: Matrix, row: str, column: str, *, report_command: str) -> str:
    """Return a shell line that prints one cell from the stored records. All names are quoted.

    It uses `--json` instead of `--format json`, because `--json` works together with any format of the report.
    """
    query = f".matrices[{json.dumps(matrix.name)}].cells[{json.dumps(row)}][{json.dumps(column)}]"
    return f"{report_command} --json | jq {shlex.quote(query)}"


def without_writing(report_command: str) -> str:
    """Return the command without the options about files, which do not affect a single number."""
    kept: list[str] = []
    words = iter(shlex.split(report_command))
    for word in words:
        if word in WRITING_OPTIONS:
            next(words, None)
        elif word != "--json" and not word.startswith(tuple(f"{option}=" for option in WRITING_OPTIONS)):
            kept.append(word)
    return shlex.join(kept)


def short_checkpoint(name: str) -> str:
    """Return the short form of a checkpoint's name, such as "13f37ab4a7f7@120".

    Commands accept the beginning of a stage's key.
    """
    return KEY.sub(r"\1", name)


def default_command(result: AnalysisResult) -> str:
    """Return `xdomain report NAME`, for callers who do not say how the report was made."""
    return f"xdomain report {shlex.quote(result.meta.experiment)}"
