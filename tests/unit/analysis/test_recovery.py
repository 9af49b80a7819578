"""Recovered damage and kept skill of repairs, on grids with planted effects."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.grids import make_grid
from xdomain.analysis.recovery import recoveries
from xdomain.analysis.result import Cell, Recovery
from xdomain.analysis.study import Study, build_study

DAMAGED = "logic -> puzzle"
REFRESHES = (f"{DAMAGED} -> logic@10", f"{DAMAGED} -> logic@20")
MIXTURES = ("merge(0.25*logic, 0.75*(logic -> puzzle))", "merge(0.5*logic, 0.5*(logic -> puzzle))")
ROLLBACKS = (
    f"rollback({DAMAGED}, to=logic, share=0.001)",
    f"rollback({DAMAGED}, to=logic, share=0.005)",
    f"rollback({DAMAGED}, to=logic, share=auto)",
)
CONTROL = f"rollback({DAMAGED}, to=logic, share=0.001, method=random)"
OTHERS = (
    f"rollback({DAMAGED} -> logic, to=logic -> puzzle, share=0.001)",  # its curriculum's last phase is a return
    "merge(0.5*logic, 0.4*(logic -> puzzle))",  # weights that do not sum to 1
    "merge(0.5*logic, 0.5*puzzle)",  # no run and its parent
    f"{DAMAGED} -> logic + puzzle@10",
    f"{DAMAGED} -> puzzle@10",
)


def study_of(*curricula: str, n_items: int = 400, seeds: tuple[int, ...] = (0,)) -> Study:
    return build_study(make_grid(("logic", "puzzle"), curricula, seeds, n_items=n_items, seed_sd=0.0, samples=8))


@pytest.fixture(scope="module")
def study() -> Study:
    return study_of("logic", DAMAGED, *REFRESHES, *MIXTURES, CONTROL, *ROLLBACKS, *OTHERS)


@pytest.fixture(scope="module")
def found(study: Study) -> Recovery:
    (only,) = recoveries(study)
    return only


def mean(study: Study, run: str, domain: str) -> float:
    (wanted,) = (each for each in study.book if each.label == run)
    aligned = study.align(domain, [wanted])
    return float(np.mean(aligned.scores(wanted)))  # type: ignore[union-attr]


def test_only_repairs_of_one_damage_are_found(found: Recovery) -> None:
    assert (found.damaged, found.parent, found.domain, found.skill) == (DAMAGED, "logic", "logic", "puzzle")
    assert [(each.repair, each.run) for each in found.points] == [
        *(("interpolation", run) for run in reversed(MIXTURES)),
        ("random reset", CONTROL),
        *(("refresh", run) for run in REFRESHES),
        *(("rollback", run) for run in ROLLBACKS),
    ]
    assert [each.dose for each in found.points[:2]] == [0.5, 0.75]
    assert [each.dose for each in found.points[-3:]] == [0.001, 0.005, None]


def test_shares_are_those_of_the_means(study: Study, found: Recovery) -> None:
    damage = mean(study, "logic", "logic") - mean(study, DAMAGED, "logic")
    skill = mean(study, DAMAGED, "puzzle") - mean(study, "logic", "puzzle")
    assert damage > 0.03
    for each in found.points:
        assert each.recovered.estimate == pytest.approx(
            (mean(study, each.run, "logic") - mean(study, DAMAGED, "logic")) / damage
        )
        assert each.kept.estimate == pytest.approx(
            (mean(study, each.run, "puzzle") - mean(study, "logic", "puzzle")) / skill
        )


def test_an_interpolation_recovers_less_than_a_refresh_here(found: Recovery) -> None:
    """Half of the way back undoes about half of the damage; returning to a domain gains more than was lost."""
    half, _, _, refresh, *_ = found.points
    assert half.recovered.estimate == pytest.approx(0.5, abs=0.2)
    assert half.kept.estimate == pytest.approx(0.5, abs=0.2)
    assert refresh.recovered.estimate is not None
    assert refresh.recovered.estimate > 1


def holds(cell: Cell, truth: float) -> bool:
    return cell.low is not None and cell.high is not None and cell.low <= truth <= cell.high


def test_intervals_hold_the_share_of_many_items() -> None:
    runs = ("logic", DAMAGED, MIXTURES[1])
    truth = recoveries(study_of(*runs, n_items=4000))[0].points[0]
    few = [
        recoveries(
            build_study(make_grid(("logic", "puzzle"), runs, (0,), n_items=150, seed_sd=0.0, samples=8, rng_seed=seed))
        )[0].points[0]
        for seed in range(1, 21)
    ]
    assert sum(holds(each.kept, truth.kept.estimate or 0.0) for each in few) >= 17


def test_a_run_without_damage_has_no_share() -> None:
    grid = make_grid(
        ("science", "math"), ("science", "science -> math", "science -> math -> science@10"), (0,), null=True
    )
    (found,) = recoveries(build_study(grid))
    cells = (found.points[0].recovered, found.points[0].kept)
    assert all(cell.estimate is None or cell.low is None for cell in cells)
    assert all(cell.note for cell in cells)


def test_without_repairs_nothing_is_found() -> None:
    assert recoveries(study_of("logic", DAMAGED, n_items=20)) == ()
