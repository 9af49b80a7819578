"""The comparison of strategies in words: what is shown, what is a tie, and what moved farther than joint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xdomain.analysis.amounts import interval, points, sized
from xdomain.analysis.result import AnalysisResult, Cell, Matrix, StrategyComparison, StrategyCost


def strategy_sentences(result: AnalysisResult) -> Iterator[str]:
    """One curriculum after the other; within each, strategies in plan order."""
    for comparison in result.strategies:
        runs = [cost.run for cost in comparison.costs]
        yield from _against(result.strategy_effect, runs, f"Strategies of {comparison.curriculum}")
        yield from _farther(result.strategy_matched, comparison)


def _against(matrix: Matrix, runs: Iterable[str], subject: str) -> Iterator[str]:
    tied: list[str] = []
    quiet: list[Cell] = []
    for run in runs:
        cells = matrix.cells.get(run, {})
        shown = [
            f"{'higher' if cell.word == 'gain' else 'lower'} on {column} by {points(abs(cell.estimate))} points "
            f"{sized(cell)}"
            for column, cell in cells.items()
            if cell.word in ("gain", "loss") and cell.estimate is not None
        ]
        tested = [cell for cell in cells.values() if cell.word is not None]
        if shown:
            yield f"{run} ends {'; '.join(shown)} than {tested[0].compares[1]}."
        elif tested:
            tied.append(run)
            quiet += tested
    if tied:
        reach = [max(abs(cell.low), abs(cell.high)) for cell in quiet if cell.low is not None and cell.high is not None]
        bound = f"; differences up to {points(max(reach))} points are not ruled out" if reach else ""
        others = quiet[0].compares[1]
        yield f"{subject}: no difference from {others} is shown on any domain for {'; '.join(tied)}{bound}."


def _farther(matrix: Matrix, comparison: StrategyComparison) -> Iterator[str]:
    for cost in comparison.costs:
        ratio = cost.displacement_ratio
        if not cost.moves_farther or ratio.estimate is None or cost.strategy.partition("(")[0] == "joint":
            continue
        moved = (
            f"{cost.run} moves the weights {ratio.estimate:.2f} times {_times(ratio)} as far as {comparison.reference}"
        )
        if cost.matched is None:
            yield (
                f"{moved}, so its comparison with it is one of step lengths too; an arm {_arm(cost)} would move about "
                "as far."
            )
        else:
            yield from _against(matrix, [cost.run], f"{moved}; against {cost.matched}, which moves as far")


def _arm(cost: StrategyCost) -> str:
    """To first order the change is proportional to the learning rate."""
    assert cost.displacement_ratio.estimate is not None
    return f"{{name: joint, learning_rate_scale: {cost.displacement_ratio.estimate:.2f}}}"


def _times(cell: Cell) -> str:
    return f"[{cell.low:.2f}, {cell.high:.2f}]" if cell.low is not None and cell.high is not None else interval(cell)
