"""The command that prints a number again, and the names of checkpoints short enough to stand beside it."""

from __future__ import annotations

import json
import re
import shlex

from xdomain.analysis.result import AnalysisResult, Matrix

KEY = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")
WRITING_OPTIONS = ("--format", "--out")
"""Options that say where a report goes and in which form, each with a value."""


def cell_command(matrix: Matrix, row: str, column: str, *, report_command: str) -> str:
    """A shell line that prints one cell from the stored records; names are quoted, whatever they hold.

    `--json` and not `--format json`: it holds beside any format that the report was made with.
    """
    query = f".matrices[{json.dumps(matrix.name)}].cells[{json.dumps(row)}][{json.dumps(column)}]"
    return f"{report_command} --json | jq {shlex.quote(query)}"


def without_writing(report_command: str) -> str:
    """The command less what it says of files, which is nothing to one number."""
    kept: list[str] = []
    words = iter(shlex.split(report_command))
    for word in words:
        if word in WRITING_OPTIONS:
            next(words, None)
        elif word != "--json" and not word.startswith(tuple(f"{option}=" for option in WRITING_OPTIONS)):
            kept.append(word)
    return shlex.join(kept)


def short_checkpoint(name: str) -> str:
    """ "13f37ab4a7f7@120" of a checkpoint's name: commands find a stage by the beginning of its key."""
    return KEY.sub(r"\1", name)


def default_command(result: AnalysisResult) -> str:
    """`xdomain report NAME` for callers who do not say how the report was made."""
    return f"xdomain report {shlex.quote(result.meta.experiment)}"
