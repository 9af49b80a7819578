"""A small report changes only on purpose: `XDOMAIN_WRITE_GOLDEN=1 pytest tests/golden` rewrites it."""

import os
from pathlib import Path

import pytest

from tests.support.report_example import example_result
from xdomain.report.write import write_report

GOLDEN = Path(__file__).parent


@pytest.mark.parametrize(("kind", "name"), [("markdown", "report_small.md"), ("latex", "report_small.tex")])
def test_a_small_report_equals_the_kept_one(tmp_path, kind, name):
    found = write_report(example_result(2, 3), tmp_path, [kind])[kind].read_text(encoding="utf-8")
    if os.environ.get("XDOMAIN_WRITE_GOLDEN"):
        (GOLDEN / name).write_text(found, encoding="utf-8")
    assert found == (GOLDEN / name).read_text(encoding="utf-8")
