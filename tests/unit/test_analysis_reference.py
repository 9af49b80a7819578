"""The published study: its printed values follow, its slips are found, and its effects are held against noise."""

import math

import pytest

from xdomain.analysis.accuracy_table import AccuracyTable, Published, analyse_table
from xdomain.analysis.reference import (
    derived_plasticity,
    derived_retention,
    inconsistencies,
    load_reference,
    published_effects,
)
from xdomain.core.errors import AnalysisError


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
    assert found[0] == "logic -> math -> science: a mean accuracy of 69.99 is plotted, its cells average 69.33."
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


def test_error_bounds_hold_for_the_worst_pairing(reference):
    first, second = Published(0.4, 100), Published(0.3, 100)
    table = AccuracyTable("t", "here", ("a", "b"), {("a -> b", "a"): first, ("b -> a", "a"): second})
    cell = analyse_table(table).order_effect.cell("a, b", "a")
    # The worst pairing: no item is right on both sides, so the difference is 1 on 40, -1 on 30 and 0 on 30 items.
    worst = math.sqrt((0.7 - 0.1**2) / 100)
    bound = (cell.high - cell.low) / 2 / 1.959963984540054
    assert worst <= bound <= 1.2 * worst
    assert analyse_table(table, "independent").order_effect.cell("a, b", "a").high < cell.high


def test_the_reference_has_the_papers_matrices(reference):
    result = analyse_table(reference.table)
    cell = result.retention.cell("science -> math", "science")
    assert cell.estimate == pytest.approx(0.2535 - 0.3828)
    assert result.transfer.cell("math", "science").note == 'not published: "base" on "science"'
    assert result.mix_gain.cell("logic + science", "logic").estimate == pytest.approx(0.9466 - 0.8303)
    assert result.accuracy.cell("math", "math").n_items == 500
    assert "any pairing" in result.meta.statements[0]
    result.model_dump_json()


def test_unknown_reference():
    with pytest.raises(AnalysisError, match='Did you mean "when-domains-interact"'):
        load_reference("when-domain-interact")


@pytest.mark.parametrize("accuracy", [1.2, -0.1])
def test_tables_need_fractions(accuracy):
    with pytest.raises(AnalysisError, match="fractions"):
        analyse_table(AccuracyTable("t", "here", ("a",), {("a", "a"): Published(accuracy, 10)}))
