"""The file of looks: what is written is read, and other content is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from xdomain.plan.alarms.decision import Decision
from xdomain.plan.alarms.design import AlarmDesign, DomainDesign, Method
from xdomain.plan.alarms.looks import Look, differences, header, read_looks

DESIGN = AlarmDesign(
    (10, 20), {"math": DomainDesign(Method.SIGN_FLIP, 2), "logic": DomainDesign(Method.CONFIRM, 1, 1, 1)}, 0.025, 500,
    {"poems": "it has no dev items"},
)  # fmt: skip
ITEMS = {"math": ["a", "b"], "logic": ["c", "d"]}
REFERENCE = Look(0, "math", (1.0, None), None, 2, 9, 0.5)
LATER = Look(10, "logic", (0.0,), (1.0,), 2, 7, 0.25, Decision(0.5, -0.25, alarm=True, confirmed=True))


def written(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "looks.jsonl", header(DESIGN, ITEMS), REFERENCE.line(), LATER.line())
    found = read_looks(path)
    assert found.design == DESIGN
    assert found.items == {"math": ("a", "b"), "logic": ("c", "d")}
    assert found.looks == (REFERENCE, LATER)
    assert found.of("logic") == [LATER]


def test_a_line_that_a_kill_cut_short_is_left_out(tmp_path: Path) -> None:
    path = written(tmp_path / "looks.jsonl", header(DESIGN, ITEMS), REFERENCE.line())
    with path.open("a") as handle:
        handle.write(LATER.line()[:30])
    assert read_looks(path).looks == (REFERENCE,)


@pytest.mark.parametrize("lines", [["{}"], [""], ["[1]"], [header(DESIGN, ITEMS), '{"step": 1}'], ["nonsense"]])
def test_other_content_is_refused(lines: list[str], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"form|Expecting|key"):
        read_looks(written(tmp_path / "looks.jsonl", *lines))


def test_missing_scores_are_no_number() -> None:
    assert REFERENCE.accuracy == 1.0
    assert replace(REFERENCE, scores=(None, None)).accuracy is None
    assert np.array_equal(differences((1.0, None, 0.0), (0.0, 1.0, 0.5)), [-1.0, np.nan, 0.5], equal_nan=True)
