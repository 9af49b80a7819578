"""CGPO's published tables: what they print, what follows from it, and what is beyond noise."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.report_example import example_result
from xdomain.analysis.reference import load_reference, published_study, read_reference
from xdomain.analysis.reference_strategies import is_count
from xdomain.cli.app import app
from xdomain.core.errors import AnalysisError
from xdomain.report.html import render_html
from xdomain.report.markdown import render_markdown

MODEL = "Qwen2.5-7B-Instruct"


@pytest.fixture(scope="module")
def reference():
    return load_reference("cgpo")


@pytest.fixture(scope="module")
def study(reference):
    return published_study(reference)


def test_cgpo_minus_famo_is_within_noise(study):
    effects = {effect.name: effect for effect in study.effects}
    everything = effects[f"{MODEL}: cgpo against famo, mean of all benchmarks"]
    accuracies = effects[f"{MODEL}: cgpo against famo, mean of accuracies"]
    assert everything.effect == pytest.approx(0.0233, abs=5e-5)
    assert accuracies.effect == pytest.approx(0.0224, abs=5e-5)
    assert accuracies.error_independent == pytest.approx(0.019, abs=5e-4)
    assert everything.stands == accuracies.stands == "not beyond noise"
    assert {effect.stands_adjusted for effect in study.effects} == {"not beyond noise"}


def test_the_error_of_a_mean_by_hand(reference, study):
    row = reference.raw["strategies"][MODEL]
    sizes = {"math": 500, "amc": 83, "humaneval": 164, "mbpp": 500, "gpqa_diamond": 198, "supergpqa": 200}
    variance = sum(
        p * (1 - p) / n for test, n in sizes.items() for p in (row[name][test] / 100 for name in ("cgpo", "joint"))
    )
    effects = {effect.name: effect for effect in study.effects}
    found = effects[f"{MODEL}: cgpo against joint, mean of accuracies"]
    assert found.error_independent == pytest.approx(math.sqrt(variance) / 6)
    assert found.n_items == sum(sizes.values())


def test_ablations_are_known_by_their_means_alone(study):
    found = {e.name.partition(": ")[2]: e for e in study.effects if "fixed" in e.name or "alpha" in e.name}
    assert {name: round(100 * effect.effect, 2) for name, effect in found.items()} == {
        "cgpo against cgpo, fixed order, mean of all benchmarks": 1.11,
        "cgpo against cgpo, alpha 0.9, mean of all benchmarks": 1.44,
        "cgpo against cgpo, alpha 1.5, mean of all benchmarks": 1.55,
    }
    # p (1-p) is at most 1/4, so the bound is above that of the same mean with its cells known.
    known = next(e for e in study.effects if e.name == f"{MODEL}: cgpo against joint, mean of all benchmarks")
    assert all(effect.error_independent >= known.error_independent for effect in found.values())
    assert all(effect.stands == "not beyond noise" for effect in found.values())


def test_cells_that_no_count_gives_and_a_mean_that_does_not_follow_are_told(study):
    told = " ".join(study.contradictions)
    assert "an average of 50.42 is printed, but its cells average 50.434" in told
    for cell in ("39.71", "72.39", "82.54", "23.07", "31.49"):
        assert f"{cell} (" in told
    for cell in ("75.65", "84.15", "72.00", "26.77", "32.75"):
        assert f"{cell} (" not in told


@pytest.mark.parametrize(
    ("percent", "answers", "possible"),
    [
        (79.88, 164, True),
        (82.54, 164, False),
        (82.54, 656, False),
        (75.65, 2000, True),
        (75.65, 500, False),
        (0, 7, True),
    ],
)
def test_counts(percent, answers, possible):
    assert is_count(percent, answers) is possible


def test_ones_own_strategy_effects_stand_beside_those_against_joint(reference):
    own = example_result()
    (row,) = [row for row in own.matrices["strategy_effect"].rows if row.endswith("[cgpo]")]
    beside = {e.name.partition(": ")[2]: e.own for e in published_study(reference, own).effects if e.own is not None}
    assert beside == {"cgpo against joint, math": own.matrices["strategy_effect"].cells[row]["math"]}


def test_every_format_says_what_the_study_is(study):
    result = example_result(2, 3).model_copy(update={"references": (study,)})
    for text in (render_markdown(result), render_html(result)):
        assert "One training seed" in text
        assert "detached before FAMO" in text
        assert "1.05 times" in text


def test_the_command_takes_it_by_name_and_as_a_file(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("curriculum,domain,accuracy,n_items\nmath,math,0.6,500\nbase,math,0.5,500\n")
    shown = CliRunner().invoke(app, ["report", "--from", str(table), "--reference", "cgpo", "--json"])
    assert shown.exit_code == 0, shown.output
    assert json.loads(shown.stdout)["references"][0]["name"] == "cgpo"
    path = Path(__file__).parents[3] / "xdomain" / "analysis" / "reference" / "cgpo.json"
    shown = CliRunner().invoke(app, ["report", "--from", str(path), "--json"])
    assert shown.exit_code == 0, shown.output
    cells = json.loads(shown.stdout)["matrices"]["accuracy"]["cells"]
    assert cells[f"{MODEL}, cgpo"]["amc"]["estimate"] == pytest.approx(0.5938)


def test_another_layout_is_refused():
    with pytest.raises(AnalysisError, match="is not a published study"):
        read_reference('{"strategies": {"m": {"joint": {"math": 1}}}, "protocol": {"tests": {}}}', "x")
