"""Names of files for runs."""

from __future__ import annotations

from xdomain.report.file_names import file_names


def test_names_are_plain_and_distinct() -> None:
    labels = ["math -> science", "math + science", "math then science", "../../etc", "数学", "2*math", "%$"]
    assert file_names(labels) == {
        "math -> science": "math-then-science",
        "math + science": "math-with-science",
        "math then science": "math-then-science-2",
        "../../etc": "etc",
        "数学": "run",
        "2*math": "2xmath",
        "%$": "run-2",
    }
