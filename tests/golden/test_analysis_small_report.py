"""A small analysis, number by number: `XDOMAIN_WRITE_GOLDEN=1 pytest tests/golden` rewrites it."""

import json
import os
from pathlib import Path

import pytest

from tests.support.grids import make_grid
from xdomain.analysis.analyse import analyse
from xdomain.analysis.result import AnalysisResult

GOLDEN = Path(__file__).parent / "analysis_small_report.json"


def assert_close(found, expected, where="$"):
    """Equal but for the last digits of floats, which differ between machines."""
    if isinstance(expected, dict):
        assert list(found) == list(expected), where
        for key in expected:
            assert_close(found[key], expected[key], f"{where}.{key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for index, (one, other) in enumerate(zip(found, expected, strict=True)):
            assert_close(one, other, f"{where}[{index}]")
    elif isinstance(expected, float) and isinstance(found, int | float):
        assert found == pytest.approx(expected, rel=1e-7, abs=1e-9), where
    else:
        assert found == expected, where


def test_small_report():
    grid = make_grid(
        ("math", "science"),
        ("math", "science", "math -> science", "science -> math", "math + science"),
        (0, 1),
        n_items=12,
        samples=2,
        saved_every=40,
        contrasts=("order(math, science) on science",),
    )
    found = json.loads(analyse(grid).model_dump_json())
    if os.environ.get("XDOMAIN_WRITE_GOLDEN"):
        GOLDEN.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    expected = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert_close(found, expected)
    AnalysisResult.model_validate(expected)


def test_every_cell_has_the_promised_keys():
    def cells(value):
        if isinstance(value, dict):
            if "estimate" in value:
                yield value
            for child in value.values():
                yield from cells(child)
        elif isinstance(value, list):
            for child in value:
                yield from cells(child)

    found = list(cells(json.loads(GOLDEN.read_text(encoding="utf-8"))))
    assert len(found) > 50
    assert all({"estimate", "low", "high", "n_items", "n_seeds"} <= set(cell) for cell in found)
