"""Gates hold only when the interval supports them."""

from dataclasses import replace

import pytest

from tests.support.grids import make_grid
from xdomain.analysis.analyse import analyse
from xdomain.analysis.gate import Answer, answer_of, check_gates, evaluate_gate, find_cell
from xdomain.analysis.quantities import read_condition, read_quantity
from xdomain.analysis.result import Cell
from xdomain.core.errors import AnalysisError, GateRefuted, GateUndecided


@pytest.fixture(scope="module")
def result():
    return analyse(make_grid(n_items=100))


def test_the_interval_answers(result):
    cell = result.matrices["retention"].cell("science -> math", "science")
    assert cell.high < 0
    middle = (cell.low + cell.high) / 2
    answers = {
        f"retention(science -> math) < {cell.high + 0.001:.4f}": Answer.SUPPORTED,
        f"retention(science -> math) > {cell.high + 0.001:.4f}": Answer.REFUTED,
        f"retention(science -> math) < {middle:.4f}": Answer.UNDECIDED,
        f"retention(science -> math) > {middle:.4f}": Answer.UNDECIDED,
        "retention(science -> math) >= 0": Answer.REFUTED,
        "mean_diagonal_transfer() > 0": Answer.SUPPORTED,
    }
    for text, answer in answers.items():
        outcome = evaluate_gate(result, text)
        assert outcome.answer is answer, text
        assert f" is {answer}: " in outcome.sentence


@pytest.mark.parametrize(
    ("low", "high", "operator", "answer"),
    [
        (0.1, 0.2, "<", "refuted"),
        (0.0, 0.1, "<", "undecided"),  # 0.1 itself is not below 0.1, but 0.05 is
        (0.0, 0.1, "<=", "supported"),
        (0.1, 0.2, ">=", "supported"),
        (0.1, 0.2, ">", "undecided"),
        (None, 0.05, "<", "supported"),
        (None, 0.2, "<", "undecided"),
        (None, None, ">", "undecided"),
    ],
)
def test_both_ends_of_the_interval_have_to_agree(low, high, operator, answer):
    condition = read_condition(f"transfer(a on b) {operator} 0.1")
    assert answer_of(Cell(estimate=0.1, low=low, high=high), condition) == answer


def test_fail_if_names_the_condition(result):
    with pytest.raises(GateRefuted, match=r"--fail-if: mean_diagonal_transfer\(\) > 0 is supported") as error:
        check_gates(result, ("mean_diagonal_transfer() > 0", "transfer(math on science) > 0.9"))
    assert error.value.exit_code == 4
    assert len(check_gates(result, ("transfer(math on science) > 0.9",))) == 1


def test_the_worst_answer_of_require_counts(result):
    supported, refuted = "mean_diagonal_transfer() > 0", "mean_diagonal_transfer() < 0"
    cell = result.matrices["retention"].cell("science -> math", "science")
    undecided = f"retention(science -> math) < {(cell.low + cell.high) / 2:.4f}"
    assert [gate.answer for gate in check_gates(result, (), [supported])] == [Answer.SUPPORTED]
    with pytest.raises(GateUndecided, match="is undecided") as open_:
        check_gates(result, (), [supported, undecided])
    assert open_.value.exit_code == 5
    with pytest.raises(GateRefuted, match=r"is refuted.*is undecided") as worst:
        check_gates(result, (), [undecided, refuted])
    assert worst.value.exit_code == 4
    with pytest.raises(GateRefuted):
        check_gates(result, [supported], [undecided])


def test_an_unmeasured_cell_is_undecided():
    grid = make_grid(n_items=40)
    kept = [checkpoint for checkpoint in grid.checkpoints if str(checkpoint.run) != "math -> science"]
    names = {checkpoint.checkpoint for checkpoint in kept}
    records = grid.records[grid.records["checkpoint"].isin(names)]
    result = analyse(replace(grid, checkpoints=tuple(kept), records=records))
    outcome = evaluate_gate(result, "retention(math -> science) > -0.02")
    assert outcome.answer is Answer.UNDECIDED
    assert "not measured" in outcome.sentence


def test_order_can_be_asked_from_either_side(result):
    forward = find_cell(result, read_quantity("order(math, science) on science"))
    backward = find_cell(result, read_quantity("order(science, math) on science"))
    assert backward.estimate == -forward.estimate
    assert (backward.low, backward.high) == (-forward.high, -forward.low)
    assert {forward.word, backward.word} in ({"gain", "loss"}, {"no effect shown"})


def test_every_form_finds_its_cell(result):
    texts = ["accuracy(base) on math", "relative_transfer(math on logic)", "asymmetry_logit(logic, math)"]
    texts += ["order_sensitivity(science, math)", "plasticity(math -> science)", "mix_gain(science, math) on logic"]
    texts += ["mix_gain_over_single(math + science) on math", "acc(math)", "worst_domain(base)", "fwt(math -> logic)"]
    for text in texts:
        assert find_cell(result, read_quantity(text)).estimate is not None, text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("transfer(puzzle on math) < 0", 'no row "puzzle"'),
        ("transfer(math on puzzle) < 0", 'not defined on "puzzle"'),
        ("retention(math -> science) on science < 0", 'not defined on "science"'),
    ],
)
def test_unknown_cells(result, text, words):
    with pytest.raises(AnalysisError) as error:
        evaluate_gate(result, text)
    assert words in str(error.value)
