"""Comparison of strategies in words: shown differences, ties, and strategies that move the weights more or less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xdomain.analysis.amounts import not_ruled_out, sized
from xdomain.analysis.result import AnalysisResult, Cell, Matrix, StrategyComparison, StrategyCost
from xdomain.config.run_id import is_joint
from xdomain.core.number_text import bracketed, decimals, points


def strategy_sentences(result: AnalysisResult) -> Iterator[str]:
    """Yield the sentences of one curriculum after the other, with strategies by name in plan order."""
    for comparison in result.strategies:
        names = {cost.run: cost.strategy for cost in comparison.costs}
        yield from _against(result.matrices["strategy_effect"], names, f"Strategies of {comparison.curriculum}", names)
        for cost in comparison.costs:
            if cost.moves is not None and not is_joint(cost.strategy):
                yield from _moved(result.matrices["strategy_matched"], comparison, cost, names)


def _against(matrix: Matrix, names: Mapping[str, str], subject: str, all_names: Mapping[str, str]) -> Iterator[str]:
    tied: list[str] = []
    quiet: list[Cell] = []
    for run, name in names.items():
        cells = matrix.cells.get(run, {})
        shown = [
            f"{'higher' if cell.word == 'gain' else 'lower'} on {column} by {points(abs(cell.estimate))} points "
            f"{sized(cell)}"
            for column, cell in cells.items()
            if cell.word in ("gain", "loss") and cell.estimate is not None
        ]
        tested = [cell for cell in cells.values() if cell.word is not None]
        if shown:
            yield f"{subject}: {name} ends {'; '.join(shown)} than {all_names[tested[0].compares[1]]}."
        elif tested:
            tied.append(name)
            quiet += tested
    if tied:
        reference = all_names[quiet[0].compares[1]]
        open_ = not_ruled_out(quiet, "differences")
        yield f"{subject}: no difference from {reference} is shown on any domain for {', '.join(tied)}{open_}."


def _moved(
    matrix: Matrix, comparison: StrategyComparison, cost: StrategyCost, names: Mapping[str, str]
) -> Iterator[str]:
    ratio, reference = cost.displacement_ratio, names[comparison.reference]
    assert ratio.estimate is not None
    moved = f"{cost.strategy} moves the weights {ratio.estimate:.2f} times {_limits(ratio)} as far as {reference}"
    if cost.matched is None:
        arm = f"{{name: joint, learning_rate_scale: {ratio.estimate:.2f}}}"
        yield f"{moved}, so the comparison includes the length of its steps; to first order, {arm} moves as far."
    else:
        subject = f"{moved}; against {names[cost.matched]}, which moves as far"
        yield from _against(matrix, {cost.run: cost.strategy}, subject, names)


def _limits(cell: Cell) -> str:
    return bracketed(cell.low, cell.high, lambda ratio: decimals(ratio, 2))
