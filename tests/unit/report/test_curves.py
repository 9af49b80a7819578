"""The layout of forgetting curves."""

from itertools import pairwise

import pytest

from tests.support.report_example import example_result
from xdomain.analysis.result import MonitoredDomain, RaisedAlarm
from xdomain.report.curves import FRAME, HEIGHT, LABEL_GAP, WIDTH, caveat, cut, panels


def test_curves_stay_inside_their_panel_and_labels_apart():
    sequences, singles = panels(example_result(8, 3))
    assert len(sequences) == 8 * 7 + 1
    assert sequences[-1].curriculum == "math -> math"
    assert len(singles) == 8
    for panel in sequences:
        labels = sorted(line.label_y for line in panel.lines)
        assert all(b - a >= LABEL_GAP - 0.11 for a, b in pairwise(labels))
        for line in panel.lines:
            assert all(0 <= dot.x <= WIDTH and 0 <= dot.y <= HEIGHT for dot in line.dots)
            assert len(line.dots) == 13


def test_a_curve_without_a_measured_point_is_left_out():
    result = example_result(2, 1)
    empty = result.trajectories[0].model_copy(
        update={"points": tuple(p.model_copy(update={"estimate": None}) for p in result.trajectories[0].points)}
    )
    assert panels(result.model_copy(update={"trajectories": (empty,)})) == ([], [])


def test_the_axis_reaches_from_zero_to_a_common_multiple_of_twenty_points():
    sequences, singles = panels(example_result(3, 1))
    ticks = {panel.y_ticks for panel in [*sequences, *singles]}
    assert len(ticks) == 1
    ((bottom, zero), *_, (top, highest)) = ticks.pop()
    assert (bottom, zero, top) == (FRAME.bottom, "0", FRAME.top)
    assert int(highest) % 20 == 0


def test_phases_fill_the_frame_from_left_to_right():
    for panel in panels(example_result(3, 1))[0]:
        assert panel.phases[0].x == FRAME.left
        assert panel.phases[-1].x + panel.phases[-1].width == pytest.approx(FRAME.right, abs=0.11)
        assert [x for x, _ in panel.x_ticks[:-1]] == [phase.x for phase in panel.phases]


def test_points_without_an_interval_are_no_part_of_the_band():
    result = example_result(2, 1)
    trajectory = next(t for t in result.trajectories if len(t.phase_ends) > 1)
    first, *rest = trajectory.points
    bare = trajectory.model_copy(update={"points": (first.model_copy(update={"low": None, "high": None}), *rest)})
    ((panel,), _) = panels(result.model_copy(update={"trajectories": (bare,)}))
    (line,) = panel.lines
    assert len(line.dots) == len(rest) + 1
    assert len(line.outline) == 2 * len(rest)
    assert line.band.split()[0] == f"{line.dots[1].x},{line.outline[0][1]}"


def test_equal_caveats_are_told_once():
    result = example_result(2, 1)
    points = tuple(p.model_copy(update={"caveat": "few items"}) for p in result.trajectories[0].points)
    assert caveat([result.trajectories[0].model_copy(update={"points": points})]) == "few items"
    assert caveat([result.trajectories[0].model_copy(update={"points": ()})]) == ""


@pytest.mark.parametrize(("text", "letters", "shown"), [("logic", 5, "logic"), ("logic", 4, "log…"), ("logic", 0, "…")])
def test_long_names_are_cut(text, letters, shown):
    assert cut(text, letters) == shown


def test_an_alarm_is_marked_where_it_was_raised_with_the_interval_of_its_onset():
    result = example_result(2, 1)
    alarm = RaisedAlarm(step=60, change=-0.1, p=0.001, onset_after=20, onset_by=40, onset_low=0, onset_high=40)
    raised = MonitoredDomain(
        run="math -> science",
        seed=0,
        domain="science",
        method="sign-flip",
        items=100,
        detectable_drop=0.1,
        discordant=0.2,
        alarm=alarm,
        looks=(),
    )
    quiet = raised.model_copy(update={"domain": "math", "alarm": None})
    sequences, _ = panels(result.model_copy(update={"alarms": (raised, quiet)}))
    marked = {panel.curriculum: panel.alarms for panel in sequences if panel.alarms}
    ((mark,),) = marked.values()
    assert list(marked) == ["math -> science"]
    panel = next(panel for panel in sequences if panel.alarms)
    second = panel.phases[1]
    assert mark.left == second.x
    assert mark.x == pytest.approx(second.x + second.width / 2, abs=0.2)  # step 60 of 120
    assert second.x < mark.right < mark.x
    assert mark.colour == 2
    assert "science fell by 10.0 points by step 60" in mark.text
