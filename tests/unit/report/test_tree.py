"""The curriculum tree."""

from tests.support.report_example import example_result
from xdomain.analysis.result import RunEffort
from xdomain.config.run_id import parse_run
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
