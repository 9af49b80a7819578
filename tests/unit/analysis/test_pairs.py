"""The tables of an observational study against formulas written out by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from xdomain.analysis.pair_result import PairResult
from xdomain.analysis.pairs import IN_DOMAIN, OUT_OF_DOMAIN, analyse_pairs
from xdomain.config.run_id import RunId
from xdomain.config.study import StudyConfig, load_study
from xdomain.config.validation import validate
from xdomain.core.errors import ConfigError
from xdomain.plan.measurement import EvaluatedCheckpoint, MeasuredGrid
from xdomain.report.pairs import study_markdown, study_tables

SIZES = {"sums": 200, "words": 50, "facts": 120}
RATES = {"old": (0.4, 0.3, 0.6), "maths": (0.7, 0.5, 0.5), "trivia": (0.35, 0.3, 0.8)}
PAIRS = [
    {"name": "M", "base": "old", "tuned": "maths", "trained_on": ["structured"]},
    {"name": "T", "base": "old", "tuned": "trivia", "trained_on": ["knowledge"]},
]
GROUPS = {"structured": ["sums", "words"], "knowledge": ["facts"]}


def config(**changes: object) -> StudyConfig:
    domains = [{"name": name, "source": {"kind": "csv", "path": "rows.csv"}, "verifier": "text"} for name in SIZES]
    data = {"name": "example", "pairs": PAIRS, "groups": GROUPS, "domains": domains, **changes}
    return validate(StudyConfig, data, "a test")


def answers() -> dict[tuple[str, str], np.ndarray]:
    """Right or wrong by model and benchmark; models agree on many items."""
    rng = np.random.default_rng(7)
    found = {}
    for place, (name, size) in enumerate(SIZES.items()):
        difficulty = rng.random(size)
        for model, rates in RATES.items():
            found[model, name] = (0.7 * difficulty + 0.3 * rng.random(size) < rates[place]).astype(float)
    return found


def measured(scores: dict[tuple[str, str], np.ndarray]) -> MeasuredGrid:
    rows = [
        {
            "checkpoint": f"{model}@0",
            "domain": name,
            "item_id": f"i{number}",
            "sample": 0,
            "score": score,
            "outcome": "right" if score else "wrong",
        }
        for (model, name), values in scores.items()
        for number, score in enumerate(values)
    ]
    places = tuple(EvaluatedCheckpoint(f"{model}@0", RunId(model=model)) for model in RATES)
    return MeasuredGrid("eval", tuple(SIZES), tuple(place.run for place in places), places, pd.DataFrame(rows))


@pytest.fixture(scope="module")
def result() -> PairResult:
    return analyse_pairs(measured(answers()), config())


def test_gains_are_shares_of_items_with_a_paired_interval(result: PairResult) -> None:
    scores = answers()
    for pair, tuned, column, names in [
        ("M", "maths", IN_DOMAIN, ("sums", "words")),
        ("M", "maths", OUT_OF_DOMAIN, ("facts",)),
        ("T", "trivia", OUT_OF_DOMAIN, ("sums", "words")),
        ("T", "trivia", "knowledge", ("facts",)),
    ]:
        cell = result.gain.cell(pair, column)
        assert cell is not None
        differences = [scores[tuned, name] - scores["old", name] for name in names]
        assert cell.estimate == pytest.approx(np.concatenate(differences).mean())
        total = sum(map(len, differences))
        error = math.sqrt(sum((len(d) / total) ** 2 * d.var(ddof=1) / len(d) for d in differences))
        assert cell.low is not None
        half = cell.estimate - cell.low
        assert half == pytest.approx(1.97 * error, rel=0.03), "a t interval with more than 100 degrees of freedom"
        assert cell.n_items == total
    assert result.gain.cell("M", IN_DOMAIN) == result.gain.cell("M", "structured")


def test_odds_ratios_are_mantel_haenszel(result: PairResult) -> None:
    scores = answers()
    above = below = 0.0
    for name in ("sums", "words"):
        ours, theirs, size = scores["maths", name].sum(), scores["old", name].sum(), SIZES[name]
        above += ours * (size - theirs) / (2 * size)
        below += (size - ours) * theirs / (2 * size)
    cell = result.odds_ratio.cell("M", IN_DOMAIN)
    assert cell is not None
    assert cell.estimate == pytest.approx(above / below)
    assert "independent" in cell.note


def test_the_mean_takes_pairs_as_units(result: PairResult) -> None:
    gains = [result.gain.cell(pair, IN_DOMAIN) for pair in ("M", "T")]
    values = [cell.estimate for cell in gains if cell is not None]
    expected = stats.ttest_1samp(values, 0.0)
    cell = result.mean_gain[IN_DOMAIN]
    assert cell.estimate == pytest.approx(np.mean(values))
    assert cell.p == pytest.approx(expected.pvalue)
    low, high = expected.confidence_interval(0.95)
    assert high > 1, "two pairs leave more open than is possible"
    assert (cell.low, cell.high) == (pytest.approx(low), 1.0)


def test_words_follow_p_adjusted_over_pairs(result: PairResult) -> None:
    cells = [result.gain.cell(pair, OUT_OF_DOMAIN) for pair in ("M", "T")]
    raw = [cell.p for cell in cells if cell is not None]
    adjusted = [cell.p_adjusted for cell in cells if cell is not None]
    assert adjusted == pytest.approx(stats.false_discovery_control(raw))
    assert result.gain.cell("M", IN_DOMAIN).word == "gain"  # type: ignore[union-attr]


def test_an_item_without_a_verdict_is_left_out_on_both_sides() -> None:
    scores = answers()
    grid = measured(scores)
    lost = (grid.records["checkpoint"] == "maths@0") & (grid.records["item_id"] == "i3")
    grid.records.loc[lost, "score"] = np.nan
    grid.records.loc[lost, "outcome"] = "unscored"
    cell = analyse_pairs(grid, config()).gain.cell("M", IN_DOMAIN)
    kept = [np.delete(scores["maths", name] - scores["old", name], 3) for name in ("sums", "words")]
    assert cell is not None
    assert (cell.n_items, cell.estimate) == (248, pytest.approx(np.concatenate(kept).mean()))


def test_a_model_that_was_not_evaluated_is_missing_not_zero() -> None:
    grid = measured({key: values for key, values in answers().items() if key != ("trivia", "facts")})
    found = analyse_pairs(grid, config())
    assert found.gain.cell("T", IN_DOMAIN).estimate is None  # type: ignore[union-attr]
    assert found.mean_gain[IN_DOMAIN].note == "no interval: one pair"
    assert "not measured" in study_markdown(found, command="c")


def test_the_page_has_every_pair_and_says_what_it_speaks_of(result: PairResult) -> None:
    page = study_markdown(result, command="xdomain study example.yaml")
    lines = [line for line in page.splitlines() if line.startswith("| M |")]
    assert len(lines) == 2
    assert "| structured |" in lines[0]
    assert "mean over pairs" in page
    assert "`xdomain study example.yaml`" in page
    assert len(study_tables(result)) == 3 + len(result.statements)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"groups": {"structured": ["sums", "words"]}}, '"facts" has no group'),
        ({"groups": {**GROUPS, "more": ["facts"]}}, "is listed twice"),
        ({"groups": {**GROUPS, "more": ["poems"]}}, '"poems" is not under `domains`'),
        ({"pairs": [{**PAIRS[0], "trained_on": ["poems"]}]}, "is not under `groups`"),
        ({"pairs": [PAIRS[0], PAIRS[0]]}, 'the name "M" is listed twice'),
        ({"samples": {"poems": 4}}, '"poems" is not under `domains`'),
        ({"name": "../up"}, "names a folder"),
        ({"grid": {}}, 'unknown key "grid"'),
    ],
)
def test_a_study_that_makes_no_sense_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        config(**changes)


def test_the_shipped_study_loads(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDOMAIN_DATA", "data")
    found = load_study(repository / "experiments" / "breaking-barriers.yaml")
    assert found.groups["math"] == ("gsm8k", "math_500", "amc")
    assert found.samples == {"amc": 16}
    assert len(found.models) == len(found.pairs) * 2 - 1, "two pairs share their base, which is evaluated once"
