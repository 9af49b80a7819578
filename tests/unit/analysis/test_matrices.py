"""Every estimand against its definition, computed here straight from the records."""

from dataclasses import replace

import numpy as np
import pytest

from tests.support.grids import family, make_grid
from xdomain.analysis.amounts import of_sides, steps_apart
from xdomain.analysis.analyse import analyse, analyse_each
from xdomain.analysis.result import Cell
from xdomain.config.analysis import parse_contrast
from xdomain.config.run_id import parse_run
from xdomain.core.errors import AnalysisError

DOMAINS = ("math", "science", "logic")


@pytest.fixture(scope="module")
def grid():
    return make_grid(DOMAINS, family(DOMAINS, triples=True, controls=True), seeds=(0, 1, 2), n_items=50, saved_every=20)


@pytest.fixture(scope="module")
def result(grid):
    return analyse(grid)


@pytest.fixture(scope="module")
def level(grid):
    """R[c, d]: mean over seeds of the mean over items of the mean over samples."""
    names = {c.checkpoint: (str(c.run), c.seed) for c in grid.checkpoints if c.is_end}
    rows = grid.records[grid.records["checkpoint"].isin(names)]
    item = rows.groupby(["checkpoint", "domain", "item_id"])["score"].mean()
    checkpoint = item.groupby(["checkpoint", "domain"]).mean()

    def accuracy(curriculum, domain):
        return float(np.mean([checkpoint[name, domain] for name, (text, _) in names.items() if text == curriculum]))

    return accuracy


def close(cell: Cell | None, expected: float) -> bool:
    assert cell is not None
    if cell.low is not None and cell.high is not None and "simultaneous" not in cell.note:
        assert cell.low <= cell.estimate <= cell.high
    return cell.estimate == pytest.approx(expected, abs=1e-12)


def test_accuracy_and_transfer(result, level):
    for row in ("base", "math", "math -> science -> logic", "math + science"):
        assert close(result.accuracy.cell(row, "logic"), level(row, "logic"))
    for a in DOMAINS:
        for d in DOMAINS:
            assert close(result.transfer.cell(a, d), level(a, d) - level("base", d))
    assert close(
        result.change.cell("math -> logic", "science"), level("math -> logic", "science") - level("base", "science")
    )


def test_single_rows_of_change_are_those_of_transfer(result):
    assert result.change.cell("math", "science") == result.transfer.cell("math", "science")


def test_relative_transfer_and_asymmetries(result, level):
    def gain(a, d):
        return level(a, d) - level("base", d)

    def logit(p):
        return np.log(p / (1 - p))

    ratio = result.relative_transfer.cell("math", "science")
    assert close(ratio, gain("math", "science") / gain("science", "science"))
    assert close(result.asymmetry.cell("math", "science"), gain("math", "science") - gain("science", "math"))
    expected = logit(level("math", "science")) - logit(level("base", "science"))
    expected -= logit(level("science", "math")) - logit(level("base", "math"))
    assert close(result.asymmetry_logit.cell("math", "science"), expected)
    expected = gain("math", "science") / gain("science", "science") - gain("science", "math") / gain("math", "math")
    assert close(result.asymmetry_relative.cell("math", "science"), expected)


def test_order_retention_plasticity(result, level):
    ab, ba = "math -> science", "science -> math"
    for t in DOMAINS:
        assert close(result.order_effect.cell("math, science", t), level(ab, t) - level(ba, t))
    assert close(result.retention.cell(ab, "math"), level(ab, "math") - level("math", "math"))
    assert result.retention.cell(ab, "science") is None
    assert close(result.plasticity.cell(ab, "science"), level(ab, "science") - level("science", "science"))
    triple = "math -> science -> logic"
    assert close(result.retention.cell(triple, "math"), level(triple, "math") - level(ab, "math"))
    assert close(result.retention.cell(triple, "science"), level(triple, "science") - level(ab, "science"))
    assert close(result.plasticity.cell("math -> math", "math"), level("math -> math", "math") - level("math", "math"))
    assert "math, math" not in result.order_effect.rows


def test_order_sensitivity_takes_noise_off(result):
    cells = [result.order_effect.cell("math, science", t) for t in ("math", "science")]
    raw = np.sqrt(np.mean([cell.estimate**2 for cell in cells]))
    found = result.order_sensitivity.cell("math, science", "trained domains")
    assert 0 <= found.estimate < raw
    assert found.p == pytest.approx(1 - (1 - min(cell.p for cell in cells)) ** 2)
    assert found.n_items == 100


def test_permutation_range_takes_noise_off(result, level):
    orders = [name for name in family(DOMAINS, triples=True) if name.count("->") == 2]
    values = [level(order, "science") for order in orders]
    found = result.permutation_range.cell("logic, math, science", "science")
    assert 0 <= found.estimate < max(values) - min(values)
    assert found.low <= max(values) - min(values) <= found.high


def test_mix_gain(result, level):
    orders = ("math -> science", "science -> math")
    for t in DOMAINS:
        expected = min(level("math + science", t) - level(order, t) for order in orders)
        assert close(result.mix_gain.cell("math + science", t), expected)
    expected = level("math + science", "math") - level("math", "math")
    assert close(result.mix_gain_over_single.cell("math + science", "math"), expected)
    assert result.mix_gain_over_single.cell("math + science", "logic") is None


def test_sequence_metrics(result, level):
    run, first, second = "math -> science -> logic", "math", "math -> science"
    row = result.sequence.cells[run]
    assert close(row["ACC"], np.mean([level(run, d) for d in DOMAINS]))
    backward = [level(run, "math") - level(first, "math"), level(run, "science") - level(second, "science")]
    assert close(row["BWT"], np.mean(backward))
    forward = [level(first, "science") - level("base", "science"), level(second, "logic") - level("base", "logic")]
    assert close(row["FWT"], np.mean(forward))
    best = [max(level(first, d), level(second, d)) - level(run, d) for d in ("math", "science")]
    assert row["forgetting"].estimate == pytest.approx(np.mean(best), abs=1e-12)
    assert row["worst domain"].estimate == pytest.approx(min(level(run, d) for d in DOMAINS), abs=1e-12)
    relative = [level(run, d) / level("base", d) - 1 for d in DOMAINS]
    assert close(row["relative change"], np.mean(relative))
    assert set(result.sequence.cells["math"]) == {"ACC", "worst domain", "relative change"}


def test_forgetting_of_a_pair_is_minus_retention(result):
    forgetting = result.sequence.cell("science -> math", "forgetting")
    retention = result.retention.cell("science -> math", "science")
    assert forgetting.estimate == pytest.approx(-retention.estimate)
    assert forgetting.estimate > 0
    assert forgetting.word == "loss"


def test_turnover_adds_up(result, level):
    turnover = result.turnover
    run, t = "science -> math", "science"
    change = level(run, t) - level("science", t)
    gained, lost = turnover.gained.cell(run, t).estimate, turnover.lost.cell(run, t).estimate
    assert gained - lost == pytest.approx(change)
    beyond = turnover.gained_beyond_sampling.cell(run, t).estimate, turnover.lost_beyond_sampling.cell(run, t).estimate
    assert beyond[0] - beyond[1] == pytest.approx(change)
    assert beyond[0] < gained


def test_turnover_of_one_sample_cannot_tell_churn():
    result = analyse(make_grid(("math", "science"), samples=1, seeds=(0,)))
    cell = result.turnover.gained_beyond_sampling.cell("math", "science")
    assert cell.estimate is None
    assert "two samples" in cell.note
    assert result.turnover.gained.cell("math", "science").estimate is not None


def test_pass_at_k_rises_with_k(result):
    assert [matrix.name for matrix in result.pass_at_k] == ["pass_at_2", "pass_at_4", "majority"]
    two, four, _ = (matrix.cell("math", "science").estimate for matrix in result.pass_at_k)
    assert result.accuracy.cell("math", "science").estimate < two < four


def test_summary_and_declared_contrasts(grid, result, level):
    diagonal = np.mean([level(d, d) - level("base", d) for d in DOMAINS])
    assert close(result.summary.mean_diagonal_transfer, diagonal)
    assert result.summary.mean_diagonal_transfer.low > 0
    cross = np.mean([level(a, d) - level("base", d) for a in DOMAINS for d in DOMAINS if a != d])
    assert close(result.summary.mean_cross_transfer, cross)
    texts = (
        "order(science, math) on science",
        "retention(science -> math)",
        "bwt(a -> nope)",
    )
    declared = analyse(replace(grid, contrasts=tuple(map(parse_contrast, texts)))).contrasts
    order = result.order_effect.cell("math, science", "science")
    assert declared[0].cell.estimate == -order.estimate
    assert declared[0].cell.p_adjusted >= declared[0].cell.p
    assert declared[2].cell.estimate is None
    assert "a -> nope" in declared[2].cell.note


def test_trajectories_start_at_the_base_and_end_at_the_run(result, level):
    found = next(t for t in result.trajectories if t.curriculum == "math -> science" and t.domain == "math")
    assert [point.total_steps for point in found.points] == [0, 20, 40, 60, 80]
    assert [point.phase for point in found.points] == [0, 1, 1, 2, 2]
    assert found.phase_ends == (40, 80)
    assert found.points[0].estimate == pytest.approx(level("base", "math"))
    assert found.points[2].estimate == pytest.approx(level("math", "math"))
    assert found.points[-1].estimate == pytest.approx(level("math -> science", "math"))


def test_effort_and_answers_stand_beside(result, grid):
    effort = result.effort["math -> science"]
    assert (effort.steps, effort.prompts) == (80, 16 * 80)
    assert set(effort.checkpoints) == {"0", "1", "2"}
    for cell in result.order_effect.cells["math, science"].values():
        assert set(cell.compares) <= set(result.effort)
    shape = result.accuracy.answers["math"]["science"]
    rows = grid.records[grid.records["checkpoint"].str.match(r"math-s\d@40") & (grid.records["domain"] == "science")]
    assert shape.n_samples == len(rows)
    assert shape.malformed == pytest.approx((rows["outcome"] == "malformed").mean())
    assert shape.wrong == pytest.approx((rows["outcome"] == "wrong").mean())
    assert shape.truncated == pytest.approx((rows["finish_reason"] == "length").mean())
    assert shape.mean_tokens == pytest.approx(rows["completion_tokens"].mean())


def test_every_end_checkpoint_has_its_own_accuracy(result, grid):
    ends = {(end.run, end.seed): end for end in result.checkpoints}
    means = grid.records.groupby(["checkpoint", "domain", "item_id"])["score"].mean()
    for seed in (0, 1, 2):
        end = ends["math -> science", seed]
        assert end.name == result.effort["math -> science"].checkpoints[str(seed)]
        assert end.accuracy["science"].estimate == pytest.approx(means[end.name, "science"].mean())
        assert end.accuracy["science"].speaks_of == "these checkpoints"
        assert end.steps == 80
    own = [ends["math -> science", seed].accuracy["science"].estimate for seed in (0, 1, 2)]
    assert sum(own) / 3 == pytest.approx(result.accuracy.cell("math -> science", "science").estimate)
    assert ends["base", None].accuracy["math"].estimate == pytest.approx(means["base@0", "math"].mean())


def test_items_quote_the_right_checkpoints(result, grid):
    lost = next(item for item in result.items if item.change == "lost" and item.run == "science -> math")
    rows = grid.records[(grid.records["item_id"] == lost.item_id)]
    after = rows[rows["checkpoint"] == result.effort["science -> math"].checkpoints["0"]]
    assert lost.completion_after in set(after["completion"])
    assert lost.before - lost.after >= 0.5
    assert lost.quoted_seed == 0


def test_items_bring_their_question_where_the_data_is_here(result, grid):
    lost = next(item for item in result.items if item.change == "lost")
    assert lost.prompt is None
    prompt = "A template. " * 300 + "The question?"
    asked = analyse(replace(grid, prompts={lost.domain: {lost.item_id: prompt}})).items[result.items.index(lost)].prompt
    assert asked.startswith("A template.")
    assert asked.endswith("The question?")
    assert "[…]" in asked
    assert len(asked) < 2_010


def test_best_sets_hold_the_leader(result):
    for best in result.summary.best:
        assert best.leading in best.not_beaten
        assert set(best.not_beaten) <= set(best.candidates)
        assert best.margin.estimate >= 0


def test_one_seed_speaks_of_checkpoints_everywhere(grid):
    result = analyse(make_grid(DOMAINS, seeds=(0,)))
    cells = [
        c for m in result.matrices().values() for row in m.cells.values() for c in row.values() if c.low is not None
    ]
    assert {c.speaks_of for c in cells if c.note != "1 by definition"} == {"these checkpoints"}
    assert any("nothing is said about a re-run" in words for words in result.meta.statements)
    assert "nothing is said about a re-run" in result.sentences[0]


def test_strategies_stand_in_rows_of_their_own(grid):
    mixed = [c for c in grid.checkpoints if str(c.run) == "math + science"]
    run = parse_run("math + science [cgpo(alpha=1.2)]")
    copies = tuple(replace(c, checkpoint="cgpo-" + c.checkpoint, run=run) for c in mixed)
    rows = grid.records[grid.records["checkpoint"].isin({c.checkpoint for c in mixed})]
    import pandas as pd

    records = pd.concat([grid.records, rows.assign(checkpoint="cgpo-" + rows["checkpoint"])])
    result = analyse(replace(grid, runs=(*grid.runs, run), checkpoints=grid.checkpoints + copies, records=records))
    label = "math + science [cgpo(alpha=1.2)]"
    assert label in result.accuracy.rows
    assert result.mix_gain.cell(label, "math").estimate == result.mix_gain.cell("math + science", "math").estimate
    assert any(label in best.candidates for best in result.summary.best)


def test_several_models_are_analysed_one_by_one(grid):
    import pandas as pd

    copies = tuple(replace(c, checkpoint="big-" + c.checkpoint, model="big") for c in grid.checkpoints)
    records = pd.concat([grid.records, grid.records.assign(checkpoint="big-" + grid.records["checkpoint"])])
    both = replace(grid, checkpoints=grid.checkpoints + copies, records=records)
    with pytest.raises(AnalysisError, match="models tiny, big"):
        analyse(both)
    results = analyse_each(both)
    assert results["big"].transfer == results["tiny"].transfer


def test_a_finding_says_that_its_sides_were_trained_for_unequal_steps():
    result = analyse(make_grid(("math", "science"), n_items=200))
    changes = [text for text in result.sentences if " leaves " in text or " is beaten by one of its orders" in text]
    assert changes
    assert all(text.endswith(("(80 against 40 steps).", "(40 against 80 steps).")) for text in changes)
    orders = [text for text in result.sentences if " beats " in text and " on math by" in text]
    assert orders
    assert all("steps)" not in text for text in orders)
    assert steps_apart(result.effort, ("math", "base")) == ""
    assert of_sides(result.effort, ("math", "base", "science"), "steps") == (40, 40)
