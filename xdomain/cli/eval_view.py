"""Print and write the results of `xdomain eval`."""

import time
from collections.abc import Sequence
from pathlib import Path

from xdomain.analysis.study import templates_statement
from xdomain.api.evaluation import Evaluation
from xdomain.cli.render import err, out, typed_command
from xdomain.config.run_id import BASE
from xdomain.core.terminal_text import text
from xdomain.report.generation import generation_table, measured_lines
from xdomain.report.lm_eval import write_lm_eval
from xdomain.report.terminal import accuracy_table, matrix_tables
from xdomain.report.write import write_report

LM_EVAL = "lm-eval"
"""The only format that is made from records instead of the analysis."""


def show_evaluation(found: Evaluation, asked_items: int) -> None:
    """Print accuracies, details of generation, pass@k and maj@n if there are samples, and differences from the base.

    Args:
        found: Result of the evaluation.
        asked_items: Requested number of items per domain.
    """
    result = found.result
    out.print(accuracy_table(result.accuracy))
    out.print(text("\n".join(measured_lines(result, found.base, asked_items))), soft_wrap=True)
    if result.meta.templates:
        out.print(text(templates_statement(result.meta.templates), "bold yellow"))
    if found.generation:
        out.print(generation_table(found.generation))
    for matrix in result.matrices.values():
        if matrix.section != "accuracy" and matrix.centre is None:  # pass@k and maj@n
            out.print(matrix_tables(result, matrix))
    if BASE in result.accuracy.rows:
        for name in ("change", "gained", "lost", "odds_ratio", "odds_ratio_paired"):
            out.print(matrix_tables(result, result.matrices[name]))


def write_evaluation(found: Evaluation, folder: Path, formats: Sequence[str]) -> None:
    """Write the formats of a report, or the harness's own layout, and print the paths."""
    of_result = [name for name in formats if name != LM_EVAL]
    written = write_report(found.result, folder, of_result, report_command=typed_command())
    if LM_EVAL in formats:
        write_lm_eval(found.result, found.grid, folder / LM_EVAL, written_seconds=time.time())
        written[LM_EVAL] = folder / LM_EVAL
    for name, path in written.items():
        err.print(f"{name}: {path}", soft_wrap=True, markup=False)
