"""The published study: its printed values follow, its slips are found, and its effects are held against noise."""

import math
from itertools import combinations, permutations

import pytest
from scipy import stats

from xdomain.analysis.accuracy_table import AccuracyTable, Published
from xdomain.analysis.analyse_table import analyse_table
from xdomain.analysis.gate import cells_named
from xdomain.analysis.reference import (
    derived_plasticity,
    derived_retention,
    inconsistencies,
    load_reference,
    published_effects,
)
from xdomain.config.run_id import BASE_RUN, parse_run
from xdomain.core.errors import AnalysisError
from xdomain.report.layout import unmeasured


@pytest.fixture(scope="module")
def reference():
    return load_reference()


def test_all_24_printed_values_follow_exactly(reference):
    printed = reference.raw["printed"]
    retention, plasticity = derived_retention(reference), derived_plasticity(reference)
    pairs = [(target, other) for target, row in printed["retention"].items() for other in row]
    assert len(pairs) == 12
    for target, other in pairs:
        assert retention[target, other] == pytest.approx(printed["retention"][target][other], abs=1e-9)
        assert plasticity[target, other] == pytest.approx(printed["plasticity"][target][other], abs=1e-9)


def test_consistency_check_finds_both_slips_and_nothing_else(reference):
    found = inconsistencies(reference)
    assert len(found) == 2
    assert found[0] == "logic -> math -> science: a mean accuracy of 69.99 is plotted, but its cells average 69.33."
    assert found[1].startswith("curves of math contradict")
    assert "logic and puzzle" in found[1].partition("removes it:")[2]


def test_a_wrong_printed_value_would_be_found(reference):
    import copy
    from dataclasses import replace

    raw = copy.deepcopy(dict(reference.raw))
    raw["printed"]["retention"]["math"]["puzzle"] = -3.9
    assert "retention of math with puzzle: -3.9 is printed, -4.0 follows." in inconsistencies(
        replace(reference, raw=raw)
    )


def test_effects_beyond_noise(reference):
    effects = {effect.name: effect for effect in published_effects(reference)}
    assert len(effects) == 12 + 12 + 12
    order = effects["order(math, science) on science"]
    assert order.effect == pytest.approx(0.1546)
    assert order.stands == "for any pairing"
    bound = 1.959963984540054 * math.sqrt(order.error_any_pairing**2 + 2 * order.seed_sd_to_undo**2)
    assert bound == pytest.approx(order.effect)
    standing = [name for name, effect in effects.items() if effect.stands == "for any pairing"]
    assert standing == ["order(math, science) on science", "retention(science -> math)", "plasticity(science -> logic)"]
    assert sum(effect.stands != "not beyond noise" for effect in effects.values()) == 5


def test_the_adjusted_standing_is_that_of_the_matrices(reference):
    result = analyse_table(reference.table)
    effects = published_effects(reference)
    cells = cells_named(result, [effect.name for effect in effects])
    assert len(cells) == 36
    for effect in effects:
        is_shown = cells[effect.name].word in ("gain", "loss")
        assert is_shown == (effect.stands_adjusted == "for any pairing"), effect.name
    assert [effect.name for effect in effects if effect.stands_adjusted == "for any pairing"] == [
        "plasticity(science -> logic)"
    ]


def test_error_bounds_hold_for_the_worst_pairing(reference):
    first, second = Published(0.4, 100), Published(0.3, 100)
    table = AccuracyTable(
        "t", "here", ("a", "b"), {(parse_run("a -> b"), "a"): first, (parse_run("b -> a"), "a"): second}
    )
    cell = analyse_table(table).matrices["order_effect"].cell("a, b", "a")
    # The worst pairing: no item is right on both sides, so the difference is 1 on 40, -1 on 30 and 0 on 30 items.
    worst = math.sqrt((0.7 - 0.1**2) / 100)
    bound = (cell.high - cell.low) / 2 / 1.959963984540054
    assert worst <= bound <= 1.2 * worst
    assert analyse_table(table, "independent").matrices["order_effect"].cell("a, b", "a").high < cell.high


def test_the_reference_has_the_papers_matrices(reference):
    result = analyse_table(reference.table)
    cell = result.matrices["retention"].cell("science -> math", "science")
    assert cell.estimate == pytest.approx(0.2535 - 0.3828)
    assert result.matrices["transfer"].cell("math", "science").note == 'not published: "base" on "science"'
    assert result.matrices["mix_gain"].cell("logic + science", "logic").estimate == pytest.approx(0.9466 - 0.8303)
    assert result.accuracy.cell("math", "math").n_items == 500
    assert "any pairing" in result.meta.statements[0]
    result.model_dump_json()


def test_unknown_reference():
    with pytest.raises(AnalysisError, match='Did you mean "when-domains-interact"'):
        load_reference("when-domain-interact")


@pytest.mark.parametrize("accuracy", [1.2, -0.1])
def test_tables_need_fractions(accuracy):
    with pytest.raises(AnalysisError, match="fractions"):
        analyse_table(AccuracyTable("t", "here", ("a",), {(parse_run("a"), "a"): Published(accuracy, 10)}))


def test_the_range_over_published_orders_holds_for_any_pairing(reference):
    matrix = analyse_table(reference.table).matrices["permutation_range"]
    cell = matrix.cell("logic, math, science", "logic")
    orders = [" -> ".join(order) for order in permutations(("logic", "math", "science"))]
    levels = [reference.table.cells[parse_run(order), "logic"] for order in orders]
    shares = [level.accuracy for level in levels]
    assert cell.estimate == pytest.approx(max(shares) - min(shares))
    # The same by hand: Bonferroni over the 15 differences, each with the error of its worst pairing.
    reach = stats.norm.ppf(1 - 0.025 / 15)
    limits = []
    for p, q in combinations(shares, 2):
        error = (math.sqrt(p * (1 - p)) + math.sqrt(q * (1 - q))) / math.sqrt(levels[0].n_items)
        limits.append((abs(p - q) - reach * error, abs(p - q) + reach * error))
    assert cell.low == pytest.approx(max(low for low, _ in limits))
    assert cell.high == pytest.approx(max(high for _, high in limits))
    assert cell.word == "effect shown"
    others = [found for row in matrix.cells.values() for found in row.values() if found is not cell]
    assert {found.word for found in others} == {"no effect shown", None}
    assert matrix.cell("logic, math, science", "puzzle").note.startswith("not published")


def test_sequence_metrics_of_published_accuracies(reference):
    result = analyse_table(reference.table)
    pair, triple = (
        result.matrices["sequence"].cells["science -> math"],
        result.matrices["sequence"].cells["logic -> math -> science"],
    )
    retention = result.matrices["retention"].cell("science -> math", "science")
    assert (pair["BWT"].estimate, pair["BWT"].low) == pytest.approx((retention.estimate, retention.low))
    cells = reference.table.cells
    losses = [
        cells[parse_run("logic -> math -> science"), "logic"].accuracy - cells[parse_run("logic"), "logic"].accuracy,
        cells[parse_run("logic -> math -> science"), "math"].accuracy
        - cells[parse_run("logic -> math"), "math"].accuracy,
    ]
    assert triple["BWT"].estimate == pytest.approx(sum(losses) / 2)
    assert triple["ACC"].note == 'not published: "logic -> math -> science" on "puzzle"'


def test_the_mean_of_published_accuracies_adds_the_variances_of_different_tests():
    cells = {(parse_run("a"), "a"): Published(0.6, 101), (parse_run("a"), "b"): Published(0.3, 201)}
    sequence = analyse_table(AccuracyTable("t", "here", ("a", "b"), cells)).matrices["sequence"]
    accuracy, worst = sequence.cells["a"]["ACC"], sequence.cells["a"]["worst domain"]
    assert (accuracy.estimate, worst.estimate) == pytest.approx((0.45, 0.3))
    error = math.sqrt(0.6 * 0.4 / 100 + 0.3 * 0.7 / 200) / 2
    assert (accuracy.high - accuracy.low) / 2 == pytest.approx(1.96 * error, rel=0.02)


def test_what_aggregates_cannot_tell_is_listed_with_the_reason(reference):
    listed = dict(unmeasured(analyse_table(reference.table)))
    assert listed["Relative transfer"].startswith('not published: "base"')
    assert {"Gained", "Lost", "Odds ratio against base", "Asymmetry in logits"} <= listed.keys()
    cells = {(BASE_RUN, "a"): Published(0.4, 100), (parse_run("a"), "a"): Published(0.6, 100)}
    whole = analyse_table(AccuracyTable("t", "here", ("a",), cells))
    assert dict(unmeasured(whole))["Gained"] == "not measured: aggregates do not show how the parts are correlated"
    assert whole.matrices["odds_ratio_paired"].cell("a", "all domains").estimate == pytest.approx(0.2)
