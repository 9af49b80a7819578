"""The planted conflict as a grid: joint gives up the rarer domain and so does cgpo, whose steps keep the shares; the
report shows it and measures the remedies."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.small_grid import xdomain

EXPERIMENT = Path(__file__).parents[2] / "experiments" / "planted-conflict.yaml"
MIXTURE = "3*left + right"
REMEDIES = ("pcgrad",)
ARMS = ("cgpo", *REMEDIES)


SAMPLES = 64
SUM_ERROR = (2 * 0.25 / (68 * SAMPLES)) ** 0.5
"""Largest standard error of the sum of two accuracies, each of 68 items x 64 samples: 0.011."""


@pytest.mark.slow
def test_the_report_shows_what_joint_gives_up_and_measures_remedies(
    tmp_path: Path, show: Callable[[str], None]
) -> None:
    smaller = (f"strategies=[joint, {', '.join(ARMS)}]", f"evaluation.samples={SAMPLES}", "execution.workers=2")
    chosen = ("--seeds", "0", "--store", tmp_path, *(word for each in smaller for word in ("--set", each)))
    xdomain("grid", "run", EXPERIMENT, *chosen)
    result: dict[str, Any] = json.loads(xdomain("report", EXPERIMENT, *chosen, "--json").stdout)
    change = result["matrices"]["change"]["cells"][MIXTURE]
    accuracy = result["matrices"]["accuracy"]["cells"]
    assert change["right"]["word"] == "loss"
    assert change["left"]["word"] == "gain"
    assert accuracy[MIXTURE]["right"]["estimate"] < 0.2
    assert any(f"{MIXTURE}" in text and "higher on right" in text for text in result["sentences"])
    for label in (MIXTURE, *(f"{MIXTURE} [{name}]" for name in ARMS)):
        left, right = (accuracy[label][domain]["estimate"] for domain in ("left", "right"))
        show(f"planted conflict | {label} | left {left:.2f} | right {right:.2f}")
        assert left + right < 1 + 3 * SUM_ERROR  # both are asked the same questions, with other random numbers
    # Version 1 of cgpo lost the shares under AdamW, stood still between the domains, and passed for a remedy.
    assert accuracy[f"{MIXTURE} [cgpo]"]["left"]["estimate"] > 0.7
    assert accuracy[f"{MIXTURE} [cgpo]"]["right"]["estimate"] < 0.3
    (joint, *_) = result["strategies"][0]["gradients"]
    assert joint["steps"] > 0
    assert joint["cosine"]["left|right"] < 0
    assert joint["conflicting"] > 0.5
    for name in REMEDIES:
        # Whether a remedy helps is measured; that it is, on every domain and on the worst one, is what must hold.
        cells = result["strategy_effect"]["cells"][f"{MIXTURE} [{name}]"]
        assert {cell["word"] for cell in cells.values()} <= {"gain", "loss", "no effect shown"}
        assert cells["worst domain"]["word"] == "gain"
        assert all(cell["low"] <= cell["estimate"] <= cell["high"] for cell in cells.values())
