"""The curriculum tree, and the curves."""

from itertools import pairwise

from tests.support.report_example import example_result
from xdomain.analysis.result import RunEffort
from xdomain.config.run_id import parse_run
from xdomain.report.curves import HEIGHT, LABEL_GAP, WIDTH, panels
from xdomain.report.tree import curriculum_tree


def of_run(label: str, parent: str) -> RunEffort:
    run = parse_run(label)
    phases = tuple(map(str, run.phases))
    return RunEffort(
        curriculum=str(run.curriculum), strategy=run.strategy, phases=phases, parent=parent, checkpoints={}
    )


def test_every_run_stands_once_below_its_parent():
    result = example_result(3, 1)

    def walk(branches, parent=""):
        for branch in branches:
            yield branch.label, parent
            yield from walk(branch.children, branch.label)

    found = list(walk(curriculum_tree(result)))
    assert len(found) == len({label for label, _ in found}) == len(result.meta.curricula)
    for label, parent in found:
        assert parent == label.rpartition(" -> ")[0]


def test_a_strategy_of_a_longer_curriculum_hangs_from_its_own_mixture_where_there_is_one():
    result = example_result(2, 1)
    runs = ("math", "logic + math", "logic + math [cgpo]", "logic + math -> math [cgpo]", "math -> logic + math [cgpo]")
    parents = ("base", "base", "base", "logic + math [cgpo]", "math")
    effort = {run: of_run(run, parent) for run, parent in zip(runs, parents, strict=True)}
    tree = curriculum_tree(result.model_copy(update={"effort": effort}))
    assert {branch.label: [child.label for child in branch.children] for branch in tree} == {
        "math": ["math -> logic + math [cgpo]"],
        "logic + math": [],
        "logic + math [cgpo]": ["logic + math -> math [cgpo]"],
    }


def test_a_prefix_that_is_no_run_itself_still_holds_its_children():
    result = example_result(2, 1)
    effort = {"a -> b -> c": of_run("a -> b -> c", "a -> b")}
    (a,) = curriculum_tree(result.model_copy(update={"effort": effort}))
    assert (a.label, a.steps, a.children[0].label, a.children[0].children[0].label) == (
        "a",
        "",
        "a -> b",
        "a -> b -> c",
    )


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
